namespace Acquire.Protocols.Gantry;

/// <summary>The one table of GCI 1.0: parser, dispatch, SYSTem:HELP:HEADers? and docs/gantry-interface.md all follow from it.</summary>
/// <remarks>A new command is one row here and its behaviour in the gantry. Source: docs: control-interface sections 8 to 14;
/// rows marked <see cref="GciCommand.IsOurs"/> are additions (docs/decisions/0004). Ranges are the simulator's.</remarks>
public static class GciTable
{
    private static readonly GciWhen Idle = new(Acquisition: AcquisitionStates.Idle);
    private static readonly GciWhen Standby = new(Ct: CtStates.Standby);
    private static readonly AcquisitionStates NotCounting = AcquisitionStates.Idle | AcquisitionStates.Draining;
    private static readonly GciWhen Targets = new(GantryStates.Ready | GantryStates.Hold | GantryStates.Unhomed, NotCounting);
    private static readonly GciString OperationId = new("op id");
    private static readonly GciChoice Axis = new("axis", "ROTation|HEAD1|HEAD2|LONGitudinal|VERTical|LATeral|GEOMetry");
    private static readonly GciNumber Register = new("bits", 0, 65535);
    private static readonly GciNumber ByteRegister = new("bits", 0, 255);

    /// <summary>All rows in document order.</summary>
    public static IReadOnlyList<GciCommand> All { get; } =
    [
        .. InSection("IEEE 488.2", Common()), .. InSection("Status", Status()), .. InSection("System", System()), .. InSection("Motion", Motion()),
        .. InSection("Detectors", Detectors()), .. InSection("Acquisition", Acquisition()), .. InSection("Frames", Frames()), .. InSection("CT", Ct()),
        .. InSection("Interlock", Interlock()), .. InSection("Diagnosis and simulation", Diagnosis()),
    ];

    /// <summary>The table with nothing missing: two heads, CT, list mode, the ranges written here.</summary>
    public static GciCommandSet Standard { get; } = new(All);

    /// <inheritdoc cref="GciCommandSet.Find"/>
    public static (GciCommand Row, IReadOnlyList<int> Suffixes) Find(GciUnit unit) => Standard.Find(unit);

    /// <inheritdoc cref="GciCommandSet.Row"/>
    public static GciCommand Row(string header) => Standard.Row(header);

    /// <inheritdoc cref="GciCommandSet.HelpLines"/>
    public static IEnumerable<string> HelpLines() => Standard.HelpLines();

    private static IEnumerable<GciCommand> InSection(string section, IEnumerable<GciCommand> rows) => rows.Select(r => r with { Section = section });

    private static GciCommand Query(string header, string reply, string effect, params GciParameter[] parameters) =>
        new() { Header = header, HasQuery = true, QueryParameters = parameters, Reply = reply, Effect = effect, Safety = SafetyClass.Query };

    private static GciCommand Setting(string header, string effect, GciWhen when, params GciParameter[] parameters) =>
        new()
        {
            Header = header, HasSet = true, HasQuery = true, Parameters = parameters, Reply = "same", Effect = effect, When = when, NeedsLease = true,
            Safety = SafetyClass.Setting, Errors = [-222, -224],
        };

    private static GciCommand Own(string header, string effect, params GciParameter[] parameters) =>
        new() { Header = header, HasSet = true, HasQuery = true, Parameters = parameters, Reply = "same", Effect = effect, Safety = SafetyClass.Housekeeping };

    private static GciCommand Do(string header, string effect, SafetyClass safety, GciWhen when, params GciParameter[] parameters) =>
        new() { Header = header, HasSet = true, Parameters = parameters, Effect = effect, When = when, Safety = safety, NeedsLease = safety is not (SafetyClass.Stop or SafetyClass.Housekeeping or SafetyClass.Simulation) };

    private static GciCommand Start(string header, string effect, SafetyClass safety, GciWhen when, int[] errors, params GciParameter[] parameters) =>
        new() { Header = header, HasSet = true, Parameters = [OperationId, .. parameters], Effect = effect, When = when, Safety = safety, NeedsLease = true, IsStart = true, Errors = errors };

