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
        TimeSpan shift = TimeSpan.Zero;
        string reason = "";
        foreach (StudyPhase phase in protocol.Phases)
        {
            if (clearance is { } gfr && phase.RenalTargets.Where(r => r.UpToMlPerMin >= gfr).MinBy(r => r.UpToMlPerMin) is { } row && row.Target - phase.Target > shift)
            {
                shift = row.Target - phase.Target;
                string why = patient.OnDialysis ? "dialysis (agree with nephrology)" : $"a clearance of {gfr:0.#} mL/min";
                reason = $"{ProtocolRules.Words(shift)} later for {why}{(gfr < 15 ? "; consider images at 24 h" : "")}";
            }
            windows.Add(new StudyWindow(phase, shift, reason));
        }
        return windows;
    }
}
