using System.Globalization;

namespace Acquire.Protocols.Gantry;

/// <summary>State of the gantry (docs: control-interface 9 and 10). Flags, so that a row can name several.</summary>
[Flags]
public enum GantryStates
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Starting.</summary>
    Boot = 1,
    /// <summary>Positions unknown.</summary>
    Unhomed = 2,
    /// <summary>Standing, homed.</summary>
    Ready = 4,
    /// <summary>A commanded move runs.</summary>
    Moving = 8,
    /// <summary>An acquisition or CT scan moves the gantry.</summary>
    Program = 16,
    /// <summary>Stopped by somebody; needs a resume.</summary>
    Hold = 32,
    /// <summary>Emergency stop.</summary>
    EStop = 64,
    /// <summary>Drive or encoder fault.</summary>
    Fault = 128,
    /// <summary>Service.</summary>
    Service = 256,
    /// <summary>Any.</summary>
    Any = 511,
}

/// <summary>State of the acquisition. Flags, so that a row can name several.</summary>
[Flags]
public enum AcquisitionStates
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Nothing.</summary>
    Idle = 1,
    /// <summary>Settings frozen, store reserved.</summary>
    Armed = 2,
    /// <summary>Counting, or moving between stops.</summary>
    Running = 4,
    /// <summary>Paused by the client.</summary>
    Paused = 8,
    /// <summary>Held by interlock, stop or lost lease.</summary>
    Hold = 16,
    /// <summary>Over; frames are waiting for their acknowledgement.</summary>
    Draining = 32,
    /// <summary>Any.</summary>
    Any = 63,
}

/// <summary>State of the CT. Flags, so that a row can name several.</summary>
[Flags]
public enum CtStates
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Tube cold.</summary>
    Off = 1,
    /// <summary>Warming up.</summary>
    Warmup = 2,
    /// <summary>Ready to be armed.</summary>
    Standby = 4,
    /// <summary>Armed.</summary>
    Armed = 8,
    /// <summary>Scanning.</summary>
    Exposing = 16,
    /// <summary>Tube cooling.</summary>
    Cooling = 32,
    /// <summary>Fault.</summary>
    Fault = 64,
    /// <summary>Any.</summary>
    Any = 127,
}

/// <summary>The words of the states as they stand on the wire.</summary>
public static class GciStates
{
    /// <summary>Short form of one gantry state.</summary>
    public static string Word(GantryStates state) => state switch
    {
        GantryStates.Boot => "BOOT", GantryStates.Unhomed => "UNH", GantryStates.Ready => "READ", GantryStates.Moving => "MOV", GantryStates.Program => "PROG",
        GantryStates.Hold => "HOLD", GantryStates.EStop => "EST", GantryStates.Fault => "FAUL", GantryStates.Service => "SERV",
        _ => "NONE",
    };

    /// <summary>Short form of one acquisition state.</summary>
    public static string Word(AcquisitionStates state) => state switch
    {
        AcquisitionStates.Idle => "IDLE", AcquisitionStates.Armed => "ARM", AcquisitionStates.Running => "RUNN", AcquisitionStates.Paused => "PAUS",
        AcquisitionStates.Hold => "HOLD", AcquisitionStates.Draining => "DRA",
        _ => "NONE",
    };

    /// <summary>Short form of one CT state.</summary>
    public static string Word(CtStates state) => state switch
    {
        CtStates.Off => "OFF", CtStates.Warmup => "WARM", CtStates.Standby => "STAN", CtStates.Armed => "ARM", CtStates.Exposing => "EXP",
        CtStates.Cooling => "COOL", CtStates.Fault => "FAUL",
        _ => "NONE",
    };
}

/// <summary>When the set form of a row is allowed. Queries always are.</summary>
/// <param name="Gantry">Gantry states.</param>
/// <param name="Acquisition">Acquisition states.</param>
/// <param name="Ct">CT states.</param>
public sealed record GciWhen(GantryStates Gantry = GantryStates.Any, AcquisitionStates Acquisition = AcquisitionStates.Any, CtStates Ct = CtStates.Any)
{
    /// <summary>Always.</summary>
    public static GciWhen Any { get; } = new();

    /// <summary>As the document shows it.</summary>
    public string Describe()
    {
        var parts = new List<string>();
        if (Gantry != GantryStates.Any) parts.Add("gantry " + string.Join(' ', Singles(Gantry).Select(GciStates.Word)));
        if (Acquisition != AcquisitionStates.Any) parts.Add("acq " + string.Join(' ', Singles(Acquisition).Select(GciStates.Word)));
        if (Ct != CtStates.Any) parts.Add("CT " + string.Join(' ', Singles(Ct).Select(GciStates.Word)));
        return parts.Count == 0 ? "any" : string.Join("; ", parts);
    }

