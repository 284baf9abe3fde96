using System.Buffers;
using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>One unit being executed: who asked, what, and where the reply goes.</summary>
internal sealed class CommandCall(SimulatedGantry gantry, GantryConnection connection, GciCommand row, bool isQuery, IReadOnlyList<int> suffixes, IReadOnlyList<GciValue> arguments, ReplyWriter replies)
{
    public SimulatedGantry Gantry { get; } = gantry;
    public GantryConnection Connection { get; } = connection;
    public GantrySession Session => Connection.Session;
    public GciCommand Row { get; } = row;
    public bool IsQuery { get; } = isQuery;
    public IReadOnlyList<GciValue> Arguments { get; } = arguments;
    /// <summary>Digit suffix of the first suffixed node; 0 when the header has none.</summary>
    public int Suffix => suffixes.Count > 0 ? suffixes[0] : 0;
    /// <summary>Digit suffix of the second one.</summary>
    public int SecondSuffix => suffixes.Count > 1 ? suffixes[1] : 0;
    public DetectorHead Head => Gantry.Heads[Suffix - 1];
    public string Text(int i) => Arguments[i].Text;
    public double Number(int i) => Arguments[i].Number;
    public void Reply(string text) => replies.Text(text);
    public void ReplyBlock(ReadOnlySpan<byte> bytes) => replies.Block(bytes);
    /// <summary>A block that goes on a channel of its own where the session said so (serial, BULK ON).</summary>
    public void ReplyBulk(ReadOnlySpan<byte> bytes)
    {
        if (Connection.Carrier.Serial is { IsBulkApart: true }) replies.BlockApart(bytes);
        else replies.Block(bytes);
    }

    /// <summary>The run the session's frame queries mean; null when it has not started or there is none.</summary>
    public StoredRun? SelectedRun => Session.Selected is { } id ? Gantry.Store.Find(id) : Gantry.CurrentRun;
    /// <summary>The same, or 430.</summary>
    public StoredRun DemandRun() => SelectedRun ?? throw new GciException(430);
}

/// <summary>Collects the replies of one message: ';' between them, one line feed at the end, one send.</summary>
internal sealed class ReplyWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    private ArrayBufferWriter<byte>? _apart;
    private bool _any;

    public bool IsEmpty => !_any;
    /// <summary>What goes on the bulk channel, each block with its line feed; null when there is nothing.</summary>
    public ReadOnlyMemory<byte>? Apart => _apart?.WrittenMemory;

    public void Text(string text)
    {
        Separate();
        Encoding.ASCII.GetBytes(text, _bytes);
    }

    public void Block(ReadOnlySpan<byte> bytes)
    {
        Separate();
        GciText.WriteBlock(_bytes, bytes);
    }

    public void BlockApart(ReadOnlySpan<byte> bytes)
    {
        _apart ??= new ArrayBufferWriter<byte>();
        GciText.WriteBlock(_apart, bytes);
        _apart.Write("\n"u8);
    }

    public ReadOnlyMemory<byte> Finish()
    {
        _bytes.Write("\n"u8);
        return _bytes.WrittenMemory;
    }

    private void Separate()
    {
        if (_any) _bytes.Write(";"u8);
        _any = true;
    }
}
