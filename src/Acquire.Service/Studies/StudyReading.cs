using Acquire.Service.StudyRecords;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;
using Acquire.Service.Acquisition;
using Acquire.Service.Storage;

namespace Acquire.Service.Studies;

/// <summary>Reads a study back from the data folder: journal and frames in, a <see cref="StudyRecord"/> out.</summary>
public static class StudyReading
{
    /// <summary>The protocol a study was opened with, from the journal, whatever became of the file.</summary>
    public static AcquisitionProtocol Protocol(DataFolder data, string studyKey)
    {
        (string _, string yaml, DateTimeOffset _) = data.Journal.Study(studyKey) ?? throw new AcquireException($"there is no study {studyKey} in {data.Path}", ExitCodes.BadInput);
        ProtocolResult result = ProtocolReader.Read(yaml, $"protocol of study {studyKey}");
        return result.Protocol ?? throw new AcquireException($"the protocol kept with study {studyKey} cannot be read any more: {result.Problems[0]}", ExitCodes.BadInput);
    }

    /// <summary>Events of a study in order.</summary>
    public static IReadOnlyList<StudyEvent> Events(DataFolder data, string studyKey) => [.. data.Journal.Events(studyKey).Select(StudyEventJson.Deserialize)];

    /// <summary>Everything of a study.</summary>
    /// <param name="data">Data folder.</param>
    /// <param name="studyKey">Study.</param>
    /// <param name="now">Study time for the timeline.</param>
    /// <param name="ending">Ending of the study when its last event is not written yet.</param>
    public static StudyRecord Read(DataFolder data, string studyKey, DateTimeOffset now, (Ending Ending, string Reason)? ending = null)
    {
        AcquisitionProtocol protocol = Protocol(data, studyKey);
        IReadOnlyList<StudyEvent> events = Events(data, studyKey);
        var facts = new StudyFacts(data.Journal, studyKey);
        IReadOnlyList<RunPlan> plans = facts.Plans();
        IReadOnlyDictionary<Guid, RunResult> results = facts.Results();
        FrameStore store = data.Frames(studyKey);
        var series = new List<CountSeries>();
        var scans = new List<CtScan>();
        foreach (StudyPhase phase in protocol.Phases)
        {
            foreach (PlannedAcquisition planned in phase.Acquisitions)
            {
                List<RunPlan> runs = [.. plans.Where(p => p.StepId == planned.Id && store.Numbers(p.AcquisitionId).Count > 0)];
                if (runs.Count == 0) continue;
                if (planned is CtAcquisition)
                {
                    RunPlan run = runs[^1];
                    if (facts.Ct(run.AcquisitionId) is { } c)
                        scans.Add(new CtScan(c with { Ending = results.GetValueOrDefault(run.AcquisitionId)?.Ending ?? Ending.Open }, store.Numbers(run.AcquisitionId).Count, () => StoredSeries.BuildCt(run, store)));
                }
                else
                {
                    series.Add(StoredSeries.Build(planned, runs, results, store, facts.Clocks(), phase.Repeatable));
                }
            }
        }
        (CtScan? scan, Volume? ct) = CtOfSpect(scans, series.LastOrDefault(s => s.Kind == AcquisitionKind.Tomo));
        TracerInjected? injected = events.OfType<TracerInjected>().FirstOrDefault();
        DoseMeasured? before = events.OfType<DoseMeasured>().LastOrDefault(d => d.TracerId.Length == 0);
        ResidualMeasured? after = events.OfType<ResidualMeasured>().LastOrDefault(r => r.TracerId.Length == 0);
        List<DoseReport> doses = protocol.Source is null ? [DoseReport.Of(protocol, "", events), .. protocol.LaterTracers.Select(t => DoseReport.Of(protocol, t.Id, events))] : [];
        StudyEnded? ended = events.OfType<StudyEnded>().LastOrDefault();
        StudyTimeline timeline = StudyTimeline.Derive(protocol, new PatientFactors().With(events), events, now);
        return new StudyRecord
        {
            StudyKey = studyKey,
            Scheduled = ScheduledStudyJson.Read(data.Journal.Study(studyKey)!.Value.Scheduled),
            Protocol = protocol,
            Started = events.Count > 0 ? events[0].At : now,
            Injected = injected?.At,
            NetActivityMBq = doses.FirstOrDefault()?.Net?.MBq,
            Doses = doses,
            DoseReasons = events.OfType<DoseMeasured>().GroupBy(d => d.TracerId).Select(g => g.Last()).Where(d => d.Reason.Length > 0).ToDictionary(d => d.TracerId, d => d.Reason),
            SyringeBefore = before is null ? null : (before.MBq, before.At),
            SyringeAfter = after is null ? null : (after.MBq, after.At),
            Series = series,
            Ct = ct,
            CtFacts = scan?.Facts,
            OtherCts = [.. scans.Where(s => s != scan)],
            Timeline = [.. timeline.Items.Select(i => Entry(i, injected?.At))],
            Ledgers = [.. plans.Where(p => results.ContainsKey(p.AcquisitionId)).Select(p => results[p.AcquisitionId].Ledger)],
            Prompts = [.. Prompts(protocol, events, injected?.At ?? now)],
            GantryIdentity = facts.Text("gantry") ?? "",
            Ending = ended?.Ending ?? ending?.Ending ?? Ending.Open,
            EndingReason = ended?.Reason ?? ending?.Reason ?? "",
        };
    }

    /// <summary>The scan that covers most of the SPECT along the patient; the last of equal ones.</summary>
    private static (CtScan? Scan, Volume? Hu) CtOfSpect(List<CtScan> scans, CountSeries? spect)
    {
        if (scans.Count == 0) return (null, null);
        if (scans.Count == 1 || spect is not { Frames: [var frame, ..] }) return (scans[^1], scans[^1].Read());
        double half = frame.Height * frame.PixelMm / 2, low = -frame.TableLongitudinalMm - half, high = -frame.TableLongitudinalMm + half;
        (CtScan? Scan, Volume? Hu) best = (null, null);
        double most = double.NegativeInfinity;
        foreach (CtScan scan in scans)
        {
            Volume? hu = scan.Read();
            double shared = hu is null ? -1 : Math.Max(0, Math.Min(high, hu.Z0Mm + ((hu.Nz - 0.5) * hu.DzMm)) - Math.Max(low, hu.Z0Mm - (hu.DzMm / 2)));
            if (shared < most) continue;
            (best, most) = ((scan, hu), shared);
        }
        return best;
    }

    private static TimelineEntry Entry(TimelineItem item, DateTimeOffset? zero) => new(item.Id, item.Title, item.IsPrompt, item.Opens, item.Target, item.Closes,
        item.StartedAt - zero, item.EndedAt - zero, item.State.ToString(), item.Reason);

    private static IEnumerable<PromptAnswer> Prompts(AcquisitionProtocol protocol, IReadOnlyList<StudyEvent> events, DateTimeOffset zero)
    {
        for (int i = 0; i < events.Count; i++)
        {
            if (events[i] is not PromptShown shown) continue;
            PromptAnswered? answered = events.Skip(i + 1).OfType<PromptAnswered>().FirstOrDefault(a => a.Id == shown.Id);
            string text = protocol.Prompts.FirstOrDefault(p => p.Id == shown.Id)?.Text ?? shown.Id;
            yield return new PromptAnswer(shown.Id, text, shown.At - zero, answered?.At - zero, answered?.Answer ?? "not answered", answered?.By ?? "");
        }
    }
}
