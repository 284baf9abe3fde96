using System.Globalization;
using System.Text;
using System.Text.Json;
using Acquire.Protocols.Gantry;
using Acquire.Protocols.Gantry.Serial;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>Errors, sessions, the control lease, the clock, and what the gantry says of itself.</summary>
internal static class SystemBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Query("SYSTem:ERRor[:NEXT]", c => c.Session.Status.Take().ToString());
        set.Query("SYSTem:ERRor:COUNt", c => Text(c.Session.Status.ErrorCount));
        set.Query("SYSTem:ERRor:ALL", c =>
        {
            if (c.Session.Status.ErrorCount == 0) return GciError.None.ToString();
            var all = new List<string>();
            while (c.Session.Status.ErrorCount > 0) all.Add(c.Session.Status.Take().ToString());
            return string.Join(',', all);
        });
        set.Query("SYSTem:VERSion", _ => "1999.0");
        set.Query("SYSTem:HELP:HEADers", c => c.ReplyBlock(Encoding.ASCII.GetBytes(string.Join('\n', c.Gantry.Table.HelpLines()) + "\n")));
        set.Query("SYSTem:GCI:VERSion", _ => "1.0");
        set.Query("SYSTem:GCI:FEATures", c => GciText.Quote(string.Join(',', c.Gantry.Capabilities.Features)));
        set.Query("SYSTem:DESCription", c => c.ReplyBlock(Describe(c.Gantry)));
        set.Query("SYSTem:STATe", c => string.Join(',', GciStates.Word(c.Gantry.State), GciStates.Word(c.Gantry.Acquisition.State), GciStates.Word(c.Gantry.Ct.State),
            c.Gantry.Interlock, GciText.Quote(c.Gantry.Sessions.Holder?.Name ?? "")));
        set.Query("SYSTem:BOOT", c => string.Create(CultureInfo.InvariantCulture, $"{c.Gantry.BootId},{c.Gantry.Clock.NowUs}"));
        set.Query("SYSTem:TICK", c => string.Create(CultureInfo.InvariantCulture, $"{c.Gantry.Clock.NowUs},\"{c.Gantry.Clock.ShownUtc.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}\",{c.Gantry.ClockUncertaintyUs}"));
        set.Query("SYSTem:SYNC", c => Text(c.Arguments[0].Integer));
        set.Query("SYSTem:OPERation", c => c.Gantry.Operations.Describe(c.Text(0)));
        set.Set("SYSTem:TIME", c =>
        {
            if (!DateTimeOffset.TryParse(c.Text(0), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset utc) || !c.Text(0).Contains('T', StringComparison.Ordinal))
                throw new GciException(-224, "ISO 8601");
            c.Gantry.SetUtc(utc);
        });
        set.Query("SYSTem:FAULt", c => string.Join(',', c.Gantry.AlarmsNow().Select(a => GciText.Quote(
            a.Number.ToString(CultureInfo.InvariantCulture) + "," + GciErrors.TextOf(a.Number) + (a.Detail.Length > 0 ? ";" + a.Detail : ""))).DefaultIfEmpty("\"\"")));
        set.Set("SYSTem:FAULt:RESet", c => c.Gantry.ResetFaults());
        set.Query("SYSTem:LOG", c => c.ReplyBlock(c.Gantry.Log.Read(c.Arguments[0].Integer, (int)c.Arguments[1].Integer) is { Length: > 0 } lines ? lines : throw new GciException(-222, "no such line")));
        set.Query("SYSTem:COMMunicate:TCPip:EVENt", c => Text(c.Connection.Carrier is TlsChannel ? c.Gantry.Ports.TlsEvents : c.Gantry.Ports.Events));
        set.Query("SYSTem:COMMunicate:TCPip:STReam", c => Text(c.Gantry.Ports.Stream));
        set.Set("SYSTem:COMMunicate:SERial:BAUD", c => Line(c).ChangeBaud((int)c.Arguments[0].Integer));
        set.Query("SYSTem:COMMunicate:SERial:BAUD", c => Text(c.Connection.Carrier.Serial?.WantedBaud ?? c.Gantry.Ports.Serial?.Baud ?? 0));
        set.Set("SYSTem:COMMunicate:SERial:BULK", c => Line(c).IsBulkApart = c.Arguments[0].IsOn);
        set.Query("SYSTem:COMMunicate:SERial:BULK", c => c.Connection.Carrier.Serial is { IsBulkApart: true } ? "1" : "0");
        set.Query("SYSTem:COMMunicate:SERial:LINK", c =>
        {
            LinkCounters n = c.Gantry.Ports.Serial?.Counters ?? default;
            return string.Create(CultureInfo.InvariantCulture, $"{n.Good},{n.Bad},{n.Resent},{n.Dropped}");
        });
        set.Query("SYSTem:COMMunicate:TCPip:CONTrol", c => Text(c.Connection.OpenControlSocket()));
        AddSessions(set);
    }

    private static void AddSessions(BehaviourSet set)
    {
        set.Set("SYSTem:SESSion:OPEN", c =>
        {
            SessionRole role = c.Text(1) switch { "CONT" => SessionRole.Control, "SERV" => SessionRole.Service, _ => SessionRole.View };
            if (role == SessionRole.Service && !c.Gantry.Options.AllowService) throw new GciException(-203, "the service key is not turned");
            if (role != SessionRole.View && !c.Connection.IsLocal && !c.Gantry.Options.AllowRemoteControl) throw new GciException(-203, "not from another machine");
            GantrySession before = c.Session;
            GantrySession session = c.Gantry.Sessions.Open(c.Connection, c.Text(0), role, c.Arguments.Count > 2 ? c.Text(2) : "");
            if (before == session) return;
            if (before.Connection == c.Connection) before.Connection = null;
            c.Connection.Enter(session);
        });
        set.Set("SYSTem:SESSion:CLOSe", c =>
        {
            if (c.Session == c.Gantry.Sessions.Default) return;
            bool held = c.Gantry.Sessions.Holder == c.Session;
            c.Gantry.Sessions.Close(c.Session);
            c.Connection.Enter(c.Gantry.Sessions.Default);
            if (held) c.Gantry.LeaseLost();
        });
        set.Query("SYSTem:SESSion", c => string.Create(CultureInfo.InvariantCulture,
            $"{c.Session.Id},{GciText.Quote(c.Session.Name)},{c.Session.RoleWord},{(long)c.Gantry.Sessions.LeaseLeft(c.Session).TotalMilliseconds}"));
        set.Query("SYSTem:SESSion:LIST", c => string.Join(',', c.Gantry.Sessions.Named.Select(s => GciText.Quote(s.Name)).DefaultIfEmpty("\"\"")));
        set.Set("SYSTem:CONTrol:REQuest", c => c.Gantry.Sessions.Request(c.Session));
        set.Set("SYSTem:CONTrol:RELease", c =>
        {
            bool held = c.Gantry.Sessions.Holder == c.Session;
            c.Gantry.Sessions.Release(c.Session);
            if (held) c.Gantry.LeaseLost();
        });
        set.Query("SYSTem:CONTrol:OWNer", c => GciText.Quote(c.Gantry.Sessions.Holder?.Name ?? ""));
        set.Set("SYSTem:CONTrol:LEASe", c => c.Gantry.Sessions.Lease = TimeSpan.FromSeconds(c.Number(0)));
        set.Query("SYSTem:CONTrol:LEASe", c => GciText.Number(c.Gantry.Sessions.Lease.TotalSeconds));
    }

    private static byte[] Describe(SimulatedGantry g)
    {
        GantryCapabilities can = g.Capabilities;
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            maker = "Acquire",
            model = can.Model,
            gci = "1.0",
            simulated = true,
            scenario = g.Options.Scenario,
            features = can.Features,
            heads = g.Heads.Select(h => new { number = h.Number, collimator = h.Collimator, serial = h.CollimatorSerial, fieldOfViewMm = DetectorHead.FieldOfViewMm, matrixMin = can.MatrixMin, matrixMax = can.MatrixMax, windowsMax = 16, keVMin = can.KeVMin, keVMax = can.KeVMax }),
            headWidthMm = can.HeadWidthMm,
            collimators = can.Collimators.Select(c => new { name = c.Name, keVMax = c.KeVMax }),
            geometry = can.Heads == 1 ? [] : can.Geometries.Select(a => (a == 180 ? "H" : "L") + Text(a)).ToArray(),
            axes = g.Motion.Present.Select(a => new
            {
                name = a.Word, min = a.Min, max = a.Max, home = a.Home, speed = g.SpeedOf(a), maxSpeed = a.Can.MaxSpeed, patientSpeed = a.Can.PatientSpeed, jogSpeed = MotionSystem.JogSpeed(a), acceleration = a.Acceleration,
                // Way from the highest speed a patient allows to a stand.
                stopping = Math.Round(a.Can.PatientSpeed * a.Can.PatientSpeed / (2 * a.Acceleration), 3),
                resolution = a.Resolution, unit = a.Name is AxisName.Rotation or AxisName.Geometry ? "deg" : "mm",
            }),
            table = new { loadMaxKg = can.TableLoadKg },
            ct = can.HasCt
                ? new { present = true, planeOffsetMm = CtScanner.PlaneOffsetMm, matrix = CtScanner.Matrix, pixelMm = CtScanner.PixelMm, beamMm = CtScanner.BeamMm, kv = ((GciNumber)g.Table.Row("CT:KV").Parameters[0]).Only }
                : (object)new { present = false },
            listMode = can.HasListMode,
            store = new { kind = "NVOL", capacityBytes = g.Store.CapacityBytes },
        });
    }

    private static ISerialLine Line(CommandCall call) => call.Connection.Carrier.Serial ?? throw new GciException(-221, "not on a serial line");

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
