using Acquire.Protocols.Clinical;
using Acquire.Protocols.Clinical.Language;
using Acquire.Protocols.Nuclides;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Planning;

/// <summary>What reading a day's file gave: the request, or all its problems.</summary>
/// <param name="Request">The day; null when there is any problem.</param>
/// <param name="Problems">Problems in order of place.</param>
public sealed record DayResult(DayRequest? Request, IReadOnlyList<ProtocolProblem> Problems);

/// <summary>Reads a day's file (docs/planner.md). Pure: text in, request or problems out; protocol files are asked from outside.</summary>
public static class DayReader
{
    /// <summary>Reads one file's text.</summary>
    /// <param name="yamlText">The text.</param>
    /// <param name="fileName">Its name, for the problems.</param>
    /// <param name="protocol">Gives the protocol a patient names by its file.</param>
    public static DayResult Read(string yamlText, string fileName, Func<string, ProtocolResult> protocol)
    {
        ArgumentNullException.ThrowIfNull(yamlText);
        ArgumentNullException.ThrowIfNull(protocol);
        var problems = new ProblemList();
        if (yamlText.Length > ProtocolReader.MaximumLength)
        {
            problems.Add(new Place(fileName, 1, 1), $"the file has {yamlText.Length} characters", $"a day has at most {ProtocolReader.MaximumLength}");
            return new DayResult(null, problems.InOrder());
        }
        YamlNode? root = YamlTree.Read(yamlText.TrimStart('\uFEFF'), fileName, problems);
        if (root is YamlMap map)
        {
            DayRequest request = new DayFile(new OpenMapReader(map, "a day", problems), problems, protocol).Read();
            if (!problems.Any) return new DayResult(request, []);
        }
        else if (root is not null)
        {
            problems.Add(root.At, $"the file is {YamlMapReader.Shape(root)}", "a day starts with 'day: 2026-01-15'");
        }
        return new DayResult(null, problems.InOrder());
    }
}

/// <summary>The keys of a day's file.</summary>
internal sealed class DayFile(OpenMapReader map, ProblemList problems, Func<string, ProtocolResult> protocol)
{
    private static readonly string[] Priorities = ["routine", "soon", "urgent"];
    private readonly Dictionary<string, PlanStudy> _studies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProtocolResult> _protocols = new(StringComparer.Ordinal);
    private Lateness _lateness = Lateness.None;
    private int _setUp = 5, _turnover = 5;

    public DayRequest Read()
    {
        Located<string> day = map.Text("day", example: "2026-01-15");
        if (day.Ok && !DateOnly.TryParseExact(day.Value, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out _))
            problems.Add(day.At, $"'day' is \"{day.Value}\"", "write the date as 2026-01-15");
        Located<TimeSpan> gridTime = map.Time("grid", required: false);
        int grid = gridTime.Ok ? (int)gridTime.Value.TotalMinutes : 5;
        if (gridTime.Ok && (gridTime.Value.Ticks % TimeSpan.TicksPerMinute != 0 || grid is < 1 or > 30 || 60 % grid != 0)) problems.Add(gridTime.At, "'grid' does not divide an hour", "use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 min");
        if (map.Map("times", "times", required: false) is { } times)
        {
            _setUp = Minutes(times, "set-up", 0, 120, 5);
            _turnover = Minutes(times, "turnover", 0, 120, 5);
            times.End();
        }
        _lateness = ReadLateness(map, "lateness", Lateness.None);
        Lateness knockOn = ReadLateness(map, "knock-on", Lateness.None);
        List<PlanCamera> cameras = [.. map.Maps("cameras").Select(ReadCamera)];
        Unique(cameras.Select(c => c.Id), "cameras", "camera");
        InjectionTeam team = ReadTeam();
        List<TracerKit> kits = [.. map.Maps("kits", required: false, mayBeEmpty: true).Select(ReadKit)];
        foreach (YamlMap entry in map.Maps("studies", required: false, mayBeEmpty: true)) ReadStudy(entry);
        PlanWeights weights = ReadWeights();
        List<PlanPatient> patients = [.. map.Maps("patients").Select(m => ReadPatient(m, cameras, kits))];
        Unique(patients.Select(p => p.Slot), "patients", "slot");
        if (patients.Count > 60) problems.Add(map.Node("patients", false)!.At, $"{patients.Count} patients", "a day has at most 60");
        map.End();
        return new DayRequest
        {
            Day = day.Value, GridMinutes = Math.Clamp(grid, 1, 30), Cameras = cameras, Injection = team, Kits = kits, Patients = patients, KnockOn = knockOn, Weights = weights,
        };
    }

