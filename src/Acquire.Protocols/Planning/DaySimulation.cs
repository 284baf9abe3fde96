namespace Acquire.Protocols.Planning;

/// <summary>How a day turned out.</summary>
/// <param name="Scans">Later visits that were due: of everybody who was injected.</param>
/// <param name="Outside">Those that ended outside their window, or were not taken at all.</param>
/// <param name="NotInjected">Patients who were not injected before everything closed.</param>
/// <param name="WaitedMinutes">Sum of waiting from being there to the injection, and from being back (and the window open) to the later visit, minutes.</param>
/// <param name="LastEndMinute">End of the last visit.</param>
/// <param name="Replans">How often it was planned again.</param>
public sealed record DayOutcome(int Scans, int Outside, int NotInjected, int WaitedMinutes, int LastEndMinute, int Replans);

/// <summary>
/// Lets a day happen, minute by minute: patients come late, visits take longer. Run by a fixed list, or by the planner with planning again.
/// Both see the same patients, the same lateness and the same lengths; neither knows them beforehand. docs/planner.md states the rules.
/// </summary>
public static class DaySimulation
{
    private const int ComesEarly = 10;

    private sealed class Person(PlanPatient patient, int lateFirst, int lateLater, int longFirst, int longLater)
    {
        public PlanPatient Patient { get; } = patient;
        public int LateFirst { get; } = lateFirst;
        public int LateLater { get; } = lateLater;
        public int LongFirst { get; } = longFirst;
        public int LongLater { get; } = longLater;
        public int ToldInjection { get; set; }
        public int ToldLater { get; set; }
        public int First { get; set; } = -1; // camera
        public int Later { get; set; } = -1;
        public int? Injected { get; set; }
        public int FirstEnds { get; set; }
        public int? LaterBegan { get; set; }
        public int LaterEnds { get; set; }
        public int ThereFrom => ToldInjection - ComesEarly + LateFirst;
        public int Lead { get; set; } = ComesEarly;
        public int BackFrom => ToldLater - Lead + LateLater;
    }

    /// <summary>Draws the day's chance and lets the list run.</summary>
    /// <param name="day">The day; nobody injected yet.</param>
    /// <param name="seed">Seed of lateness and lengths.</param>
    public static DayOutcome RunList(DayRequest day, int seed) => new Run(day, seed, null).Go();

    /// <summary>Draws the same chance and lets the planner run.</summary>
    /// <param name="day">The day; nobody injected yet.</param>
    /// <param name="seed">Seed of lateness and lengths.</param>
    /// <param name="first">Work for the first plan.</param>
    /// <param name="live">Work each time it is planned again.</param>
    public static DayOutcome RunPlanner(DayRequest day, int seed, PlanBudget first, PlanBudget live) => new Run(day, seed, (first, live)).Go();

    private sealed class Run
    {
        private readonly DayRequest _day;
        private readonly Person[] _people;
        private readonly (PlanBudget First, PlanBudget Live)? _planner;
        private readonly int[] _cameraFree;
        private readonly List<(int From, int Length)>[] _breaks; // still to be taken, by camera
        private readonly List<int> _staffBusyUntil = [];
        private DayPlan? _plan;
        private int _replans, _waited;

        public Run(DayRequest day, int seed, (PlanBudget, PlanBudget)? planner)
        {
            _day = day;
            _planner = planner;
            var random = new Random(seed);
            int Draw(Lateness l)
            {
                double u = random.NextDouble(), v = random.NextDouble();
                return u < l.Share ? (int)Math.Ceiling(-l.MeanMinutes * Math.Log(1 - v)) : 0;
            }
            _people = [.. day.Patients.Select(p => new Person(p, Draw(p.Lateness), Draw(p.Lateness), Draw(day.KnockOn), Draw(day.KnockOn)))];
            _cameraFree = [.. day.Cameras.Select(c => c.Blocked.Select(b => b.ToMinute).Append(c.OpensMinute).Max())];
            _breaks = [.. day.Cameras.Select(c => c.Breaks.Select(b => (b.EarliestMinute, b.LengthMinutes)).ToList())];
            if (planner is { } work)
            {
                _plan = DayPlanner.Plan(day, work.Item1);
                foreach (Person p in _people) Tell(p, _plan.Find(p.Patient.Slot)!);
                TakeBreaks();
            }
            else
            {
                Book();
            }
        }

