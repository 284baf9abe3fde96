using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Acquire.Protocols.Gantry;

namespace Acquire.Benchmarks;

/// <summary>Decoding of list-mode packets on one core, against reading the same memory and against the camera's 0.8 M events a second.</summary>
internal static class ListWords
{
    private const int Packets = 2048;

    public static int Run()
    {
        byte[] stream = Make(out int words);
        uint[] image = new uint[2 * 128 * 128];
        (double decode, long a) = Median(() => Decode(stream, image, checkCrc: false));
        (double whole, long b) = Median(() => Decode(stream, image, checkCrc: true));
        (double sum, long c) = Median(() => Sum(stream));
        if (a != b || a != words || c == 0) throw new InvalidOperationException("the decoder lost words");
        Print($"list words: {words} words in {Packets} packets, one core, median of 9");
        Print($"  decode, window check and binning into 128 x 128: {words / decode / 1e6:F0} M words/s");
        Print($"  the same with both CRC-32 checked: {words / whole / 1e6:F0} M words/s");
        Print($"  only adding the words up (the memory's own limit here): {words / sum / 1e6:F0} M words/s; ratio {sum / decode:F2} and {sum / whole:F2}");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Decode(stream, image, checkCrc: true);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Print($"  allocated while decoding: {allocated} bytes; the camera makes 0.8 M events/s");
        return 0;
    }

    private static byte[] Make(out int words)
    {
        var random = new Random(1);
        byte[] stream = new byte[Packets * ListPacket.MaxLength];
        ulong time = 0;
        for (int p = 0; p < Packets; p++)
        {
            Span<byte> packet = stream.AsSpan(p * ListPacket.MaxLength, ListPacket.MaxLength);
            for (int i = 0; i < ListPacket.MaxWords; i++)
            {
                ListWord word = i % 256 == 0 ? ListWord.Tag(ListTag.Time, time += 256) : ListWord.Event(1 + random.Next(2), random.Next(40 * 32, 180 * 32), random.Next(16384), random.Next(16384), i % 256);
                BinaryPrimitives.WriteUInt64LittleEndian(packet[(ListPacket.HeaderLength + (8 * i))..], word.Raw);
            }
            ListPacket.Seal(packet, (ulong)p + 1, time);
        }
        words = Packets * ListPacket.MaxWords;
        return stream;
    }

    private static long Decode(ReadOnlySpan<byte> stream, uint[] image, bool checkCrc)
    {
        long words = 0;
        ulong time = 0;
        while (stream.Length > 0)
        {
            string? wrong = checkCrc ? ListPacket.TryRead(stream, out ListPacket packet) : ListPacket.TryReadHeader(stream, out packet);
            if (wrong is not null) throw new InvalidOperationException(wrong);
            var reader = new ListWordReader(packet.WordsOf(stream), time);
            while (reader.Read())
            {
                words++;
                ListWord w = reader.Current;
                if (w.IsEvent && w.Energy is >= 4046 and < 4946) image[((w.Head - 1) << 14) | (w.Y >> 7 << 7) | (w.X >> 7)]++;
            }
            time = reader.TimeWordUs;
            stream = stream[packet.TotalLength..];
        }
        return words;
    }

    private static long Sum(ReadOnlySpan<byte> stream)
    {
        ulong sum = 0;
        foreach (ulong w in MemoryMarshal.Cast<byte, ulong>(stream)) sum += w;
        return (long)(sum >> 1);
    }

    private static (double Seconds, long Result) Median(Func<long> work)
    {
        var times = new double[9];
        long result = 0;
        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            result = work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(times);
        return (times[times.Length / 2], result);
    }

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