    private static IEnumerable<GciCommand> Common() =>
    [
        Do("*CLS", "clears event registers and error queue, no enables", SafetyClass.Housekeeping, GciWhen.Any),
        Own("*ESE", "event status enable", ByteRegister),
        Query("*ESR", "bits", "standard event register; reading clears it"),
        Query("*IDN", "maker,model,serial,firmware", "who it is"),
        new() { Header = "*OPC", HasSet = true, HasQuery = true, Reply = "1", Effect = "ESR bit 0 (query: the answer) once all pending operations are done", Safety = SafetyClass.Housekeeping },
        Do("*RST", "settings to their defaults; moves, loses and clears nothing else", SafetyClass.Setting, Idle),
        Own("*SRE", "service request enable", ByteRegister),
        Query("*STB", "bits", "status byte"),
        Do("*TRG", "trigger; a run that waits for none ignores it", SafetyClass.Housekeeping, GciWhen.Any) with { Errors = [-211] },
        Query("*TST", "0", "self test without motion: 0 is passed"),
        Do("*WAI", "holds this session's next command until all pending operations are done", SafetyClass.Housekeeping, GciWhen.Any),
    ];

    private static IEnumerable<GciCommand> Status() =>
    [
        .. StatusRegisterRows("STATus:OPERation"), .. StatusRegisterRows("STATus:QUEStionable"), .. StatusRegisterRows("STATus:QUEStionable:INTerlock"),
        Do("STATus:PRESet", "enables to 0, every rise latches", SafetyClass.Housekeeping, GciWhen.Any),
    ];

    private static IEnumerable<GciCommand> StatusRegisterRows(string register) =>
    [
        Query(register + "[:EVENt]", "bits", "latched events; reading clears them"),
        Query(register + ":CONDition", "bits", "condition now"),
        Own(register + ":ENABle", "bits that reach the status byte", Register),
        Own(register + ":PTRansition", "rising bits that latch", Register),
        Own(register + ":NTRansition", "falling bits that latch", Register),
    ];