        private static void Tell(Person p, PlannedPatient planned)
        {
            p.ToldInjection = planned.First?.FromMinute ?? planned.InjectionMinute ?? 24 * 60;
            p.ToldLater = planned.Later?.FromMinute ?? 0;
            p.Lead = planned.Later?.FromMinute - planned.BackByMinute ?? ComesEarly;
            p.First = -1;
        }

        private void TakeBreaks()
        {
            for (int c = 0; c < _breaks.Length; c++)
            {
                CameraStep[] planned = [.. _plan!.Steps.Where(s => s.Camera == _day.Cameras[c].Id && s.Kind == CameraStepKind.Break)];
                for (int n = 0; n < Math.Min(planned.Length, _breaks[c].Count); n++) _breaks[c][n] = (planned[n].FromMinute, _breaks[c][n].Length);
            }
        }

        /// <summary>
        /// A list as departments book it: in the order patients ask for, each the first free injection from when they can come, and for the later visit
        /// the free time nearest to the target within the window, on the camera where that is; breaks at their first time.
        /// </summary>
        private void Book()
        {
            int end = 24 * 60;
            bool[][] taken = [.. _day.Cameras.Select((c, n) => Enumerable.Range(0, end).Select(m => m < _cameraFree[n] || m >= c.OvertimeUntilMinute || _breaks[n].Any(b => m >= b.From && m < b.From + b.Length)).ToArray())];
            int[] staff = new int[end];
            bool Free(int c, int from, int length) => from >= 0 && from + length < end && !taken[c].AsSpan(from, length).Contains(true);
            foreach (Person p in _people.OrderBy(p => p.Patient.ReadyMinute))
            {
                PlanStudy s = p.Patient.Study;
                (int Injection, int First, int Later, int Camera, int Off)? best = null;
                for (int i = p.Patient.ReadyMinute + s.FirstLeadMinutes; i < _day.Injection.ClosesMinute && best is null; i += 5)
                {
                    int hands = Enumerable.Range(i - _day.Injection.LeadMinutes, _day.Injection.LeadMinutes + _day.Injection.TailMinutes).Max(m => staff[m] + _day.Injection.Breaks.Where(b => b.When.FromMinute <= m && m < b.When.ToMinute).Sum(b => b.Staff));
                    if (hands >= _day.Injection.Staff || i < _day.Injection.OpensMinute + _day.Injection.LeadMinutes || !_day.Kits.Any(k => k.Takes(1, i) is not null)) continue;
                    int first = s.OnCamera ? Enumerable.Range(0, taken.Length).FirstOrDefault(c => Free(c, i - s.FirstLeadMinutes, s.FirstLeadMinutes + s.FirstTailMinutes), -1) : -1;
                    if (s.OnCamera && first < 0) continue;
                    for (int lag = s.OpensMinutes - s.SetUpMinutes; lag <= s.LatestCountMinutes - s.SetUpMinutes; lag += 5)
                        for (int c = 0; c < taken.Length; c++)
                        {
                            int off = Math.Abs(lag + s.SetUpMinutes - s.TargetMinutes);
                            if ((best is null || off < best.Value.Off) && Free(c, i + lag, s.LaterMinutes + s.TurnoverMinutes)) best = (i, first, i + lag, c, off);
                        }
                }
                if (best is not { } b)
                {
                    p.ToldInjection = end;
                    continue;
                }
                p.ToldInjection = b.Injection - s.FirstLeadMinutes;
                (p.First, p.ToldLater, p.Later) = (b.First, b.Later, b.Camera);
                for (int m = b.Injection - _day.Injection.LeadMinutes; m < b.Injection + _day.Injection.TailMinutes; m++) staff[m]++;
                if (b.First >= 0) Array.Fill(taken[b.First], true, b.Injection - s.FirstLeadMinutes, s.FirstLeadMinutes + s.FirstTailMinutes);
                Array.Fill(taken[b.Camera], true, b.Later, s.LaterMinutes + s.TurnoverMinutes);
            }
        }

