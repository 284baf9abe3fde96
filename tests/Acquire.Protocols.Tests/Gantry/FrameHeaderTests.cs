using System.Text;
using Acquire.Protocols.Gantry;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Gantry;

public sealed class FrameHeaderTests
{
    // zlib.crc32 of Python 3 (CRC-32/ISO-HDLC check value, and two longer strings).
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    [InlineData("a", 0xE8B7BE43u)]
    public void Of_KnownText_IsZlibsValue(string text, uint crc) => Assert.Equal(crc, Crc32.Of(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Append_InPieces_IsTheWhole() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf().ToArbitrary(), bytes =>
            Enumerable.Range(0, bytes.Length + 1).All(cut => Crc32.Append(Crc32.Of(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)) == Crc32.Of(bytes)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    private static Gen<FrameHeader> Headers { get; } =
        from a in Gen.Choose(int.MinValue, int.MaxValue) from b in Gen.Choose(int.MinValue, int.MaxValue) from c in Gen.Choose(0, 65535) from d in Gen.Choose(0, 255)
        from e in Gen.Choose(int.MinValue, int.MaxValue) from f in Gen.Choose(1, 7) from big in Gen.Elements(true, false)
        select new FrameHeader
        {
            AcquisitionId = new Guid(a, (short)b, (short)c, (byte)d, 1, 2, 3, 4, 5, 6, 7), BootId = (ulong)((long)a * b), Number = (uint)b, Head = (byte)d, Window = (byte)(255 - d), Flags = (FrameFlags)(c & 0x1FF),
            Width = (ushort)c, Height = (ushort)(65535 - c), BytesPerPixel = (byte)(big ? 4 : 2), Mode = (FrameMode)f, Phase = (ushort)c, View = (uint)e, GateBin = (uint)a, StartTickUs = (ulong)((long)e * e),
            ElapsedUs = (ulong)(uint)a, LiveUs = (ulong)(uint)b, Sum = (ulong)((long)a * a), Lost = (uint)e, AngleStartMdeg = a, AngleEndMdeg = b, RadiusUm = e, TableStartUm = -a, TableEndUm = -b, TableHeightUm = -e,
            PixelUm = (uint)c, PixelCrc = (uint)a,
        };

    [Fact]
    public void TryRead_WhatWriteWrote_IsTheSameHeader() =>
        Prop.ForAll(Headers.ToArbitrary(), header =>
        {
            byte[] bytes = new byte[FrameHeader.Length];
            header.Write(bytes);
            return FrameHeader.TryRead(bytes, out FrameHeader? back) is null && back == header;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void TryRead_AnyOneBitFlipped_IsRefused() =>
        Prop.ForAll((from h in Headers from bit in Gen.Choose(0, (FrameHeader.Length * 8) - 1) select (h, bit)).ToArbitrary(), c =>
        {
            byte[] bytes = new byte[FrameHeader.Length];
            c.h.Write(bytes);
            bytes[c.bit / 8] ^= (byte)(1 << (c.bit % 8));
            return FrameHeader.TryRead(bytes, out _) is not null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Write_Header_HasTheLayoutOfTheReference()
    {
        var header = new FrameHeader
        {
            AcquisitionId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), BootId = 0x0102030405060708, Number = 0x11121314, Head = 2, Window = 1, Flags = FrameFlags.Simulated, Width = 256, Height = 128,
            BytesPerPixel = 2, Mode = FrameMode.Tomo, View = 17, StartTickUs = 5, ElapsedUs = 6, LiveUs = 7, Sum = 8, AngleStartMdeg = -1, PixelUm = 4800, PixelCrc = 9,
        };
        byte[] b = new byte[128];
        header.Write(b);
        Assert.Equal("GFR1"u8.ToArray(), b[..4]);
        Assert.Equal(Convert.FromHexString("80000100" + "00112233445566778899AABBCCDDEEFF" + "0807060504030201" + "14131211" + "02010001" + "00018000" + "0205"), b[4..46]);
        Assert.Equal(17u, BitConverter.ToUInt32(b, 48));
        Assert.Equal(5ul, BitConverter.ToUInt64(b, 56));
        Assert.Equal(8ul, BitConverter.ToUInt64(b, 80));
        Assert.Equal(-1, BitConverter.ToInt32(b, 92));
        Assert.Equal(4800u, BitConverter.ToUInt32(b, 116));
        Assert.Equal(Crc32.Of(b.AsSpan(0, 124)), BitConverter.ToUInt32(b, 124));
    }
}
