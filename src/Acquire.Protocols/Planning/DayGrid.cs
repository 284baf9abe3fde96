namespace Acquire.Protocols.Planning;

/// <summary>Turns a day into the problem on the grid, and a solution of that back into a plan.</summary>
/// <remarks>Durations are rounded up to slots; a wait from injection to visit is kept within the window in whole slots, so a plan on the grid holds in minutes.</remarks>
internal sealed class DayGrid
{
    private readonly DayRequest _day;
    private readonly PlanCosts _costs;
    private readonly int _grid, _base;

    public DayGrid(DayRequest day)
    {
        _day = day;
        _costs = new PlanCosts(day);
        _grid = day.GridMinutes;
        int opens = day.Cameras.Select(c => c.OpensMinute).Append(day.Injection.OpensMinute).Min();
        if (day.NowMinute is { } now) opens = Math.Max(opens, now);
        int ends = Math.Max(day.Cameras.Max(c => c.OvertimeUntilMinute), opens + _grid);
        _base = day.NowMinute is { } n && n >= opens ? Up(n, _grid) * _grid : opens / _grid * _grid;
        int slots = Math.Max(1, (ends - _base) / _grid);
        Ahead = [.. day.Patients.Where(IsAhead)];
        string[] collimators = [.. day.Cameras.SelectMany(c => c.Collimators).Distinct(StringComparer.Ordinal)];
        Problem = new SlotProblem
        {
            Slots = slots,
            First = 0,
            Collimators = collimators,
            Cameras = [.. day.Cameras.Select(c => Camera(c, slots, collimators))],
            Jobs = [.. Ahead.Select(p => Job(p, slots, collimators))],
            Staff = [.. Enumerable.Range(0, slots).Select(Staff)],
            Rooms = [.. Enumerable.Repeat(day.Injection.Rooms, slots)],
            Kits = [.. day.Kits.Select(k => Left(k))],
        };
    }

    /// <summary>The problem.</summary>
    public SlotProblem Problem { get; }
    /// <summary>Patients with something to plan, in the order of the problem's jobs.</summary>
    public IReadOnlyList<PlanPatient> Ahead { get; }

    /// <summary>Minute of a slot.</summary>
    public int MinuteOf(int slot) => _base + (slot * _grid);

    private static int Up(int minutes, int grid) => (minutes + grid - 1) / grid;

    private static bool IsAhead(PlanPatient p) => !p.Progress.Left && (p.Progress.InjectedMinute is null || (p.Study.LaterMinutes > 0 && p.Progress.LaterBeganMinute is null));

    /// <summary>What is in a kit beside the doses drawn already, MBq at its reference time.</summary>
    private int Left(TracerKit kit)
    {
        double drawn = 0;
        foreach (PlanPatient p in _day.Patients.Where(p => p.Progress.InjectedMinute >= 0 && p.Study.Radiopharmaceutical == kit.Radiopharmaceutical))
            if (_day.Kits.First(k => k.Radiopharmaceutical == kit.Radiopharmaceutical && (k.Takes(1, p.Progress.InjectedMinute!.Value) is not null || k == kit)) == kit)
                drawn += kit.Takes(p.Study.ActivityMBq, p.Progress.InjectedMinute!.Value) ?? 0;
        return Math.Max(0, (int)Math.Floor(kit.ActivityMBq - drawn));
    }

    private int Staff(int slot)
    {
        int from = MinuteOf(slot), to = from + _grid;
        if (from < _day.Injection.OpensMinute || to > _day.Injection.ClosesMinute) return 0;
        int away = _day.Injection.Breaks.Where(b => b.When.FromMinute < to && b.When.ToMinute > from).Sum(b => b.Staff);
        return Math.Max(0, _day.Injection.Staff - away);
    }

    /// <summary>Times a camera is taken by visits that run now.</summary>
    public static IEnumerable<(PlanPatient Patient, int From, int To, bool Later)> Running(DayRequest day, PlanCamera camera)
    {
        foreach (PlanPatient p in day.Patients)
        {
            VisitProgress v = p.Progress;
            if (v.FirstCamera == camera.Id && v.InjectedMinute is { } injected)
                yield return (p, injected - p.Study.FirstLeadMinutes, v.FirstEndsMinute ?? (injected + p.Study.FirstTailMinutes), false);
            if (v.LaterCamera == camera.Id && v.LaterBeganMinute is { } began)
                yield return (p, began, v.LaterEndsMinute ?? (began + p.Study.LaterMinutes + p.Study.TurnoverMinutes), true);
        }
    }

