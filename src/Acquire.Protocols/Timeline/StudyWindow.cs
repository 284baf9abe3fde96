using Acquire.Protocols.Clinical;

namespace Acquire.Protocols.Timeline;

/// <summary>A phase's window for one patient.</summary>
internal sealed record StudyWindow(StudyPhase Phase, TimeSpan Shift, string ShiftReason)
{
    public TimeSpan Opens => Phase.Opens + Shift;
    public TimeSpan Target => Phase.Target + Shift;
    public TimeSpan Closes => Phase.Closes + Shift;

    /// <summary>A slow clearance moves the phase that names renal targets, and every phase after it by the same span (docs: clinical 2.3, D).</summary>
    public static IReadOnlyList<StudyWindow> Of(AcquisitionProtocol protocol, PatientFactors patient)
    {
        double? clearance = patient.OnDialysis ? 0 : patient.GfrMlPerMin;
        List<StudyWindow> windows = [];
        Dictionary<string, (TimeSpan Shift, string Reason)> shifts = new(StringComparer.Ordinal); // every tracer has its own
        foreach (StudyPhase phase in protocol.Phases)
        {
            (TimeSpan shift, string reason) = shifts.GetValueOrDefault(phase.TracerId, (TimeSpan.Zero, ""));
            if (clearance is { } gfr && phase.RenalTargets.Where(r => r.UpToMlPerMin >= gfr).MinBy(r => r.UpToMlPerMin) is { } row && row.Target - phase.Target > shift)
            {
                shift = row.Target - phase.Target;
                string why = patient.OnDialysis ? "dialysis (agree with nephrology)" : $"a clearance of {gfr:0.#} mL/min";
                reason = $"{ProtocolRules.Words(shift)} later for {why}{(gfr < 15 ? "; consider images at 24 h" : "")}";
                shifts[phase.TracerId] = (shift, reason);
            }
            windows.Add(new StudyWindow(phase, shift, reason));
        }
        return windows;
    }
}
