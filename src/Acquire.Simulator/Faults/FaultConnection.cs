using System.Globalization;
using System.Text;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Faults;

/// <summary>One connection of the fault port: a line in, a line (or a list ending in a full stop) out. It is no part of GCI, so that it works whatever the control connection suffers.</summary>
internal sealed class FaultConnection(Stream stream, SimulatedGantry gantry)
{
    private const int LongestLine = 1024;
    public const string Help = "list | status | once NAME | on NAME | after N NAME | off NAME | off";

    public async Task RunAsync(CancellationToken stopping)
    {
        byte[] bytes = new byte[LongestLine];
        int length = 0;
        while (length < bytes.Length)
        {
            int read = await stream.ReadAsync(bytes.AsMemory(length), stopping);
            if (read == 0) return;
            length += read;
            int from = 0;
            for (int end; (end = Array.IndexOf(bytes, (byte)'\n', from, length - from)) >= 0; from = end + 1)
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Answer(gantry, Encoding.ASCII.GetString(bytes, from, end - from)) + "\n"), stopping);
            Buffer.BlockCopy(bytes, from, bytes, 0, length - from);
            length -= from;
        }
    }

    /// <summary>Carries a line out and answers it.</summary>
    public static string Answer(SimulatedGantry gantry, string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        lock (gantry.Gate)
        {
            gantry.Clock.CatchUp();
            try
            {
                switch (words)
                {
                    case ["list"]:
                        return string.Join('\n', FaultCatalogue.All.Select(f => f.Name + ": " + f.Does)) + "\n.";
                    case ["status"]:
                        return string.Join('\n', gantry.Faults.Armed.Select(f => f.Name + " " + f.Mode).Append("."));
                    case ["once", var name]:
                        gantry.Faults.Arm(name, FaultMode.Once);
                        break;
                    case ["on", var name]:
                        gantry.Faults.Arm(name, FaultMode.On);
                        break;
                    case ["after", var n, var name] when int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int after) && after <= 1_000_000:
                        gantry.Faults.Arm(name, FaultMode.After, after);
                        break;
                    case ["off", var name]:
                        gantry.Faults.Off(name);
                        break;
                    case ["off"]:
                        foreach ((string name, _) in gantry.Faults.Armed.ToList()) gantry.Faults.Off(name);
                        break;
                    default:
                        return "error: " + Help;
                }
            }
            catch (GciException)
            {
                return "error: no such fault; ask with 'list'";
            }
            finally
            {
                gantry.Changed();
            }
        }
        return "ok";
    }
}
