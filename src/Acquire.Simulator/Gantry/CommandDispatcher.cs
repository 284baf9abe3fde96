using Acquire.Protocols.Gantry;
using Acquire.Simulator.Gantry.Behaviours;

namespace Acquire.Simulator.Gantry;

/// <summary>Behaviour of a row's form. Runs under the gantry's lock.</summary>
internal delegate void Behaviour(CommandCall call);

/// <summary>Behaviour that has to wait or to work longer; runs outside the gantry's lock, after the row's conditions were checked under it.</summary>
internal delegate Task SlowBehaviour(CommandCall call, CancellationToken gone);

/// <summary>The behaviours by header, set and query form apart.</summary>
internal sealed class BehaviourSet
{
    private readonly Dictionary<string, Delegate> _byForm = new(StringComparer.Ordinal);

    public void Set(string header, Behaviour behaviour) => _byForm.Add(header, behaviour);
    public void Query(string header, Behaviour behaviour) => _byForm.Add(header + "?", behaviour);
    public void Query(string header, Func<CommandCall, string> answer) => _byForm.Add(header + "?", new Behaviour(c => c.Reply(answer(c))));
    public void SlowSet(string header, SlowBehaviour behaviour) => _byForm.Add(header, behaviour);
    public void SlowQuery(string header, SlowBehaviour behaviour) => _byForm.Add(header + "?", behaviour);
    public Delegate? Find(GciCommand row, bool isQuery) => _byForm.GetValueOrDefault(isQuery ? row.Header + "?" : row.Header);
    public IEnumerable<string> Forms => _byForm.Keys;
}

/// <summary>Executes program messages by the table: finds the row, checks parameters, lease and state, and runs the behaviour.</summary>
internal sealed class CommandDispatcher
{
    private readonly SimulatedGantry _gantry;
    private readonly BehaviourSet _behaviours = new();

    public CommandDispatcher(SimulatedGantry gantry)
    {
        _gantry = gantry;
        CommonBehaviours.AddTo(_behaviours);
        SystemBehaviours.AddTo(_behaviours);
        MotionBehaviours.AddTo(_behaviours);
        DetectorBehaviours.AddTo(_behaviours);
        AcquisitionBehaviours.AddTo(_behaviours);
        FrameBehaviours.AddTo(_behaviours);
        CtBehaviours.AddTo(_behaviours);
        SimulationBehaviours.AddTo(_behaviours);
    }

    /// <summary>Behaviours without a row and rows without a behaviour; both must be empty.</summary>
    public IEnumerable<string> Mismatches()
    {
        HashSet<string> forms = [.. GciTable.HelpLines()];
        foreach (string extra in _behaviours.Forms.Where(f => !forms.Contains(f))) yield return "no row for " + extra;
        foreach (GciCommand row in GciTable.All)
        {
            if (row.HasSet && _behaviours.Find(row, false) is null && !IsRemembered(row)) yield return "no behaviour for " + row.Header;
            if (row.HasQuery && _behaviours.Find(row, true) is null && !IsRemembered(row)) yield return "no behaviour for " + row.Header + "?";
        }
    }

    /// <summary>Takes a message apart; the error is of what could not be taken apart, behind the units.</summary>
    public static (List<GciUnit> Units, GciError? Error) Parse(byte[] message)
    {
        var units = new List<GciUnit>();
        try
        {
            var reader = new GciMessageReader(message);
            while (reader.Next() is { } unit) units.Add(unit);
            return (units, null);
        }
        catch (GciException e)
        {
            return (units, e.Error);
        }
    }

    /// <summary>Runs the stops of a message that has just arrived, ahead of everything that waits.</summary>
    /// <returns>True when the message holds nothing else and need not be queued.</returns>
    public bool RunStops(IReadOnlyList<GciUnit> units)
    {
        int stops = 0;
        foreach (GciUnit unit in units)
        {
            if (StopOf(unit) is not { } stop) continue;
            stops++;
            _gantry.RunStop(stop);
            _gantry.Log.Write("stop " + string.Join(':', unit.Mnemonics));
        }
        return stops > 0 && stops == units.Count;
    }

    /// <summary>Executes a message and collects its replies. Stops in it were run when it arrived.</summary>
    public async Task ExecuteAsync(GantryConnection connection, IReadOnlyList<GciUnit> units, GciError? trailing, ReplyWriter replies, CancellationToken gone)
    {
        foreach (GciUnit unit in units)
        {
            try
            {
                if (StopOf(unit) is null) await ExecuteAsync(connection, unit, units.Count + (trailing is null ? 0 : 1), replies, gone);
            }
            catch (GciException e)
            {
                // A command error abandons the rest of its message (docs: control-interface 8).
                Push(connection, e.Error);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Push(connection, new GciError(-240, "store"));
                return;
            }
        }
        if (trailing is { } error) Push(connection, error);
    }

