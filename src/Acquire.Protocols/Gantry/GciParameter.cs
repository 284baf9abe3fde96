using System.Globalization;

namespace Acquire.Protocols.Gantry;

/// <summary>What kind of thing stands between two commas.</summary>
public enum GciElementKind
{
    /// <summary>A number, maybe with a unit.</summary>
    Number,
    /// <summary>A word.</summary>
    Word,
    /// <summary>A string in quotes.</summary>
    Text,
    /// <summary>A definite block.</summary>
    Block,
}

/// <summary>One parameter as it was written.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Text">The number, word or string without unit and quotes.</param>
/// <param name="Number">Value of a number.</param>
/// <param name="Unit">Unit in capitals, empty for none.</param>
/// <param name="Bytes">Bytes of a block.</param>
public readonly record struct GciElement(GciElementKind Kind, string Text, double Number = 0, string Unit = "", byte[]? Bytes = null);

/// <summary>One parameter after it was checked against its row.</summary>
/// <param name="Number">Number, rounded to the resolution; 1 or 0 for a boolean; infinity where INF is allowed.</param>
/// <param name="Text">String, or a word in its short form.</param>
/// <param name="Bytes">Bytes of a block.</param>
public readonly record struct GciValue(double Number, string Text = "", byte[]? Bytes = null)
{
    /// <summary>The number as an integer.</summary>
    public long Integer => (long)Number;
    /// <summary>The number as a yes or no.</summary>
    public bool IsOn => Number != 0;
}

