using Xunit;

namespace Acquire.Testing;

/// <summary>Finds the inputs that nobody here made (shared/data) and the project's root.</summary>
public static class SharedData
{
    /// <summary>Root of the project (the folder of Acquire.sln).</summary>
    public static string ProjectRoot { get; } = FindRoot();

    /// <summary>Path below shared/data; skips the test with a plain reason where it is missing.</summary>
    public static string Path(params string[] parts)
    {
        string path = System.IO.Path.Combine([ProjectRoot, "..", "shared", "data", .. parts]);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"needs {System.IO.Path.Combine(parts)} of shared/data beside the project");
        return System.IO.Path.GetFullPath(path);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(System.IO.Path.Combine(d.FullName, "Acquire.sln"))) return d.FullName;
        throw new InvalidOperationException("Acquire.sln was not found above the test's folder.");
    }
}