    private SlotCamera Camera(PlanCamera c, int slots, string[] collimators)
    {
        var blocked = c.Blocked.Select(b => (From: b.FromMinute, To: b.ToMinute)).Concat(Running(_day, c).Select(r => (r.From, r.To))).ToArray();
        bool[] open = new bool[slots];
        for (int t = 0; t < slots; t++)
        {
            int from = MinuteOf(t), to = from + _grid;
            open[t] = from >= c.OpensMinute && to <= c.OvertimeUntilMinute && !blocked.Any(b => b.From < to && b.To > from);
        }
        int[] held = [.. c.Collimators.Select(name => Array.IndexOf(collimators, name))];
        return new SlotCamera
        {
            Collimators = held,
            Mounted = Array.IndexOf(held, Array.IndexOf(collimators, c.Mounted)),
            ExchangeSlots = Math.Max(1, Up(c.ExchangeMinutes, _grid)),
            ExchangeCost = _day.Weights.Exchange,
            Open = open,
            RegularEnd = Math.Clamp(Up(c.ClosesMinute - _base, _grid), 0, slots),
            OvertimeCost = _day.Weights.OvertimePerQuarter,
            OvertimeEvery = Math.Max(1, 15 / _grid),
            Breaks = [.. c.Breaks.OrderBy(b => b.EarliestMinute).Select(b => new SlotBreak(Math.Max(0, Up(b.EarliestMinute - _base, _grid)),
                Math.Max(-1, FloorDiv(b.LatestMinute - _base, _grid)), Math.Max(1, Up(b.LengthMinutes, _grid))))],
            SkippedBreakCost = _day.Weights.SkippedBreak,
        };
    }

    private static int FloorDiv(int a, int b) => (int)Math.Floor((double)a / b);

    private SlotJob Job(PlanPatient p, int slots, string[] collimators)
    {
        PlanStudy s = p.Study;
        int collimator = Array.IndexOf(collimators, s.Collimator);
        int[] Cameras(IEnumerable<string> needs) => [.. _day.Cameras.Select(c => c.Collimators.Contains(s.Collimator) && needs.All(n => c.Features.Contains(n)) ? 0 : SlotProblem.Never)];
        int later = s.LaterMinutes > 0 ? Up(s.LaterMinutes + s.TurnoverMinutes, _grid) : 0;
        int follow = s.FollowedBy.Length > 0 && later > 0 ? Up(_day.Injection.LeadMinutes + _day.Injection.TailMinutes, _grid) : 0;
        var job = new SlotJob { DropCost = _costs.Dropped(p), LaterSlots = later, FollowSlots = follow, LaterCollimator = collimator, LaterCamera = later > 0 ? Cameras(s.Needs) : [] };
        if (p.Progress.InjectedMinute is { } injected)
        {
            return job with
            {
                LaterCost = [.. Enumerable.Range(0, slots).Select(t =>
                {
                    int lag = MinuteOf(t) + s.SetUpMinutes - injected;
                    return lag < s.OpensMinutes || !InTime(p, MinuteOf(t)) ? SlotProblem.Never
                        : _costs.OffTarget(p, lag) + _costs.Risk(p, lag) + _costs.Outside(p, lag) + _costs.ChangedLater(p, MinuteOf(t));
                })],
            };
        }
        int minLag = Up(s.OpensMinutes - s.SetUpMinutes, _grid), maxLag = FloorDiv(s.LatestCountMinutes - s.SetUpMinutes, _grid);
        int earliest = PlanCosts.EarliestInjection(p);
        return job with
        {
            InjectionCost = [.. Enumerable.Range(0, slots).Select(t =>
            {
                int minute = MinuteOf(t);
                return minute < earliest || (p.FixedMinute is { } at && (minute < at || minute >= at + _grid)) ? SlotProblem.Never : _costs.Waiting(p, minute) + _costs.ChangedInjection(p, minute);
            })],
            StaffLead = Up(_day.Injection.LeadMinutes, _grid),
            StaffTail = Up(_day.Injection.TailMinutes, _grid),
            NeedsRoom = !s.OnCamera,
            KitNeed = s.Radiopharmaceutical.Length == 0 || s.ActivityMBq <= 0 ? [] : [.. _day.Kits.Select(k => Enumerable.Range(0, slots).Select(t =>
                k.Radiopharmaceutical == s.Radiopharmaceutical ? k.Takes(s.ActivityMBq, MinuteOf(t)) ?? -1 : -1).ToArray())],
            FirstLead = s.OnCamera ? Up(s.FirstLeadMinutes, _grid) : 0,
            FirstTail = s.OnCamera ? Up(s.FirstTailMinutes, _grid) : 0,
            FirstCollimator = collimator,
            FirstCamera = s.OnCamera ? Cameras([]) : [],
            MinLag = minLag,
            LagCost = later > 0 ? [.. Enumerable.Range(0, Math.Max(0, maxLag - minLag + 1)).Select(n =>
            {
                int lag = ((minLag + n) * _grid) + s.SetUpMinutes;
                return _costs.OffTarget(p, lag) + _costs.Risk(p, lag);
            })] : [],
            LaterCost = later > 0 ? [.. Enumerable.Range(0, slots).Select(t => InTime(p, MinuteOf(t)) ? _costs.ChangedLater(p, MinuteOf(t)) : SlotProblem.Never)] : [],
        };
    }

