namespace Acquire.Protocols.Clinical.Language;

/// <summary>Puts a protocol together from the files it names: <c>extends</c> first, then each <c>include</c>, then what the file says itself.</summary>
/// <remarks>
/// Groups are joined key by key, lists of named entries entry by entry, texts are appended, and any other value of the later one counts. Two
/// included files may not disagree silently: where both give a value, the file itself has to say which. Every value keeps the place it was written at.
/// </remarks>
internal sealed class ProtocolComposer(Func<string, ProtocolText> files, ProblemList problems)
{
    private const int MaxDepth = 8;
    private readonly Dictionary<string, Place> _texts = new(StringComparer.Ordinal);

    /// <summary>Files that were read, in order.</summary>
    public List<string> Files { get; } = [];

    /// <summary>The joined map; null when the file is none (the problem is then listed).</summary>
    public YamlMap? Compose(string text, string file) => Compose(text, file, [file]);

    private YamlMap? Compose(string text, string file, IReadOnlyList<string> chain)
    {
        Files.Add(file);
        YamlNode? root = YamlTree.Read(text, file, problems);
        if (root is not YamlMap own)
        {
            if (root is not null) problems.Add(root.At, $"the file is {YamlMapReader.Shape(root)}", "a protocol starts with 'id: group/name'");
            return null;
        }
        YamlMap? joined = null;
        if (own.Value(ProtocolLanguage.Extends.Name) is { } extends)
        {
            if (extends is YamlScalar name && Load(name, file, chain, part: false) is { } parent) joined = parent;
            else if (extends is not YamlScalar) problems.Add(extends.At, $"'extends' must be one file, not {YamlMapReader.Shape(extends)}", $"write 'extends: {ProtocolLanguage.Extends.Example}'");
        }
        YamlMap? parts = null;
        List<Conflict> conflicts = [];
        foreach (YamlScalar name in Includes(own))
        {
            if (Load(name, file, chain, part: true) is not { } part) continue;
            parts = parts is null ? part : Join(parts, part, ProtocolLanguage.Root, "", (path, first, second) => conflicts.Add(new Conflict(path, first, second, name)));
        }
        if (parts is not null) joined = joined is null ? parts : Join(joined, parts, ProtocolLanguage.Root, "", null);
        YamlMap body = own with { Entries = [.. own.Entries.Where(e => e.Key.Text != ProtocolLanguage.Extends.Name && e.Key.Text != ProtocolLanguage.Include.Name)] };
        foreach (Conflict c in conflicts.Where(c => !Says(body, ProtocolLanguage.Root, c.Path)))
            problems.Add(c.Include.At, $"'{c.Path}' is given by {c.First.LineText} and differently by {c.Second.LineText}", "say in this file which counts, or include only one of them");
        return joined is null ? body : Join(joined, body, ProtocolLanguage.Root, "", null) with { At = body.At };
    }

    private IEnumerable<YamlScalar> Includes(YamlMap own)
    {
        switch (own.Value(ProtocolLanguage.Include.Name))
        {
            case null: return [];
            case YamlScalar one: return [one];
            case YamlList list:
                foreach (YamlNode wrong in list.Items.Where(i => i is not YamlScalar)) problems.Add(wrong.At, $"an entry of 'include' is {YamlMapReader.Shape(wrong)}", "write '- file.yaml'");
                return list.Items.OfType<YamlScalar>();
            case { } other:
                problems.Add(other.At, $"'include' must be files, not {YamlMapReader.Shape(other)}", "write 'include:' and '- file.yaml' for each below");
                return [];
        }
    }

    private YamlMap? Load(YamlScalar name, string from, IReadOnlyList<string> chain, bool part)
    {
        if (Resolve(from, name.Text) is not { } path)
        {
            problems.Add(name.At, $"'{name.Text}' is no file beside this one", "write a path from this file with '/', such as ../parts/spine-questions.yaml");
            return null;
        }
        if (chain.Contains(path, StringComparer.Ordinal))
        {
            problems.Add(name.At, $"the files take each other in: {string.Join(" -> ", chain.SkipWhile(c => c != path).Append(path))}", "take one of these lines out");
            return null;
        }
        if (chain.Count > MaxDepth)
        {
            problems.Add(name.At, $"files take each other in more than {MaxDepth} deep", "put the parts beside each other in one list");
            return null;
        }
        ProtocolText read = files(path);
        if (read.Text is null)
        {
            problems.Add(name.At, $"'{path}' {read.Why}", "check the name; it counts from the folder of this file");
            return null;
        }
        if (Compose(read.Text, path, [.. chain, path]) is not { } map) return null;
        bool isPart = map.Value(ProtocolLanguage.Part.Name) is not null;
        if (isPart != part)
            problems.Add(name.At, part ? $"'{path}' is a whole protocol" : $"'{path}' is only a part", part ? "write 'extends:' for a variant of a protocol, or 'part:' at its head if it is a part" : "write 'include:' for parts");
        return map with { Entries = [.. map.Entries.Where(e => e.Key.Text != ProtocolLanguage.Part.Name)] };
    }

