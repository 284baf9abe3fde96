using Acquire.Benchmarks;

string[] names = ["recon-spine [FOLDER]", "recon-profile [FOLDER]", "recon-merit VOLUME", "recon-cubes", "recon-simset [HEADER]", "demo", "frame-store", "planner-optimality [DAYS]", "planner [DAYS]", "list-words", "gci-fuzz [MILLIONS [SEED]]", "serial-stop [STOPS] [ADAPTER-MS] [BAUD]", "wire-trace"];
switch (args.FirstOrDefault())
{
    case "planner":
        return PlannerBench.Outcomes(args[1..]);
    case "planner-optimality":
        return PlannerBench.Optimality(args[1..]);
    case "recon-spine":
        return ReconSpine.Run(args[1..]);
    case "recon-spine-row":
        return ReconSpine.Row(args[1..]);
    case "recon-profile":
        ReconSpine.Profile(args.ElementAtOrDefault(1) ?? ReconSpine.DefaultFolder);
        return 0;
    case "recon-merit":
        return ReconSpine.Merit(args[1..]);
    case "recon-cubes":
        return ReconCubes.Run();
    case "recon-simset":
        return ReconSpine.Simset(args[1..]);
    case "demo":
        StudyBench.Demo(3);
        return 0;
    case "frame-store":
        StudyBench.FrameStore(500);
        return 0;
    case "list-words":
        return ListWords.Run();
    case "gci-fuzz":
        return GciFuzz.Run(args[1..]);
    case "serial-stop":
        return await SerialStop.RunAsync(args[1..]);
    case "wire-trace":
        await WireTraceBench.RunAsync(200_000);
        return 0;
    default:
        Console.Error.WriteLine($"benchmarks: {string.Join(", ", names)}");
        return 2;
}
