namespace Acquire.Protocols.Clinical;

/// <summary>A file a protocol names, as whoever knows the disk gives it.</summary>
/// <param name="Text">Its text; null when it cannot be had.</param>
/// <param name="Why">Why not; empty when it can.</param>
public sealed record ProtocolText(string? Text, string Why = "");
