using System.Diagnostics;
using System.Globalization;
using System.Text;
using Acquire.Service.Gantry;

namespace Acquire.Benchmarks;

/// <summary>How soon a stop is answered on a serial line that carries frames without a pause, while a reconstruction runs: service's transport and
/// simulator as two processes' worth of programs over a socat pair, which the simulator paces to the baud rate.</summary>
internal static class SerialStop
{
    private const int FrameBytes = 32_896;
    private const int Part = 8192;

    /// <summary>Rows of baud rate, adapter latency and bit error rate; the reference's table is control-interface.md section 13.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int stops = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 150;
        double[] adapters = args.Length > 1 ? [double.Parse(args[1], CultureInfo.InvariantCulture)] : [0, 16];
        int[] bauds = args.Length > 2 ? [int.Parse(args[2], CultureInfo.InvariantCulture)] : [115_200];
        string folder = Directory.CreateTempSubdirectory("acquire-serial-stop").FullName;
        using var ending = new CancellationTokenSource();
        Task reconstructing = ReconstructAsync(folder, ending.Token);
        try
        {
            Console.WriteLine("| baud | adapter ms | bit errors | stops | median ms | 95 % | 99 % | max ms | share of the line for data | frames sent again | frames damaged |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
            foreach (int baud in bauds)
                foreach (double adapter in adapters)
                    foreach (string errors in (string[])["0", "1e-5"]) await RowAsync(folder, baud, adapter, errors, stops);
        }
        finally
        {
            await ending.CancelAsync();
            await reconstructing;
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static async Task RowAsync(string folder, int baud, double adapterMs, string errors, int stops)
    {
        string a = Path.Combine(folder, "a"), b = Path.Combine(folder, "b"), store = Path.Combine(folder, Guid.NewGuid().ToString("N")), ready = Path.Combine(folder, "ready.json");
        File.Delete(ready);
        using Process socat = Process.Start(new ProcessStartInfo("socat", ["-d", "-d", $"pty,raw,echo=0,link={a}", $"pty,raw,echo=0,link={b}"]) { RedirectStandardError = true })!;
        while (await socat.StandardError.ReadLineAsync() is { } said && !said.Contains("starting data transfer loop", StringComparison.Ordinal)) { }
        using Process simulator = Process.Start(new ProcessStartInfo(Program("simulator", "acquire-sim"), ["--tcp", "0", "--store", store, "--clock", "step", "--scenario", "point", "--ready-file", ready,
            "--serial", a, "--serial-errors", "bits=" + errors, "--serial-adapter-ms", adapterMs.ToString(CultureInfo.InvariantCulture)]))!;
        try
        {
            while (!File.Exists(ready)) await Task.Delay(50);
            await using IGantryWire wire = await GantryTransports.Of(string.Create(CultureInfo.InvariantCulture, $"{b}@{baud}"), TimeProvider.System).ConnectAsync(CancellationToken.None);
            await PrepareAsync(wire);
            long[] before = await QualityAsync(wire);
            using var done = new CancellationTokenSource();
            Task<(long Bytes, double Seconds)> bulk = Task.Run(() => BulkAsync(wire, done.Token));
            var random = new Random(1);
            var took = new List<double>();
            await Task.Delay(1000);
            for (int n = 1; n <= stops; n++)
            {
                await Task.Delay(random.Next(250, 450)); // no fixed phase against the frames
                long began = Stopwatch.GetTimestamp();
                string marker = n.ToString(CultureInfo.InvariantCulture);
                await WriteAsync(wire, $"ABOR\nSYST:SYNC? {marker}\n");
                string answer = await LineAsync(wire.Control);
                took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (answer != marker) throw new InvalidDataException($"'{answer}' came instead of {marker}");
            }
            await done.CancelAsync();
            (long bytes, double seconds) = await bulk;
            long[] after = await QualityAsync(wire);
            took.Sort();
            double At(double share) => took[Math.Min(took.Count - 1, (int)(share * took.Count))];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {baud} | {adapterMs:0} | {errors} | {stops} | {At(0.5):0.0} | {At(0.95):0.0} | {At(0.99):0.0} | {took[^1]:0.0} | {bytes * 10.0 / baud / seconds:P0} | {after[2] - before[2]} | {Damaged(wire) + after[1] - before[1]} |"));
        }
        finally
        {
            simulator.Kill();
            socat.Kill();
            await simulator.WaitForExitAsync();
            await socat.WaitForExitAsync();
            Directory.Delete(store, recursive: true);
        }
    }

    private static long Damaged(IGantryWire wire) => ((SerialWire)wire).Counters.Bad;

    private static async Task PrepareAsync(IGantryWire wire)
    {
        foreach (string command in (string[])["SYST:SESS:OPEN \"bench\",CONT,\"b\"", "SYST:CONT:REQ", "SYST:COMM:SER:BULK ON", "HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"home\"", "+30", "DIAG:SIM:PAT:INJ 500",
            "ACQ:ID \"6f1c0f1e-1f3c-4b43-9d5e-0c7a3b6a2f10\"", "ACQ:MODE STAT;LIM:TIME 10 S", "HEAD1:MATR 128;:HEAD2:MATR 128", "HEAD1:ENER:WIND1 \"Tc99m\",129.5,150.5", "HEAD2:ENER:WIND1 \"Tc99m\",129.5,150.5", "ACQ:ARM", "ACQ:STAR \"op1\"", "+10"])
        {
            await WriteAsync(wire, command[0] == '+' ? $"DIAG:SIM:ADV? {command[1..]}\n" : command + "\nSYST:ERR?\n");
            string said = await LineAsync(wire.Control);
            if (command[0] != '+' && said != "0,\"No error\"") throw new InvalidDataException($"{command}: {said}");
        }
        await WriteAsync(wire, "FRAM:NEXT?\n");
        if ((await LineAsync(wire.Control)).Split(',')[1] != FrameBytes.ToString(CultureInfo.InvariantCulture)) throw new InvalidDataException("no frame of 128 x 128");
    }

    /// <summary>Asks for the frame over and over, always two parts ahead, so that the line is never without bulk.</summary>
    private static async Task<(long Bytes, double Seconds)> BulkAsync(IGantryWire wire, CancellationToken done)
    {
        int asked = 0;
        async Task AskAsync()
        {
            int offset = asked++ * Part % (FrameBytes / Part * Part);
            await WriteAsync(wire, string.Create(CultureInfo.InvariantCulture, $"FRAM:DATA? 1,{offset},{Part}\n"));
        }
        await AskAsync();
        await AskAsync();
        long bytes = 0, began = Stopwatch.GetTimestamp();
        byte[] block = new byte[2 + 4 + Part + 1];
        while (!done.IsCancellationRequested)
        {
            await AskAsync();
            await wire.Bulk!.ReadExactlyAsync(block, CancellationToken.None);
            if (block[0] != '#' || block[1] != '4' || block[^1] != '\n') throw new InvalidDataException("bulk out of step");
            bytes += Part;
        }
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        for (int i = 0; i < 2; i++) await wire.Bulk!.ReadExactlyAsync(block, CancellationToken.None);
        return (bytes, seconds);
    }

    private static async Task<long[]> QualityAsync(IGantryWire wire)
    {
        await WriteAsync(wire, "SYST:COMM:SER:LINK?\n");
        return [.. (await LineAsync(wire.Control)).Split(',').Select(s => long.Parse(s, CultureInfo.InvariantCulture))];
    }

    private static async Task WriteAsync(IGantryWire wire, string text) => await wire.Control.WriteAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> LineAsync(Stream stream)
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one) > 0 && one[0] != (byte)'\n') line.Append((char)one[0]);
        return line.ToString();
    }

    /// <summary>The load: the service's own reconstruct verb on the lumbar-spine problem, again and again, at the low priority a worker has.</summary>
    private static async Task ReconstructAsync(string folder, CancellationToken ending)
    {
        string spine = Path.GetFullPath(Path.Combine(Root(), "..", "shared", "data", "recon-spine"));
        while (!ending.IsCancellationRequested)
        {
            using Process worker = Process.Start(new ProcessStartInfo(Program("", "acquire"), ["reconstruct", spine, "--out", Path.Combine(folder, "reconstruction")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            worker.PriorityClass = ProcessPriorityClass.BelowNormal;
            worker.OutputDataReceived += (_, _) => { };
            worker.BeginOutputReadLine();
            Task<string> complaint = worker.StandardError.ReadToEndAsync(CancellationToken.None);
            try
            {
                await worker.WaitForExitAsync(ending);
            }
            catch (OperationCanceledException)
            {
                worker.Kill();
                await worker.WaitForExitAsync(CancellationToken.None);
                return;
            }
            if (worker.ExitCode is not (0 or 6)) throw new InvalidDataException("the reconstruction, which is the load, failed: " + await complaint);
        }
    }

    private static string Program(string folder, string name) =>
        Path.Combine(Root(), "src", "Acquire.Service", "bin", new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name, "net10.0", folder, name);

    private static string Root()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "Acquire.sln"))) return d.FullName;
        throw new InvalidOperationException("Acquire.sln was not found above the benchmark's folder");
    }
}