    private void Unique(IEnumerable<string> ids, string key, string what)
    {
        foreach (IGrouping<string, string> twice in ids.Where(i => i.Length > 0).GroupBy(i => i, StringComparer.Ordinal).Where(g => g.Count() > 1))
            problems.Add(map.Node(key, false)!.At, $"{what} '{twice.Key}' is given {twice.Count()} times", $"give every {what} an id of its own");
    }

    /// <summary>Minutes of the day of "HH:MM"; up to 30:00, so that an evening may run past midnight.</summary>
    private int? Clock(OpenMapReader reader, string key, bool required)
    {
        Located<string> text = reader.Text(key, required, "\"08:30\"");
        if (!text.Ok) return null;
        if (ClockText.Parse(text.Value) is { } minute) return minute;
        problems.Add(text.At, $"'{key}' is \"{text.Value}\"", "write a time of the day such as \"08:30\"");
        return null;
    }

    private int Minutes(OpenMapReader reader, string key, int least, int most, int? otherwise)
    {
        Located<TimeSpan> time = reader.Time(key, otherwise is null);
        if (!time.Ok) return otherwise ?? Math.Max(1, least);
        double minutes = time.Value.TotalMinutes;
        if (minutes >= least && minutes <= most) return (int)Math.Ceiling(minutes - 1e-9);
        problems.Add(time.At, $"'{key}' is {minutes:0.##} min", $"use {least} to {most} min");
        return least;
    }

    private int Count(OpenMapReader reader, string key, int least, int most, int otherwise, bool required)
    {
        Located<int> n = reader.Whole(key, otherwise, required);
        if (!n.Ok) return otherwise;
        if (n.Value >= least && n.Value <= most) return n.Value;
        problems.Add(n.At, $"'{key}' is {n.Value}", $"use {least} to {most}");
        return otherwise;
    }

    private static Lateness ReadLateness(OpenMapReader reader, string key, Lateness otherwise)
    {
        if (reader.Map(key, key, required: false) is not { } m) return otherwise;
        Located<double> share = m.Quantity("share", Dimension.Percent);
        Located<double> mean = m.Quantity("mean", Dimension.Minutes);
        m.End();
        if (share.Ok && share.Value is < 0 or > 100) m.Problems.Add(share.At, $"'share' is {share.Value:0.#} %", "use 0 to 100 %");
        if (mean.Ok && mean.Value is < 0 or > 600) m.Problems.Add(mean.At, $"'mean' is {mean.Value:0.#} min", "use 0 to 600 min");
        return new Lateness(Math.Clamp(share.Value / 100, 0, 1), Math.Clamp(mean.Value, 0, 600));
    }

