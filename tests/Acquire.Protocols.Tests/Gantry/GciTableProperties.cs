using System.Buffers;
using System.Globalization;
using System.Text;
using Acquire.Protocols.Gantry;
using Acquire.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Gantry;

/// <summary>Properties that hold for every row of the table, whatever is legally written, and for every byte stream.</summary>
public sealed class GciTableProperties
{
    private static readonly GciCommand[] Rows = [.. GciTable.All];

    /// <summary>A row and the seed of how it is written.</summary>
    private static Arbitrary<(int Row, int Seed)> RowAndSeed { get; } =
        (from row in Gen.Choose(0, Rows.Length - 1) from seed in Gen.Choose(0, int.MaxValue - 1) select (row, seed)).ToArbitrary();

    private static Arbitrary<int> Seeds { get; } = Gen.Choose(0, int.MaxValue - 1).ToArbitrary();

    private static Config Times(int n) => Config.QuickThrowOnFailure.WithMaxTest(n);

    private static List<(GciCommand Row, IReadOnlyList<int> Suffixes, bool IsQuery, IReadOnlyList<GciValue> Values)> Understand(byte[] message)
    {
        var reader = new GciMessageReader(message);
        var units = new List<(GciCommand, IReadOnlyList<int>, bool, IReadOnlyList<GciValue>)>();
        while (reader.Next() is { } unit)
        {
            (GciCommand row, IReadOnlyList<int> suffixes) = GciTable.Find(unit);
            units.Add((row, suffixes, unit.IsQuery, row.Bind(unit)));
        }
        return units;
    }

    private static bool Same(GciValue a, GciValue b) =>
        (a.Number == b.Number || Math.Abs(a.Number - b.Number) <= 1e-9 * Math.Max(1, Math.Abs(a.Number))) && (a.Text == b.Text || a.Text is "1" or "0") && (a.Bytes ?? []).SequenceEqual(b.Bytes ?? []);

    private static bool IsThat((GciCommand Row, IReadOnlyList<int> Suffixes, bool IsQuery, IReadOnlyList<GciValue> Values) got, GciSample sample) =>
        got.Row.Header == sample.Row.Header && got.IsQuery == sample.IsQuery && got.Suffixes.SequenceEqual(sample.Suffixes) && got.Values.Count == sample.Values.Count
        && got.Values.Zip(sample.Values).All(p => Same(p.First, p.Second));

    private static string Show(byte[] bytes) => string.Concat(bytes.Select(b => b is >= 0x20 and < 0x7F ? ((char)b).ToString() : "\\x" + b.ToString("X2", CultureInfo.InvariantCulture)));

    [Fact]
    public void Row_AnyLegalSpelling_IsUnderstoodAsMeant() =>
        Prop.ForAll(RowAndSeed, c =>
        {
            GciSample sample = new GciSamples(new Random(c.Seed)).Next(Rows[c.Row]);
            return IsThat(Understand(sample.Bytes).Single(), sample) ? true : throw new InvalidOperationException(Show(sample.Bytes));
        }).Check(Times(20_000));

    [Fact]
    public void Row_WrittenByTheCodec_IsReadBackTheSame() =>
        Prop.ForAll(RowAndSeed, c =>
        {
            GciSample sample = new GciSamples(new Random(c.Seed)).Next(Rows[c.Row]);
            var bytes = new ArrayBufferWriter<byte>();
            GciCodec.Write(bytes, sample.Row, sample.IsQuery, sample.Suffixes, sample.Values);
            return IsThat(Understand(bytes.WrittenSpan.ToArray()).Single(), sample) ? true : throw new InvalidOperationException(Show(bytes.WrittenSpan.ToArray()));
        }).Check(Times(10_000));

    [Fact]
    public void Reply_OfEverySettingRow_BindsToTheValuesThatWereSet()
    {
        GciCommand[] answered = [.. Rows.Where(r => r.HasSet && r.HasQuery && r.Reply == "same" && r.QueryParameters.Count == 0)];
        Assert.True(answered.Length > 40);
        Prop.ForAll((from row in Gen.Choose(0, answered.Length - 1) from seed in Gen.Choose(0, int.MaxValue - 1) select (row, seed)).ToArbitrary(), c =>
        {
            GciCommand row = answered[c.row] with { HasQuery = false };
            GciSample sample = new GciSamples(new Random(c.seed)).Next(row);
            IReadOnlyList<GciElement> fields = GciText.SplitReply(Encoding.ASCII.GetBytes(GciCodec.Text(row.Parameters, sample.Values)))!.Single();
            IReadOnlyList<GciValue> back = row.Bind(new GciUnit(["X"], false, [.. fields.Select(f => f)]));
            return back.Count == sample.Values.Count && back.Zip(sample.Values).All(p => Same(p.First, p.Second));
        }).Check(Times(10_000));
    }

