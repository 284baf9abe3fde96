namespace Acquire.Simulator.Physics;

/// <summary>The scenes that can be put in front of the detectors.</summary>
public static class SceneFactory
{
    /// <summary>The scenario taken when nothing is said.</summary>
    public const string Default = "facet-l4-left";

    /// <summary>Names of all scenarios.</summary>
    public static IReadOnlyList<string> Scenarios { get; } = [Default, "uniform-cylinder", "point", FloodScene.Name];

    /// <summary>
    /// Makes a scene. "facet-l4-left": adult with a hot facet joint L4 left; "uniform-cylinder": 220 x 400 mm of water filled evenly;
    /// "point": a point source in air at x 40, y 20 (towards the back), z -970; "flood": every head sees the same even field, 600 000 counts a second.
    /// </summary>
    /// <param name="scenario">Name of the scenario.</param>
    /// <param name="seed">Seed of all noise.</param>
    /// <exception cref="ArgumentException">There is no scenario of that name; the message lists those there are.</exception>
    public static IScene Create(string scenario, int seed)
    {
        switch (scenario)
        {
            case Default:
                return new Scene(AdultTrunk.FacetL4Left, AdultTrunk.BladderLevel, new MdpPatient(new Biokinetics()), seed);
            case "uniform-cylinder":
                return new Scene(TestPhantoms.UniformCylinder(), new SealedSource(), seed);
            case "point":
                return new Scene(TestPhantoms.Point(new Vec(40, 20, -970)), new SealedSource(), seed);
            case FloodScene.Name:
                return new FloodScene(seed);
            default:
                throw new ArgumentException($"There is no scenario \"{scenario}\". Known: {string.Join(", ", Scenarios)}.", nameof(scenario));
        }
    }
}
