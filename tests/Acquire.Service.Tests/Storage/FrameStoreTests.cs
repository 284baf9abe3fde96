using Acquire.Protocols.Gantry;
using Acquire.Service.Storage;

namespace Acquire.Service.Tests.Storage;

public sealed class FrameStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-frames").FullName;
    private readonly Guid _run = new("11111111-2222-4333-8444-555555555555");

    [Fact]
    public void Store_ThenRead_GivesTheSameBytesHeaderAndCrc()
    {
        var store = new FrameStore(_folder);
        (FrameHeader header, byte[] bytes) = Some.Frame(_run, 3);

        store.Store(header, bytes);

        StoredFrame back = store.Read(_run, 3);
        Assert.Equal(bytes, back.Bytes);
        Assert.Equal(header.Sum, back.Header.Sum);
        Assert.Equal(Crc32.Of(bytes), back.Crc);
        Assert.Equal([3u], store.Numbers(_run));
    }

    [Fact]
    public void Numbers_PartFileOfAPowerCut_IsNoFrame()
    {
        var store = new FrameStore(_folder);
        (FrameHeader header, byte[] bytes) = Some.Frame(_run, 1);
        store.Store(header, bytes);
        File.WriteAllBytes(store.PathOf(_run, 2) + ".part", bytes.AsSpan(0, 100));

        Assert.Equal([1u], store.Numbers(_run));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(200)]
    [InlineData(-1)]
    public void Read_DamagedFile_SaysWhatIsWrong(int damagedByte)
    {
        var store = new FrameStore(_folder);
        (FrameHeader header, byte[] bytes) = Some.Frame(_run, 1);
        store.Store(header, bytes);
        if (damagedByte >= 0) bytes[damagedByte] ^= 0x10;
        File.WriteAllBytes(store.PathOf(_run, 1), damagedByte >= 0 ? bytes : bytes.AsSpan(0, bytes.Length - 3));

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => store.Read(_run, 1));

        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FrameUnderAnotherNumber_IsRefused()
    {
        var store = new FrameStore(_folder);
        (FrameHeader header, byte[] bytes) = Some.Frame(_run, 1);
        store.Store(header, bytes);
        File.Move(store.PathOf(_run, 1), store.PathOf(_run, 2));

        Assert.Throws<InvalidDataException>(() => store.Read(_run, 2));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
