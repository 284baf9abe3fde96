namespace FellowOakDicom;

/// <summary>Who wrote a file; set once at start-up.</summary>
public static class DicomImplementation
{
    /// <summary>Implementation Class UID (0002,0012).</summary>
    public static DicomUID ClassUID { get; set; } = DicomUID.Parse("2.25.85701161903323444668307419109273255488");
    /// <summary>Implementation Version Name (0002,0013), at most 16 characters.</summary>
    public static string Version { get; set; } = "ACQUIRE STANDIN";
}
