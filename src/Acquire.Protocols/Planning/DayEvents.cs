using Acquire.Protocols.Clinical;
using Acquire.Protocols.Clinical.Language;

namespace Acquire.Protocols.Planning;

/// <summary>Something that went otherwise than planned, in a file for <c>acquire plan --replan</c>.</summary>
public abstract record DayEvent(int AtMinute);

/// <summary>A patient is not ready before a minute (late, or back late for the later visit).</summary>
public sealed record PatientLate(int AtMinute, string Slot, int ReadyMinute) : DayEvent(AtMinute);

/// <summary>A patient was injected then.</summary>
public sealed record PatientInjected(int AtMinute, string Slot, string Camera) : DayEvent(AtMinute);

/// <summary>A later visit began then.</summary>
public sealed record LaterBegan(int AtMinute, string Slot, string Camera) : DayEvent(AtMinute);

/// <summary>A visit ends, or ended, then.</summary>
public sealed record VisitEnds(int AtMinute, string Slot) : DayEvent(AtMinute);

/// <summary>A patient is not coming, or gave up.</summary>
public sealed record PatientLeft(int AtMinute, string Slot) : DayEvent(AtMinute);

/// <summary>A camera cannot be used from then on until a minute.</summary>
public sealed record CameraDown(int AtMinute, string Camera, int UntilMinute) : DayEvent(AtMinute);

/// <summary>Brings a plan up to a moment: what was planned before it is taken as done, unless an event says otherwise.</summary>
public static class DayProgress
{
    /// <summary>The request as it stands at <paramref name="now"/>.</summary>
    /// <param name="plan">The plan so far; its times count as announced.</param>
    /// <param name="now">Now, minute of the day.</param>
    /// <param name="events">What went otherwise; those after <paramref name="now"/> do not count.</param>
    public static DayRequest At(DayPlan plan, int now, IReadOnlyList<DayEvent> events)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(events);
        DayRequest day = DayPlanner.Announced(plan);
        DayEvent[] known = [.. events.Where(e => e.AtMinute <= now).OrderBy(e => e.AtMinute)];
        List<PlanPatient> patients = [];
        foreach (PlannedPatient p in plan.Patients) patients.Add(Patient(p, day.Patients.First(x => x.Slot == p.Slot), now, known));
        return day with { NowMinute = now, Patients = patients, Cameras = [.. day.Cameras.Select(c => Camera(c, plan, now, known))] };
    }

    private static PlanPatient Patient(PlannedPatient planned, PlanPatient p, int now, DayEvent[] events)
    {
        VisitProgress v = p.Progress;
        int? late = null;
        foreach (DayEvent e in events)
        {
            switch (e)
            {
                case PatientLate l when l.Slot == p.Slot: late = l.ReadyMinute; break;
                case PatientInjected i when i.Slot == p.Slot: v = v with { InjectedMinute = i.AtMinute, FirstCamera = p.Study.OnCamera ? i.Camera : "", FirstEndsMinute = null }; break;
                case LaterBegan b when b.Slot == p.Slot: v = v with { LaterBeganMinute = b.AtMinute, LaterCamera = b.Camera, LaterEndsMinute = null }; break;
                case VisitEnds n when n.Slot == p.Slot: v = v.LaterBeganMinute is not null ? v with { LaterEndsMinute = n.AtMinute } : v with { FirstEndsMinute = n.AtMinute }; break;
                case PatientLeft g when g.Slot == p.Slot: v = v with { Left = true }; break;
                default: break;
            }
        }
        bool saidInjected = v.InjectedMinute is not null;
        if (v.Left) return p with { Progress = v };
        if (late is { } ready && !saidInjected) return p with { Progress = v, ReadyMinute = Math.Max(p.ReadyMinute, ready) };
        if (!saidInjected && planned is { InjectionPlanned: true, InjectionMinute: { } at })
        {
            // Somebody who lies on the camera already is injected when planned.
            if ((planned.First?.FromMinute ?? at) < now && at >= now) return p with { FixedMinute = at };
            if (at < now) v = v with { InjectedMinute = at, FirstCamera = planned.First?.Camera ?? "" };
        }
        if (late is { } back && saidInjected && v.LaterBeganMinute is null) return p with { Progress = v, BackMinute = Math.Max(p.BackMinute ?? 0, back) };
        if (v is { InjectedMinute: { } was, LaterBeganMinute: null } && planned.Later is { State: VisitState.Planned } later && later.FromMinute < now
            && later.FromMinute + p.Study.SetUpMinutes - was >= p.Study.OpensMinutes && !events.OfType<CameraDown>().Any(d => d.Camera == later.Camera && d.AtMinute <= later.FromMinute && d.UntilMinute > later.FromMinute))
            v = v with { LaterBeganMinute = later.FromMinute, LaterCamera = later.Camera };
        return p with { Progress = v };
    }

    private static PlanCamera Camera(PlanCamera c, DayPlan plan, int now, DayEvent[] events)
    {
        List<PlanStretch> blocked = [.. c.Blocked, .. events.OfType<CameraDown>().Where(d => d.Camera == c.Id).Select(d => new PlanStretch(d.AtMinute, d.UntilMinute, "not usable"))];
        string mounted = c.Mounted;
        int taken = 0;
        foreach (CameraStep s in plan.Steps.Where(s => s.Camera == c.Id && s.FromMinute < now))
        {
            if (s.Kind == CameraStepKind.Exchange) mounted = s.What[(s.What.LastIndexOf(' ') + 1)..];
            else taken++;
            if (s.ToMinute > now) blocked.Add(new PlanStretch(s.FromMinute, s.ToMinute, s.What));
        }
        // A break that is overdue may still be taken within the next hour.
        PlanBreak[] left = [.. c.Breaks.OrderBy(b => b.EarliestMinute).Skip(taken).Select(b => b.LatestMinute < now ? b with { LatestMinute = now + 60 } : b)];
        return c with { Mounted = mounted, Breaks = left, Blocked = blocked };
    }
}

