using System.Buffers.Binary;
using Acquire.Protocols.Gantry;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Gantry;

public sealed class ListModeTests
{
    private static Gen<ListWord> Events { get; } =
        from head in Gen.Choose(0, 7) from e in Gen.Choose(0, 65535) from x in Gen.Choose(0, 16383) from y in Gen.Choose(0, 16383) from t in Gen.Choose(0, 65535)
        select ListWord.Event(head, e, x, y, t);

    private static Gen<ulong> Bits { get; } = from a in Gen.Choose(int.MinValue, int.MaxValue) from b in Gen.Choose(int.MinValue, int.MaxValue) select ((ulong)(uint)a << 32) | (uint)b;

    private static Gen<ListWord> Tags { get; } = from type in Gen.Choose(1, 127) from bits in Bits select ListWord.Tag((ListTag)type, bits >> 8);

    [Fact]
    public void Event_AnyFields_ComeBack() =>
        Prop.ForAll((from head in Gen.Choose(0, 7) from e in Gen.Choose(0, 65535) from x in Gen.Choose(0, 16383) from y in Gen.Choose(0, 16383) from t in Gen.Choose(0, 65535) select (head, e, x, y, t)).ToArbitrary(), f =>
        {
            ListWord w = ListWord.Event(f.head, f.e, f.x, f.y, f.t);
            return w.IsEvent && w.Type == ListTag.None && (w.Head, w.Energy, w.X, w.Y, w.OffsetUs) == f && w.EnergyKeV == f.e / 32.0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Tag_AnyTypeAndValue_ComesBack() =>
        Prop.ForAll((from type in Gen.Choose(1, 127) from head in Gen.Choose(0, 7) from bits in Bits select (type, head, bits)).ToArbitrary(), f =>
        {
            ListWord plain = ListWord.Tag((ListTag)f.type, f.bits >> 8), ofHead = ListWord.Tag((ListTag)f.type, f.head, f.bits >> 11);
            return !plain.IsEvent && (int)plain.Type == f.type && plain.Value == f.bits >> 8 && (int)ofHead.Type == f.type && ofHead.TagHead == f.head && ofHead.HeadValue == f.bits >> 11;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Words_KnownOnes_HaveTheBitsOfTheReference()
    {
        // head 2, 140.5 keV = 4496, x 8192, y 1, 500 us; written out by hand from the table of section 14.
        Assert.Equal(0b0_010_0001000110010000_10000000000000_00000000000001_0000000111110100UL, ListWord.Event(2, 4496, 8192, 1, 500).Raw);
        Assert.Equal(0x8100_0000_0000_2710UL, ListWord.Tag(ListTag.Time, 10_000).Raw);
        Assert.Equal(0x8220_0000_0002_BF20UL, ListWord.Tag(ListTag.Angle, 1, 180_000).Raw);
        Assert.Equal(0xFF00_0000_0000_0000UL, ListWord.Tag(ListTag.End, 0).Raw);
    }

    [Theory]
    [InlineData(8, 0, 0, 0, 0)]
    [InlineData(1, 65536, 0, 0, 0)]
    [InlineData(1, 0, 16384, 0, 0)]
    [InlineData(1, 0, 0, -1, 0)]
    [InlineData(1, 0, 0, 0, 65536)]
    public void Event_FieldTooLarge_IsRefused(int head, int energy, int x, int y, int us) => Assert.Throws<ArgumentOutOfRangeException>(() => ListWord.Event(head, energy, x, y, us));

    [Fact]
    public void Hello_AnyRun_ComesBackAndHasTheLayoutOfTheReference()
    {
        byte[] bytes = new byte[ListHello.Length];
        new ListHello(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 0x0102030405060708).Write(bytes);
        Assert.Equal(Convert.FromHexString("474C4D31" + "00000000" + "00112233445566778899AABBCCDDEEFF" + "0807060504030201"), bytes);
        Assert.Null(ListHello.TryRead(bytes, out ListHello back));
        Assert.Equal(0x0102030405060708ul, back.FirstPacket);
        Assert.NotNull(ListHello.TryRead(bytes.AsSpan(0, 31), out _));
        bytes[0]++;
        Assert.NotNull(ListHello.TryRead(bytes, out _));
    }

    private static byte[] Packet(ListWord[] words, ulong number, ulong tick)
    {
        byte[] packet = new byte[ListPacket.HeaderLength + (8 * words.Length)];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(ListPacket.HeaderLength + (8 * i)), words[i].Raw);
        ListPacket.Seal(packet, number, tick);
        return packet;
    }

    [Fact]
    public void Packet_AnyWords_ComeBackWithTheirTimes() =>
        Prop.ForAll((from words in Gen.Frequency((3, Events), (1, Tags)).ArrayOf() from number in Bits from tick in Bits select (words, number, tick)).ToArbitrary(), c =>
        {
            byte[] packet = Packet(c.words, c.number, c.tick);
            if (ListPacket.TryRead(packet, out ListPacket header) is not null || (header.Words, header.Number, header.FirstTickUs) != (c.words.Length, c.number, c.tick)) return false;
            var reader = new ListWordReader(header.WordsOf(packet), 7);
            ulong time = 7;
            foreach (ListWord word in c.words)
            {
                if (word.Type == ListTag.Time) time = word.Value;
                if (!reader.Read() || reader.Current != word || reader.TimeUs != time + (word.IsEvent ? (ulong)word.OffsetUs : 0)) return false;
            }
            return !reader.Read();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Packet_AnyOneBitFlippedOrCut_IsRefused() =>
        Prop.ForAll((from words in Events.NonEmptyListOf() from at in Gen.Choose(0, int.MaxValue) select (words, at)).ToArbitrary(), c =>
        {
            byte[] packet = Packet([.. c.words], 3, 4);
            int bit = c.at % (8 * packet.Length);
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            bool flipped = ListPacket.TryRead(packet, out _) is not null;
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            return flipped && ListPacket.TryRead(packet.AsSpan(0, c.at % packet.Length), out _) is not null && ListPacket.TryRead(packet, out _) is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void TryRead_AnyBytes_NeverThrows() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf().ToArbitrary(), bytes =>
        {
            ListPacket.TryRead(bytes, out _);
            ListHello.TryRead(bytes, out _);
            var reader = new ListWordReader(bytes);
            int n = 0;
            while (reader.Read()) n++;
            return n == bytes.Length / 8;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Seal_WrongLength_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => ListPacket.Seal(new byte[31], 1, 1));
        Assert.Throws<ArgumentException>(() => ListPacket.Seal(new byte[33], 1, 1));
        Assert.Throws<ArgumentException>(() => ListPacket.Seal(new byte[ListPacket.MaxLength + 8], 1, 1));
        ListPacket.Seal(new byte[ListPacket.MaxLength], 1, 1);
    }
}
