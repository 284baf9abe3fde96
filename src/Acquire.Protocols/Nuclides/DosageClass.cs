namespace Acquire.Protocols.Nuclides;

/// <summary>Column of the EANM dosage card.</summary>
public enum DosageClass
{
    /// <summary>Class A.</summary>
    A,
    /// <summary>Class B: bone agents, gallium citrate.</summary>
    B,
    /// <summary>Class C.</summary>
    C,
}