    private PlanCamera ReadCamera(YamlMap entry)
    {
        var m = new OpenMapReader(entry, "a camera", problems);
        string id = m.Text("id", example: "A").Value;
        IReadOnlyList<string> features = m.Texts("features"), collimators = m.Texts("collimators", required: true);
        Located<string> mounted = m.Text("mounted", example: "LEHR");
        if (mounted.Ok && collimators.Count > 0 && !collimators.Contains(mounted.Value)) problems.Add(mounted.At, $"camera {id} has no collimator '{mounted.Value}'", $"use one of {string.Join(", ", collimators)}");
        if (collimators.Count > 6) problems.Add(m.At, $"camera {id} has {collimators.Count} collimators", "give at most 6");
        int exchange = Minutes(m, "exchange", 1, 120, 15);
        int opens = Clock(m, "opens", true) ?? 0, closes = Clock(m, "closes", true) ?? 1;
        int until = Clock(m, "overtime-until", false) ?? closes;
        if (closes <= opens) problems.Add(m.At, $"camera {id} closes at or before it opens", "write 'closes' later than 'opens'");
        if (until < closes) problems.Add(m.At, $"camera {id} has 'overtime-until' before 'closes'", "write it at or after 'closes'");
        List<PlanBreak> breaks = [];
        foreach (YamlMap b in m.Maps("breaks", required: false, mayBeEmpty: true))
        {
            var r = new OpenMapReader(b, "a break", problems);
            int earliest = Clock(r, "earliest", true) ?? 0, latest = Clock(r, "latest", true) ?? earliest;
            breaks.Add(new PlanBreak(earliest, latest, Minutes(r, "length", 1, 240, null)));
            r.End();
            if (latest < earliest) problems.Add(r.At, "a break's 'latest' start is before its 'earliest'", "write the earliest and the latest start");
        }
        List<PlanStretch> blocked = [.. m.Maps("blocked", required: false, mayBeEmpty: true).Select(ReadStretch)];
        m.End();
        return new PlanCamera
        {
            Id = id, Features = features, Collimators = collimators.Count == 0 ? [mounted.Value] : collimators, Mounted = mounted.Value, ExchangeMinutes = exchange,
            OpensMinute = opens, ClosesMinute = closes, OvertimeUntilMinute = until, Breaks = breaks, Blocked = blocked,
        };
    }

    private PlanStretch ReadStretch(YamlMap entry)
    {
        var m = new OpenMapReader(entry, "a stretch", problems);
        int from = Clock(m, "from", true) ?? 0, to = Clock(m, "to", true) ?? from + 1;
        string what = m.Text("for", required: false).Value;
        m.End();
        if (to <= from) problems.Add(m.At, "'to' is at or before 'from'", "write 'to' later than 'from'");
        return new PlanStretch(from, to, what);
    }

    private InjectionTeam ReadTeam()
    {
        if (map.Map("injection", "injection") is not { } m) return new InjectionTeam { Staff = 1, Rooms = 1, OpensMinute = 0, ClosesMinute = 1440 };
        var team = new InjectionTeam
        {
            Staff = Count(m, "staff", 1, 50, 1, true),
            Rooms = Count(m, "rooms", 0, 50, 1, true),
            LeadMinutes = Minutes(m, "before", 0, 120, 5),
            TailMinutes = Minutes(m, "after", 1, 120, 5),
            OpensMinute = Clock(m, "opens", true) ?? 0,
            ClosesMinute = Clock(m, "closes", true) ?? 1440,
            Breaks = [.. m.Maps("breaks", required: false, mayBeEmpty: true).Select(b =>
            {
                var r = new OpenMapReader(b, "a break of the injecting staff", problems);
                int from = Clock(r, "from", true) ?? 0, to = Clock(r, "to", true) ?? from + 1, staff = Count(r, "staff", 1, 50, 1, true);
                r.End();
                if (to <= from) problems.Add(r.At, "'to' is at or before 'from'", "write 'to' later than 'from'");
                return (new PlanStretch(from, to, "break"), staff);
            })],
        };
        m.End();
        if (team.ClosesMinute <= team.OpensMinute) problems.Add(m.At, "injections close at or before they open", "write 'closes' later than 'opens'");
        return team;
    }

