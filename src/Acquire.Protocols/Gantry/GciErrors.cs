using System.Collections.Frozen;
using System.Globalization;

namespace Acquire.Protocols.Gantry;

/// <summary>One entry of the error queue: a number of the catalogue and, when it helps, a detail.</summary>
/// <param name="Number">Catalogue number; 0 is "No error".</param>
/// <param name="Detail">What exactly, in a word or two; never patient data.</param>
public readonly record struct GciError(int Number, string Detail = "")
{
    /// <summary>No error.</summary>
    public static GciError None { get; } = new(0);

    /// <summary>As SYSTem:ERRor? answers it: <c>-221,"Settings conflict;RUNN"</c>; text at most 255 characters (SCPI-1999 21.8.2).</summary>
    public override string ToString()
    {
        string text = GciErrors.TextOf(Number);
        if (!string.IsNullOrEmpty(Detail)) text = text + ";" + Detail;
        if (text.Length > 255) text = text[..255];
        return Number.ToString(CultureInfo.InvariantCulture) + ",\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}

/// <summary>A command refused, with the error that says why.</summary>
public sealed class GciException : Exception
{
    /// <summary>Makes one.</summary>
    public GciException(GciError error) : base(error.ToString()) => Error = error;
    /// <summary>Makes one from number and detail.</summary>
    public GciException(int number, string detail = "") : this(new GciError(number, detail)) { }
    /// <summary>The error.</summary>
    public GciError Error { get; }
}

/// <summary>The error catalogue (docs: control-interface 2 "Errors" and 9 "Device errors").</summary>
public static class GciErrors
{
    private static readonly FrozenDictionary<int, string> Texts = new Dictionary<int, string>
    {
        [0] = "No error",
        [-101] = "Invalid character", [-102] = "Syntax error", [-103] = "Invalid separator", [-104] = "Data type error",
        [-108] = "Parameter not allowed", [-109] = "Missing parameter", [-112] = "Program mnemonic too long", [-113] = "Undefined header",
        [-114] = "Header suffix out of range", [-120] = "Numeric data error", [-121] = "Invalid character in number", [-123] = "Exponent too large",
        [-131] = "Invalid suffix", [-138] = "Suffix not allowed", [-141] = "Invalid character data", [-148] = "Character data not allowed",
        [-151] = "Invalid string data", [-158] = "String data not allowed", [-161] = "Invalid block data", [-168] = "Block data not allowed",
        [-200] = "Execution error", [-203] = "Command protected", [-211] = "Trigger ignored", [-213] = "Init ignored", [-221] = "Settings conflict",
        [-222] = "Data out of range", [-223] = "Too much data", [-224] = "Illegal parameter value", [-240] = "Hardware error", [-241] = "Hardware missing",
        [-310] = "System error", [-350] = "Queue overflow", [-363] = "Input buffer overrun",
        [-410] = "Query INTERRUPTED", [-420] = "Query UNTERMINATED", [-430] = "Query DEADLOCKED", [-440] = "Query UNTERMINATED after indefinite response",
        [101] = "Session name in use", [102] = "Control lease held elsewhere", [110] = "Link not protected",
        [201] = "Not homed", [202] = "Path blocked", [203] = "Motion switch or token missing", [204] = "Watchdog expired", [205] = "Limit reached", [206] = "Drive fault",
        [301] = "High voltage", [302] = "Collimator", [303] = "Detector temperature", [304] = "No correction map", [305] = "Detector saturated",
        [401] = "Not armed", [402] = "Acquisition check failed", [410] = "Frame store full", [420] = "No such frame", [421] = "Frame already released",
        [422] = "Frame damaged", [430] = "Acquisition unknown",
        [501] = "Tube cold", [502] = "Tube cooling", [503] = "Dose not confirmed", [504] = "Beam interlock", [505] = "Arm again",
        [601] = "Emergency stop", [602] = "Collision pad", [603] = "Door open", [604] = "Table load", [605] = "Over-travel", [606] = "Cover open", [607] = "Manual release", [608] = "Lock pin in",
    }.ToFrozenDictionary();

    /// <summary>All numbers with their text, in catalogue order: command, execution, device, query, then device numbers upwards.</summary>
    public static IEnumerable<KeyValuePair<int, string>> All => Texts.OrderBy(e => e.Key >= 0 ? e.Key : 1000 - e.Key);

    /// <summary>Text of a number; "Device error" for one that is not in the catalogue.</summary>
    public static string TextOf(int number) => Texts.GetValueOrDefault(number, "Device error");

    /// <summary>Event status bit an error sets (IEEE 488.2 11.5.1): CME, EXE, DDE or QYE; 0 for none.</summary>
    public static EventStatus BitOf(int number) => number switch
    {
        <= -100 and > -200 => EventStatus.CommandError,
        <= -200 and > -300 => EventStatus.ExecutionError,
        <= -300 and > -400 => EventStatus.DeviceError,
        <= -400 and > -500 => EventStatus.QueryError,
        > 0 => EventStatus.DeviceError,
        _ => EventStatus.None,
    };
}
