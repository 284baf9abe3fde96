using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Acquire.Protocols.Gantry;

namespace Acquire.Benchmarks;

/// <summary>The simulator under a list-mode stream of more than a million events a second, as plain clients see it: how fast a stop is answered, and how much the stream can carry.</summary>
internal static class StopTcp
{
    private const string RunId = "0b0b0b0b-0000-4000-8000-000000000002";
    private const int Samples = 1500;
    private const int QueriesAhead = 40;

    /// <summary>Stops on a connection of their own and behind queued queries, while the stream runs and a reconstruction works beside it.</summary>
    public static int Run()
    {
        using var bench = new Simulator("--clock", "free");
        using var console = new Client(bench.Port);
        bench.MakeReady(console);
        double[] idle = Answers(bench, Samples, pause: false);
        bench.StartListMode(console);
        using var drain = new Drain(bench.StreamPort);
        using var reconstruction = new Reconstruction();
        using var lease = new KeepAlive(console);
        drain.WaitFor(2_000_000);
        long from = drain.Events, stamp = Stopwatch.GetTimestamp();
        double[] own = Answers(bench, Samples, pause: true);
        double[] behind = BehindQueries(bench, Samples);
        double seconds = Stopwatch.GetElapsedTime(stamp).TotalSeconds;
        double rate = (drain.Events - from) / seconds;
        Print($"stop over TCP, {Environment.ProcessorCount} processors, list-mode stream of {rate / 1e6:F2} M events/s drained and acknowledged, {reconstruction.Done} reconstructions finished meanwhile ({seconds:F0} s)");
        Tell("nothing else running, own connection: MOT:STOP or CT:EXP:STOP sent, next query answered", idle);
        Tell("under load, own connection: the same", own);
        Tell(FormattableString.Invariant($"under load, behind {QueriesAhead} queued SYST:DESC? on its own connection: sent until SYST:LOG? on another connection tells the stop was done"), behind);
        Tell("under load, both", [.. own, .. behind]);
        Print($"  ratio of the medians, own connection, load to idle: {Percentile(own, 50) / Percentile(idle, 50):F1}; packets in order: {drain.InOrder}");
        return drain.InOrder && Percentile([.. own, .. behind], 99.9) < 20 ? 0 : 1;
    }

    /// <summary>Events a second from scene to an acknowledging client: as the FREE clock makes them, and as fast as STEP can.</summary>
    public static int Stream()
    {
        using (var bench = new Simulator("--clock", "free"))
        using (var console = new Client(bench.Port))
        {
            bench.MakeReady(console);
            bench.StartListMode(console);
            using var drain = new Drain(bench.StreamPort);
            using var lease = new KeepAlive(console);
            drain.WaitFor(1_200_000);
            long from = drain.Events, stamp = Stopwatch.GetTimestamp();
            TimeSpan cpu = bench.Processor;
            drain.WaitFor(from + 24_000_000);
            double seconds = Stopwatch.GetElapsedTime(stamp).TotalSeconds;
            Print($"list stream, FREE clock, scenario flood (1.2 M events/s): {(drain.Events - from) / seconds / 1e6:F2} M events/s received, checked and acknowledged over {seconds:F0} s; simulator {(bench.Processor - cpu).TotalSeconds / seconds:F2} processors; in order: {drain.InOrder}");
        }
        using (var bench = new Simulator("--clock", "step"))
        using (var console = new Client(bench.Port))
        {
            bench.MakeReady(console);
            bench.StartListMode(console);
            using var drain = new Drain(bench.StreamPort);
            console.Ask("DIAG:SIM:ADV? 2");
            long from = drain.WaitFor(2_300_000), stamp = Stopwatch.GetTimestamp();
            console.Ask("DIAG:SIM:ADV? 20");
            drain.WaitFor(from + 23_800_000);
            double seconds = Stopwatch.GetElapsedTime(stamp).TotalSeconds;
            Print($"list stream, STEP clock, as fast as it goes: {(drain.Events - from) / seconds / 1e6:F2} M events/s (20 s of gantry time in {seconds:F1} s); in order: {drain.InOrder}");
            return drain.InOrder ? 0 : 1;
        }
    }

