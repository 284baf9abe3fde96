namespace Acquire.Reconstruction;

/// <summary>How far a reconstruction is.</summary>
/// <param name="Update">Updates done (iterations x subsets counted together), from 0.</param>
/// <param name="Updates">Updates asked for.</param>
/// <param name="Iteration">Iteration the last update belonged to, from 1.</param>
/// <param name="Elapsed">Time since the start.</param>
/// <param name="Left">Estimated time left.</param>
/// <param name="LogLikelihood">Poisson log-likelihood (without the constant) of the image before the last update, over the views of that update.</param>
public sealed record ReconstructionProgress(int Update, int Updates, int Iteration, TimeSpan Elapsed, TimeSpan Left, double LogLikelihood);
