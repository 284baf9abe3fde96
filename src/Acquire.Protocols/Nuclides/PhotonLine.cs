namespace Acquire.Protocols.Nuclides;

/// <summary>One photon line.</summary>
/// <param name="EnergyKeV">Energy, keV.</param>
/// <param name="PercentPerDecay">Photons per 100 decays.</param>
/// <param name="Imaged">True when cameras put a window on it.</param>
public sealed record PhotonLine(double EnergyKeV, double PercentPerDecay, bool Imaged);