    private static IEnumerable<GciCommand> System() =>
    [
        Query("SYSTem:ERRor[:NEXT]", "number,\"text[;detail]\"", "oldest error of the queue"),
        Query("SYSTem:ERRor:COUNt", "count", "errors waiting"),
        Query("SYSTem:ERRor:ALL", "number,\"text\",…", "all errors, which empties the queue"),
        Query("SYSTem:VERSion", "1999.0", "SCPI version"),
        Query("SYSTem:HELP:HEADers", "block", "one header a line, capitals mark the short form"),
        Query("SYSTem:STATe", "gantry,acq,ct,interlock,\"owner\"", "all states at once"),
        Query("SYSTem:GCI:VERSion", "1.0", "version of this interface"),
        Query("SYSTem:GCI:FEATures", "\"STAT,DYN,…\"", "what this gantry can do"),
        Query("SYSTem:DESCription", "block", "JSON: axes, limits, speeds, heads, collimators, CT, store"),
        Query("SYSTem:BOOT", "boot id,uptime µs", "identity of this power-up"),
        Query("SYSTem:TICK", "tick µs,\"UTC\",uncertainty µs", "the gantry's clock"),
        Query("SYSTem:SYNC", "the same number", "brings a client back into step", new GciNumber("n", 0, int.MaxValue)),
        Do("SYSTem:SESSion:OPEN", "opens or resumes a session of its own; same name and secret take it over", SafetyClass.Housekeeping, GciWhen.Any,
            new GciString("name"), new GciChoice("role", "VIEW|CONTrol|SERVice"), new GciString("secret", 64, 0) { Optional = true }) with { Errors = [-203, 101] },
        Do("SYSTem:SESSion:CLOSe", "ends the session and its lease", SafetyClass.Housekeeping, GciWhen.Any),
        Query("SYSTem:SESSion", "id,\"name\",role,lease ms", "this session"),
        Query("SYSTem:SESSion:LIST", "\"name\",…", "names of all sessions"),
        Do("SYSTem:CONTrol:REQuest", "takes the control lease; any message of the holder renews it", SafetyClass.Housekeeping, GciWhen.Any) with { Errors = [-203, 102] },
        Do("SYSTem:CONTrol:RELease", "gives the control lease back", SafetyClass.Housekeeping, GciWhen.Any),
        Query("SYSTem:CONTrol:OWNer", "\"name\"", "who holds the lease; empty when nobody does"),
        Own("SYSTem:CONTrol:LEASe", "seconds of wall time a lease lasts without a message", new GciNumber("lease", 2, 30, "S", 0.1) { Default = 5 }) with { NeedsLease = true },
        Query("SYSTem:OPERation", "UNKN|RUNN|DONE|REF|FAIL|STOP,code", "fate of an operation", OperationId),
        Do("SYSTem:TIME", "sets the gantry's UTC; ticks and frames are not touched", SafetyClass.Setting, Idle, new GciString("ISO 8601 UTC", 40)) with { Errors = [-224] },
        Query("SYSTem:FAULt", "\"code,text\",… or \"\"", "alarms that stand"),
        Do("SYSTem:FAULt:RESet", "clears drive faults that have gone: FAULt → UNHomed", SafetyClass.Motion, new GciWhen(GantryStates.Hold | GantryStates.Fault)) with { Errors = [-221] },
        Query("SYSTem:LOG", "block", "log lines from that number on, one JSON object a line: q, t, utc, text", new GciNumber("from", 1, uint.MaxValue), new GciNumber("count", 1, 500)) with { Errors = [-222] },
        Query("SYSTem:COMMunicate:TCPip:EVENt", "port", "events, JSON lines; 0 when there is none"),
        Query("SYSTem:COMMunicate:TCPip:STReam", "port", "list-mode stream; 0 when there is none"),
        Own("SYSTem:COMMunicate:SERial:BAUD", "speed of the serial line, 0 where there is none; takes effect when the reply has arrived, falls back after 2 s without a valid frame", new GciNumber("baud", 115200, 3000000) { Only = [115200, 230400, 460800, 921600, 3000000] }) with { Errors = [-221, -222, 110] },
        Own("SYSTem:COMMunicate:SERial:BULK", "replies to FRAMe:DATA? come on channel 2 of this link", new GciSwitch("on")) with { Errors = [-221, 110] },
        Query("SYSTem:COMMunicate:SERial:LINK", "good,bad CRC,resent,dropped", "frames of the serial link as the gantry counts them since power-up"),
        Query("SYSTem:COMMunicate:TCPip:CONTrol", "port", "control socket of this session: DCL, POL, SRQ +nn"),
    ];