    private TracerKit ReadKit(YamlMap entry)
    {
        var m = new OpenMapReader(entry, "a kit", problems);
        string id = m.Text("id", example: "K1").Value, of = m.Text("of", example: "99mTc-MDP").Value;
        Located<string> nuclide = m.Word("nuclide", [.. Radionuclide.All.Select(n => n.Name)], required: false);
        int ready = Clock(m, "ready", true) ?? 0;
        int life = Minutes(m, "life", 1, 48 * 60, 360); // 6 h (clinical 2.4, X) unless the label differs
        Located<double> activity = m.Quantity("activity", Dimension.Activity, required: false);
        double mbq = activity.Value;
        if (m.Map("elution", "an elution", required: false) is { } e)
        {
            Located<double> mo = e.Quantity("mo-99", Dimension.Activity);
            int since = Minutes(e, "since-last", 1, 14 * 1440, null);
            Located<double> yield = e.Quantity("yield", Dimension.Percent);
            int? at = Clock(e, "at", true);
            e.End();
            if (yield.Ok && yield.Value is <= 0 or > 100) problems.Add(yield.At, $"'yield' is {yield.Value:0.#} %", "use a share above 0 and up to 100 %");
            if (at > ready) problems.Add(e.At, $"kit {id} is ready before its elution", "write 'ready' at or after the elution's 'at'");
            if (activity.Ok) problems.Add(activity.At, "both 'activity' and 'elution' are given", "keep one of them");
            mbq = GeneratorElution.EluateMBq(mo.Value, since / 60.0, yield.Value / 100) * Radionuclide.Tc99m.DecayFactor(TimeSpan.FromMinutes(ready - (at ?? ready)));
        }
        else if (!activity.Ok && !m.Has("activity"))
        {
            problems.Add(m.At, $"kit {id} has no activity", "give 'activity: 12 GBq' (at 'ready'), or 'elution'");
        }
        else if (activity.Ok && activity.Value is <= 0 or > 1_000_000)
        {
            problems.Add(activity.At, $"'activity' is {activity.Value:0.#} MBq", "use an activity above 0 and up to 1000 GBq");
        }
        m.End();
        return new TracerKit(id, of, nuclide.Ok ? nuclide.Value : "Tc-99m", ready, life, mbq);
    }

    private void ReadStudy(YamlMap entry)
    {
        var m = new OpenMapReader(entry, "a study", problems);
        Located<string> id = m.Text("id", example: "whole-body");
        Located<string> tracer = m.Text("radiopharmaceutical", required: false), nuclide = m.Word("nuclide", [.. Radionuclide.All.Select(n => n.Name)], required: false);
        Located<double> activity = m.Quantity("activity", Dimension.Activity, required: false);
        Located<string> collimator = m.Text("collimator", example: "LEHR");
        int setUp = Minutes(m, "set-up", 0, 120, _setUp), turnover = Minutes(m, "turnover", 0, 120, _turnover);
        int first = Minutes(m, "at-injection", 0, 240, 0), later = Minutes(m, "later", 0, 600, 0);
        int opens = Minutes(m, "opens", 0, 30 * 1440, later > 0 ? null : 0), target = Minutes(m, "target", 0, 30 * 1440, later > 0 ? null : 0), closes = Minutes(m, "closes", 0, 30 * 1440, later > 0 ? null : 0);
        IReadOnlyList<string> needs = m.Texts("needs");
        string followed = m.Text("followed-by", required: false).Value;
        m.End();
        if (later > 0 && (opens > target || target + later > closes)) problems.Add(m.At, $"study '{id.Value}' does not fit its window", $"'opens' <= 'target', and 'target' + {later} min of counting <= 'closes'");
        if (later == 0 && first == 0 && tracer.Value.Length == 0) problems.Add(m.At, $"study '{id.Value}' has no visit", "give 'later: 30 min' or 'at-injection: 10 min', or both");
        var study = new PlanStudy
        {
            Id = id.Value, Radiopharmaceutical = tracer.Value, Nuclide = nuclide.Ok ? nuclide.Value : "Tc-99m", ActivityMBq = activity.Value, Collimator = collimator.Value, Needs = needs,
            SetUpMinutes = setUp, TurnoverMinutes = turnover, FirstLeadMinutes = first > 0 ? Math.Max(1, setUp) : 0, FirstTailMinutes = first > 0 ? first + turnover : 0,
            LaterMinutes = later > 0 ? setUp + later : 0, OpensMinutes = opens, TargetMinutes = target, ClosesMinutes = closes, FollowedBy = followed,
        };
        if (id.Ok && !_studies.TryAdd(id.Value, study)) problems.Add(id.At, $"study '{id.Value}' is given twice", "give every study an id of its own");
    }

