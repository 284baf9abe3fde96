using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;

namespace Acquire.Protocols.Gantry;

/// <summary>Kinds of lines on the event port (docs: control-interface 12).</summary>
public static class GciEventKinds
{
    /// <summary>Gantry, acquisition, CT, interlock and owner, all at once, after any of them changed.</summary>
    public const string State = "state";
    /// <summary>An alarm came or went: code, text, detail, on.</summary>
    public const string Alarm = "alarm";
    /// <summary>A frame is complete and on the gantry's disk: uuid, n, bytes, crc.</summary>
    public const string Frame = "frame";
    /// <summary>An operation began or ended: id, state, code.</summary>
    public const string Operation = "op";
    /// <summary>Axis positions; unnumbered, latest wins.</summary>
    public const string Position = "pos";
    /// <summary>Count rates; unnumbered, latest wins.</summary>
    public const string Rate = "rate";
    /// <summary>Sign of life, every second of wall time: boot id and the last number given out.</summary>
    public const string Beat = "beat";
    /// <summary>Asks for a token while hold-to-run is wanted; every 100 ms.</summary>
    public const string Tick = "tick";
    /// <summary>First line of a replay that cannot be complete: lines older than the first kept are gone.</summary>
    public const string Gap = "gap";
    /// <summary>The request could not be followed: code and text. Nothing else changed.</summary>
    public const string Refused = "refused";

    /// <summary>Kinds that are numbered without gaps since boot, kept and replayed.</summary>
    public static FrozenSet<string> Numbered { get; } = new[] { State, Alarm, Frame, Operation }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>All kinds a client may subscribe to.</summary>
    public static FrozenSet<string> All { get; } = Numbered.Concat([Position, Rate]).ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>One line from the gantry's event port: <c>{"q":1235,"t":8123456789,"k":"state","v":{…}}</c>. Unknown members are passed over.</summary>
/// <param name="Kind">Kind, see <see cref="GciEventKinds"/>.</param>
public sealed record GciEvent(string Kind)
{
    /// <summary>Number since boot; null for unnumbered kinds.</summary>
    public long? Number { get; init; }
    /// <summary>Gantry tick, microseconds since boot; null when the line has none.</summary>
    public long? TickUs { get; init; }
    /// <summary>Number of a hold-to-run tick.</summary>
    public long? Count { get; init; }
    /// <summary>The kind's own members; undefined when there are none.</summary>
    public JsonElement Value { get; init; }

    /// <summary>The line, UTF-8, with its line feed.</summary>
    public byte[] Encode()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (Number is { } q) json.WriteNumber("q", q);
            if (TickUs is { } t) json.WriteNumber("t", t);
            json.WriteString("k", Kind);
            if (Count is { } n) json.WriteNumber("n", n);
            if (Value.ValueKind != JsonValueKind.Undefined)
            {
                json.WritePropertyName("v");
                Value.WriteTo(json);
            }
            json.WriteEndObject();
        }
        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a line, with or without its line feed.</summary>
    /// <returns>The event, or null when the line is none.</returns>
    public static GciEvent? Decode(ReadOnlyMemory<byte> line)
    {
        using JsonDocument? document = GciEventJson.Parse(line);
        if (document is null || GciEventJson.Text(document.RootElement, "k") is not { Length: > 0 } kind) return null;
        JsonElement root = document.RootElement;
        return new GciEvent(kind)
        {
            Number = GciEventJson.Integer(root, "q"), TickUs = GciEventJson.Integer(root, "t"), Count = GciEventJson.Integer(root, "n"),
            Value = root.TryGetProperty("v", out JsonElement v) ? v.Clone() : default,
        };
    }

    /// <summary>A member of the value as text; null when it is none.</summary>
    public string? Text(string member) => Value.ValueKind == JsonValueKind.Object ? GciEventJson.Text(Value, member) : null;

    /// <summary>A member of the value as a whole number; null when it is none.</summary>
    public long? Integer(string member) => Value.ValueKind == JsonValueKind.Object ? GciEventJson.Integer(Value, member) : null;
}

/// <summary>One line from a client to the gantry's event port: <c>{"sub":["state"],"since":1234,"posMs":100}</c> or <c>{"tok":17}</c>. Absent members change nothing.</summary>
public sealed record GciEventRequest
{
    /// <summary>Least milliseconds between two pos or rate lines.</summary>
    public const int LeastPositionMs = 20;

    /// <summary>Kinds wanted from now on; replaces what was wanted before. Unknown kinds are passed over.</summary>
    public IReadOnlyList<string>? Subscribe { get; init; }
    /// <summary>Number of the last line seen: what came after it is replayed. Absent: only what comes.</summary>
    public long? Since { get; init; }
    /// <summary>Milliseconds between two pos or rate lines, 20 to 60 000; 100 when never said.</summary>
    public int? PositionMs { get; init; }
    /// <summary>Hold-to-run token: the number of a tick just received.</summary>
    public long? Token { get; init; }
    /// <summary>Name of the session this connection belongs to; tokens count only for the session that jogs (docs/decisions/0004).</summary>
    public string? Session { get; init; }
    /// <summary>That session's secret.</summary>
    public string? Secret { get; init; }

    /// <summary>The line, UTF-8, with its line feed.</summary>
    public byte[] Encode()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (Session is not null) json.WriteString("session", Session);
            if (Secret is not null) json.WriteString("secret", Secret);
            if (Subscribe is not null)
            {
                json.WriteStartArray("sub");
                foreach (string kind in Subscribe) json.WriteStringValue(kind);
                json.WriteEndArray();
            }
            if (Since is { } since) json.WriteNumber("since", since);
            if (PositionMs is { } ms) json.WriteNumber("posMs", ms);
            if (Token is { } token) json.WriteNumber("tok", token);
            json.WriteEndObject();
        }
        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a line, with or without its line feed.</summary>
    /// <returns>The request, or null when the line is no JSON object or a member has the wrong type.</returns>
    public static GciEventRequest? Decode(ReadOnlyMemory<byte> line)
    {
        using JsonDocument? document = GciEventJson.Parse(line);
        if (document is null) return null;
        JsonElement root = document.RootElement;
        List<string>? kinds = null;
        if (root.TryGetProperty("sub", out JsonElement sub))
        {
            if (sub.ValueKind != JsonValueKind.Array) return null;
            kinds = [];
            foreach (JsonElement kind in sub.EnumerateArray())
            {
                if (GciEventJson.Text(kind) is not { } word) return null;
                kinds.Add(word);
            }
        }
        foreach (string number in new[] { "since", "posMs", "tok" })
            if (root.TryGetProperty(number, out _) && GciEventJson.Integer(root, number) is null) return null;
        return new GciEventRequest
        {
            Subscribe = kinds, Since = GciEventJson.Integer(root, "since"), Token = GciEventJson.Integer(root, "tok"),
            PositionMs = GciEventJson.Integer(root, "posMs") is { } ms ? (int)Math.Clamp(ms, LeastPositionMs, 60_000) : null,
            Session = GciEventJson.Text(root, "session"), Secret = GciEventJson.Text(root, "secret"),
        };
    }
}

/// <summary>Reading JSON that may be anything.</summary>
internal static class GciEventJson
{
    /// <summary>The document when the line is one JSON object.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? Text(value) : null;

    public static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate in an escape is valid JSON and no text.
            return null;
        }
    }

    public static long? Integer(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
}
