using Acquire.Benchmarks;

string[] names = ["recon-spine", "recon-simset"];
switch (args.FirstOrDefault())
{
    case "recon-spine":
        return ReconSpine.Run(args[1..]);
    default:
        Console.Error.WriteLine($"benchmarks: {string.Join(", ", names)}");
        return 2;
}