    /// <summary>Not before the patient is back; who was injected on an earlier day comes when ready.</summary>
    private static bool InTime(PlanPatient p, int later) => later >= (p.BackMinute ?? (p.Progress.InjectedMinute < 0 ? p.ReadyMinute : int.MinValue)) && later + p.Study.LaterMinutes <= (p.LeavesMinute ?? int.MaxValue);

    /// <summary>The pattern of a plan announced earlier, as near as it fits the grid; dropped where it does not.</summary>
    public SlotPattern PatternOf(PlanPatient p, DayPlan plan)
    {
        if (plan.Find(p.Slot) is not { Placed: true } was) return SlotPattern.Dropped;
        int Slot(int? minute) => minute is { } m && m >= _base && (m - _base) % _grid == 0 && (m - _base) / _grid < Problem.Slots ? (m - _base) / _grid : -1;
        int CameraOf(string id) => _day.Cameras.Select(c => c.Id).ToList().IndexOf(id);
        SlotJob job = Problem.Jobs[Ahead.ToList().IndexOf(p)];
        int injection = job.Injects ? Slot(was.InjectionMinute) : -1, later = job.LaterSlots > 0 ? Slot(was.Later?.FromMinute) : -1;
        if ((job.Injects && injection < 0) || (job.LaterSlots > 0 && later < 0)) return SlotPattern.Dropped;
        if (job.Injects && later >= 0 && (later - injection < job.MinLag || later - injection >= job.MinLag + job.LagCost.Length)) return SlotPattern.Dropped;
        int first = job.FirstSlots > 0 && was.First is { } f ? CameraOf(f.Camera) : -1, second = later >= 0 ? CameraOf(was.Later!.Camera) : -1;
        if ((job.FirstSlots > 0 && first < 0) || (later >= 0 && second < 0)) return SlotPattern.Dropped;
        int kit = job.KitNeed.Length == 0 ? -1 : Array.FindIndex(job.KitNeed, k => injection >= 0 && k[injection] >= 0);
        return job.KitNeed.Length > 0 && kit < 0 ? SlotPattern.Dropped : new SlotPattern(injection, first, later, second, kit);
    }

    /// <summary>The plan of a solution.</summary>
    public DayPlan Plan(SlotResult result)
    {
        var placement = new SlotPlacement(Problem);
        for (int j = 0; j < result.Patterns.Length; j++)
            if (!placement.Put(j, result.Patterns[j])) throw new InvalidOperationException("a plan of the search does not fit: a defect");
        List<CameraStep> steps = [];
        List<PlanPart> parts = [];
        sbyte[] held = new sbyte[Problem.Slots];
        for (int c = 0; c < Problem.Cameras.Length; c++)
        {
            List<(int Slot, int Length, int What)> walked = [];
            int closes = placement.Walk(c, held, walked);
            PlanCamera camera = _day.Cameras[c];
            string on = camera.Mounted;
            foreach ((int slot, int length, int what) in walked)
            {
                int from = MinuteOf(slot), to = MinuteOf(slot + length);
                if (what < 0)
                {
                    steps.Add(new CameraStep(camera.Id, length == 0 ? CameraStepKind.SkippedBreak : CameraStepKind.Break, from, to, length == 0 ? "break not taken" : "break"));
                    if (length == 0) parts.Add(new PlanPart("break not taken", $"camera {camera.Id}", _day.Weights.SkippedBreak));
                }
                else
                {
                    string next = camera.Collimators[what];
                    steps.Add(new CameraStep(camera.Id, CameraStepKind.Exchange, from, to, $"{on} to {next}"));
                    on = next;
                    parts.Add(new PlanPart("collimator exchange", $"camera {camera.Id}", _day.Weights.Exchange));
                }
            }
            int overtime = Math.Max(0, closes - Problem.Cameras[c].RegularEnd);
            if (overtime > 0) parts.Add(new PlanPart("overtime", $"camera {camera.Id}", Up(overtime, Problem.Cameras[c].OvertimeEvery) * Problem.Cameras[c].OvertimeCost) { Minutes = overtime * _grid });
        }
        List<PlannedPatient> patients = [];
        foreach (PlanPatient p in _day.Patients)
        {
            int j = Ahead.ToList().IndexOf(p);
            patients.Add(j < 0 ? Past(p) : Planned(p, result.Patterns[j], parts));
        }
        return new DayPlan
        {
            Request = _day,
            Patients = patients,
            Steps = [.. steps.OrderBy(s => s.FromMinute).ThenBy(s => s.Camera, StringComparer.Ordinal)],
            Parts = [.. parts.Where(p => p.Points > 0)],
            Objective = result.Objective,
            LowerBound = result.LowerBound,
            Evaluations = result.Evaluations,
            Branches = result.Nodes,
            Kits = [.. _day.Kits.Select((k, n) => new KitUse(k, Problem.Kits[n], result.Patterns.Select((x, j) => x.Kit == n ? Problem.Jobs[j].KitNeed[n][x.Injection] : 0).Sum()))],
            Prices = result.Prices,
        };
    }

