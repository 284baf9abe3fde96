using Acquire.Protocols.Imaging;
using Acquire.Testing;

namespace Acquire.Reconstruction.Tests;

public sealed class RigidRegistrationTests
{
    /// <summary>The map of recon-spine moved by a known amount against a SPECT made of its true activity, blurred and noisy: the movement back is found.</summary>
    [Theory]
    [InlineData(0, 0, 0, 0, 0, 0)]
    [InlineData(6, -4, 8, 0, 0, 0)]
    [InlineData(-5, 3, 0, 1.5, 0, -2)]
    public void Of_MovedMap_FindsTheMovement(double x, double y, double z, double ax, double ay, double az)
    {
        ReconstructionInput input = ReconstructionInput.Read(SharedData.Path("recon-spine", "problem.json"));
        Random random = new(3);
        Volume spect = GaussianFilter.Apply(input.Truth!, 10);
        for (int n = 0; n < spect.Values.Length; n++) spect.Values[n] *= (float)(1 + (0.3 * (random.NextDouble() + random.NextDouble() - 1)));
        RigidMovement known = new(x, y, z, ax, ay, az);
        Volume moved = known.Move(spect, 0);

        RigidRegistration found = RigidRegistration.Of(moved, input.AttenuationMap!);

        Assert.InRange(Math.Abs(found.Movement.XMm - x), 0, 1);
        Assert.InRange(Math.Abs(found.Movement.YMm - y), 0, 1);
        Assert.InRange(Math.Abs(found.Movement.ZMm - z), 0, 1.5);
        Assert.InRange(Math.Abs(found.Movement.AboutXDeg - ax), 0, 0.7);
        Assert.InRange(Math.Abs(found.Movement.AboutYDeg - ay), 0, 0.7);
        Assert.InRange(Math.Abs(found.Movement.AboutZDeg - az), 0, 0.7);
        Assert.True(found.Explained >= found.ExplainedAtRest);
    }

    /// <summary>A point of a volume goes where the formula says.</summary>
    [Fact]
    public void Move_ByShiftAndTurn_PutsAPointWhereItBelongs()
    {
        Volume v = Volume.Centred(41, 41, 41, 2, "1");
        v.Values[v.Index(30, 20, 20)] = 1; // 20 mm to the left

        Volume moved = new RigidMovement(4, 0, -6, 0, 0, 90).Move(v, 0);

        int top = Array.IndexOf(moved.Values, moved.Values.Max());
        Assert.Equal((22, 30, 17), (top % 41, top / 41 % 41, top / 41 / 41));
    }
}
