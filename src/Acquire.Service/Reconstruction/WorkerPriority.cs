using System.Diagnostics;

namespace Acquire.Service.Reconstruction;

/// <summary>Workers stand behind the acquisition.</summary>
internal static class WorkerPriority
{
    /// <summary>Below normal (nice 10): it gets what nobody else wants first.</summary>
    public static void Lower(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended already, or the system does not allow it: the work is the same, only less polite.
        }
    }
}
