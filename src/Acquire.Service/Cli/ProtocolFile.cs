using System.Text;
using Acquire.Protocols.Clinical;

namespace Acquire.Service.Cli;

/// <summary>Protocol files on disk.</summary>
internal static class ProtocolFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a protocol file; what is wrong with the file itself is a problem at 1:1 like any other.</summary>
    public static ProtocolResult Read(string path) => Read(path, out _);

    /// <summary>Reads a protocol file, and gives its text as it is kept with a study.</summary>
    public static ProtocolResult Read(string path, out string text)
    {
        text = "";
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > ProtocolReader.MaximumLength * 4L } large)
                return Unreadable(path, $"the file has {large.Length} bytes", $"a protocol has at most {ProtocolReader.MaximumLength} characters");
            text = StrictUtf8.GetString(File.ReadAllBytes(path));
            return ProtocolReader.Read(text, path);
        }
        catch (DecoderFallbackException)
        {
            return Unreadable(path, "the file is not UTF-8 text", "save it as UTF-8");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Unreadable(path, "the file cannot be read", e is FileNotFoundException or DirectoryNotFoundException ? "there is no file of that name: check the path" : e.Message);
        }
    }

    private static ProtocolResult Unreadable(string path, string what, string right) => new(null, [new ProtocolProblem(path, 1, 1, what, right)]);
}