    private static IEnumerable<GciCommand> Motion() =>
    [
        Setting("GANTry:ROTation[:TARGet]", "target of the machine angle; 0 = head 1 above the table, clockwise seen from the foot end", Targets, new GciNumber("angle", -180, 540, "DEG", 0.01)),
        Query("GANTry:ROTation:ACTual", "DEG,at target 0|1", "machine angle now"),
        Setting("GANTry:ROTation:SPEed", "speed, deg/s", Idle, new GciNumber("speed", 0.05, 6, "", 0.01) { Default = 3 }),
        Setting("GANTry:GEOMetry", "target of the angle from head 1 to head 2: 180, 90 or 76 degrees", Targets, new GciChoice("geometry", "H180|L90|L76")),
        Query("GANTry:GEOMetry:ACTual", "DEG,at target 0|1", "angle from head 1 to head 2 now") with { IsOurs = true },
        Setting("HEAD#:RADius[:TARGet]", "target, axis to collimator face", Targets, new GciNumber("radius", 110, 400, "MM", 0.1)),
        Query("HEAD#:RADius:ACTual", "MM,at target 0|1", "radius now"),
        Setting("HEAD#:RADius:SPEed", "speed, mm/s", Idle, new GciNumber("speed", 0.5, 50, "", 0.1) { Default = 15 }),
        .. TableAxis("TABLe:LONGitudinal", "in", 0, 2100, 40), .. TableAxis("TABLe:VERTical", "height", 450, 1050, 15), .. TableAxis("TABLe:LATeral", "sideways", -80, 80, 10),
        Setting("CONTour:RADii", "radius per view for TOMO:ORB CONT; without it the gantry's own contour is used", Idle, new GciNumber("radius", 110, 400, "MM", 0.1) { MaxCount = 128 }) with { Reply = "same; 0 when there is none" },
        Do("CONTour:CLEar", "forgets CONTour:RADii", SafetyClass.Setting, Idle) with { IsOurs = true },
        Query("MOTion:PLAN", "OK|reason,duration s,plan id", "checks the move to all targets; reason HOME, COLL_1, COLL_2 (body), HEAD (head against head), SPE (too fast with a patient), STAT"),
        Start("MOTion:STARt", "runs the plan as one coordinated move", SafetyClass.Motion,
            new GciWhen(GantryStates.Ready | GantryStates.Unhomed, NotCounting, CtStates.Any & ~CtStates.Exposing), [-222, 201, 202, 302, 601, 602, 604, 605, 606, 607, 608], new GciNumber("plan id", 1, int.MaxValue)),
        new()
        {
            Header = "MOTion:JOG", HasSet = true, Parameters = [Axis, new GciNumber("speed %", -100, 100, "", 0.1)], Safety = SafetyClass.Motion, NeedsLease = true, IsStart = true,
            Effect = "hold-to-run: moves while tokens come on the event port; 0 stops and goes back to the state before", Errors = [201, 202, 203, 204, 205, 302, 601, 602, 604, 605, 606, 607, 608],
            When = new GciWhen(GantryStates.Ready | GantryStates.Hold | GantryStates.Unhomed | GantryStates.Moving, NotCounting, CtStates.Any & ~CtStates.Exposing),
        },
        Start("MOTion:HOME", "finds the reference positions of the named axes, of all when none is named", SafetyClass.Motion,
            new GciWhen(GantryStates.Unhomed | GantryStates.Ready, NotCounting, CtStates.Any & ~CtStates.Exposing), [302, 601, 602, 604, 605, 606, 607], Axis with { Optional = true, MaxCount = 7 }),
        Do("MOTion:STOP", "controlled stop, then HOLD", SafetyClass.Stop, GciWhen.Any),
        Do("MOTion:CLEar", "forgets targets", SafetyClass.Setting, new GciWhen(GantryStates.Hold | GantryStates.Ready)),
        Start("MOTion:RESume", "HOLD → READy; moves nothing", SafetyClass.Motion, new GciWhen(GantryStates.Hold), [601]),
        Query("MOTion:STATe", "axis,actual,target,OFF|HOLD|MOVE|LIM|FAUL,…", "all axes"),
    ];

    private static IEnumerable<GciCommand> TableAxis(string axis, string what, double min, double max, double speed) =>
    [
        Setting(axis + "[:TARGet]", "target, " + what, Targets, new GciNumber("position", min, max, "MM", 0.1)),
        Query(axis + ":ACTual", "MM,at target 0|1", "position now"),
        Setting(axis + ":SPEed", "speed, mm/s", Idle, new GciNumber("speed", 0.5, 50, "", 0.1) { Default = speed }),
    ];

