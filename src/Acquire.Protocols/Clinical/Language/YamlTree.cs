using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Tokens = YamlDotNet.Core.Tokens;

namespace Acquire.Protocols.Clinical.Language;

/// <summary>A place in a file; line and column from 1.</summary>
internal readonly record struct Place(string File, int Line, int Column)
{
    /// <summary>"bone/facet.yaml:12".</summary>
    public string LineText => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File}:{Line}");
}

/// <summary>A node of a YAML file with the place it starts at.</summary>
internal abstract record YamlNode(Place At);

/// <summary>A single value, as written, with the comment that ends its line ("" when none): where the value comes from.</summary>
internal sealed record YamlScalar(Place At, string Text, string Comment = "") : YamlNode(At);

/// <summary>A list.</summary>
internal sealed record YamlList(Place At, IReadOnlyList<YamlNode> Items) : YamlNode(At);

/// <summary>Keys with values, in order, duplicates and all.</summary>
internal sealed record YamlMap(Place At, IReadOnlyList<YamlEntry> Entries) : YamlNode(At)
{
    /// <summary>Value of a key; null when there is none.</summary>
    public YamlNode? Value(string key) => Entries.FirstOrDefault(e => e.Key.Text == key)?.Value;
}

/// <summary>One key with its value.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);

/// <summary>Builds the tree from YamlDotNet's parser events: unlike its object model this keeps duplicate keys and the place of everything.</summary>
internal sealed class YamlTree
{
    private const int MaxDepth = 32;
    private readonly Parser _parser;
    private readonly ProblemList _problems;
    private readonly string _file;
    private readonly Dictionary<int, string> _comments;
    private Place _last;

    private YamlTree(Parser parser, string file, Dictionary<int, string> comments, ProblemList problems)
    {
        (_parser, _file, _comments, _problems) = (parser, file, comments, problems);
        _last = new Place(file, 1, 1);
    }

    /// <summary>The root node; null when the text is not YAML at all or empty (the problem is then listed).</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="file">Its name, for places.</param>
    /// <param name="problems">Where problems go.</param>
    public static YamlNode? Read(string text, string file, ProblemList problems)
    {
        YamlTree? tree = null;
        try
        {
            var parser = new Parser(new StringReader(text));
            tree = new YamlTree(parser, file, CommentsByLine(text), problems);
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                problems.Add(new Place(file, 1, 1), "the file is empty", "a protocol starts with 'id: group/name'");
                return null;
            }
            YamlNode? root = tree.Node(0);
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out DocumentStart? second))
                problems.Add(tree.Of(second.Start), "a second document starts here", "one protocol per file: remove the '---' and what follows");
            return root;
        }
        catch (YamlException e)
        {
            string message = e.Message.TrimEnd('.');
            // Start is where the unfinished thing began, End where the reader could not go on.
            problems.Add(Of(file, e.End.Line > 0 ? e.End : e.Start), $"this is not YAML: {char.ToLowerInvariant(message[0])}{message[1..]}",
                "check indentation (spaces, never tabs), quotes and brackets here and on the line above");
            return null;
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet's parser answers some broken files so, without a place: the last node read is the nearest known.
            problems.Add(tree?._last ?? new Place(file, 1, 1), "this is not YAML: the structure breaks off near here",
                "check indentation (spaces, never tabs), quotes and brackets here and on the lines below");
            return null;
        }
    }

    private YamlNode? Node(int depth)
    {
        ParsingEvent next = _parser.Current ?? throw new InvalidOperationException("the parser has nothing more");
        Place at = _last = Of(next.Start);
        if (depth > MaxDepth) throw new YamlException(next.Start, next.End, $"nested deeper than {MaxDepth} levels");
        switch (next)
        {
            case AnchorAlias alias:
                _parser.MoveNext();
                _problems.Add(at, $"the alias '*{alias.Value}' is not used in protocol files", "write the value out");
                return null;
            case NodeEvent { Anchor.IsEmpty: false } anchored:
                _problems.Add(at, $"the anchor '&{anchored.Anchor}' is not used in protocol files", "write the value without it");
                break;
            case NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } } tagged:
                _problems.Add(at, $"the tag '{tagged.Tag}' is not used in protocol files", "write the value without it");
                break;
        }
        switch (next)
        {
            case Scalar scalar:
                _parser.MoveNext();
                return new YamlScalar(at, scalar.Value, _comments.GetValueOrDefault((int)scalar.End.Line, ""));
            case SequenceStart:
                _parser.MoveNext();
                List<YamlNode> items = [];
                while (!_parser.TryConsume<SequenceEnd>(out _))
                    if (Node(depth + 1) is { } item) items.Add(item);
                return new YamlList(at, items);
            case MappingStart:
                _parser.MoveNext();
                List<YamlEntry> entries = [];
                while (!_parser.TryConsume<MappingEnd>(out _))
                {
                    YamlNode? key = Node(depth + 1);
                    YamlNode? value = Node(depth + 1);
                    if (key is YamlScalar name)
                    {
                        if (value is not null) entries.Add(new YamlEntry(name, value));
                    }
                    else if (key is not null)
                    {
                        _problems.Add(key.At, "a key must be a single word", "write 'key: value'");
                    }
                }
                return new YamlMap(at, entries);
            default:
                throw new YamlException(next.Start, next.End, "something else than a value stands here");
        }
    }

    /// <summary>Comments that end a line with something before them, by line. YamlDotNet's scanner knows a '#' in quotes from one that begins a comment.</summary>
    private static Dictionary<int, string> CommentsByLine(string text)
    {
        Dictionary<int, string> comments = [];
        try
        {
            var scanner = new Scanner(new StringReader(text), skipComments: false);
            int depth = 0;
            // The scanner's work grows with the square of the depth; behind something it cannot read it gives error tokens for ever.
            while (depth <= MaxDepth && scanner.MoveNext() && scanner.Current is not Tokens.Error)
            {
                switch (scanner.Current)
                {
                    case Tokens.Comment { IsInline: true } comment: comments[(int)comment.Start.Line] = comment.Value.Trim(); break;
                    case Tokens.FlowSequenceStart or Tokens.FlowMappingStart or Tokens.BlockSequenceStart or Tokens.BlockMappingStart: depth++; break;
                    case Tokens.FlowSequenceEnd or Tokens.FlowMappingEnd or Tokens.BlockEnd: depth--; break;
                    default: break;
                }
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            // The parser tells what is wrong with the file; its comments do not matter then.
        }
        return comments;
    }

    private Place Of(Mark mark) => Of(_file, mark);

    private static Place Of(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);
}