        public DayOutcome Go()
        {
            int stop = _day.Cameras.Max(c => c.OvertimeUntilMinute) + 120; // nobody who is injected is sent home for the clock
            for (int now = 7 * 60; now < stop; now++)
            {
                for (int c = 0; c < _breaks.Length; c++)
                {
                    if (_breaks[c].Count == 0 || now < _breaks[c][0].From || _cameraFree[c] > now) continue;
                    _cameraFree[c] = now + _breaks[c][0].Length;
                    _breaks[c].RemoveAt(0);
                }
                _staffBusyUntil.RemoveAll(t => t <= now);
                bool slipped = _planner is null ? ListMinute(now) : PlannedMinute(now);
                if (slipped && now % _day.GridMinutes == 0) Replan(now);
            }
            Person[] due = [.. _people.Where(p => p.Injected is not null && p.Patient.Study.LaterMinutes > 0)];
            int outside = due.Count(p => p.LaterBegan is not { } b || b + p.Patient.Study.SetUpMinutes - p.Injected!.Value < p.Patient.Study.OpensMinutes
                || b + p.Patient.Study.LaterMinutes + p.LongLater - p.Injected.Value > p.Patient.Study.ClosesMinutes);
            return new DayOutcome(due.Length, outside, _people.Count(p => p.Injected is null), _waited, _people.Max(p => Math.Max(p.FirstEnds, p.LaterEnds)), _replans);
        }

        private bool Staffed(int now)
        {
            if (now < _day.Injection.OpensMinute || now + _day.Injection.TailMinutes > _day.Injection.ClosesMinute || !_day.Kits.Any(k => k.Takes(1, now) is not null)) return false;
            return _staffBusyUntil.Count < _day.Injection.Staff - _day.Injection.Breaks.Where(b => b.When.FromMinute <= now && now < b.When.ToMinute).Sum(b => b.Staff);
        }

        private bool Inject(Person p, int camera, int now)
        {
            PlanStudy s = p.Patient.Study;
            if (now < p.ThereFrom || !Staffed(now) || (s.OnCamera && _cameraFree[camera] > now)) return false;
            p.Injected = now + s.FirstLeadMinutes;
            _waited += Math.Max(0, now - Math.Max(p.ThereFrom, p.Patient.ReadyMinute));
            _staffBusyUntil.Add(p.Injected.Value + _day.Injection.TailMinutes);
            if (!s.OnCamera) return true;
            p.FirstEnds = _cameraFree[camera] = p.Injected.Value + s.FirstTailMinutes + p.LongFirst;
            p.First = camera;
            return true;
        }

        private bool Scan(Person p, int camera, int now)
        {
            PlanStudy s = p.Patient.Study;
            if (now < p.BackFrom || _cameraFree[camera] > now || now + s.SetUpMinutes - p.Injected!.Value < s.OpensMinutes) return false;
            p.LaterBegan = now;
            _waited += Math.Max(0, now - Math.Max(p.BackFrom, p.Injected.Value + s.OpensMinutes - s.SetUpMinutes));
            p.Later = camera;
            p.LaterEnds = _cameraFree[camera] = now + s.LaterMinutes + s.TurnoverMinutes + p.LongLater;
            return true;
        }

        /// <summary>The list: everybody at the booked time and camera, first booked first; who is not there is passed over and taken as soon as the camera is free after coming.</summary>
        private bool ListMinute(int now)
        {
            foreach ((Person p, int at, bool later) in _people.Where(p => p.Injected is null).Select(p => (p, p.ToldInjection, false))
                .Concat(_people.Where(p => p.Injected is not null && p.LaterBegan is null && p.Patient.Study.LaterMinutes > 0).Select(p => (p, p.ToldLater, true))).OrderBy(x => x.Item2).ToArray())
            {
                if (at > now) break;
                if (later) Scan(p, p.Later, now);
                else Inject(p, p.First, now);
            }
            return false;
        }

