using Acquire.Protocols.Clinical;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Planning;

/// <summary>What a day needs of a protocol: visits and windows, derived from its phases.</summary>
public static class PlanStudies
{
    /// <summary>Derives it.</summary>
    /// <param name="protocol">The resolved protocol.</param>
    /// <param name="patient">What of the patient moves windows (clinical 2.3).</param>
    /// <param name="setUpMinutes">Getting on and positioning, minutes.</param>
    /// <param name="turnoverMinutes">Getting off and cleaning, minutes.</param>
    /// <returns>The study; phases that open 12 h or more after the injection are another day's and are left out.</returns>
    public static PlanStudy Of(AcquisitionProtocol protocol, PatientFactors patient, int setUpMinutes, int turnoverMinutes)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(patient);
        IReadOnlyList<StudyWindow> windows = StudyWindow.Of(protocol, patient);
        // At the injection is what must begin within half an hour of it; nothing between that and an hour is known to us.
        StudyWindow[] first = [.. windows.Where(w => w.Target < TimeSpan.FromMinutes(30))];
        StudyWindow[] later = [.. windows.Where(w => w.Target >= TimeSpan.FromMinutes(30) && w.Opens < TimeSpan.FromHours(12))];
        TimeSpan preRoll = first.Select(w => w.Opens).Where(o => o < TimeSpan.Zero).DefaultIfEmpty(TimeSpan.Zero).Min().Negate();
        TimeSpan firstEnd = first.Select(w => w.Target + w.Phase.NominalDuration).DefaultIfEmpty(TimeSpan.Zero).Max();
        var study = new PlanStudy
        {
            Id = protocol.Id,
            Radiopharmaceutical = protocol.Tracer.Radiopharmaceutical,
            Nuclide = protocol.Tracer.Nuclide,
            ActivityMBq = protocol.Tracer.PrescribedMBq,
            Collimator = protocol.Collimator,
            SetUpMinutes = setUpMinutes,
            TurnoverMinutes = turnoverMinutes,
            FirstLeadMinutes = first.Length > 0 ? setUpMinutes + Up(preRoll) : 0,
            FirstTailMinutes = first.Length > 0 ? Up(firstEnd) + turnoverMinutes : 0,
        };
        if (later.Length == 0) return study;
        // One visit: phases follow each other as their targets say, each with its own window; the visit starts when all of them are kept.
        TimeSpan start = later[0].Target, end = later.Max(w => w.Target + w.Phase.NominalDuration);
        TimeSpan opens = later.Max(w => w.Opens - (w.Target - start)), latest = later.Min(w => w.Closes - w.Phase.NominalDuration - (w.Target - start));
        bool ct = later.Any(w => w.Phase.Acquisitions.Any(a => a is CtAcquisition)), spect = later.Any(w => w.Phase.Acquisitions.Any(a => a is TomoAcquisition));
        int counting = Up(end - start);
        return study with
        {
            Needs = [.. new[] { ct ? "ct" : "", spect ? "spect" : "" }.Where(n => n.Length > 0)],
            LaterMinutes = setUpMinutes + counting,
            OpensMinutes = Up(opens),
            TargetMinutes = Up(start),
            ClosesMinutes = (int)Math.Floor(latest.TotalMinutes) + counting,
        };
    }

    private static int Up(TimeSpan t) => (int)Math.Ceiling(t.TotalMinutes - 1e-9);
}
