using Acquire.Protocols.Gantry.Serial;

namespace Acquire.Protocols.Tests.Gantry.Serial;

/// <summary>Two links and the cable between them in virtual time. What a side hands out arrives after its time on the wire, changed as the test wants.</summary>
internal sealed class VirtualLine
{
    private readonly PriorityQueue<(bool ToServer, byte[] Bytes), (TimeSpan, long)> _flying = new();
    private readonly Func<byte[], bool, IEnumerable<byte[]>> _damage;
    private readonly TimeSpan _latency;
    private readonly TimeSpan[] _free = new TimeSpan[2];
    private long _order;

    public VirtualLine(LinkOptions? client = null, LinkOptions? server = null, Func<byte[], bool, IEnumerable<byte[]>>? damage = null, TimeSpan latency = default)
    {
        Client = new FramedLink(client ?? new LinkOptions { IsClient = true, BootId = 11 });
        Server = new FramedLink(server ?? new LinkOptions { IsClient = false, BootId = 22 });
        _damage = damage ?? ((b, _) => [b]);
        _latency = latency;
    }

    public FramedLink Client { get; set; }
    public FramedLink Server { get; set; }
    public TimeSpan Now { get; private set; }
    public List<LinkEvent> AtClient { get; } = [];
    public List<LinkEvent> AtServer { get; } = [];
    public Action<LinkEvent>? OnServer { get; set; }
    public Action<LinkEvent>? OnClient { get; set; }
    public bool Cut { get; set; }
    /// <summary>Speed the cable really runs at for each side's port; a frame sent at another speed than the receiver's does not arrive.</summary>
    public bool SpeedMatters { get; set; }
    public int FastestBaud { get; set; } = int.MaxValue;

    public static byte[] Bytes(IEnumerable<LinkEvent> events, int channel) => [.. events.OfType<LinkEvent.Received>().Where(e => e.Channel == channel).SelectMany(e => e.Bytes.ToArray())];

    public VirtualLine Open()
    {
        Client.Open(Now);
        Run(TimeSpan.FromSeconds(1), () => Client.State == LinkState.Up);
        return this;
    }

    /// <summary>Lets time pass until the condition holds; false when it never did.</summary>
    public bool Run(TimeSpan atMost, Func<bool>? until = null)
    {
        TimeSpan end = Now + atMost;
        while (true)
        {
            bool moved;
            do moved = Step(Client, toServer: true) | Step(Server, toServer: false);
            while (moved);
            if (until?.Invoke() == true) return true;
            TimeSpan next = Min(Min(Client.WakeAt(Now), Server.WakeAt(Now)), _flying.TryPeek(out _, out (TimeSpan At, long) key) ? key.At : TimeSpan.MaxValue);
            if (next <= Now) next = Now + TimeSpan.FromTicks(1);
            if (next >= end)
            {
                Now = end;
                return until is null;
            }
            Now = next;
            while (_flying.TryPeek(out (bool ToServer, byte[] Bytes) arrival, out (TimeSpan At, long) due) && due.At <= Now)
            {
                _flying.Dequeue();
                if (Cut) continue;
                (arrival.ToServer ? Server : Client).Receive(arrival.Bytes, Now);
            }
        }
    }

    private bool Step(FramedLink link, bool toServer)
    {
        byte[] wire = new byte[LinkFrame.MaxWire];
        link.Tick(Now);
        int baud = link.Baud;
        int length = link.NextFrame(Now, wire);
        bool moved = length > 0;
        if (moved)
        {
            TimeSpan done = _free[toServer ? 1 : 0] = Max(Now, _free[toServer ? 1 : 0]) + TimeSpan.FromSeconds(length * 10.0 / baud);
            bool heard = !SpeedMatters || (baud <= FastestBaud && baud == (toServer ? Server : Client).Baud);
            if (heard)
                foreach (byte[] piece in _damage(wire[..length], toServer)) _flying.Enqueue((toServer, piece), (done + _latency, _order++));
        }
        while (link.TryTake(out LinkEvent happened))
        {
            moved = true;
            (toServer ? AtClient : AtServer).Add(happened);
            (toServer ? OnClient : OnServer)?.Invoke(happened);
        }
        return moved;
    }

    /// <summary>Flips each bit with a probability; the same seed gives the same errors. A damaged frame that a CRC of 16 bits takes for whole (1 in 65 536) is
    /// lost instead: what is beyond a CRC is not the link's to repair (frames carry a CRC-32 of their own).</summary>
    public static Func<byte[], bool, IEnumerable<byte[]>> BitErrors(double rate, int seed)
    {
        var random = new Random(seed);
        long next = Gap();
        long Gap() => rate <= 0 ? long.MaxValue : (long)(Math.Log(1 - random.NextDouble()) / Math.Log(1 - rate));
        return (bytes, toServer) =>
        {
            long bits = bytes.Length * 8L;
            bool isDamaged = next < bits;
            while (next < bits)
            {
                bytes[next / 8] ^= (byte)(1 << (int)(next % 8));
                next += 1 + Gap();
            }
            if (rate > 0) next -= bits;
            return isDamaged && LinkFrame.TryRead(bytes.AsSpan(1, bytes.Length - 2), out _) ? [] : [bytes];
        };
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