/// <summary>A word with its two spellings; the capitals and digits are the short one.</summary>
public readonly record struct GciWord
{
    /// <summary>Makes one from the spelling of the tables, e.g. "STATic".</summary>
    public GciWord(string spelling)
    {
        Spelling = spelling;
        Short = string.Concat(spelling.Where(c => !char.IsLower(c)));
        Long = spelling.ToUpperInvariant();
    }

    /// <summary>As in the tables.</summary>
    public string Spelling { get; }
    /// <summary>Short form, capitals.</summary>
    public string Short { get; }
    /// <summary>Long form, capitals.</summary>
    public string Long { get; }

    /// <summary>Whether it is one of the two spellings, in any case; nothing in between.</summary>
    public bool Matches(ReadOnlySpan<char> text) =>
        text.Equals(Short, StringComparison.OrdinalIgnoreCase) || text.Equals(Long, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A parameter of a row: what may stand there.</summary>
/// <param name="Name">Name for the document.</param>
public abstract record GciParameter(string Name)
{
    /// <summary>May be left out.</summary>
    public bool Optional { get; init; }
    /// <summary>How often it may be repeated; only the last parameter of a row may be.</summary>
    public int MaxCount { get; init; } = 1;

    /// <summary>As the document shows it.</summary>
    public abstract string Describe();

    /// <summary>Checks what was written.</summary>
    /// <exception cref="GciException">It does not fit; the number says how.</exception>
    public abstract GciValue Bind(in GciElement element);

    /// <summary>Error for a kind that has no place here.</summary>
    protected static GciException WrongKind(GciElementKind kind, string name) => new(kind switch
    {
        GciElementKind.Word => -148,
        GciElementKind.Text => -158,
        GciElementKind.Block => -168,
        _ => -104,
    }, name);
}

/// <summary>A number with unit, range and resolution.</summary>
/// <param name="Name">Name.</param>
/// <param name="Min">Least value.</param>
/// <param name="Max">Greatest value.</param>
/// <param name="Unit">Base unit: MM, DEG, S, KEV, KV, MA or empty.</param>
/// <param name="Resolution">What the device rounds to before it checks the range.</param>
public sealed record GciNumber(string Name, double Min, double Max, string Unit = "", double Resolution = 1) : GciParameter(Name)
{
    private static readonly GciWord Minimum = new("MINimum");
    private static readonly GciWord Maximum = new("MAXimum");
    private static readonly GciWord Standard = new("DEFault");
    private static readonly GciWord Infinite = new("INFinity");

    /// <summary>Value for DEF; null when there is none.</summary>
    public double? Default { get; init; }
    /// <summary>INF is allowed.</summary>
    public bool AllowInfinity { get; init; }
    /// <summary>Must be a power of two.</summary>
    public bool PowerOfTwo { get; init; }
    /// <summary>Only these values; empty for all in range.</summary>
    public IReadOnlyList<double> Only { get; init; } = [];

    /// <inheritdoc/>
    public override string Describe()
    {
        string range = Only.Count > 0
            ? string.Join("|", Only.Select(v => GciText.Number(v)))
            : GciText.Number(Min) + "…" + GciText.Number(Max);
        if (AllowInfinity) range += "|INF";
        string unit = Unit.Length == 0 ? "" : " " + Unit;
        string step = Resolution is 1 or 0 ? "" : " (" + GciText.Number(Resolution) + ")";
        return Name + " " + range + unit + step + (PowerOfTwo ? " powers of 2" : "");
    }

    /// <summary>Value of one of the words MIN, MAX, DEF; null when it is none of them or there is no default.</summary>
    public double? WordValue(string word) =>
        Minimum.Matches(word) ? Least : Maximum.Matches(word) ? Greatest : Standard.Matches(word) ? Default : null;

    private double Least => Only.Count > 0 ? Only.Min() : Min;
    private double Greatest => Only.Count > 0 ? Only.Max() : Max;

    /// <inheritdoc/>
    public override GciValue Bind(in GciElement element)
    {
        if (element.Kind == GciElementKind.Word)
        {
            if (WordValue(element.Text) is { } value) return new GciValue(value);
            if (AllowInfinity && (Infinite.Matches(element.Text) || element.Text.Equals("INF", StringComparison.OrdinalIgnoreCase))) return new GciValue(double.PositiveInfinity);
            throw new GciException(-141, element.Text.Length > 20 ? Name : element.Text);
        }
        if (element.Kind != GciElementKind.Number) throw WrongKind(element.Kind, Name);
        double number = element.Number * Factor(element.Unit);
        if (!double.IsFinite(number)) throw new GciException(-123, Name);
        if (AllowInfinity && number >= 9.9E37) return new GciValue(double.PositiveInfinity);
        if (Resolution > 0 && Math.Abs(number) < 1e15)
            number = (double)(decimal.Round((decimal)number / (decimal)Resolution, MidpointRounding.AwayFromZero) * (decimal)Resolution);
        if (number < Min || number > Max) throw new GciException(-222, Name);
        if (Only.Count > 0 && !Only.Contains(number)) throw new GciException(-222, Name);
        if (PowerOfTwo && !System.Numerics.BitOperations.IsPow2((long)number)) throw new GciException(-224, Name);
        return new GciValue(number == 0 ? 0 : number);
    }

    private double Factor(string unit)
    {
        if (unit.Length == 0 || unit == Unit) return 1;
        if (Unit.Length == 0) throw new GciException(-138, unit);
        return (Unit, unit) switch
        {
            ("MM", "CM") => 10,
            ("S", "MS") => 0.001,
            _ => throw new GciException(-131, unit),
        };
    }
}

/// <summary>One word of a list.</summary>
/// <param name="Name">Name.</param>
/// <param name="Words">The words, as spelled in the tables.</param>
public sealed record GciChoice(string Name, IReadOnlyList<GciWord> Words) : GciParameter(Name)
{
    /// <summary>From a list like "STATic|DYNamic".</summary>
    public GciChoice(string name, string words) : this(name, [.. words.Split('|').Select(w => new GciWord(w))]) { }

    /// <inheritdoc/>
    public override string Describe() => string.Join("|", Words.Select(w => w.Spelling));

    /// <inheritdoc/>
    public override GciValue Bind(in GciElement element)
    {
        bool mayBe = element.Kind == GciElementKind.Word || (element.Kind == GciElementKind.Number && element.Unit.Length == 0);
        if (!mayBe) throw WrongKind(element.Kind, Name);
        foreach (GciWord word in Words)
            if (word.Matches(element.Text)) return new GciValue(0, word.Short);
        throw new GciException(element.Kind == GciElementKind.Word ? -224 : -104, Name);
    }
}

/// <summary>ON, OFF, 1 or 0; answered as 1 or 0.</summary>
/// <param name="Name">Name.</param>
public sealed record GciSwitch(string Name) : GciParameter(Name)
{
    /// <inheritdoc/>
    public override string Describe() => "ON|OFF";

    /// <inheritdoc/>
    public override GciValue Bind(in GciElement element)
    {
        if (element.Kind == GciElementKind.Number)
            return element.Unit.Length > 0 ? throw new GciException(-138, element.Unit)
                : element.Number is 0 or 1 ? new GciValue(element.Number) : throw new GciException(-224, Name);
        if (element.Kind != GciElementKind.Word) throw WrongKind(element.Kind, Name);
        if (element.Text.Equals("ON", StringComparison.OrdinalIgnoreCase)) return new GciValue(1, "1");
        if (element.Text.Equals("OFF", StringComparison.OrdinalIgnoreCase)) return new GciValue(0, "0");
        throw new GciException(-141, Name);
    }
}

/// <summary>A string in quotes, printable ASCII.</summary>
/// <param name="Name">Name.</param>
/// <param name="MaxLength">Most characters.</param>
/// <param name="MinLength">Fewest characters.</param>
public sealed record GciString(string Name, int MaxLength = 64, int MinLength = 1) : GciParameter(Name)
{
    /// <inheritdoc/>
    public override string Describe() => "\"" + Name + "\"";

    /// <inheritdoc/>
    public override GciValue Bind(in GciElement element)
    {
        if (element.Kind != GciElementKind.Text) throw WrongKind(element.Kind, Name);
        if (element.Text.Length > MaxLength) throw new GciException(-223, Name);
        if (element.Text.Length < MinLength) throw new GciException(-224, Name);
        return new GciValue(0, element.Text);
    }
}

/// <summary>A UUID in quotes.</summary>
/// <param name="Name">Name.</param>
public sealed record GciUuid(string Name) : GciParameter(Name)
{
    /// <inheritdoc/>
    public override string Describe() => "\"" + Name + "\"";

    /// <inheritdoc/>
    public override GciValue Bind(in GciElement element)
    {
        if (element.Kind != GciElementKind.Text) throw WrongKind(element.Kind, Name);
        if (!Guid.TryParseExact(element.Text, "D", out Guid id) || id == Guid.Empty) throw new GciException(-224, Name);
        return new GciValue(0, id.ToString("D", CultureInfo.InvariantCulture));
    }
}

/// <summary>A definite block of bytes.</summary>
/// <param name="Name">Name.</param>
/// <param name="MaxBytes">Most bytes.</param>
public sealed record GciBlock(string Name, int MaxBytes) : GciParameter(Name)
{
    /// <inheritdoc/>
    public override string Describe() => Name + " block ≤ " + MaxBytes.ToString(CultureInfo.InvariantCulture) + " bytes";

    /// <inheritdoc/>
    public override GciValue Bind(in GciElement element)
    {
        if (element.Kind != GciElementKind.Block) throw element.Kind == GciElementKind.Number ? new GciException(-104, Name) : WrongKind(element.Kind, Name);
        return element.Bytes!.Length > MaxBytes ? throw new GciException(-223, Name) : new GciValue(0, "", element.Bytes);
    }
}