    private static IEnumerable<GciCommand> Detectors() =>
    [
        Setting("HEAD#:HV", "high voltage; the ramp takes 20 s", new GciWhen(GantryStates.Any, NotCounting), new GciSwitch("on")) with { Reply = "OFF|RAMP|ON,volts", Errors = [301] },
        Query("HEAD#:COLLimator", "\"name\",\"serial\",LATC|OPEN|NONE", "what is mounted"),
        Query("HEAD#:TEMPerature", "°C", "detector temperature"),
        Setting("HEAD#:MATRix", "rows and columns", Idle, new GciNumber("matrix", 64, 1024) { Default = 128, PowerOfTwo = true }),
        Setting("HEAD#:ZOOM", "zoom; pixel = 614.4 mm / (matrix × zoom)", Idle, new GciNumber("zoom", 1, 4, "", 0.01) { Default = 1 }),
        Setting("HEAD#:ENERgy:WINDow#", "energy window", Idle, new GciString("name", 32), new GciNumber("lo", 20, 700, "KEV", 0.01), new GciNumber("hi", 20, 700, "KEV", 0.01)) with { Reply = "\"name\",lo,hi" },
        Do("HEAD#:ENERgy:CLEar", "removes all windows of the head", SafetyClass.Setting, Idle) with { IsOurs = true },
        Query("HEAD#:RATE", "total cps,accepted cps,dead %", "rates now; 0 while the high voltage is off"),
        Query("HEAD#:ENERgy:SPECtrum", "block of u32", "counts of the last 10 s, bin k holds k to k + 1 keV, 512 bins") with { Errors = [301] },
    ];