    [Fact]
    public void Message_CompoundByThePathRule_IsUnderstoodUnitByUnit() =>
        Prop.ForAll(Seeds, seed =>
        {
            (byte[] message, GciSample[] units) = new GciSamples(new Random(seed)).NextMessage();
            List<(GciCommand Row, IReadOnlyList<int> Suffixes, bool IsQuery, IReadOnlyList<GciValue> Values)> got = Understand(message);
            return got.Count == units.Length && got.Zip(units).All(p => IsThat(p.First, p.Second)) ? true : throw new InvalidOperationException(Show(message));
        }).Check(Times(10_000));

    [Fact]
    public void Streams_OfTwoConnectionsCutAndInterleavedAnyhow_GiveTheirOwnMessages() =>
        Prop.ForAll(Seeds, seed =>
        {
            var random = new Random(seed);
            var samples = new GciSamples(random);
            byte[][][] sent = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, 1 + random.Next(4)).Select(_ => samples.NextMessage(3).Message).ToArray())];
            byte[][] streams = [.. sent.Select(messages => messages.SelectMany(m => m.Append((byte)'\n')).ToArray())];
            GciInputBuffer[] inputs = [new(), new()];
            List<byte[]>[] received = [[], []];
            int[] at = [0, 0];
            while (at[0] < streams[0].Length || at[1] < streams[1].Length)
            {
                int which = random.Next(2), length = Math.Min(1 + random.Next(9), streams[which].Length - at[which]);
                inputs[which].Append(streams[which].AsSpan(at[which], length), received[which].Add, e => throw new GciException(e));
                at[which] += length;
            }
            return Enumerable.Range(0, 2).All(i => received[i].Count == sent[i].Length && received[i].Zip(sent[i]).All(p => p.First.SequenceEqual(p.Second)));
        }).Check(Times(3000));

    [Fact]
    public void Stream_LegalMessageBehindAnyLine_IsUnderstoodAgain() =>
        Prop.ForAll((from bytes in Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf() from seed in Gen.Choose(0, int.MaxValue - 1) select (bytes, seed)).ToArbitrary(), c =>
        {
            // The only thing that may reach over a line feed is a block whose length says so.
            byte[] garbage = [.. c.bytes.Select(b => b is (byte)'\n' or (byte)'#' ? (byte)'?' : b)];
            GciSample sample = new GciSamples(new Random(c.seed)).Next();
            var messages = new List<byte[]>();
            new GciInputBuffer().Append([.. garbage, (byte)'\n', .. sample.Bytes, (byte)'\n'], messages.Add, _ => { });
            return messages.Count == 2 && IsThat(Understand(messages[1]).Single(), sample);
        }).Check(Times(5000));

    /// <summary>One thing wrong, put into a legal unit, and the number it must be answered with.</summary>
    private static IEnumerable<(string What, byte[] Message, int Number)> Mistakes(GciSample s)
    {
        string header = s.Header;
        IReadOnlyList<GciParameter> parameters = s.IsQuery ? s.Row.QueryParameters : s.Row.Parameters;
        byte[] With(string parameter) => Encoding.Latin1.GetBytes(header + " " + parameter);
        yield return ("control character in the header", Encoding.Latin1.GetBytes("\u00e9" + header), -101);
        yield return ("digit first", Encoding.Latin1.GetBytes("1" + header), -102);
        yield return ("garbage behind the header", [.. Encoding.Latin1.GetBytes(header + "!")], -103);
        yield return ("unknown mnemonic", Encoding.Latin1.GetBytes("X" + header.TrimStart('*')[..1] + "Q:" + header.TrimStart('*')), -113);
        yield return ("mnemonic too long", Encoding.Latin1.GetBytes("ABCDEFGHIJKLM:" + header.TrimStart('*')), -112);
        if (s.Suffixes.Length > 0) yield return ("digit missing", Encoding.Latin1.GetBytes(System.Text.RegularExpressions.Regex.Replace(header, "(?i)(head|wind(?:ow)?|phas(?:e)?)[0-9]+", "$1")), -114);
        if (!s.Row.HasQuery) yield return ("no query", Encoding.Latin1.GetBytes(header + "?"), -113);
        if (!s.Row.HasSet) yield return ("query only", Encoding.Latin1.GetBytes(header.TrimEnd('?')), -113);
        int most = parameters.Count == 0 ? 0 : parameters.Count - 1 + parameters[^1].MaxCount;
        if (parameters.Count == 0) yield return ("too many", With("1"), -108);
        else if (s.Values.Count == most) yield return ("too many", [.. s.Bytes, .. ",1"u8], -108);
        if (parameters.Count > 0 && !parameters[0].Optional) yield return ("missing", Encoding.Latin1.GetBytes(header), -109);
        if (parameters.Count > 0) yield return ("dangling comma", [.. s.Bytes, .. (s.Values.Count > 0 ? ","u8 : " ,"u8)], s.Values.Count > 0 ? -109 : -102);
        if (parameters.Count == 0) yield break;
        switch (parameters[0])
        {
            case GciNumber n:
                yield return ("string for a number", With("\"1\""), -158);
                yield return ("block for a number", With("#11a"), -168);
                yield return ("word for a number", With("BOGUS"), -141);
                yield return ("not a number", With("NAN"), -141);
                yield return ("bad number", With("--1"), -120);
                yield return ("character in a number", With("1X2"), -121);
                yield return ("exponent", With("1E99999"), -123);
                yield return ("wrong unit", With("1 FT"), n.Unit.Length > 0 ? -131 : -138);
                if (n.Max < 1e30) yield return ("too large", With(n.AllowInfinity ? "9E37" : (n.Max * 2 + 1).ToString("R", CultureInfo.InvariantCulture)), -222);
                yield return ("too small", With((n.Min - Math.Max(1, n.Resolution * 2)).ToString("R", CultureInfo.InvariantCulture)), -222);
                break;
            case GciChoice:
                yield return ("unknown word", With("BOGUS"), -224);
                yield return ("string for a word", With("\"A\""), -158);
                yield return ("block for a word", With("#11a"), -168);
                break;
            case GciSwitch:
                yield return ("neither on nor off", With("MAYBE"), -141);
                yield return ("neither 0 nor 1", With("2"), -224);
                yield return ("string for a switch", With("'ON'"), -158);
                break;
            case GciString or GciUuid:
                yield return ("word for a string", With("word"), -148);
                yield return ("number for a string", With("5"), -104);
                yield return ("open string", With("\"open"), -151);
                yield return ("block for a string", With("#11a"), -168);
                break;
            case GciBlock:
                yield return ("number for a block", With("5"), -104);
                yield return ("cut block", With("#15abc"), -161);
                yield return ("indefinite block", With("#0abc"), -161);
                break;
        }
    }

    [Fact]
    public void Mistake_AnyOneInAnyRow_IsAnsweredWithItsNumber()
    {
        var seen = new HashSet<int>();
        Prop.ForAll(RowAndSeed, c =>
        {
            GciSample sample = new GciSamples(new Random(c.Seed)).Next(Rows[c.Row]);
            foreach ((string what, byte[] message, int number) in Mistakes(sample))
            {
                int got = 0;
                try
                {
                    Understand(message);
                }
                catch (GciException e)
                {
                    got = e.Error.Number;
                }
                if (got != number) throw new InvalidOperationException($"{what}: {Show(message)} gives {got}, not {number}");
                seen.Add(number);
            }
            return true;
        }).Check(Times(4000));
        Assert.Equal([-224, -222, -168, -161, -158, -151, -148, -141, -138, -131, -123, -121, -120, -114, -113, -112, -109, -108, -104, -103, -102, -101], seen.Order());
    }

    [Fact]
    public void Events_AnyLine_DecodesToTheSameOrToNothing()
    {
        Gen<string> texts = Gen.Choose(0, 0xFFFF).Select(i => char.IsSurrogate((char)i) ? 'x' : (char)i).ArrayOf().Select(c => new string(c));
        Prop.ForAll((from kind in Gen.Elements(GciEventKinds.All.ToArray()) from q in Gen.Choose(0, int.MaxValue - 1) from text in texts select (kind, q, text)).ToArbitrary(), c =>
        {
            GciEvent? e = GciEvent.Decode(new GciEvent(c.kind) { Number = c.q, TickUs = 5L * c.q, Value = System.Text.Json.JsonSerializer.SerializeToElement(new { text = c.text, n = c.q }) }.Encode());
            var request = new GciEventRequest { Subscribe = [c.kind, c.text], Since = c.q, Token = c.q, PositionMs = 20 + (c.q % 1000), Session = c.text, Secret = c.kind };
            GciEventRequest? r = GciEventRequest.Decode(request.Encode());
            return e is not null && e.Kind == c.kind && e.Number == c.q && e.TickUs == 5L * c.q && e.Text("text") == c.text && e.Integer("n") == c.q
                && r is not null && r.Subscribe!.SequenceEqual(request.Subscribe!) && r with { Subscribe = null } == request with { Subscribe = null };
        }).Check(Times(2000));
        Prop.ForAll(Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf().ToArbitrary(), bytes =>
        {
            GciEvent.Decode(bytes);
            GciEventRequest.Decode(bytes);
            GciEvent.Decode(Encoding.UTF8.GetBytes("{\"k\":\"state\",\"v\":" + Encoding.Latin1.GetString(bytes) + "}"));
            return true;
        }).Check(Times(5000));
    }
}
