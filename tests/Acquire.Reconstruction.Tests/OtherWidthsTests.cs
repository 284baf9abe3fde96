using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;

namespace Acquire.Reconstruction.Tests;

/// <summary>The same loops on machines with narrower vectors: the tests of the projector (transposes, scalar oracle) run again in a process that may not use wider ones.</summary>
public sealed class OtherWidthsTests
{
    private const string Expected = "ACQUIRE_EXPECT_VECTOR_BITS";

    [Theory]
    [InlineData(256, "EnableAVX512F", "EnableAVX512")]
    [InlineData(128, "EnableAVX512F", "EnableAVX512", "EnableAVX2", "EnableAVX")]
    public async Task Projector_WithNarrowerVectors_PassesTheSameTests(int bits, params string[] switches)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase)) start.ArgumentList.Add(typeof(OtherWidthsTests).Assembly.Location);
        foreach (string argument in new[] { "-class", typeof(SystemModelTests).FullName!, "-class", typeof(WidthTests).FullName!, "-noColor" }) start.ArgumentList.Add(argument);
        foreach (string name in switches) start.Environment[$"DOTNET_{name}"] = "0";
        start.Environment[Expected] = bits.ToString(CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;

        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, said);
        Assert.Contains("Failed: 0", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Total: 0", said, StringComparison.Ordinal);
    }

    public sealed class WidthTests
    {
        [Fact]
        public void VectorsAreNoWiderThanAskedFor()
        {
            if (Environment.GetEnvironmentVariable(Expected) is not { } bits) return; // every width this machine has, when nobody asked
            Assert.False(Vector512.IsHardwareAccelerated);
            if (bits == "128") Assert.False(Vector256.IsHardwareAccelerated);
        }
    }
}
