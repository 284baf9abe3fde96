namespace Acquire.Protocols.Gantry;

/// <summary>Type of a tag word (GCI 1.0 section 14).</summary>
public enum ListTag : byte
{
    /// <summary>No tag: an event, or a type this version does not know.</summary>
    None = 0,
    /// <summary>Microseconds since the start of the run; at least every 10 ms.</summary>
    Time = 1,
    /// <summary>Machine angle of a head, millidegrees, 0…359 999.</summary>
    Angle = 2,
    /// <summary>Longitudinal table position, micrometres.</summary>
    Table = 3,
    /// <summary>Radius of a head, micrometres.</summary>
    Radius = 4,
    /// <summary>R wave (or breath): a cycle starts at the time of the last time word.</summary>
    Gate = 5,
    /// <summary>Events of a head that were not kept since its last lost word.</summary>
    Lost = 6,
    /// <summary>Live time of a head since the start of the run, microseconds.</summary>
    Live = 7,
    /// <summary>The run's state changed; see <see cref="ListState"/>.</summary>
    State = 8,
    /// <summary>Frame n is closed: all its events stand before this word.</summary>
    FrameClosed = 9,
    /// <summary>Nothing follows.</summary>
    End = 127,
}

/// <summary>Value of a <see cref="ListTag.State"/> word.</summary>
public enum ListState : byte
{
    /// <summary>Counting starts or goes on.</summary>
    Counting = 1,
    /// <summary>Counting stands: pause, hold, or on the way to the next view.</summary>
    Standing = 2,
    /// <summary>The gantry lost power; what follows was written at the next boot.</summary>
    PowerLost = 3,
}

/// <summary>One 8-byte word of a list-mode stream: an event or a tag (GCI 1.0 section 14).</summary>
/// <param name="Raw">The 64 bits.</param>
/// <remarks>Event: bit 63 = 0; 62–60 head; 59–44 energy in 1/32 keV; 43–30 x; 29–16 y; 15–0 µs since the last time word. Tag: bit 63 = 1; 62–56 type; 55–0
/// value; a tag of a head holds the head in bits 55–53. x and y are 0…16383 over the field of view: pixel column of a matrix of M = x × M / 16384.</remarks>
public readonly record struct ListWord(ulong Raw)
{
    /// <summary>Steps of x and y over the field of view.</summary>
    public const int PositionSteps = 16384;
    /// <summary>Energy steps per keV.</summary>
    public const int EnergyStepsPerKeV = 32;
    /// <summary>Longest time between two time words, microseconds.</summary>
    public const int TimeWordUs = 10_000;
    private const ulong TagBit = 1UL << 63;

    /// <summary>An event.</summary>
    /// <param name="head">Head, 1 to 7.</param>
    /// <param name="energy">Energy in 1/32 keV.</param>
    /// <param name="x">0…16383 along the columns.</param>
    /// <param name="y">0…16383 along the rows.</param>
    /// <param name="offsetUs">Microseconds since the last time word.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them does not fit.</exception>
    public static ListWord Event(int head, int energy, int x, int y, int offsetUs)
    {
        if ((uint)head > 7) throw new ArgumentOutOfRangeException(nameof(head), head, "A head is 0 to 7.");
        if ((uint)energy > 0xFFFF) throw new ArgumentOutOfRangeException(nameof(energy), energy, "An energy is 0 to 65535 times 1/32 keV.");
        if ((uint)x >= PositionSteps) throw new ArgumentOutOfRangeException(nameof(x), x, "A position is 0 to 16383.");
        if ((uint)y >= PositionSteps) throw new ArgumentOutOfRangeException(nameof(y), y, "A position is 0 to 16383.");
        if ((uint)offsetUs > 0xFFFF) throw new ArgumentOutOfRangeException(nameof(offsetUs), offsetUs, "An offset is 0 to 65535 us.");
        return new ListWord(((ulong)(uint)head << 60) | ((ulong)(uint)energy << 44) | ((ulong)(uint)x << 30) | ((ulong)(uint)y << 16) | (uint)offsetUs);
    }

    /// <summary>A tag with a value of 56 bits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not 1 to 127 or the value has more than 56 bits.</exception>
    public static ListWord Tag(ListTag type, ulong value)
    {
        if (type is 0 || (byte)type > 127) throw new ArgumentOutOfRangeException(nameof(type), type, "A tag type is 1 to 127.");
        if (value >> 56 != 0) throw new ArgumentOutOfRangeException(nameof(value), value, "A tag value has 56 bits.");
        return new ListWord(TagBit | ((ulong)type << 56) | value);
    }

    /// <summary>A tag of a head with a value of 53 bits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Type, head or value does not fit.</exception>
    public static ListWord Tag(ListTag type, int head, ulong value)
    {
        if ((uint)head > 7) throw new ArgumentOutOfRangeException(nameof(head), head, "A head is 0 to 7.");
        if (value >> 53 != 0) throw new ArgumentOutOfRangeException(nameof(value), value, "A tag value of a head has 53 bits.");
        return Tag(type, ((ulong)(uint)head << 53) | value);
    }

    /// <summary>Whether it is an event.</summary>
    public bool IsEvent => (Raw & TagBit) == 0;
    /// <summary>Head of an event.</summary>
    public int Head => (int)(Raw >> 60) & 7;
    /// <summary>Energy of an event, 1/32 keV.</summary>
    public int Energy => (int)(Raw >> 44) & 0xFFFF;
    /// <summary>Energy of an event, keV.</summary>
    public double EnergyKeV => Energy / (double)EnergyStepsPerKeV;
    /// <summary>Position of an event along the columns, 0…16383.</summary>
    public int X => (int)(Raw >> 30) & 0x3FFF;
    /// <summary>Position of an event along the rows, 0…16383.</summary>
    public int Y => (int)(Raw >> 16) & 0x3FFF;
    /// <summary>Microseconds of an event since the last time word.</summary>
    public int OffsetUs => (int)Raw & 0xFFFF;
    /// <summary>Type of a tag; None for an event.</summary>
    public ListTag Type => IsEvent ? ListTag.None : (ListTag)((Raw >> 56) & 0x7F);
    /// <summary>Value of a tag, 56 bits.</summary>
    public ulong Value => Raw & 0x00FF_FFFF_FFFF_FFFF;
    /// <summary>Head of a tag that has one.</summary>
    public int TagHead => (int)(Raw >> 53) & 7;
    /// <summary>Value of a tag of a head, 53 bits.</summary>
    public ulong HeadValue => Raw & 0x001F_FFFF_FFFF_FFFF;
}
