using System.Diagnostics;
using Xunit;

namespace Acquire.Testing;

/// <summary>Two pseudo terminals tied together by socat: a null-modem cable without a baud rate, modem lines or errors.</summary>
public sealed class PtyPair : IDisposable
{
    private readonly Process _socat;
    private readonly string _folder;

    private PtyPair(Process socat, string folder)
    {
        _socat = socat;
        _folder = folder;
    }

    /// <summary>One end.</summary>
    public string A => Path.Combine(_folder, "a");
    /// <summary>The other.</summary>
    public string B => Path.Combine(_folder, "b");

    /// <summary>Makes a pair; skips the test with a plain reason where there is none to be had.</summary>
    public static PtyPair Create()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux (pseudo terminals)");
        string folder = Directory.CreateTempSubdirectory("acquire-pty").FullName;
        Process? socat = null;
        try
        {
            socat = Process.Start(new ProcessStartInfo("socat", ["-d", "-d", $"pty,raw,echo=0,link={folder}/a", $"pty,raw,echo=0,link={folder}/b"]) { RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Directory.Delete(folder, recursive: true);
        }
        Assert.SkipWhen(socat is null, "needs socat");
        // The notice that the transfer loop begins is the moment from which both ends are there.
        while (socat!.StandardError.ReadLine() is { } line)
            if (line.Contains("starting data transfer loop", StringComparison.Ordinal)) return new PtyPair(socat, folder);
        throw new InvalidOperationException("socat ended at once");
    }

    /// <summary>Pulls the cable: both ends hang up.</summary>
    public void HangUp()
    {
        if (_socat.HasExited) return;
        _socat.Kill();
        _socat.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        HangUp();
        _socat.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
