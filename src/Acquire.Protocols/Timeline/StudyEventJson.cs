using System.Text.Json;
using System.Text.Json.Serialization;

namespace Acquire.Protocols.Timeline;

/// <summary>The stored form of events: one JSON object each, discriminator "type" first, times with offset (ISO 8601).</summary>
public static class StudyEventJson
{
    /// <summary>One line of JSON.</summary>
    public static string Serialize(StudyEvent studyEvent) => JsonSerializer.Serialize(studyEvent, StudyEventJsonContext.Default.StudyEvent);

    /// <summary>Reads what <see cref="Serialize"/> wrote.</summary>
    /// <exception cref="JsonException">It is not an event, or of a type this version does not know.</exception>
    public static StudyEvent Deserialize(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, StudyEventJsonContext.Default.StudyEvent) ?? throw new JsonException("the journal entry is null");
        }
        catch (NotSupportedException e)
        {
            throw new JsonException("the journal entry has no known type", e);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, AllowOutOfOrderMetadataProperties = true, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StudyEvent))]
internal sealed partial class StudyEventJsonContext : JsonSerializerContext;