    /// <summary>A stop and a query in one segment; time until the query's answer is there.</summary>
    private static double[] Answers(Simulator bench, int samples, bool pause)
    {
        using var client = new Client(bench.Port);
        var random = new Random(7);
        double[] times = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            string stop = i % 2 == 0 ? "MOT:STOP" : "CT:EXP:STOP", n = (1000 + i).ToString(CultureInfo.InvariantCulture);
            long start = Stopwatch.GetTimestamp();
            string answer = client.Ask(stop + "\nSYST:SYNC? " + n);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (answer != n) throw new InvalidOperationException("out of step: " + answer);
            if (pause) Thread.Sleep(random.Next(1, 12));
        }
        return times;
    }

    /// <summary>Time from sending forty slow queries and a stop until another connection sees in the log that the stop was done.</summary>
    private static double[] BehindQueries(Simulator bench, int samples)
    {
        using var client = new Client(bench.Port);
        using var watcher = new Client(bench.Port);
        byte[] burst = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("SYST:DESC?\n", QueriesAhead)) + "MOT:STOP\n");
        (long last, _) = LastStop(watcher, 0);
        double[] times = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            client.Send(burst);
            long now;
            do (now, _) = LastStop(watcher, last);
            while (now == last);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            last = now;
            for (int q = 0; q < QueriesAhead; q++) client.ReadBlock();
        }
        return times;
    }

    /// <summary>Number of the last stop in the gantry's log.</summary>
    private static (long Number, string Text) LastStop(Client watcher, long from)
    {
        string lines = Encoding.UTF8.GetString(watcher.AskBlock(FormattableString.Invariant($"SYST:LOG? {Math.Max(1, from)},500")));
        (long, string) last = (from, "");
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            string text = json.RootElement.GetProperty("text").GetString()!;
            if (text.StartsWith("stop ", StringComparison.Ordinal)) last = (json.RootElement.GetProperty("q").GetInt64(), text);
        }
        return last;
    }

    private static double Percentile(double[] times, double percent)
    {
        double[] sorted = [.. times.Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(sorted.Length * percent / 100) - 1)];
    }

    private static void Tell(string what, double[] times) =>
        Print($"  {what}: n {times.Length}, median {Percentile(times, 50):F2} ms, 99 % {Percentile(times, 99):F2}, 99.9 % {Percentile(times, 99.9):F2}, max {times.Max():F2} ms");

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static string Program(string project, string name) =>
        Path.Combine(AppContext.BaseDirectory.Replace("bench" + Path.DirectorySeparatorChar + "Acquire.Benchmarks", "src" + Path.DirectorySeparatorChar + project, StringComparison.Ordinal), name);

    /// <summary>A simulator with the flood scenario and a folder of its own.</summary>
    private sealed class Simulator : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("acquire-bench").FullName;
        private readonly Process _process;

        public Simulator(params string[] options)
        {
            string ready = Path.Combine(_folder, "ready.json");
            _process = Process.Start(Program("Acquire.Simulator", "acquire-sim"), ["--tcp", "0", "--store", Path.Combine(_folder, "store"), "--scenario", "flood", "--ready-file", ready, .. options]);
            while (!File.Exists(ready)) Thread.Sleep(20);
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(ready));
            Port = json.RootElement.GetProperty("port").GetInt32();
            StreamPort = json.RootElement.GetProperty("stream").GetInt32();
        }

        public int Port { get; }
        public int StreamPort { get; }
        public TimeSpan Processor
        {
            get
            {
                _process.Refresh();
                return _process.TotalProcessorTime;
            }
        }

        public void MakeReady(Client console)
        {
            console.Do("SYST:SESS:OPEN \"bench\",CONT,\"s\"", "SYST:CONT:REQ", "HEAD1:HV ON", "HEAD2:HV ON", "MOT:HOME \"h\"");
            if (console.Ask("DIAG:SIM:CLOC?") == "STEP") console.Ask("DIAG:SIM:ADV? 40");
            else console.Do("DIAG:SIM:SPE 100");
            while (!console.Ask("SYST:STAT?").StartsWith("READ", StringComparison.Ordinal) || console.Ask("HEAD1:HV?") != "ON,1000") Thread.Sleep(20);
            if (console.Ask("DIAG:SIM:CLOC?") != "STEP") console.Do("DIAG:SIM:SPE 1");
        }

        public void StartListMode(Client console) =>
            console.Do($"ACQ:ID \"{RunId}\"", "ACQ:MODE STAT", "ACQ:LIST ON", "ACQ:LIM:TIME 3600 S", "ACQ:ONL CONT", "ACQ:ARM", "ACQ:STAR \"s\"");

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Reads the stream, checks every packet, acknowledges, counts events.</summary>
    private sealed class Drain : IDisposable
    {
        private readonly TcpClient _client;
        private readonly Thread _thread;
        private long _events;
        private volatile bool _inOrder = true;

        public Drain(int port)
        {
            _client = new TcpClient("127.0.0.1", port);
            byte[] hello = new byte[ListHello.Length];
            new ListHello(Guid.Parse(RunId), 1).Write(hello);
            _client.GetStream().Write(hello);
            _thread = new Thread(Read) { IsBackground = true };
            _thread.Start();
        }

        public long Events => Interlocked.Read(ref _events);
        public bool InOrder => _inOrder;

        public long WaitFor(long events)
        {
            while (Events < events && _inOrder) Thread.Sleep(5);
            return Events;
        }

        public void Dispose()
        {
            _client.Dispose();
            _thread.Join();
        }

        private void Read()
        {
            byte[] packet = new byte[ListPacket.MaxLength], number = new byte[8];
            ulong expected = 1;
            try
            {
                using var stream = new BufferedStream(_client.GetStream(), 1 << 18);
                while (true)
                {
                    stream.ReadExactly(packet, 0, ListPacket.HeaderLength);
                    if (ListPacket.TryReadHeader(packet, out ListPacket header) is not null) throw new InvalidDataException();
                    stream.ReadExactly(packet, ListPacket.HeaderLength, 8 * header.Words);
                    if (ListPacket.TryRead(packet, out header) is not null || header.Number != expected++) throw new InvalidDataException();
                    var reader = new ListWordReader(header.WordsOf(packet));
                    int events = 0;
                    while (reader.Read())
                        if (reader.Current.IsEvent) events++;
                    Interlocked.Add(ref _events, events);
                    if (header.Number % 64 != 0) continue;
                    BinaryPrimitives.WriteUInt64LittleEndian(number, header.Number);
                    _client.GetStream().Write(number);
                }
            }
            catch (InvalidDataException)
            {
                _inOrder = false;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The bench is over.
            }
        }
    }

    /// <summary>Keeps the control lease while others are measured.</summary>
    private sealed class KeepAlive : IDisposable
    {
        private readonly Thread _thread;
        private volatile bool _over;

        public KeepAlive(Client console)
        {
            _thread = new Thread(() =>
            {
                while (!_over)
                {
                    console.Ask("SYST:SYNC? 1");
                    Thread.Sleep(500);
                }
            }) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _over = true;
            _thread.Join();
        }
    }

    /// <summary><c>acquire reconstruct</c> on the spine problem, again and again, at the priority the console gives it.</summary>
    private sealed class Reconstruction : IDisposable
    {
        private readonly string _out = Directory.CreateTempSubdirectory("acquire-bench").FullName;
        private readonly Thread _thread;
        private volatile bool _over;
        private Process? _process;

        public Reconstruction()
        {
            string input = Directory.Exists("../shared/data/recon-spine") ? "../shared/data/recon-spine" : throw new DirectoryNotFoundException("../shared/data/recon-spine is not there");
            _thread = new Thread(() =>
            {
                while (!_over)
                {
                    _process = Process.Start(new ProcessStartInfo(Program("Acquire.Service", "acquire"), ["reconstruct", input, "--method", "osem", "--iterations", "8", "--subsets", "15", "--progress", "off", "--out", _out]) { RedirectStandardOutput = true })!;
                    _process.PriorityClass = ProcessPriorityClass.BelowNormal;
                    _process.WaitForExit();
                    if (_process.ExitCode == 0) Done++;
                    else if (!_over) throw new InvalidOperationException($"the reconstruction ended with {_process.ExitCode}");
                }
            }) { IsBackground = true };
            _thread.Start();
        }

        public int Done { get; private set; }

        public void Dispose()
        {
            _over = true;
            _process?.Kill();
            _thread.Join();
            _process?.Dispose();
            Directory.Delete(_out, recursive: true);
        }
    }

    /// <summary>A plain socket that speaks SCPI.</summary>
    private sealed class Client(int port) : IDisposable
    {
        private readonly TcpClient _client = new("127.0.0.1", port) { NoDelay = true, ReceiveTimeout = 120_000 };
        private BufferedStream? _stream;
        private BufferedStream Stream => _stream ??= new BufferedStream(_client.GetStream(), 1 << 16);

        public void Send(byte[] bytes) => _client.GetStream().Write(bytes);

        public string Ask(string message)
        {
            Send(Encoding.ASCII.GetBytes(message + "\n"));
            return ReadLine();
        }

        public byte[] AskBlock(string message)
        {
            Send(Encoding.ASCII.GetBytes(message + "\n"));
            return ReadBlock();
        }

        public void Do(params string[] commands)
        {
            foreach (string command in commands)
            {
                string error = Ask(command + "\nSYST:ERR?");
                if (!error.StartsWith("0,", StringComparison.Ordinal)) throw new InvalidOperationException(command + ": " + error);
            }
        }

        public byte[] ReadBlock()
        {
            if (Stream.ReadByte() != '#') throw new InvalidOperationException("no block");
            byte[] digits = new byte[Stream.ReadByte() - '0'];
            Stream.ReadExactly(digits);
            byte[] block = new byte[int.Parse(digits, CultureInfo.InvariantCulture)];
            Stream.ReadExactly(block);
            Stream.ReadByte();
            return block;
        }

        public void Dispose() => _client.Dispose();

        private string ReadLine()
        {
            var line = new StringBuilder();
            for (int b = Stream.ReadByte(); b != '\n'; b = Stream.ReadByte()) line.Append(b < 0 ? throw new EndOfStreamException() : (char)b);
            return line.ToString();
        }
    }
}
