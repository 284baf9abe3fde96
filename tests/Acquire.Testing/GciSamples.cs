using System.Globalization;
using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Testing;

/// <summary>One legal unit of a message with what it must be understood as.</summary>
/// <param name="Row">Row.</param>
/// <param name="IsQuery">Query form.</param>
/// <param name="Suffixes">Digit suffixes.</param>
/// <param name="Values">Values.</param>
/// <param name="Header">Header as spelled, with the question mark.</param>
/// <param name="Parameters">Parameters as spelled.</param>
public sealed record GciSample(GciCommand Row, bool IsQuery, int[] Suffixes, IReadOnlyList<GciValue> Values, string Header, byte[] Parameters)
{
    /// <summary>The unit's bytes.</summary>
    public byte[] Bytes => Parameters.Length == 0 ? Encoding.Latin1.GetBytes(Header) : [.. Encoding.Latin1.GetBytes(Header + " "), .. Parameters];
}

/// <summary>Legal messages made from the table: random rows, spellings, numbers, units and strings. The same seed gives the same.</summary>
public sealed class GciSamples(Random random)
{
    private static readonly GciCommand[] Rows = [.. GciTable.All];

    /// <summary>One unit of a random row.</summary>
    public GciSample Next() => Next(Rows[random.Next(Rows.Length)]);