    /// <summary>Path of a file named in another; null when it is none.</summary>
    internal static string? Resolve(string from, string name)
    {
        name = name.Trim();
        if (name.Length == 0 || name.Contains('\\', StringComparison.Ordinal) || name.StartsWith('/') || name.Contains(':', StringComparison.Ordinal) || name.Any(char.IsControl)) return null;
        List<string> path = [.. from.Replace('\\', '/').Split('/').SkipLast(1)];
        foreach (string step in name.Split('/'))
        {
            if (step is "" or ".") continue;
            if (step == ".." && path.Count > 0 && path[^1] is not ("" or "..")) path.RemoveAt(path.Count - 1);
            else path.Add(step);
        }
        return string.Join('/', path);
    }

    private YamlMap Join(YamlMap below, YamlMap above, KeyGroup group, string path, Action<string, Place, Place>? conflict)
    {
        List<YamlEntry> entries = [.. below.Entries];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (YamlEntry entry in above.Entries)
        {
            string name = entry.Key.Text;
            int at = seen.Add(name) ? entries.FindIndex(e => e.Key.Text == name) : -1; // a key that is given twice in one file is told by the reader
            if (at < 0)
            {
                entries.Add(entry);
                continue;
            }
            YamlNode old = entries[at].Value;
            if (entry.Value is YamlScalar { Text: "~" })
            {
                entries.RemoveAt(at); // "~" takes a value of an included file out
                continue;
            }
            Key? key = group.AllKeys.FirstOrDefault(k => k.Name == name);
            string here = path.Length == 0 ? name : $"{path}/{name}";
            switch (old, entry.Value)
            {
                case (YamlMap a, YamlMap b) when key is GroupKey g:
                    entries[at] = entry with { Value = Join(a, b, g.Group, here, conflict) };
                    break;
                case (YamlList a, YamlList b) when key is ListKey { Item.Identity: not null } list:
                    entries[at] = entry with { Value = Join(a, b, list.Item, here, conflict) };
                    break;
                case (YamlList a, YamlList b) when key is TextsKey:
                    entries[at] = entry with { Value = Append(a, b, here) };
                    break;
                case (YamlScalar a, YamlScalar b):
                    if (a.Text.Trim() != b.Text.Trim()) conflict?.Invoke(here, a.At, b.At);
                    entries[at] = entry;
                    break;
                case (YamlList, YamlList) or (YamlMap, YamlMap):
                    conflict?.Invoke(here, old.At, entry.Value.At);
                    entries[at] = entry;
                    break;
                default:
                    problems.Add(entry.Value.At, $"'{name}' is {YamlMapReader.Shape(entry.Value)} here and {YamlMapReader.Shape(old)} in {old.At.LineText}", "write it the same way");
                    break;
            }
        }
        return new YamlMap(above.At, entries);
    }

    private YamlList Join(YamlList below, YamlList above, KeyGroup item, string path, Action<string, Place, Place>? conflict)
    {
        List<YamlNode> items = [.. below.Items];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (YamlNode node in above.Items)
        {
            string? id = node is YamlMap m ? item.IdentityOf(m) : null;
            int at = id is null || !seen.Add(id) ? -1 : items.FindIndex(i => i is YamlMap old && item.IdentityOf(old) == id);
            bool remove = node is YamlMap map && map.Value("remove") is YamlScalar { Text: "yes" or "true" };
            if (remove && at < 0)
            {
                string[] ids = [.. below.Items.OfType<YamlMap>().Select(item.IdentityOf).OfType<string>()];
                string? near = id is null ? null : YamlMapReader.Nearest(id, ids);
                problems.Add(node.At, $"there is no '{id}' in the included files to remove", near is not null ? $"did you mean '{near}'?" : ids.Length == 0 ? "take this entry out" : $"they have {string.Join(", ", ids)}");
            }
            else if (remove)
            {
                items.RemoveAt(at);
            }
            else if (at >= 0)
            {
                items[at] = Join((YamlMap)items[at], (YamlMap)node, item, $"{path}/{id}", conflict);
            }
            else
            {
                items.Add(node);
            }
        }
        return new YamlList(above.At, items);
    }

    private YamlList Append(YamlList below, YamlList above, string path)
    {
        foreach (YamlScalar text in below.Items.OfType<YamlScalar>()) _texts.TryAdd($"{path}\n{text.Text.Trim()}", text.At);
        List<YamlNode> fresh = [];
        foreach (YamlNode node in above.Items)
        {
            if (node is YamlScalar text && _texts.TryGetValue($"{path}\n{text.Text.Trim()}", out Place first))
            {
                if (first.File != text.At.File) problems.Add(text.At, $"this text stands already in {first.LineText}", "take it out here: texts of included files are kept");
                continue;
            }
            fresh.Add(node);
        }
        return new YamlList(above.At, [.. below.Items, .. fresh]);
    }

    /// <summary>True when a map says something about a path of names and entry names.</summary>
    private static bool Says(YamlMap map, KeyGroup group, string path)
    {
        string[] steps = path.Split('/');
        YamlNode? here = map;
        KeyGroup at = group;
        for (int i = 0; i < steps.Length; i++)
        {
            switch (here)
            {
                case YamlMap m when m.Value(steps[i]) is { } value:
                    here = value;
                    Key? key = at.AllKeys.FirstOrDefault(k => k.Name == steps[i]);
                    at = key is GroupKey g ? g.Group : key is ListKey l ? l.Item : at;
                    break;
                case YamlList list when list.Items.OfType<YamlMap>().FirstOrDefault(m => at.IdentityOf(m) == steps[i]) is { } entry:
                    here = entry;
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    private sealed record Conflict(string Path, Place First, Place Second, YamlScalar Include);
}
