using Acquire.Protocols.Gantry.Serial;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Gantry.Serial;

public sealed class CodecTests
{
    [Fact]
    public void Crc16_IsThePublishedOne()
    {
        Assert.Equal(0x29B1, Crc16.Of("123456789"u8)); // catalogue of parametrised CRC algorithms: check value
        Assert.Equal(0xD64E, Crc16.Inverted("123456789"u8)); // the same catalogue: CRC-16/GENIBUS
        Assert.Equal(0xFFFF, Crc16.Of([]));
        Assert.Equal(0x1D0F, Crc16.Of([0, 0])); // two zero bytes: the value other specifications name as their start
    }

    [Theory]
    [InlineData("00", "0101")]
    [InlineData("0000", "010101")]
    [InlineData("001100", "01021101")]
    [InlineData("11220033", "0311220233")]
    [InlineData("11223344", "0511223344")]
    [InlineData("11000000", "0211010101")]
    [InlineData("", "01")]
    public void Cobs_PublishedVectors(string plain, string encoded) => Judge(Convert.FromHexString(plain), Convert.FromHexString(encoded));

    [Fact]
    public void Cobs_PublishedVectorsAroundAFullGroup()
    {
        static IEnumerable<byte> Range(int from, int to) => Enumerable.Range(from, to - from + 1).Select(i => (byte)i);
        Judge([.. Range(0x01, 0xFE)], [0xFF, .. Range(0x01, 0xFE)]);
        Judge([0, .. Range(0x01, 0xFE)], [0x01, 0xFF, .. Range(0x01, 0xFE)]);
        Judge([.. Range(0x01, 0xFF)], [0xFF, .. Range(0x01, 0xFE), 0x02, 0xFF]);
        Judge([.. Range(0x02, 0xFF), 0], [0xFF, .. Range(0x02, 0xFF), 0x01, 0x01]);
        Judge([.. Range(0x03, 0xFF), 0, 0x01], [0xFE, .. Range(0x03, 0xFF), 0x02, 0x01]);
    }

    private static void Judge(byte[] plain, byte[] encoded)
    {
        byte[] made = new byte[Cobs.MaxEncoded(plain.Length)];
        int length = Cobs.Encode(plain, made);
        Assert.Equal(encoded, made[..length]);
        byte[] back = new byte[encoded.Length];
        Assert.Equal(plain.Length, Cobs.Decode(encoded, back));
        Assert.Equal(plain, back[..plain.Length]);
    }