    /// <summary>One unit of that row.</summary>
    public GciSample Next(GciCommand row)
    {
        bool isQuery = row.HasQuery && (!row.HasSet || random.Next(2) == 0);
        IReadOnlyList<GciParameter> parameters = isQuery ? row.QueryParameters : row.Parameters;
        int[] suffixes = [.. row.Pattern.Nodes.Where(n => n.MaxSuffix > 0).Select(n => 1 + random.Next(n.MaxSuffix))];
        string header = Case(row.Pattern.Format(random.Next(2) == 0, random.Next(2) == 0, suffixes)) + (isQuery ? "?" : "");
        int count = parameters.Count;
        while (count > 0 && parameters[count - 1].Optional && random.Next(2) == 0) count--;
        if (count == parameters.Count && count > 0 && parameters[^1].MaxCount > 1) count += random.Next(Math.Min(4, parameters[^1].MaxCount));
        var values = new List<GciValue>();
        var spelled = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            if (i > 0) spelled.AddRange(Encoding.ASCII.GetBytes(Blanks() + "," + Blanks()));
            (GciValue value, byte[] bytes) = Spell(parameters[Math.Min(i, parameters.Count - 1)]);
            values.Add(value);
            spelled.AddRange(bytes);
        }
        return new GciSample(row, isQuery, suffixes, values, header, [.. spelled]);
    }

    /// <summary>Several units in one message, some by the path rule, and the samples they are.</summary>
    public (byte[] Message, GciSample[] Units) NextMessage(int most = 5)
    {
        var message = new List<byte>();
        var units = new GciSample[1 + random.Next(most)];
        string[] path = [];
        for (int i = 0; i < units.Length; i++)
        {
            GciSample unit = units[i] = Next();
            if (i > 0) message.AddRange(Encoding.ASCII.GetBytes(Blanks() + ";" + Blanks()));
            if (unit.Row.Header[0] == '*')
            {
                message.AddRange(unit.Bytes);
                continue;
            }
            string[] nodes = unit.Header.Split(':');
            bool relative = path.Length < nodes.Length && nodes.Take(path.Length).SequenceEqual(path, StringComparer.OrdinalIgnoreCase) && random.Next(4) > 0;
            string header = relative ? string.Join(':', nodes[path.Length..]) : (i == 0 && random.Next(2) == 0 ? "" : ":") + unit.Header;
            message.AddRange((unit with { Header = header }).Bytes);
            path = nodes[..^1];
        }
        return ([.. message], units);
    }

    private (GciValue Value, byte[] Bytes) Spell(GciParameter parameter)
    {
        switch (parameter)
        {
            case GciNumber number:
                return SpellNumber(number);
            case GciChoice choice:
                GciWord word = choice.Words[random.Next(choice.Words.Count)];
                return (new GciValue(0, word.Short), Encoding.ASCII.GetBytes(Case(random.Next(2) == 0 ? word.Short : word.Long)));
            case GciSwitch:
                bool on = random.Next(2) == 0;
                return (new GciValue(on ? 1 : 0, ""), Encoding.ASCII.GetBytes(random.Next(2) == 0 ? on ? "1" : "0" : Case(on ? "ON" : "OFF")));
            case GciString text:
                string value = new([.. Enumerable.Range(0, text.MinLength + random.Next(Math.Min(20, text.MaxLength - text.MinLength + 1))).Select(_ => (char)random.Next(0x20, 0x7F))]);
                char quote = random.Next(2) == 0 ? '"' : '\'';
                return (new GciValue(0, value), Encoding.ASCII.GetBytes(quote + value.Replace(quote.ToString(), new string(quote, 2), StringComparison.Ordinal) + quote));
            case GciUuid:
                byte[] id = new byte[16];
                random.NextBytes(id);
                id[0] |= 1;
                string uuid = new Guid(id).ToString("D", CultureInfo.InvariantCulture);
                return (new GciValue(0, uuid), Encoding.ASCII.GetBytes("\"" + (random.Next(2) == 0 ? uuid.ToUpperInvariant() : uuid) + "\""));
            case GciBlock block:
                byte[] bytes = new byte[1 + random.Next(Math.Min(40, block.MaxBytes))];
                random.NextBytes(bytes);
                string length = bytes.Length.ToString(CultureInfo.InvariantCulture);
                return (new GciValue(0, "", bytes), [.. Encoding.ASCII.GetBytes("#" + length.Length.ToString(CultureInfo.InvariantCulture) + length), .. bytes]);
            default:
                throw new ArgumentException("no sample for " + parameter.GetType().Name, nameof(parameter));
        }
    }

    private (GciValue Value, byte[] Bytes) SpellNumber(GciNumber number)
    {
        if (number.AllowInfinity && random.Next(4) == 0) return (new GciValue(double.PositiveInfinity), Encoding.ASCII.GetBytes(Case(new[] { "INF", "INFinity", "9.9E37" }[random.Next(3)])));
        decimal value;
        if (number.Only.Count > 0) value = (decimal)number.Only[random.Next(number.Only.Count)];
        else if (number.PowerOfTwo)
        {
            int low = (int)Math.Log2(number.Min), high = (int)Math.Log2(number.Max);
            value = 1 << random.Next(low, high + 1);
        }
        else
        {
            value = (decimal)(number.Min + ((number.Max - number.Min) * random.NextDouble()));
            decimal step = number.Resolution > 0 ? (decimal)number.Resolution : 0.000001m;
            value = Math.Clamp(Math.Round(value / step) * step, (decimal)number.Min, (decimal)number.Max);
        }
        if (random.Next(8) == 0)
        {
            bool least = random.Next(2) == 0;
            double limit = number.Only.Count > 0 ? least ? number.Only.Min() : number.Only.Max() : least ? number.Min : number.Max;
            return (new GciValue(limit), Encoding.ASCII.GetBytes(Case(least ? random.Next(2) == 0 ? "MIN" : "MINIMUM" : random.Next(2) == 0 ? "MAX" : "MAXIMUM")));
        }
        (decimal written, string unit) = (number.Unit, random.Next(3)) switch
        {
            ("MM", 0) => (value / 10, "CM"),
            ("S", 0) => (value * 1000, "MS"),
            ("", _) or (_, 1) => (value, ""),
            _ => (value, number.Unit),
        };
        string text = written.ToString(CultureInfo.InvariantCulture);
        if (written >= 0 && random.Next(4) == 0) text = "+" + text;
        if (unit.Length == 0 && written == Math.Floor(written) && written is >= 0 and < 1_000_000 && random.Next(6) == 0)
            text = random.Next(3) switch { 0 => "#H" + ((int)written).ToString("X", CultureInfo.InvariantCulture), 1 => "#Q" + Convert.ToString((int)written, 8), _ => "#B" + Convert.ToString((int)written, 2) };
        else if (random.Next(6) == 0) text = (written / 1000).ToString(CultureInfo.InvariantCulture) + (random.Next(2) == 0 ? "E3" : "e+3");
        return (new GciValue((double)value), Encoding.ASCII.GetBytes(text + (unit.Length > 0 && random.Next(2) == 0 ? " " : "") + Case(unit)));
    }

    private string Case(string text) => string.Concat(text.Select(c => random.Next(2) == 0 ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));

    private string Blanks() => random.Next(4) switch { 0 => " ", 1 => "\t ", _ => "" };
}