        private bool PlannedMinute(int now)
        {
            bool slipped = false;
            foreach (PlannedPatient planned in _plan!.Patients.OrderBy(p => p.Later?.FromMinute ?? 0))
            {
                Person p = _people.First(x => x.Patient.Slot == planned.Slot);
                if (p.Injected is null && planned is { InjectionPlanned: true, InjectionMinute: { } at })
                {
                    int camera = planned.First is { } f ? IndexOf(f.Camera) : -1;
                    if (now >= (planned.First?.FromMinute ?? at) && !Inject(p, camera, now)) slipped = true;
                }
                else if (p is { Injected: not null, LaterBegan: null } && planned.Later is { } later && now >= later.FromMinute && !Scan(p, IndexOf(later.Camera), now))
                {
                    slipped = true;
                }
                else if (p is { Injected: not null, LaterBegan: null } && planned.Later is null && p.Patient.Study.LaterMinutes > 0)
                {
                    slipped = true;
                }
            }
            return slipped;
        }

        private int IndexOf(string camera) => Array.FindIndex([.. _day.Cameras], c => c.Id == camera);

        private void Replan(int now)
        {
            _replans++;
            PlanPatient Of(Person p)
            {
                PlanPatient asked = p.Patient with { AnnouncedInjectionMinute = null, AnnouncedLaterMinute = p.ToldLater > 0 ? p.ToldLater : null };
                if (p.Injected is null) // an appointment stands; who is not there yet is expected a quarter of an hour from now
                    return asked with { ReadyMinute = now >= p.ThereFrom ? Math.Max(asked.ReadyMinute, Math.Min(now, p.ToldInjection)) : Math.Max(p.ToldInjection, now >= p.ToldInjection ? now + 15 : 0) };
                int? back = now >= p.BackFrom ? null : now >= p.ToldLater - ComesEarly ? Math.Max(p.ToldLater, now + 10) : p.ToldLater <= now + 20 ? p.ToldLater : null;
                return asked with
                {
                    BackMinute = p.LaterBegan is null ? back : null,
                    Progress = new VisitProgress
                    {
                        InjectedMinute = p.Injected,
                        FirstCamera = p.First >= 0 ? _day.Cameras[p.First].Id : "",
                        FirstEndsMinute = p.First < 0 ? null : Known(p.FirstEnds, p.Injected.Value + p.Patient.Study.FirstTailMinutes, now),
                        LaterBeganMinute = p.LaterBegan,
                        LaterCamera = p.LaterBegan is null ? "" : _day.Cameras[p.Later].Id,
                        LaterEndsMinute = p.LaterBegan is { } b ? Known(p.LaterEnds, b + p.Patient.Study.LaterMinutes + p.Patient.Study.TurnoverMinutes, now) : null,
                    },
                };
            }
            DayRequest rest = _day with
            {
                NowMinute = now,
                Patients = [.. _people.Select(Of)],
                Cameras = [.. _day.Cameras.Select((c, n) => c with
                {
                    OvertimeUntilMinute = c.OvertimeUntilMinute + 120,
                    Breaks = [.. c.Breaks.TakeLast(_breaks[n].Count).Select(b => b.LatestMinute < now ? b with { LatestMinute = now + 60 } : b)],
                    Blocked = _breaks[n].Count < c.Breaks.Count && _cameraFree[n] > now && !_people.Any(p => (p.First == n && p.FirstEnds == _cameraFree[n]) || (p.LaterBegan is not null && p.Later == n && p.LaterEnds == _cameraFree[n]))
                        ? [.. c.Blocked, new PlanStretch(now, _cameraFree[n], "break")] : c.Blocked,
                })],
            };
            _plan = DayPlanner.Plan(rest, _planner!.Value.Live, _plan);
            foreach (Person p in _people)
            {
                // Who is injected and not expected within 20 minutes is told the new time.
                if (p.Injected is not null && p.LaterBegan is null && p.ToldLater > now + 20 && _plan.Find(p.Patient.Slot)?.Later is { } later && later.FromMinute > now + 20)
                {
                    p.ToldLater = later.FromMinute;
                    p.Lead = later.FromMinute - _plan.Find(p.Patient.Slot)!.BackByMinute ?? ComesEarly;
                }
            }
            TakeBreaks();
        }

        /// <summary>An end that came is known; one that did not come when expected is expected five minutes from now.</summary>
        private static int Known(int real, int expected, int now) => real <= now ? real : Math.Max(expected, now + 5);
    }
}
