namespace Acquire.Reconstruction;

/// <summary>The engine's working memory in this process.</summary>
public static class EngineMemory
{
    /// <summary>From now on more than this ends a reconstruction with one clear line. Inputs and results, which are managed memory, do not count.</summary>
    /// <param name="megabytes">MB of 2^20 bytes.</param>
    public static void LimitMegabytes(int megabytes) => AlignedFloats.Limit(megabytes * 1048576L);
}
