using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>The trace's form on disk: one record a line, eight hexadecimal digits of CRC-32, a blank, a JSON object (docs/wire-trace.md).</summary>
public static class WireTraceFormat
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a record.</summary>
    public static void Write(WireRecord record, ArrayBufferWriter<byte> target)
    {
        int start = target.WrittenCount;
        target.Write("00000000 "u8);
        using (var json = new Utf8JsonWriter(target, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("q"u8, record.Number);
            json.WriteNumber("m"u8, record.MonotonicUs);
            json.WriteString("w"u8, record.Wall.UtcDateTime);
            json.WriteNumber("c"u8, record.Connection);
            json.WriteString("ch"u8, record.Channel);
            json.WriteString("d"u8, Word(record.Direction));
            if (record.IsTimed) json.WriteBoolean("timed"u8, true);
            if (record.Block is { } block)
            {
                json.WriteNumber("len"u8, block.Length);
                json.WriteString("crc"u8, block.Crc.ToString("x8", CultureInfo.InvariantCulture));
                if (block.Bytes is { } bytes) json.WriteBase64String("bytes"u8, bytes);
            }
            else json.WriteString("s"u8, record.Text);
            json.WriteEndObject();
        }
        // The CRC stands before what it covers, so that a line can be checked while it is read.
        ReadOnlySpan<byte> written = target.WrittenSpan[start..];
        uint crc = Crc32.Of(written[9..]);
        Span<byte> head = System.Runtime.InteropServices.MemoryMarshal.AsMemory(target.WrittenMemory).Span.Slice(start, 8);
        crc.TryFormat(head, out _, "x8", CultureInfo.InvariantCulture);
        target.Write("\n"u8);
    }

    /// <summary>Reads a line without its line feed.</summary>
    /// <returns>The record, or null when the line is torn, damaged or none of ours.</returns>
    public static WireRecord? Read(ReadOnlySpan<byte> line)
    {
        if (line.Length < 11 || line[8] != (byte)' ' || !uint.TryParse(line[..8], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint crc)) return null;
        ReadOnlySpan<byte> body = line[9..];
        if (Crc32.Of(body) != crc) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body.ToArray());
            JsonElement json = document.RootElement;
            WireBlock? block = json.TryGetProperty("len", out JsonElement length)
                ? new WireBlock(length.GetInt32(), uint.Parse(json.GetProperty("crc").GetString()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                    json.TryGetProperty("bytes", out JsonElement bytes) ? bytes.GetBytesFromBase64() : null)
                : null;
            return new WireRecord(json.GetProperty("q").GetInt64(), json.GetProperty("m").GetInt64(), json.GetProperty("w").GetDateTimeOffset(), json.GetProperty("c").GetInt32(),
                json.GetProperty("ch").GetString()!, json.GetProperty("d").GetString() switch { ">" => WireDirection.ToGantry, "<" => WireDirection.FromGantry, _ => WireDirection.Note },
                json.TryGetProperty("timed", out _), json.TryGetProperty("s", out JsonElement text) ? text.GetString()! : "", block);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The sign of a direction.</summary>
    public static string Word(WireDirection direction) => direction switch { WireDirection.ToGantry => ">", WireDirection.FromGantry => "<", _ => "!" };
}