    private PlanWeights ReadWeights()
    {
        var d = new PlanWeights();
        if (map.Map("weights", "weights", required: false) is not { } m) return d;
        int Points(string key, int otherwise) => Count(m, key, 0, 100_000, otherwise, false);
        var weights = new PlanWeights
        {
            NoImages = Points("no-images", d.NoImages), OutsideWindow = Points("outside-window", d.OutsideWindow), BeyondPerQuarter = Points("beyond-per-quarter", d.BeyondPerQuarter),
            NotToday = Points("not-today", d.NotToday), SkippedBreak = Points("skipped-break", d.SkippedBreak), Risk = Points("risk", d.Risk), OvertimePerQuarter = Points("overtime-per-quarter", d.OvertimePerQuarter),
            WaitingPerQuarter = Points("waiting-per-quarter", d.WaitingPerQuarter), WaitingFreeMinutes = Minutes(m, "waiting-free", 0, 600, d.WaitingFreeMinutes),
            TargetPerQuarter = Points("target-per-quarter", d.TargetPerQuarter), TargetFreeMinutes = Minutes(m, "target-free", 0, 600, d.TargetFreeMinutes), Exchange = Points("exchange", d.Exchange),
            ChangePerQuarter = Points("change-per-quarter", d.ChangePerQuarter), ChangeFreeMinutes = Minutes(m, "change-free", 0, 600, d.ChangeFreeMinutes),
        };
        m.End();
        return weights;
    }

    private PlanPatient ReadPatient(YamlMap entry, List<PlanCamera> cameras, List<TracerKit> kits)
    {
        var m = new OpenMapReader(entry, "a patient", problems);
        Located<string> slot = m.Text("slot", example: "\"07\"");
        // A slot stands in plans that lie about: whatever looks like more than a number or a time is refused.
        if (slot.Ok && (slot.Value.Length > 8 || !slot.Value.All(ch => char.IsAsciiLetterOrDigit(ch) || ch is ':' or '-' or '.') || slot.Value.Count(char.IsAsciiLetter) > 2))
            problems.Add(slot.At, "'slot' is no slot", "use a number or a time of at most 8 characters, such as \"07\" or \"10:40\": never a name");
        int ready = Clock(m, "ready", true) ?? 0;
        Located<string> priority = m.Word("priority", Priorities, required: false);
        PlanStudy study = StudyOf(m, out Place studyAt, out bool known);
        Located<double> activity = m.Quantity("activity", Dimension.Activity, required: false);
        if (activity.Ok) study = study with { ActivityMBq = activity.Value };
        Lateness lateness = ReadLateness(m, "lateness", _lateness);
        int? fixedAt = Clock(m, "fixed", false), back = Clock(m, "back", false), leaves = Clock(m, "leaves", false), told = Clock(m, "announced", false), toldLater = Clock(m, "announced-later", false);
        int? injected = Clock(m, "injected", false);
        int daysAgo = Count(m, "injected-days-ago", 0, 30, 0, false);
        if (daysAgo > 0 && injected is null) problems.Add(m.At, $"slot {slot.Value} has 'injected-days-ago' without 'injected'", "give the time of the injection too");
        var progress = new VisitProgress { InjectedMinute = injected - (daysAgo * 1440) };
        if (m.Map("progress", "progress", required: false) is { } g)
        {
            progress = progress with
            {
                FirstCamera = CameraOf(g, "first-camera", cameras), FirstEndsMinute = Clock(g, "first-ends", false), LaterBeganMinute = Clock(g, "later-began", false),
                LaterCamera = CameraOf(g, "later-camera", cameras), LaterEndsMinute = Clock(g, "later-ends", false), Left = g.YesNo("left", required: false).Value,
            };
            g.End();
            if (progress.LaterBeganMinute is not null && (progress.LaterCamera.Length == 0 || injected is null)) problems.Add(g.At, "'later-began' needs 'later-camera' and the patient's 'injected'", "give all three");
            if (progress.FirstCamera.Length > 0 && injected is null) problems.Add(g.At, "'first-camera' needs the patient's 'injected'", "give the time of the injection");
        }
        m.End();
        if (known)
        {
            if (!cameras.Any(c => c.Collimators.Contains(study.Collimator) && study.Needs.All(n => c.Features.Contains(n))) && (study.LaterMinutes > 0 || study.OnCamera))
                problems.Add(studyAt, $"no camera has {string.Join(" and ", study.Needs.Prepend(study.Collimator))} for slot {slot.Value}", "give a camera the collimator and the features, or plan another study");
            if (injected is null && study.Radiopharmaceutical.Length > 0 && study.ActivityMBq > 0 && kits.All(k => k.Radiopharmaceutical != study.Radiopharmaceutical))
                problems.Add(studyAt, $"no kit gives {study.Radiopharmaceutical} for slot {slot.Value}", "add a kit 'of' that name");
        }
        return new PlanPatient
        {
            Slot = slot.Value, Study = study, ReadyMinute = ready, Priority = priority.Ok ? (PlanPriority)Array.IndexOf(Priorities, priority.Value) : PlanPriority.Routine, Lateness = lateness,
            FixedMinute = fixedAt, BackMinute = back, LeavesMinute = leaves, AnnouncedInjectionMinute = told, AnnouncedLaterMinute = toldLater, Progress = progress,
        };
    }

