using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Acquire.Protocols.Clinical;

/// <summary>An approval of a protocol's content by a person, or its withdrawal.</summary>
/// <param name="Protocol">Id of the protocol.</param>
/// <param name="Version">Its version text then.</param>
/// <param name="Hash">SHA-256 of its content: what was approved.</param>
/// <param name="By">Name of the person.</param>
/// <param name="Role">"medical physicist" or as written.</param>
/// <param name="Date">When.</param>
/// <param name="Note">Note; for a withdrawal the reason.</param>
/// <param name="Withdrawn">True when it takes an approval of that hash back.</param>
public sealed record ProtocolApproval(string Protocol, string Version, string Hash, string By, string Role, DateTimeOffset Date, string Note, bool Withdrawn);

/// <summary>How a protocol's content stands.</summary>
public enum ProtocolStandingKind
{
    /// <summary>Nobody approved any content of this id.</summary>
    Unapproved,
    /// <summary>This content is approved.</summary>
    Approved,
    /// <summary>Another content of this id was approved: this one was changed since.</summary>
    Changed,
    /// <summary>The approval of this content was taken back.</summary>
    Withdrawn,
}

/// <summary>How a protocol's content stands, in words.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Words">For people: "approved by ... on ...".</param>
public sealed record ProtocolStanding(ProtocolStandingKind Kind, string Words)
{
    /// <summary>True when a study of a patient needs a reason to be done by it.</summary>
    public bool NeedsReason => Kind != ProtocolStandingKind.Approved;
}

/// <summary>The approvals file (protocols/approvals.yaml): a list that only grows; the last entry for a content counts.</summary>
public static class ProtocolApprovals
{
    private static readonly string[] Keys = ["protocol", "version", "hash", "by", "role", "date", "note", "withdrawn"];

    /// <summary>Reads the file's text.</summary>
    /// <exception cref="FormatException">It is wrong; the message begins with "name:line:column".</exception>
    public static IReadOnlyList<ProtocolApproval> Parse(string text, string name)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw Wrong(name, e.Start, e.Message);
        }
        if (stream.Documents.Count == 0) return [];
        if (stream.Documents[0].RootNode is not YamlSequenceNode list) throw new FormatException($"{name}:1:1: a list of approvals is expected");
        List<ProtocolApproval> approvals = [];
        foreach (YamlNode node in list)
        {
            if (node is not YamlMappingNode map) throw Wrong(name, node.Start, $"an entry with {string.Join(", ", Keys)} is expected");
            Dictionary<string, string> values = new(StringComparer.Ordinal);
            foreach ((YamlNode key, YamlNode value) in map)
            {
                string word = key.ToString();
                if (!Keys.Contains(word)) throw Wrong(name, key.Start, $"'{word}' is not known here; known are {string.Join(", ", Keys)}");
                values[word] = value.ToString();
            }
            foreach (string key in Keys[..6])
                if (string.IsNullOrWhiteSpace(values.GetValueOrDefault(key))) throw Wrong(name, map.Start, $"'{key}' is missing");
            if (!DateTimeOffset.TryParse(values["date"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)) throw Wrong(name, map.Start, $"'{values["date"]}' is no date; right would be 2026-03-02T08:00:00Z");
            if (values["hash"].Length != 64 || values["hash"].Any(c => !char.IsAsciiHexDigitLower(c) && !char.IsAsciiDigit(c))) throw Wrong(name, map.Start, "'hash' is no SHA-256 in lower-case hex");
            approvals.Add(new ProtocolApproval(values["protocol"], values["version"], values["hash"], values["by"], values["role"], date, values.GetValueOrDefault("note", ""), values.GetValueOrDefault("withdrawn") is "yes" or "true"));
        }
        return approvals;
    }

    /// <summary>One entry as it is appended to the file, ended by a line feed.</summary>
    public static string Entry(ProtocolApproval a)
    {
        ArgumentNullException.ThrowIfNull(a);
        return string.Create(CultureInfo.InvariantCulture, $"- {{protocol: {Quote(a.Protocol)}, version: {Quote(a.Version)}, hash: {a.Hash}, by: {Quote(a.By)}, role: {Quote(a.Role)}, date: {a.Date.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}") +
            (a.Note.Length > 0 ? $", note: {Quote(a.Note)}" : "") + (a.Withdrawn ? ", withdrawn: yes" : "") + "}\n";
    }

    /// <summary>How a protocol stands by these approvals.</summary>
    public static ProtocolStanding Standing(AcquisitionProtocol protocol, IReadOnlyList<ProtocolApproval> approvals)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(approvals);
        if (approvals.LastOrDefault(a => a.Protocol == protocol.Id && a.Hash == protocol.ContentHash) is { } of)
        {
            string who = string.Create(CultureInfo.InvariantCulture, $"{of.By} ({of.Role}) on {of.Date.UtcDateTime:yyyy-MM-dd}");
            return of.Withdrawn ? new ProtocolStanding(ProtocolStandingKind.Withdrawn, $"approval withdrawn by {who}: {of.Note}") : new ProtocolStanding(ProtocolStandingKind.Approved, $"approved by {who}");
        }
        return approvals.LastOrDefault(a => a.Protocol == protocol.Id && !a.Withdrawn) is { } other
            ? new ProtocolStanding(ProtocolStandingKind.Changed, string.Create(CultureInfo.InvariantCulture, $"changed since {other.By} ({other.Role}) approved version {other.Version} on {other.Date.UtcDateTime:yyyy-MM-dd}"))
            : new ProtocolStanding(ProtocolStandingKind.Unapproved, "not approved by a physicist");
    }

    private static string Quote(string text) => $"\"{string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static FormatException Wrong(string name, Mark at, string what) => new($"{name}:{at.Line}:{at.Column}: {what}");
}