    private static IEnumerable<GciCommand> Acquisition() =>
    [
        Setting("ACQuire:ID", "names the run", Idle, new GciUuid("uuid")) with { Errors = [-224, 430] },
        Setting("ACQuire:LABel", "free text; never a patient's name or id", Idle, new GciString("label")),
        Setting("ACQuire:MODE", "kind of run", Idle, new GciChoice("mode", "STATic|DYNamic|GATed|WBODy|TOMO|GTOMo")),
        Setting("ACQuire:HEADs", "heads that count", Idle, new GciChoice("heads", "BOTH|1|2")),
        Setting("ACQuire:LIST", "keeps every event too, sent by the stream port", Idle, new GciSwitch("on")) with { Errors = [] },
        Setting("ACQuire:LIMit:TIME", "ends a static or gated run", Idle, new GciNumber("time", 0.1, 86400, "S", 0.001) { AllowInfinity = true, Default = double.PositiveInfinity }),
        Setting("ACQuire:LIMit:COUNts", "ends a static or gated run when one head's first window expects so many", Idle, new GciNumber("counts", 1, 4e9) { AllowInfinity = true, Default = double.PositiveInfinity }),
        Setting("ACQuire:DYNamic:PHASe#", "phase of a dynamic run", Idle, new GciNumber("frames", 1, 4096), new GciNumber("time", 0.05, 3600, "S", 0.001), new GciNumber("pause", 0, 3600, "S", 0.001) { Optional = true }),
        Do("ACQuire:DYNamic:CLEar", "removes all phases", SafetyClass.Setting, Idle) with { IsOurs = true },
        Setting("ACQuire:GATE:BINS", "frames of a cycle", Idle, new GciNumber("bins", 2, 64) { Default = 8 }),
        Setting("ACQuire:GATE:SOURce", "what gates: heart, breath, or exactly 60 a minute", Idle, new GciChoice("source", "ECG|RESP|SIM")),
        Setting("ACQuire:GATE:WINDow", "cycle lengths that count, % of the mean", Idle, new GciNumber("lo", 1, 100) { Default = 80 }, new GciNumber("hi", 100, 300) { Default = 120 }),
        Setting("ACQuire:WBODy:RANGe", "table from start to end while counting; rows of the frame are table positions", Idle, new GciNumber("start", 0, 2100, "MM", 0.1), new GciNumber("end", 0, 2100, "MM", 0.1)),
        Setting("ACQuire:WBODy:SPEed", "speed of the table, mm/s", Idle, new GciNumber("speed", 0.5, 20, "", 0.01) { Default = 2.5 }),
        Setting("ACQuire:TOMO:STARt", "machine angle of the first stop", Idle, new GciNumber("angle", -180, 540, "DEG", 0.01) { Default = 0 }),
        Setting("ACQuire:TOMO:ARC", "angle the gantry turns; short arcs finish a run that was broken off", Idle, new GciNumber("arc", 0.5, 360, "DEG", 0.01) { Default = 180 }),
        Setting("ACQuire:TOMO:VIEWs", "stops per head", Idle, new GciNumber("views", 1, 720) { Default = 60 }),
        Setting("ACQuire:TOMO:TIME", "time per stop", Idle, new GciNumber("time", 0.1, 3600, "S", 0.001) { Default = 20 }),
        Setting("ACQuire:TOMO:MODE", "step and shoot, or turning while counting", Idle, new GciChoice("mode", "STEP|CONTinuous")),
        Setting("ACQuire:TOMO:DIRection", "clockwise: the machine angle grows", Idle, new GciChoice("direction", "CW|CCW")),
        Setting("ACQuire:TOMO:ORBit", "one radius, or the body's contour", Idle, new GciChoice("orbit", "CIRCular|CONTour")),
        Setting("ACQuire:ONLoss", "what a run does when the lease is lost; default CONT without motion, HOLD with", Idle, new GciChoice("action", "DEFault|CONTinue|HOLD|ABORt")),
        Query("ACQuire:CHECk", "OK|reasons,frames,bytes,seconds", "would it run; reasons joined by _: HOME STAT ILOC LIM PHAS GATE LIST WIND COLLn HVn TEMPn PATHn STOR ID"),
        Do("ACQuire:ARM", "freezes settings, reserves the store; expires after 300 s", SafetyClass.Setting, new GciWhen(GantryStates.Ready, AcquisitionStates.Idle)) with { Errors = [-222, 201, 301, 302, 303, 402, 410, 601, 602, 604, 605, 606, 607] },
        Start("ACQuire:STARt", "starts the run; a tomo turns the gantry", SafetyClass.Motion, GciWhen.Any, [-213, 302, 401, 601]),
        Do("ACQuire:PAUSe", "stops counting", SafetyClass.Data, new GciWhen(Acquisition: AcquisitionStates.Running)),
        Start("ACQuire:RESume", "goes on", SafetyClass.Motion, new GciWhen(GantryStates.Ready | GantryStates.Program, AcquisitionStates.Paused | AcquisitionStates.Hold), [601]),
        Do("ACQuire:STOP", "ends now, keeps all counts", SafetyClass.Data, new GciWhen(Acquisition: AcquisitionStates.Running | AcquisitionStates.Paused | AcquisitionStates.Hold)),
        Do("ABORt", "stops motion, acquisition and exposure; frames are kept, marked partial", SafetyClass.Stop, GciWhen.Any),
        Query("ACQuire:STATe", "state,reason,elapsed s,live s,step,frames done,acked", "the selected run, else the current one; reason NONE|DONE|STOP|ABOR|POW|INT|STOR"),
        Query("ACQuire:LEDGer", "\"uuid\",frames,heads,counts per head,list words per head,lost per head,live s per head,crc32", "what the gantry counted; CRC-32 over the u32 CRC-32 of every frame in order") with { Errors = [430] },
        Query("ACQuire:LEDGer:REASon", "NONE|DONE|STOP|ABOR|POW|INT|STOR", "how the selected run ended; NONE while it runs") with { IsOurs = true, Errors = [430] },
    ];

