using System.Text.Json;
using System.Text.Json.Serialization;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Reconstruction;

/// <summary>What the service tells its live worker, one JSON object a line on its standard input.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(LiveBegin), "begin")]
[JsonDerivedType(typeof(LiveFrame), "frame")]
[JsonDerivedType(typeof(LiveFinish), "finish")]
public abstract record LiveMessage
{
    private static readonly JsonSerializerOptions s_json = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>As a line.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, s_json);

    /// <summary>From a line.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static LiveMessage FromLine(string line) => JsonSerializer.Deserialize<LiveMessage>(line, s_json) ?? throw new JsonException("an empty message");
}

/// <summary>The series that begins, without frames, and how it will be reconstructed.</summary>
/// <param name="Series">Windows, collimator, detectors; no frames.</param>
/// <param name="Iterations">Iterations of the image that is judged.</param>
/// <param name="Subsets">Subsets.</param>
/// <param name="Response">Model collimator and crystal.</param>
/// <param name="Scatter">Estimate scatter from the windows there are.</param>
/// <param name="FilterMm">Post filter, mm.</param>
/// <param name="Preview">Folder for the image as it grows; "" for none.</param>
public sealed record LiveBegin(CountSeries Series, int Iterations, int Subsets, bool Response, bool Scatter, double FilterMm, string Preview) : LiveMessage;

/// <summary>One frame.</summary>
/// <param name="Frame">The frame.</param>
public sealed record LiveFrame(CountFrame Frame) : LiveMessage;

/// <summary>All frames are there: make the image that is judged.</summary>
/// <param name="Id">Number given back in the answer.</param>
/// <param name="CtFolder">Folder of CT slices; null for no attenuation correction.</param>
/// <param name="Out">Folder for the volume.</param>
public sealed record LiveFinish(int Id, string? CtFolder, string Out) : LiveMessage;
