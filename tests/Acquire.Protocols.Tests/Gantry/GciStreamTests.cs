using System.Buffers;
using System.Text;
using Acquire.Protocols.Gantry;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Gantry;

public sealed class GciStreamTests
{
    private static (List<string> Messages, List<int> Errors) Feed(byte[] bytes, IEnumerable<int> cuts)
    {
        var input = new GciInputBuffer();
        var messages = new List<string>();
        var errors = new List<int>();
        int at = 0;
        foreach (int cut in cuts.Append(int.MaxValue))
        {
            int to = (int)Math.Min(bytes.Length, at + (long)Math.Max(1, cut));
            input.Append(bytes.AsSpan(at, to - at), m => messages.Add(Encoding.Latin1.GetString(m)), e => errors.Add(e.Number));
            at = to;
            if (at == bytes.Length) break;
        }
        return (messages, errors);
    }

    private static Gen<byte[]> Garbage { get; } = Gen.Frequency(
        (3, Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf()),
        (3, Gen.Elements("HEAD1:RAD 200;", "\n", ";", ":", "*IDN?", "#", "#15", "#9999999999", "\"", "'", "ACQ:LAB ", "DIAG:BLOC #3", "256", ",", " ", "\0", "\r", "1E5", "\u00ff", "HEAD1:ENER:WIND1 \"a\",1,2").ListOf()
            .Select(parts => Encoding.Latin1.GetBytes(string.Concat(parts)))));

    [Fact]
    public void Append_AnyBytesCutAnyhow_SameMessagesAndNoThrow()
    {
        Gen<(byte[] Bytes, int[] Cuts)> cases = from bytes in Garbage from cuts in Gen.Choose(1, 9).ArrayOf() select (bytes, cuts);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            (List<string> whole, List<int> wholeErrors) = Feed(c.Bytes, []);
            (List<string> cut, List<int> cutErrors) = Feed(c.Bytes, c.Cuts);
            return whole.SequenceEqual(cut) && wholeErrors.SequenceEqual(cutErrors);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Next_AnyBytes_OnlyEverThrowsGciErrorsOfTheCatalogue() =>
        Prop.ForAll(Garbage.ToArbitrary(), bytes =>
        {
            foreach (string message in Feed([.. bytes, (byte)'\n'], []).Messages)
            {
                try
                {
                    var reader = new GciMessageReader(Encoding.Latin1.GetBytes(message));
                    while (reader.Next() is { } unit) GciTable.Find(unit).Row.Bind(unit);
                }
                catch (GciException e)
                {
                    if (e.Error.Number is not (< -99 and > -300) || GciErrors.TextOf(e.Error.Number) == "Device error") return false;
                }
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Append_GarbageThenLineFeeds_IsInStepAgain() =>
        Prop.ForAll(Garbage.ToArbitrary(), bytes =>
        {
            // The worst the garbage can do is open a block: it takes at most the longest message to fill it or to be thrown away.
            byte[] stream = [.. bytes, .. Enumerable.Repeat((byte)'\n', GciInputBuffer.MaxMessageBytes + 1), .. "*IDN?\n"u8];
            return Feed(stream, []).Messages[^1] == "*IDN?";
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Append_TooLongLine_IsThrownAwayOnceAndNextIsRead()
    {
        byte[] stream = [.. Encoding.ASCII.GetBytes(new string('A', 300_000)), .. "\n*IDN?\n"u8];
        (List<string> messages, List<int> errors) = Feed(stream, [1, 7, 100_000]);
        Assert.Equal([-363], errors);
        Assert.Equal(["*IDN?"], messages);
    }

    [Fact]
    public void Append_LineFeedsInBlockAndInMany_AreCountedNotCut()
    {
        byte[] stream = [.. "DIAG:BLOC #14\n\n\n\n;*OPC?\n*IDN?\r\n*E"u8];
        (List<string> messages, _) = Feed(stream, [3, 9, 1, 1, 1]);
        Assert.Equal(["DIAG:BLOC #14\n\n\n\n;*OPC?", "*IDN?\r"], messages); // a line cut off stays where it is
    }

    [Fact]
    public void SplitReply_WhatWasWritten_ComesBack()
    {
        Gen<string> printable = Gen.Choose(0x20, 0x7E).Select(i => (char)i).ArrayOf().Select(c => new string(c));
        Gen<double> numbers = Gen.Choose(-2_000_000_000, 2_000_000_000).Select(i => i / 1e4);
        Gen<(string Text, double Number, byte[] Block)> cases = from s in printable from n in numbers from b in Gen.NonEmptyListOf(Gen.Choose(0, 255)) select (s, n, b.Select(x => (byte)x).ToArray());
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var bytes = new ArrayBufferWriter<byte>();
            bytes.Write(Encoding.ASCII.GetBytes(GciText.Quote(c.Text) + "," + GciText.Number(c.Number) + ";"));
            GciText.WriteBlock(bytes, c.Block);
            IReadOnlyList<IReadOnlyList<GciElement>> back = GciText.SplitReply(bytes.WrittenSpan)!;
            return back.Count == 2 && back[0][0].Text == c.Text && Math.Abs(back[0][1].Number - c.Number) < 1e-6 && back[1][0].Bytes!.SequenceEqual(c.Block);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Bind_EveryNumberInRange_RoundTripsThroughItsText()
    {
        GciNumber[] numbers = [.. GciTable.All.SelectMany(r => r.Parameters).OfType<GciNumber>().Where(n => !n.PowerOfTwo && n.Only.Count == 0 && n.Max < 1e9)];
        Gen<(GciNumber Parameter, double Value)> cases = from p in Gen.Elements(numbers) from f in Gen.Choose(0, 1_000_000) select (p, p.Min + ((p.Max - p.Min) * f / 1e6));
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            double bound = c.Parameter.Bind(new GciElement(GciElementKind.Number, "", c.Value)).Number;
            double again = c.Parameter.Bind(GciText.SplitReply(Encoding.ASCII.GetBytes(GciText.Number(bound)))![0][0]).Number;
            return bound == again && Math.Abs(bound - c.Value) <= (c.Parameter.Resolution / 2) + 1e-9;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "0")]
    [InlineData(14.2, "14.2")]
    [InlineData(262272, "262272")]
    [InlineData(1e-9, "1E-9")]
    [InlineData(double.NaN, "9.91E37")]
    [InlineData(double.PositiveInfinity, "9.9E37")]
    [InlineData(double.NegativeInfinity, "-9.9E37")]
    public void Number_Value_IsWrittenAsScpiDoes(double value, string text) => Assert.Equal(text, GciText.Number(value));
}
