namespace Acquire.Simulator.Gantry;

/// <summary>Exit codes of the program, and the one line that goes with each.</summary>
internal static class SimulatorExit
{
    public const int Ok = 0;
    public const int BadInput = 2;
    public const int Port = 3;
    public const int Store = 4;

    /// <summary>One line on stderr; a closed pipe is no reason to fail.</summary>
    public static int Say(string line, int code)
    {
        try
        {
            Console.Error.WriteLine("acquire-sim: " + line.ReplaceLineEndings(" "));
        }
        catch (IOException)
        {
            // Nobody listens any more.
        }
        return code;
    }
}