    private static IEnumerable<GciCommand> Frames() =>
    [
        Do("FRAMe:SELect", "which run this session's FRAMe, LEDGer and STATe queries mean", SafetyClass.Housekeeping, GciWhen.Any, new GciUuid("uuid")) with { HasQuery = true, Reply = "\"uuid\"", Errors = [430] },
        Query("FRAMe:RANGe", "first unacked,last complete,expected", "where the selected run stands"),
        Query("FRAMe:NEXT", "n,bytes,crc32 or 0,0,0", "first unacknowledged complete frame"),
        Query("FRAMe:DATA", "block", "header and pixels of a frame, or a part of them", new GciNumber("n", 1, uint.MaxValue), new GciNumber("offset", 0, int.MaxValue) { Optional = true }, new GciNumber("length", 1, int.MaxValue) { Optional = true }) with { Errors = [420, 421, 422] },
        Do("FRAMe:ACKNowledge", "all frames ≤ n may go; repeating is fine", SafetyClass.Data, GciWhen.Any, new GciNumber("n", 0, uint.MaxValue)) with { Errors = [-222, 430] },
        Query("FRAMe:PREView", "block", "running image of a head's window, header and pixels as a partial frame of number 0; it is no frame and needs no acknowledgement", new GciNumber("h", 1, 2), new GciNumber("w", 1, 16) { Optional = true }) with { Errors = [420] },
        Query("FRAMe:STORe", "NVOL,capacity,used,free bytes", "frame store"),
        Query("FRAMe:LIST", "\"uuid\",… or \"\"", "runs with unacknowledged frames"),
        Do("FRAMe:DISCard", "gives up unacknowledged frames; the count must match", SafetyClass.Data, new GciWhen(Acquisition: NotCounting), new GciUuid("uuid"), new GciNumber("unacked", 0, uint.MaxValue)) with { Errors = [-222, 430] },
    ];

    private static IEnumerable<GciCommand> Ct() =>
    [
        Setting("CT:ID", "names the run the slices belong to", Standby, new GciUuid("uuid")) with { IsOurs = true, Errors = [-224, 430] },
        Setting("CT:MODE", "scout (one picture frame), helical or axial", Standby, new GciChoice("mode", "HELical|SCOut|AXIal")),
        Setting("CT:SCOut:ANGLe", "machine angle of the tube in a scout", Standby, new GciNumber("angle", 0, 270, "DEG") { Default = 0, Only = [0, 90, 180, 270] }),
        Setting("CT:KV", "tube voltage", Standby, new GciNumber("kV", 80, 140, "KV") { Default = 120, Only = [80, 100, 110, 120, 130, 140] }),
        Setting("CT:MA", "tube current", Standby, new GciNumber("mA", 10, 440, "MA") { Default = 40 }),
        Setting("CT:ROTime", "rotation time", Standby, new GciNumber("time", 0.5, 30, "S", 0.01) { Default = 1 }),
        Setting("CT:PITCh", "pitch", Standby, new GciNumber("pitch", 0.2, 2, "", 0.01) { Default = 1 }),
        Setting("CT:RANGe", "start and end, table coordinates of the gamma camera's plane; the gantry adds its own offset", Standby, new GciNumber("start", 0, 2100, "MM", 0.1), new GciNumber("end", 0, 2100, "MM", 0.1)),
        Setting("CT:SLICe", "slice thickness and spacing", Standby, new GciNumber("thickness", 0.5, 10, "MM", 0.01) { Default = 2 }) with { IsOurs = true },
        Query("CT:DOSE", "CTDIvol mGy,DLP mGy·cm", "estimate for the settings"),
        Do("CT:DOSE:CONFirm", "must equal the estimate; any setting clears it", SafetyClass.Exposure, Standby, new GciNumber("ctdi", 0, 1000, "", 0.001), new GciNumber("dlp", 0, 100000, "", 0.1)) with { Errors = [503] },
        Start("CT:WARMup", "warms the tube", SafetyClass.Exposure, new GciWhen(Ct: CtStates.Off | CtStates.Standby), [504]),
        Do("CT:ARM", "→ ARMed, expires after 120 s", SafetyClass.Exposure, new GciWhen(GantryStates.Ready, NotCounting, CtStates.Any & ~(CtStates.Exposing | CtStates.Armed))) with { Errors = [-222, 201, 410, 430, 501, 502, 503, 504] },
        Start("CT:EXPose:STARt", "moves the table and exposes; uses the confirmation up", SafetyClass.Exposure, new GciWhen(GantryStates.Ready, NotCounting), [504, 505, 601]),
        Do("CT:EXPose:STOP", "ends the beam; needs new confirmation and arming", SafetyClass.Stop, GciWhen.Any),
        Query("CT:STATe", "state,heat %,seconds left", "CT now"),
    ];

