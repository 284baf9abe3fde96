using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>Runs: settings, arming, starting, ending, ledger.</summary>
internal static class AcquisitionBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Set("ACQuire:ID", c =>
        {
            Guid id = Guid.Parse(c.Text(0));
            if (c.Gantry.Store.Find(id) is not null) throw new GciException(430, "used already");
            c.Gantry.Settings.Set(c.Row.Header, 0, c.Arguments);
            c.Session.Selected = id;
        });
        set.Query("ACQuire:ID", c => GciText.Quote(c.Gantry.Acquisition.ConfiguredId?.ToString("D") ?? ""));
        set.Query("ACQuire:LABel", c => GciText.Quote(c.Gantry.Settings.Has(c.Row.Header) ? c.Gantry.Settings.Word(c.Row.Header) : ""));
        set.Query("ACQuire:DYNamic:PHASe#", c =>
            c.Gantry.Settings.Has(c.Row.Header, c.Suffix) ? SettingStore.Format(c.Row, c.Gantry.Settings.Get(c.Row.Header, c.Suffix)) : "0,0,0");
        set.Set("ACQuire:DYNamic:CLEar", c => c.Gantry.Settings.Remove("ACQuire:DYNamic:PHASe#"));
        set.Query("ACQuire:CHECk", c =>
        {
            AcquisitionProgram program = AcquisitionProgram.From(c.Gantry, c.Gantry.Acquisition.ConfiguredId);
            string verdict = program.Reasons.Count == 0 ? "OK" : string.Join('_', program.Reasons);
            return string.Create(CultureInfo.InvariantCulture, $"{verdict},{program.Frames},{program.Bytes},{GciText.Number(Math.Ceiling(program.Seconds * 1000) / 1000)}");
        });
        set.Set("ACQuire:ARM", c =>
        {
            c.Gantry.DemandProgramSpeeds();
            c.Gantry.Acquisition.Arm();
        });
        set.Set("ACQuire:STARt", c => c.Gantry.Acquisition.Start(c.Text(0)));
        set.Set("ACQuire:PAUSe", c => c.Gantry.Acquisition.Pause());
        set.Set("ACQuire:RESume", c => c.Gantry.Acquisition.Resume(c.Text(0)));
        set.Set("ACQuire:STOP", c => c.Gantry.Acquisition.Stop());
        set.Set("ABORt", c => c.Gantry.Abort());
        set.Query("ACQuire:STATe", State);
        set.Query("ACQuire:LEDGer", c => c.DemandRun().Ledger());
        set.Query("ACQuire:LEDGer:REASon", c => c.DemandRun().Info.Reason);
    }

    private static string State(CommandCall c)
    {
        AcquisitionRunner runner = c.Gantry.Acquisition;
        StoredRun? selected = c.Session.Selected is { } id && id != runner.ConfiguredId ? c.Gantry.Store.Find(id) : null;
        if (selected is not null && selected != runner.Run) return StateOfStored(c.Gantry, selected);
        // A run that was named but not started has no frames yet; the last run's are not its.
        StoredRun? run = runner.State is AcquisitionStates.Idle or AcquisitionStates.Armed && runner.Run?.Id != (c.Session.Selected ?? runner.Run?.Id) ? null : runner.Run;
        string reason = run is null && runner.State == AcquisitionStates.Idle ? "NONE" : runner.Reason;
        return string.Join(',', GciStates.Word(runner.State), reason, GciText.Number(Math.Round(run is null ? 0 : runner.ElapsedSeconds, 6)),
            GciText.Number(Math.Round(run is null ? 0 : runner.LiveSeconds, 6)), Text(runner.Step), Text(run?.LastComplete ?? 0), Text(run?.Acknowledged ?? 0));
    }

    private static string StateOfStored(SimulatedGantry gantry, StoredRun run)
    {
        bool exposing = run == gantry.Ct.Run && gantry.Ct.State == CtStates.Exposing;
        bool drained = run.HasEnded && run.Unacknowledged == 0;
        string state = GciStates.Word(exposing ? AcquisitionStates.Running : drained ? AcquisitionStates.Idle : AcquisitionStates.Draining);
        return string.Join(',', state, run.Info.Reason, GciText.Number(run.Info.ElapsedSeconds), GciText.Number(run.Info.LiveSeconds), "0", Text(run.LastComplete), Text(run.Acknowledged));
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
