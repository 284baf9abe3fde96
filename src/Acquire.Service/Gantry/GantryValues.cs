namespace Acquire.Service.Gantry;

/// <summary>Where the gantry is and who we are to it.</summary>
/// <param name="Transport">Way to it.</param>
/// <param name="SessionName">Session name; a new process with the same name and secret takes over where the last one died.</param>
/// <param name="SessionSecret">Keeps honest clients apart; no security.</param>
public sealed record GantryAddress(IGantryTransport Transport, string SessionName, string SessionSecret)
{
    /// <summary>From what a person writes: HOST:PORT or a serial port (<see cref="GantryTransports.Syntax"/>).</summary>
    /// <exception cref="AcquireException">It is no address.</exception>
    public static GantryAddress Parse(string text, TimeProvider wall, string sessionName = "console", string sessionSecret = "acquire") =>
        new(GantryTransports.Of(text, wall, withStopPath: false), sessionName, sessionSecret);
}

/// <summary>State of an acquisition as ACQuire:STATe? tells it.</summary>
/// <param name="State">IDLE, ARM, RUNN, PAUS, HOLD, DRA.</param>
/// <param name="Reason">NONE, DONE, STOP, ABOR, POW, INT, STOR.</param>
/// <param name="ElapsedSeconds">Since start.</param>
/// <param name="LiveSeconds">Live.</param>
/// <param name="Step">Step now.</param>
/// <param name="FramesDone">Complete frames.</param>
/// <param name="FramesAcknowledged">Acknowledged frames.</param>
public sealed record AcquisitionState(string State, string Reason, double ElapsedSeconds, double LiveSeconds, int Step, long FramesDone, long FramesAcknowledged);

/// <summary>Ledger of a run as ACQuire:LEDGer? tells it.</summary>
/// <param name="AcquisitionId">Acquisition.</param>
/// <param name="Frames">Frames made.</param>
/// <param name="CountsPerHead">Counts per head.</param>
/// <param name="LostPerHead">Lost events per head.</param>
/// <param name="LiveSecondsPerHead">Live seconds per head.</param>
/// <param name="Crc">CRC-32 over the little-endian CRC-32 of every whole frame in order.</param>
public sealed record GantryLedger(Guid AcquisitionId, long Frames, IReadOnlyList<long> CountsPerHead, IReadOnlyList<long> LostPerHead, IReadOnlyList<double> LiveSecondsPerHead, uint Crc)
{
    /// <summary>List-mode words per head.</summary>
    public IReadOnlyList<long> ListWordsPerHead { get; init; } = [];
}

/// <summary>Gantry time: tick since boot, UTC of that tick, and the boot it belongs to.</summary>
/// <param name="BootId">Boot id.</param>
/// <param name="TickUs">Tick, microseconds.</param>
/// <param name="Utc">The gantry's UTC at that tick.</param>
public sealed record ClockAnchor(ulong BootId, ulong TickUs, DateTimeOffset Utc)
{
    /// <summary>UTC of another tick of the same boot.</summary>
    public DateTimeOffset At(ulong tickUs) => Utc + TimeSpan.FromMicroseconds((double)tickUs - TickUs);

    /// <summary>Tick of a time of the same boot; 0 before it.</summary>
    public ulong TickAt(DateTimeOffset at) => (ulong)Math.Max(0, TickUs + (at - Utc).TotalMicroseconds);
}

/// <summary>All states of a gantry at once, as SYSTem:STATe? tells them.</summary>
/// <param name="Gantry">BOOT, UNH, READ, MOV, PROG, HOLD, EST, FAUL, SERV.</param>
/// <param name="Acquisition">IDLE, ARM, RUNN, PAUS, HOLD, DRA.</param>
/// <param name="Ct">OFF, WARM, STAN, ARM, EXP, COOL, FAUL.</param>
/// <param name="Interlock">OK, TRIP, RES.</param>
/// <param name="Owner">Session with the control lease; empty when nobody has it.</param>
public sealed record GantryStatus(string Gantry, string Acquisition, string Ct, string Interlock, string Owner);
