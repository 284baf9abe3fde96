namespace Acquire.Protocols.Gantry.Serial;

/// <summary>How a side of the serial link is set up.</summary>
public sealed record LinkOptions
{
    /// <summary>The client begins links, the gantry answers.</summary>
    public required bool IsClient { get; init; }
    /// <summary>Boot id of this side; not 0.</summary>
    public required ulong BootId { get; init; }
    /// <summary>Client: the gantry's boot id as last known; 0 for none.</summary>
    public ulong KnownPeerBootId { get; init; }
    /// <summary>Client: number of what it goes on with.</summary>
    public ulong SessionId { get; init; }
    /// <summary>Client: counts its links; a new link has a higher one.</summary>
    public uint Attempt { get; init; } = 1;
    /// <summary>Bits a second at the beginning.</summary>
    public int Baud { get; init; } = 115_200;
    /// <summary>Without a valid frame for so long the link is down. GCI 1.0 section 13: 10 s at the gantry.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>How long before the line is free the next frame is handed to the driver: keeps the line busy, and costs a stop so much.</summary>
    public TimeSpan Lead { get; init; } = TimeSpan.FromMilliseconds(4);
    /// <summary>Payload falls to 128 bytes on a bad line, and rises again on a good one.</summary>
    public bool AdaptPayload { get; init; } = true;
}

/// <summary>Where a link stands.</summary>
public enum LinkState
{
    /// <summary>No link; the gantry waits for a SYN.</summary>
    Closed,
    /// <summary>Client: SYN sent, no answer yet.</summary>
    Opening,
    /// <summary>Bytes go both ways.</summary>
    Up,
}

/// <summary>What happened on a link, in order.</summary>
public abstract record LinkEvent
{
    private LinkEvent() { }

    /// <summary>A link is up. All streams begin anew.</summary>
    /// <param name="Peer">What the other side says of itself.</param>
    /// <param name="PeerRestarted">It is not the one known before: it has another boot id.</param>
    public sealed record Opened(LinkHello Peer, bool PeerRestarted) : LinkEvent;

    /// <summary>Bytes of a channel, in order, each once. Channel 3: one whole datagram.</summary>
    /// <param name="Channel">Channel.</param>
    /// <param name="Bytes">Bytes.</param>
    public sealed record Received(int Channel, ReadOnlyMemory<byte> Bytes) : LinkEvent;

    /// <summary>The link is gone; what was not acknowledged may or may not have arrived.</summary>
    /// <param name="Reason">One line for people.</param>
    public sealed record Lost(string Reason) : LinkEvent;

    /// <summary>From now on the line runs at this speed.</summary>
    /// <param name="Baud">Bits a second.</param>
    /// <param name="FellBack">The new speed did not work; this is the one before.</param>
    public sealed record SpeedChanged(int Baud, bool FellBack) : LinkEvent;
}

/// <summary>Line quality (SYSTem:COMMunicate:SERial:LINK?).</summary>
/// <param name="Good">Valid frames received.</param>
/// <param name="Bad">Damaged frames received: bad CRC, no COBS, cut.</param>
/// <param name="Resent">Frames sent again.</param>
/// <param name="Dropped">Valid frames received and thrown away: repeated, or behind a gap.</param>
public readonly record struct LinkCounters(long Good, long Bad, long Resent, long Dropped);