    private static IEnumerable<T> Singles<T>(T set) where T : struct, Enum =>
        Enum.GetValues<T>().Where(v => System.Numerics.BitOperations.IsPow2(Convert.ToInt32(v, CultureInfo.InvariantCulture)) && set.HasFlag(v));
}

/// <summary>What a row can do to people and counts.</summary>
public enum SafetyClass
{
    /// <summary>Only answers.</summary>
    Query,
    /// <summary>Sessions, status, clock: nothing moves.</summary>
    Housekeeping,
    /// <summary>Changes what a later start will do.</summary>
    Setting,
    /// <summary>Releases or keeps frames.</summary>
    Data,
    /// <summary>Starts metal moving or may.</summary>
    Motion,
    /// <summary>Starts radiation or prepares it.</summary>
    Exposure,
    /// <summary>Stops: any session, any state, ahead of everything.</summary>
    Stop,
    /// <summary>Only where feature SIM is; never in a real gantry.</summary>
    Simulation,
}

/// <summary>One row of the command table: everything parser, dispatch, help and document need to know.</summary>
public sealed record GciCommand
{
    /// <summary>Header as in the tables: capitals are the short form, [] may be left out, # is a digit suffix.</summary>
    public required string Header { get; init; }
    /// <summary>Has a form without '?'.</summary>
    public bool HasSet { get; init; }
    /// <summary>Has a form with '?'.</summary>
    public bool HasQuery { get; init; }
    /// <summary>Parameters of the set form.</summary>
    public IReadOnlyList<GciParameter> Parameters { get; init; } = [];
    /// <summary>Parameters of the query form.</summary>
    public IReadOnlyList<GciParameter> QueryParameters { get; init; } = [];
    /// <summary>What the query answers.</summary>
    public string Reply { get; init; } = "";
    /// <summary>What it does, one line.</summary>
    public required string Effect { get; init; }
    /// <summary>When the set form is allowed.</summary>
    public GciWhen When { get; init; } = GciWhen.Any;
    /// <summary>The set form needs the control lease (-203).</summary>
    public bool NeedsLease { get; init; }
    /// <summary>A start: must be alone in its message (-221;COMPOUND).</summary>
    public bool IsStart { get; init; }
    /// <summary>Its first parameter is an operation id; so has every start but hold-to-run, which ends with its tokens.</summary>
    public bool HasOperationId => IsStart && Parameters is [GciString, ..];
    /// <summary>Errors of its own besides those of the grammar, -203 and -221.</summary>
    public IReadOnlyList<int> Errors { get; init; } = [];
    /// <summary>Safety class.</summary>
    public required SafetyClass Safety { get; init; }
    /// <summary>Section of the document.</summary>
    public string Section { get; init; } = "";
    /// <summary>True when the row is ours, not in the reference (docs/decisions/0004).</summary>
    public bool IsOurs { get; init; }
    /// <summary>The header's nodes.</summary>
    public GciHeader Pattern => _pattern ??= new GciHeader(Header);
    private GciHeader? _pattern;

    /// <summary>The single number the row sets, so that MIN, MAX and DEF can be asked; null for other rows.</summary>
    public GciNumber? Number => HasSet && HasQuery && QueryParameters.Count == 0 && Parameters is [GciNumber { MaxCount: 1 } number] ? number : null;

    /// <summary>Checks parameters as written against the row.</summary>
    /// <exception cref="GciException">Too many (-108), too few (-109), or one that does not fit.</exception>
    public IReadOnlyList<GciValue> Bind(GciUnit unit)
    {
        IReadOnlyList<GciParameter> expected = unit.IsQuery ? QueryParameters : Parameters;
        var values = new List<GciValue>(unit.Parameters.Count);
        for (int i = 0; i < unit.Parameters.Count; i++)
        {
            GciParameter? parameter = i < expected.Count ? expected[i] : expected.Count > 0 && i < expected.Count - 1 + expected[^1].MaxCount ? expected[^1] : null;
            if (parameter is null) throw new GciException(-108);
            values.Add(parameter.Bind(unit.Parameters[i]));
        }
        for (int i = values.Count; i < expected.Count; i++)
            if (!expected[i].Optional) throw new GciException(-109, expected[i].Name);
        return values;
    }
}
