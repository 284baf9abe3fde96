using System.Globalization;
using System.IO.Ports;
using System.Security.Cryptography;
using System.Text;
using Acquire.Protocols.Gantry.Serial;

namespace Acquire.Service.Gantry;

/// <summary>A gantry on a serial port: the framed link of GCI 1.0 section 13. One wire at a time.</summary>
/// <param name="port">COM3, /dev/ttyUSB0, …</param>
/// <param name="baud">Speed wanted; the link begins at 115 200 and goes up by agreement, or stays where the line does not carry it.</param>
/// <param name="wall">Wall clock.</param>
public sealed class SerialTransport(string port, int baud, TimeProvider wall) : IGantryTransport
{
    /// <summary>Speed of every port at power-up, bits a second.</summary>
    public const int PowerUpBaud = 115_200;
    private static readonly TimeSpan SpeedDeadline = TimeSpan.FromSeconds(3);
    private static readonly ulong BootId = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;
    private static uint s_attempts;
    private ulong _knownGantry;

    /// <summary>Speeds a gantry may be asked for (SYSTem:COMMunicate:SERial:BAUD).</summary>
    public static IReadOnlyList<int> Speeds { get; } = [115_200, 230_400, 460_800, 921_600, 3_000_000];

    /// <summary>Number of what this console goes on with when it reconnects; the gantry gives it back.</summary>
    public ulong SessionId { get; init; } = BootId;

    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{port} at {baud} baud");

    /// <inheritdoc/>
    public bool HasOneWire => true;

    /// <summary>A fifth of the line's own speed (10 bits a byte): room for repeats, and for a speed that fell back by a step or two.</summary>
    public double LeastBytesPerSecond => Math.Min(baud, PowerUpBaud * 2) / 50.0;

    /// <summary>The gantry had another boot id when the last link began than before: it was switched off and on.</summary>
    public bool GantryRestarted { get; private set; }

    /// <inheritdoc/>
    public async Task<IGantryWire> ConnectAsync(CancellationToken cancellation)
    {
        SerialWire wire = SerialWire.Open(port, PowerUpBaud, new LinkOptions
        {
            IsClient = true, BootId = BootId, KnownPeerBootId = _knownGantry, SessionId = SessionId, Attempt = Interlocked.Increment(ref s_attempts), Baud = PowerUpBaud,
        }, wall);
        try
        {
            LinkEvent.Opened opened = await wire.Opened.WaitAsync(cancellation);
            _knownGantry = opened.Peer.BootId;
            GantryRestarted = opened.PeerRestarted;
            if (baud != PowerUpBaud) await ChangeSpeedAsync(wire, cancellation);
            return wire;
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    /// <summary>The one line of SCPI a transport says: the speed is the line's, and nobody above should have to know of it.</summary>
    private async Task ChangeSpeedAsync(SerialWire wire, CancellationToken cancellation)
    {
        string wanted = baud.ToString(CultureInfo.InvariantCulture);
        try
        {
            await wire.Control.WriteAsync(Encoding.ASCII.GetBytes($"SYST:COMM:SER:BAUD {wanted};BAUD?\n"), cancellation);
            using var deadline = new CancellationTokenSource(SpeedDeadline, wall);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
            var reply = new StringBuilder();
            byte[] one = new byte[1];
            while (await wire.Control.ReadAsync(one, either.Token) > 0 && one[0] != (byte)'\n') reply.Append((char)one[0]);
            if (reply.ToString() != wanted) throw new GantryLinkLostException($"the gantry on {port} did not take {wanted} baud");
            await wire.ChangeBaudAsync(baud, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new GantryLinkLostException($"the gantry on {port} refuses {wanted} baud; give a speed it knows", e);
        }
        catch (IOException e)
        {
            throw new GantryLinkLostException($"the link on {port} broke while the speed was changed", e);
        }
    }
}
