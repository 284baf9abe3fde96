namespace Acquire.Simulator.Physics;

/// <summary>The one place where the simulator gets its scene from. Placeholder: the physics room replaces this file.</summary>
public static class SceneFactory
{
    /// <summary>The scenario taken when nothing is said.</summary>
    public const string Default = "facet-l4-left";

    /// <summary>Makes a scene.</summary>
    /// <param name="scenario">Name of the scenario.</param>
    /// <param name="seed">Seed of all noise.</param>
    /// <exception cref="NotSupportedException">Always: this build has no physics.</exception>
    public static IScene Create(string scenario, int seed) =>
        throw new NotSupportedException($"this build has no physics: scenario {scenario}, seed {seed} cannot be made");
}