    private PlannedPatient Planned(PlanPatient p, SlotPattern pattern, List<PlanPart> parts)
    {
        void Part(string kind, int points, int minutes = 0) => parts.Add(new PlanPart(kind, p.Slot, points) { Minutes = minutes });
        int? injection = p.Progress.InjectedMinute ?? (pattern.Injection >= 0 ? MinuteOf(pattern.Injection) : null);
        if (!pattern.Placed)
        {
            Part(p.Progress.InjectedMinute is null ? "not today" : "no later images", _costs.Dropped(p));
            return new PlannedPatient { Slot = p.Slot, Patient = p, Placed = false, InjectionMinute = p.Progress.InjectedMinute, First = FirstPast(p) };
        }
        PlannedVisit? first = FirstPast(p);
        if (pattern.Injection >= 0)
        {
            Part("waiting", _costs.Waiting(p, injection!.Value), injection.Value - PlanCosts.EarliestInjection(p));
            Part("change of an announced time", _costs.ChangedInjection(p, injection.Value), Math.Abs(injection.Value - (p.AnnouncedInjectionMinute ?? injection.Value)));
            if (pattern.FirstCamera >= 0)
                first = new PlannedVisit(_day.Cameras[pattern.FirstCamera].Id, injection.Value - p.Study.FirstLeadMinutes, injection.Value + p.Study.FirstTailMinutes, VisitState.Planned);
        }
        PlannedVisit? later = null;
        if (pattern.Later >= 0)
        {
            int at = MinuteOf(pattern.Later), lag = at + p.Study.SetUpMinutes - injection!.Value;
            later = new PlannedVisit(_day.Cameras[pattern.LaterCamera].Id, at, at + p.Study.LaterMinutes + p.Study.TurnoverMinutes, VisitState.Planned);
            Part("outside the window", _costs.Outside(p, lag), Math.Max(0, lag - p.Study.LatestCountMinutes));
            Part("risk of missing the window", _costs.Risk(p, lag));
            Part("off the target", _costs.OffTarget(p, lag), Math.Abs(lag - p.Study.TargetMinutes));
            Part("change of an announced time", _costs.ChangedLater(p, at), Math.Abs(at - (p.AnnouncedLaterMinute ?? at)));
        }
        return new PlannedPatient
        {
            Slot = p.Slot,
            Patient = p,
            Placed = true,
            InjectionMinute = injection,
            InjectionPlanned = pattern.Injection >= 0,
            First = first,
            Later = later,
            Kit = pattern.Kit >= 0 ? _day.Kits[pattern.Kit].Id : "",
        };
    }

    private static PlannedVisit? FirstPast(PlanPatient p) => p.Progress is { FirstCamera.Length: > 0, InjectedMinute: { } injected }
        ? new PlannedVisit(p.Progress.FirstCamera, injected - p.Study.FirstLeadMinutes, p.Progress.FirstEndsMinute ?? (injected + p.Study.FirstTailMinutes), VisitState.Fixed)
        : null;

    private static PlannedPatient Past(PlanPatient p) => new()
    {
        Slot = p.Slot,
        Patient = p,
        Placed = !p.Progress.Left,
        InjectionMinute = p.Progress.InjectedMinute,
        First = FirstPast(p),
        Later = p.Progress.LaterBeganMinute is { } began
            ? new PlannedVisit(p.Progress.LaterCamera, began, p.Progress.LaterEndsMinute ?? (began + p.Study.LaterMinutes + p.Study.TurnoverMinutes), VisitState.Fixed)
            : null,
    };
}