    private string CameraOf(OpenMapReader m, string key, List<PlanCamera> cameras)
    {
        Located<string> id = m.Text(key, required: false);
        if (id.Ok && cameras.All(c => c.Id != id.Value)) problems.Add(id.At, $"there is no camera '{id.Value}'", $"use one of {string.Join(", ", cameras.Select(c => c.Id))}");
        return id.Value;
    }

    private PlanStudy StudyOf(OpenMapReader m, out Place at, out bool known)
    {
        var none = new PlanStudy { Id = "", Collimator = "" };
        Located<string> name = m.Text("study", required: false), file = m.Text("protocol", required: false);
        Located<double> gfr = m.Quantity("egfr", Dimension.Clearance, required: false);
        Located<bool> dialysis = m.YesNo("dialysis", required: false);
        at = name.Ok ? name.At : file.At;
        known = false;
        if (name.Ok == file.Ok)
        {
            problems.Add(m.At, name.Ok ? "both 'study' and 'protocol' are given" : "neither 'study' nor 'protocol' is given", "name one study of this file, or one protocol file");
            return none;
        }
        if (name.Ok)
        {
            known = _studies.TryGetValue(name.Value, out PlanStudy? study);
            if (!known) problems.Add(name.At, $"there is no study '{name.Value}'", YamlMapReader.Nearest(name.Value, _studies.Keys) is { } near ? $"did you mean '{near}'?" : "describe it under 'studies'");
            return study ?? none;
        }
        if (!_protocols.TryGetValue(file.Value, out ProtocolResult? read)) _protocols[file.Value] = read = protocol(file.Value);
        if (!read.IsValid)
        {
            problems.Add(file.At, $"the protocol '{file.Value}' cannot be used: {read.Problems[0].What}", read.Problems.Count > 1 ? $"`acquire protocols validate {file.Value}` shows all {read.Problems.Count} problems" : read.Problems[0].Right);
            return none;
        }
        known = true;
        return PlanStudies.Of(read.Protocol, new PatientFactors { GfrMlPerMin = gfr.Ok ? gfr.Value : null, OnDialysis = dialysis.Value }, _setUp, _turnover);
    }
}

/// <summary>Times of the day as text.</summary>
public static class ClockText
{
    /// <summary>Minutes since midnight of "HH:MM" (0:00 to 30:00); null when it is none.</summary>
    public static int? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Trim().Split(':');
        return parts.Length == 2 && parts[0].Length is 1 or 2 && parts[1].Length == 2
            && int.TryParse(parts[0], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int h)
            && int.TryParse(parts[1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int min) && min < 60 && (h * 60) + min <= 1800
            ? (h * 60) + min : null;
    }

    /// <summary>"08:05"; a minute of an earlier or later day with the days between: "14:30 (-2 d)".</summary>
    public static string Write(int minute)
    {
        int day = (int)Math.Floor(minute / 1440.0), m = minute - (day * 1440);
        string text = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{m / 60:00}:{m % 60:00}");
        return day == 0 ? text : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{text} ({day:+0;-0} d)");
    }
}
