using System.Text;
using Acquire.Protocols.Clinical;

namespace Acquire.Service.Cli;

/// <summary>Protocol files on disk.</summary>
internal static class ProtocolFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a protocol file with the files it takes in; what is wrong with the file itself is a problem at 1:1 like any other.</summary>
    public static ProtocolResult Read(string path)
    {
        ProtocolText text = Text(path);
        return text.Text is null
            ? new ProtocolResult(null, [new ProtocolProblem(path, 1, 1, $"the file {text.Why}", text.Why == NotUtf8 ? "save it as UTF-8" : "check the path")])
            : ProtocolReader.Read(text.Text, path.Replace('\\', '/'), Text);
    }

    /// <summary>All protocols below a folder, in order of name: files with an 'id' at their head. Parts, limits and approvals are none.</summary>
    public static IReadOnlyList<string> Find(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories).Where(IsProtocol).Select(f => f.Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>protocols of the working folder when it is there (edited by the site), else the one beside the program.</summary>
    public static string DefaultFolder => Directory.Exists("protocols") ? "protocols" : Path.Combine(AppContext.BaseDirectory, "protocols");

    private static bool IsProtocol(string path) => File.ReadLines(path).Any(line => line.StartsWith("id:", StringComparison.Ordinal));

    private const string NotUtf8 = "is not UTF-8 text";

    private static ProtocolText Text(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > ProtocolReader.MaximumLength * 4L } large
                ? new ProtocolText(null, $"has {large.Length} bytes; a protocol has at most {ProtocolReader.MaximumLength} characters")
                : new ProtocolText(StrictUtf8.GetString(File.ReadAllBytes(path)));
        }
        catch (DecoderFallbackException)
        {
            return new ProtocolText(null, NotUtf8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return new ProtocolText(null, e is FileNotFoundException or DirectoryNotFoundException ? "cannot be read: there is no file of that name" : $"cannot be read: {e.Message}");
        }
    }
}