/// <summary>Reads a file of events.</summary>
public static class DayEventReader
{
    private static readonly string[] Kinds = ["late", "injected", "later-began", "ends", "left", "down"];

    /// <summary>Reads it.</summary>
    /// <param name="yamlText">Text.</param>
    /// <param name="fileName">Name, for the problems.</param>
    /// <param name="day">The day the events belong to.</param>
    /// <returns>Events, and problems: with any, the events do not count.</returns>
    public static (IReadOnlyList<DayEvent> Events, IReadOnlyList<ProtocolProblem> Problems) Read(string yamlText, string fileName, DayRequest day)
    {
        ArgumentNullException.ThrowIfNull(yamlText);
        ArgumentNullException.ThrowIfNull(day);
        var problems = new ProblemList();
        YamlNode? root = YamlTree.Read(yamlText.TrimStart('\uFEFF'), fileName, problems);
        List<DayEvent> events = [];
        if (root is YamlMap map)
        {
            var file = new OpenMapReader(map, "a file of events", problems);
            foreach (YamlMap entry in file.Maps("events", mayBeEmpty: true))
            {
                var m = new OpenMapReader(entry, "an event", problems);
                int? Clock(string key, bool required)
                {
                    Located<string> text = m.Text(key, required, "\"09:10\"");
                    if (!text.Ok) return null;
                    if (ClockText.Parse(text.Value) is { } minute) return minute;
                    problems.Add(text.At, $"'{key}' is \"{text.Value}\"", "write a time of the day such as \"09:10\"");
                    return null;
                }
                string Known(string key, bool required, IEnumerable<string> ids)
                {
                    Located<string> text = m.Text(key, required);
                    if (text.Ok && !ids.Contains(text.Value)) problems.Add(text.At, $"there is no {key} '{text.Value}' in the day", $"use one of {string.Join(", ", ids)}");
                    return text.Value;
                }
                int at = Clock("at", true) ?? 0;
                Located<string> what = m.Word("what", Kinds);
                bool ofCamera = what.Value == "down";
                string slot = ofCamera ? "" : Known("slot", true, day.Patients.Select(p => p.Slot));
                PlanPatient? patient = day.Patients.FirstOrDefault(p => p.Slot == slot);
                bool needsCamera = ofCamera || what.Value == "later-began" || (what.Value == "injected" && patient?.Study.OnCamera == true);
                string camera = needsCamera ? Known("camera", true, day.Cameras.Select(c => c.Id)) : "";
                int until = what.Value is "late" or "down" ? Clock("until", true) ?? at : at;
                m.End();
                events.Add(what.Value switch
                {
                    "injected" => new PatientInjected(at, slot, camera),
                    "later-began" => new LaterBegan(at, slot, camera),
                    "ends" => new VisitEnds(at, slot),
                    "left" => new PatientLeft(at, slot),
                    "down" => new CameraDown(at, camera, until),
                    _ => new PatientLate(at, slot, until),
                });
            }
            file.End();
        }
        else if (root is not null)
        {
            problems.Add(root.At, $"the file is {YamlMapReader.Shape(root)}", "a file of events starts with 'events:'");
        }
        return (events, problems.InOrder());
    }
}