    [Fact]
    public void Cobs_AnyBytes_ComeBackAndHoldNoZero()
    {
        Gen<byte[]> bytes = Gen.Choose(0, 600).SelectMany(n => Gen.Frequency((1, Gen.Constant((byte)0)), (8, Gen.Choose(0, 255).Select(i => (byte)i))).ArrayOf(n));
        Prop.ForAll(bytes.ToArbitrary(), plain =>
        {
            byte[] encoded = new byte[Cobs.MaxEncoded(plain.Length)];
            int length = Cobs.Encode(plain, encoded);
            byte[] back = new byte[length];
            int n = Cobs.Decode(encoded.AsSpan(0, length), back);
            return !encoded.AsSpan(0, length).Contains((byte)0) && n == plain.Length && back.AsSpan(0, n).SequenceEqual(plain);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Frame_AnyFrame_ComesBackCutAnyhow_AndFitsTheWire()
    {
        Gen<LinkFrame> frames = from type in Gen.Choose(1, 7) from channel in Gen.Choose(0, 3) from seq in Gen.Choose(0, 255) from ack in Gen.Choose(0, 255)
                                from payload in Gen.Choose(0, 512).SelectMany(n => Gen.Frequency((1, Gen.Constant((byte)0)), (5, Gen.Choose(0, 255).Select(i => (byte)i))).ArrayOf(n))
                                select new LinkFrame((LinkFrameType)type, channel, (byte)seq, (byte)ack, payload);
        Gen<(LinkFrame Frame, int Cut)> cases = from frame in frames from cut in Gen.Choose(1, 50) select (frame, cut);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            byte[] wire = new byte[LinkFrame.MaxWire];
            int length = c.Frame.Write(wire);
            var reader = new LinkFrameReader();
            var got = new List<LinkFrame>();
            for (int at = 0; at < length; at += c.Cut) reader.Append(wire.AsSpan(at, Math.Min(c.Cut, length - at)), (f, whole) =>
            {
                if (whole) got.Add(f);
                return true;
            });
            return wire[0] == 0 && wire[length - 1] == 0 && got is [{ } one] && one with { Payload = default } == c.Frame with { Payload = default } && one.Payload.Span.SequenceEqual(c.Frame.Payload.Span);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Frame_OneToThreeFlippedBitsOfItsBytes_IsNeverTakenForWhole()
    {
        Gen<(int[] Bits, byte[] Payload)> cases = from n in Gen.Choose(1, 3) from bits in Gen.Choose(0, 99999).ArrayOf(n) from payload in Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(64) select (bits, payload);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            // Without the stuffing: the CRC's own promise (Hamming distance 4 up to 4093 bytes).
            byte[] plain = [3, 2, 17, 9, .. c.Payload];
            ushort crc = Crc16.Of(plain);
            int[] bits = [.. c.Bits.Select(b => b % (plain.Length * 8)).Distinct()];
            foreach (int bit in bits) plain[bit / 8] ^= (byte)(1 << (bit % 8));
            return Crc16.Of(plain) != crc;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    /// <summary>On the wire, stuffing and delimiters and all: a flipped delimiter joins what was two, a flipped code shifts zeros.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Wire_EveryFlippedBitDroppedOrDoubledByte_GivesNoFrameThatWasNotSent(int payload)
    {
        byte[] bytes = payload switch { 0 => new byte[200], 1 => [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 37 % 251))], _ => "HEAD1:RAD 230;:HEAD2:RAD 230\n"u8.ToArray() };
        var sent = new List<LinkFrame> { new(LinkFrameType.Data, 2, 17, 9, bytes), new(LinkFrameType.Data, 2, 18, 9, bytes.AsMemory(1)), new(LinkFrameType.Ack, 0, 0, 4, default) };
        byte[] wire = new byte[3 * LinkFrame.MaxWire];
        int length = 0;
        foreach (LinkFrame frame in sent) length += frame.Write(wire.AsSpan(length));
        wire = wire[..length];

        Assert.Equal(3, Read(wire).Count);
        for (int at = 0; at < length; at++)
        {
            for (int bit = 0; bit < 8; bit++) AllWereSent([.. wire[..at], (byte)(wire[at] ^ (1 << bit)), .. wire[(at + 1)..]], $"bit {bit} of byte {at} flipped");
            AllWereSent([.. wire[..at], .. wire[(at + 1)..]], $"byte {at} dropped");
            AllWereSent([.. wire[..at], wire[at], .. wire[at..]], $"byte {at} doubled");
        }

        void AllWereSent(byte[] damaged, string how) =>
            Assert.All(Read(damaged), f => Assert.True(sent.Any(s => s with { Payload = default } == f with { Payload = default } && s.Payload.Span.SequenceEqual(f.Payload.Span)), how));

        static List<LinkFrame> Read(byte[] bytes)
        {
            var got = new List<LinkFrame>();
            new LinkFrameReader().Append(bytes, (f, whole) =>
            {
                if (whole) got.Add(f);
                return true;
            });
            return got;
        }
    }

    [Fact]
    public void Reader_AnyBytes_NeverThrows_AndTheNextFrameIsRead()
    {
        Prop.ForAll(Gen.Choose(0, 1500).SelectMany(n => Gen.Frequency((1, Gen.Constant((byte)0)), (3, Gen.Choose(0, 255).Select(i => (byte)i)), (1, Gen.Constant((byte)3))).ArrayOf(n)).ToArbitrary(), garbage =>
        {
            var reader = new LinkFrameReader();
            LinkFrame? last = null;
            reader.Append(garbage, (_, _) => true);
            byte[] wire = new byte[LinkFrame.MaxWire];
            int length = new LinkFrame(LinkFrameType.Ack, 1, 0, 77, default).Write(wire);
            reader.Append(wire.AsSpan(0, length), (f, whole) =>
            {
                last = whole ? f : last;
                return true;
            });
            return last is { Type: LinkFrameType.Ack, Channel: 1, Acknowledged: 77 };
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Hello_ComesBack_AndShortOnesAreNone()
    {
        var hello = new LinkHello(1, ulong.MaxValue, 2, 3, uint.MaxValue);
        Assert.Equal(hello, LinkHello.Read(hello.ToBytes()));
        Assert.Equal(hello, LinkHello.Read([.. hello.ToBytes(), 9, 9]));
        Assert.Null(LinkHello.Read(hello.ToBytes().AsSpan(1)));
    }
}