    private static IEnumerable<GciCommand> Interlock() =>
    [
        Query("INTerlock:STATe", "OK|TRIP|RES,bits", "safety chain"),
        Query("INTerlock:CAUSe", "word,… or NONE", "what opened it"),
        Do("INTerlock:RESet", "RESettable → OK, gantry HOLD", SafetyClass.Motion, GciWhen.Any) with { Errors = [-221] },
    ];

    private static IEnumerable<GciCommand> Diagnosis() =>
    [
        Query("DIAGnostic:FRAMe", "block", "a fixed test frame of 32 896 bytes: header and a pattern that holds every byte value"),
        new() { Header = "DIAGnostic:BLOCk", HasSet = true, HasQuery = true, Parameters = [new GciBlock("bytes", 65536)], Reply = "block", Effect = "stores and gives back a block", Safety = SafetyClass.Housekeeping, Errors = [-223] },
        Simulation("DIAGnostic:SIMulation:CLOCk", "who moves time: FREE the wall clock, STEP only ADVance?", new GciChoice("clock", "FREE|STEP")) with { HasQuery = true, Reply = "FREE|STEP", IsOurs = true, When = new GciWhen(Acquisition: AcquisitionStates.Idle | AcquisitionStates.Draining) },
        Query("DIAGnostic:SIMulation:ADVance", "tick µs", "moves time (STEP only, else -221) and answers when all is done and stored", new GciNumber("time", 0, 86400, "S", 0.000001)) with { Safety = SafetyClass.Simulation, IsOurs = true, Errors = [-221] },
        Simulation("DIAGnostic:SIMulation:SPEed", "speed of the FREE clock", new GciNumber("factor", 0.1, 100000, "", 0.1) { Default = 1 }) with { HasQuery = true, Reply = "same" },
        Simulation("DIAGnostic:SIMulation:PATient:INJect", "the tracer goes in now", new GciNumber("activity MBq", 0, 100000, "", 0.001)) with { HasQuery = true, Reply = "MBq,\"UTC\" of the last injection; 0,\"\" before", IsOurs = true },
        Simulation("DIAGnostic:SIMulation:PATient:DRINk", "the patient drinks", new GciNumber("ml", 0, 5000, "", 0.1)) with { IsOurs = true },
        Simulation("DIAGnostic:SIMulation:PATient:VOID", "the patient empties the bladder") with { IsOurs = true },
        Simulation("DIAGnostic:SIMulation:LINK", "all connections are dropped and refused and the serial line is dead for so long; bits of the serial line are wrong at that rate", new GciNumber("drop", 0, 3600, "S", 0.001), new GciNumber("error rate", 0, 0.1, "", 0.000001)) with { HasQuery = true, Reply = "drop S left,error rate" },
        Simulation("DIAGnostic:SIMulation:TABLe:LOAD", "what the table's load cell says, kg; above 5 a patient is on it, and speeds are limited", new GciNumber("load", 0, 500, "", 0.1)) with { HasQuery = true, Reply = "kg", IsOurs = true },
        Simulation("DIAGnostic:SIMulation:EXCHange", "somebody at the panel puts the gantry into the collimator exchange position: rotation is barred", new GciSwitch("on")) with { HasQuery = true, Reply = "1|0", IsOurs = true, Errors = [-221] },
        Simulation("DIAGnostic:SIMulation:COLLimator", "mounts a collimator; an empty name takes it off. Only in the exchange position", new GciNumber("head", 1, 2), new GciString("name", 32, 0)) with { IsOurs = true, Errors = [-221, -224] },
        Simulation("DIAGnostic:SIMulation:FAULt", "a fault by name, see docs/simulator-faults.md; with N after N of its moments, or after N s when it stands", new GciString("name", 32), new GciSwitch("on"), new GciNumber("after", 0, 1000000) { Optional = true }) with { Errors = [-224] },
    ];

    private static GciCommand Simulation(string header, string effect, params GciParameter[] parameters) =>
        new() { Header = header, HasSet = true, Parameters = parameters, Effect = effect, Safety = SafetyClass.Simulation };
}
