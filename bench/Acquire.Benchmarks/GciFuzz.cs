using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Testing;

namespace Acquire.Benchmarks;

/// <summary>Millions of mutated messages through input buffer, parser and table binding: nothing but <see cref="GciException"/> may come out, and the next legal message must be understood.</summary>
internal static class GciFuzz
{
    private const int PerThread = 1 << 16;

    private static ReadOnlySpan<byte> Marks => " ,;:#\"'?*.+-E\0\r\t"u8;

    /// <summary>Runs so many messages on all processors, then times legal and mutated ones on one.</summary>
    /// <param name="args">Messages in millions (10 when absent), seed (1).</param>
    public static int Run(string[] args)
    {
        long messages = (args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 10) * 1_000_000;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        var tally = new long[4];
        var numbers = new long[512];
        long failures = 0;
        string? first = null;
        long start = Stopwatch.GetTimestamp();
        int batches = (int)((messages + PerThread - 1) / PerThread);
        Parallel.For(0, batches, batch =>
        {
            Batch b = Fuzz(unchecked((seed * 1_000_003) + batch), PerThread);
            lock (tally)
            {
                tally[0] += b.Messages;
                tally[1] += b.Understood;
                tally[2] += b.Refused;
                tally[3] += b.Probes;
                for (int i = 0; i < numbers.Length; i++) numbers[i] += b.Numbers[i];
                failures += b.Failures;
                first ??= b.FirstFailure;
            }
        });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{tally[0]:N0} messages in {seconds:F1} s on {Environment.ProcessorCount} processors, making them included: {tally[0] / seconds / 1e3:F0} k/s; {tally[1]:N0} understood, {tally[2]:N0} refused by number, {tally[3]:N0} legal ones behind them all understood: {(failures == 0 ? "yes" : "NO")}"));
        Console.WriteLine("refused with: " + string.Join(", ", Enumerable.Range(0, numbers.Length).Where(i => numbers[i] > 0).OrderBy(i => i).Select(i => string.Create(CultureInfo.InvariantCulture, $"-{i} {numbers[i]:N0}"))));
        if (failures > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{failures} failures, the first: {first}"));
        Speed(seed);
        return failures == 0 ? 0 : 1;
    }

    private sealed record Batch
    {
        public long Messages, Understood, Refused, Probes, Failures;
        public long[] Numbers = new long[512];
        public string? FirstFailure;
    }

    private static Batch Fuzz(int seed, int count)
    {
        var random = new Random(seed);
        var samples = new GciSamples(random);
        byte[][] pool = [.. Enumerable.Range(0, 256).Select(_ => samples.NextMessage(3).Message)];
        GciSample probe = samples.Next();
        byte[] probeLine = [.. probe.Bytes, (byte)'\n'];
        var batch = new Batch();
        var input = new GciInputBuffer();
        bool understood = false;
        void Take(byte[] message)
        {
            batch.Messages++;
            understood = false;
            try
            {
                var reader = new GciMessageReader(message);
                GciCommand? last = null;
                bool query = false;
                while (reader.Next() is { } unit)
                {
                    (last, IReadOnlyList<int> _) = GciTable.Find(unit);
                    query = unit.IsQuery;
                    last.Bind(unit);
                }
                batch.Understood++;
                understood = last == probe.Row && query == probe.IsQuery;
            }
            catch (GciException e)
            {
                batch.Refused++;
                if (e.Error.Number is > -512 and < 0 && GciErrors.TextOf(e.Error.Number) != "Device error") batch.Numbers[-e.Error.Number]++;
                else Fail("number " + e.Error.Number.ToString(CultureInfo.InvariantCulture), message);
            }
            catch (Exception e)
            {
                Fail(e.GetType().Name, message);
                input = new GciInputBuffer();
            }
        }
        void Fail(string what, byte[] message)
        {
            batch.Failures++;
            batch.FirstFailure ??= what + ": " + Convert.ToHexString(message.AsSpan(0, Math.Min(200, message.Length)));
        }
        void Overrun(GciError error)
        {
            batch.Messages++;
            batch.Refused++;
            batch.Numbers[-error.Number]++;
        }
        while (batch.Messages < count)
        {
            byte[] line = Mutate(pool[random.Next(pool.Length)], pool, random);
            // Cut anyhow: in one piece, in two, or byte by byte.
            int cut = random.Next(3) switch { 0 => line.Length, 1 => random.Next(line.Length + 1), _ => 1 };
            for (int at = 0; at < line.Length; at += Math.Max(1, cut)) input.Append(line.AsSpan(at, Math.Min(Math.Max(1, cut), line.Length - at)), Take, Overrun);
            if (random.Next(16) > 0) continue;
            // Whatever came: behind the next line feed a legal message is understood. A block still open takes bytes until it is full, at most the longest message.
            long before = batch.Messages;
            input.Append("\n"u8, Take, Overrun);
            if (batch.Messages == before)
            {
                byte[] feeds = new byte[1024];
                Array.Fill(feeds, (byte)'\n');
                for (int i = 0; i <= GciInputBuffer.MaxMessageBytes / feeds.Length && batch.Messages == before; i++) input.Append(feeds, Take, Overrun);
                if (batch.Messages == before) Fail("never in step again", line);
            }
            understood = false;
            input.Append(probeLine, Take, Overrun);
            batch.Probes++;
            if (!understood) Fail("the legal message was not understood", probeLine);
        }
        return batch;
    }

    private static byte[] Mutate(byte[] legal, byte[][] pool, Random random)
    {
        var bytes = new List<byte>(legal);
        for (int n = random.Next(4); n > 0; n--)
        {
            int at = bytes.Count == 0 ? 0 : random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0 when bytes.Count > 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1 when bytes.Count > 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.Insert(at, Marks[random.Next(Marks.Length)]);
                    break;
                case 3 when bytes.Count > 0:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + random.Next(8)));
                    break;
                case 4 when bytes.Count > 0:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 1 + random.Next(8))));
                    break;
                case 5:
                    byte[] other = pool[random.Next(pool.Length)];
                    bytes.InsertRange(at, other.AsSpan(random.Next(other.Length)).ToArray());
                    break;
                case 6:
                    byte[] noise = new byte[random.Next(40)];
                    random.NextBytes(noise);
                    bytes.InsertRange(at, noise);
                    break;
                default:
                    if (bytes.Count > at + 1) (bytes[at], bytes[at + 1]) = (bytes[at + 1], bytes[at]);
                    break;
            }
        }
        bytes.Add((byte)'\n');
        return [.. bytes];
    }

    /// <summary>How fast one processor reads messages made beforehand.</summary>
    private static void Speed(int seed)
    {
        var random = new Random(seed);
        var samples = new GciSamples(random);
        byte[][] legal = [.. Enumerable.Range(0, 20_000).Select(_ => samples.NextMessage(3).Message)];
        foreach ((string name, byte[] stream) in new[]
        {
            ("legal", legal.SelectMany(m => m.Append((byte)'\n')).ToArray()), ("mutated", legal.SelectMany(m => Mutate(m, legal, random)).ToArray()),
        })
        {
            var rates = new List<double>();
            int messages = 0;
            for (int run = 0; run < 9; run++)
            {
                messages = 0;
                long start = Stopwatch.GetTimestamp();
                new GciInputBuffer().Append(stream, message =>
                {
                    messages++;
                    try
                    {
                        var reader = new GciMessageReader(message);
                        while (reader.Next() is { } unit) GciTable.Find(unit).Row.Bind(unit);
                    }
                    catch (GciException)
                    {
                        // Refused: counted all the same.
                    }
                }, _ => { });
                rates.Add(messages / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            rates.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one processor, {name}: {messages:N0} messages, {stream.Length / (double)messages:F0} bytes each, median of 9: {rates[4] / 1e3:F0} k messages/s"));
        }
    }
}