    public void Push(GantryConnection connection, GciError error)
    {
        lock (_gantry.Gate)
        {
            connection.Session.Status.Push(error);
            _gantry.LookForRequest(connection.Session);
        }
    }

    private Action? StopOf(GciUnit unit)
    {
        if (unit.IsQuery || unit.Parameters.Count > 0) return null;
        try
        {
            (GciCommand row, _) = _gantry.Table.Find(unit);
            if (row.Safety != SafetyClass.Stop) return null;
            return row.Header switch
            {
                "MOTion:STOP" => _gantry.StopMotion,
                "ABORt" => _gantry.Abort,
                _ => () => _gantry.Ct.Stop("STOP"),
            };
        }
        catch (GciException)
        {
            return null;
        }
    }

    private async Task ExecuteAsync(GantryConnection connection, GciUnit unit, int unitsInMessage, ReplyWriter replies, CancellationToken gone)
    {
        (GciCommand row, IReadOnlyList<int> suffixes) = _gantry.Table.Find(unit);
        if (!connection.Carrier.IsProtected && !unit.IsQuery && !IsHarmless(row)) throw new GciException(110);
        if (unit.IsQuery && row.Number is { } number && unit.Parameters is [{ Kind: GciElementKind.Word } word])
        {
            replies.Text(GciText.Number(number.WordValue(word.Text) ?? throw new GciException(-141)));
            return;
        }
        IReadOnlyList<GciValue> arguments = row.Bind(unit);
        var call = new CommandCall(_gantry, connection, row, unit.IsQuery, suffixes, arguments, replies);
        Delegate? behaviour = _behaviours.Find(row, unit.IsQuery);
        lock (_gantry.Gate)
        {
            _gantry.Clock.CatchUp();
            if (_gantry.Sessions.Expire()) _gantry.LeaseLost();
            if (!unit.IsQuery)
            {
                if (row.NeedsLease && _gantry.Sessions.Holder != call.Session) throw Refuse(call, new GciException(-203));
                if (row.IsStart && unitsInMessage > 1) throw Refuse(call, new GciException(-221, "COMPOUND"));
                if (row.HasOperationId && _gantry.Operations.WasAccepted(call.Text(0))) return;
                DemandState(call);
            }
            if (behaviour is not SlowBehaviour) RunFast(call, behaviour as Behaviour);
            _gantry.Changed();
        }
        if (behaviour is SlowBehaviour slow) await slow(call, gone);
    }

    private static void RunFast(CommandCall call, Behaviour? behaviour)
    {
        try
        {
            if (behaviour is not null) behaviour(call);
            else Remember(call);
        }
        catch (GciException e)
        {
            throw Refuse(call, e);
        }
    }

    /// <summary>A row that only remembers: the set form stores, the query answers what was stored.</summary>
    private static void Remember(CommandCall call)
    {
        SettingStore settings = call.Gantry.Settings;
        if (call.IsQuery) call.Reply(SettingStore.Format(call.Row, settings.Get(call.Row.Header, call.Suffix)));
        else settings.Set(call.Row.Header, call.Suffix, call.Arguments);
        if (!call.IsQuery && call.Row.Header.StartsWith("CT:", StringComparison.Ordinal)) call.Gantry.Ct.ClearConfirmation();
    }

    /// <summary>Set forms taken over plain serial text: those of IEEE 488.2 and of the status registers, which generic tools send on their own.</summary>
    private static bool IsHarmless(GciCommand row) =>
        row.Safety == SafetyClass.Housekeeping && (row.Header.StartsWith('*') || row.Header.StartsWith("STATus", StringComparison.Ordinal));

    private static bool IsRemembered(GciCommand row) => row.Safety == SafetyClass.Setting && row.HasSet && row.HasQuery;

    private static GciException Refuse(CommandCall call, GciException error)
    {
        if (call.Row.HasOperationId && !call.Gantry.Operations.WasAccepted(call.Text(0))) call.Gantry.Operations.Refuse(call.Text(0), error.Error.Number);
        return error;
    }

    private static void DemandState(CommandCall call)
    {
        SimulatedGantry g = call.Gantry;
        GciWhen when = call.Row.When;
        string? wrong = (when.Gantry & g.State) == 0 ? GciStates.Word(g.State)
            : (when.Acquisition & g.Acquisition.State) == 0 ? GciStates.Word(g.Acquisition.State)
            : (when.Ct & g.Ct.State) == 0 ? "CT " + GciStates.Word(g.Ct.State) : null;
        if (wrong is not null) throw Refuse(call, new GciException(-221, wrong));
    }
}
