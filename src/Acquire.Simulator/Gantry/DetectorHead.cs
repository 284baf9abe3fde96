using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>State of a head's high voltage.</summary>
internal enum HighVoltage
{
    Off,
    Ramp,
    On,
}

/// <summary>An energy window as set.</summary>
internal sealed record SetWindow(string Name, double LowerKeV, double UpperKeV);

/// <summary>One detector head. Used under the gantry's lock.</summary>
internal sealed class DetectorHead
{
    /// <summary>Side of the square field of view at zoom 1 (docs/decisions/0004).</summary>
    public const double FieldOfViewMm = 614.4;
    private const long RampUs = 20_000_000;
    private readonly SimulatedGantry _gantry;
    private ScheduledEvent? _ramp;

    public DetectorHead(SimulatedGantry gantry, int number)
    {
        _gantry = gantry;
        Number = number;
        Mounted = gantry.Capabilities.Collimators[0].Name;
        ResetWindows();
    }

    public int Number { get; }
    public HighVoltage Voltage { get; private set; }
    /// <summary>What is mounted; empty when nothing is.</summary>
    public string Mounted { get; set; }
    public string Collimator => Number == 1 && _gantry.Faults.IsOn("collimator.wrong") ? "MEGP" : Mounted;
    public string CollimatorSerial => Collimator.Length == 0 ? "" : Collimator + "-" + Number.ToString("0000", System.Globalization.CultureInfo.InvariantCulture);
    public string Latch => Mounted.Length == 0 ? "NONE" : Number == 1 && _gantry.Faults.IsOn("collimator") ? "OPEN" : "LATC";
    /// <summary>Detector temperature, °C.</summary>
    public double Temperature => 26.5 + (Number == 1 && _gantry.Faults.IsOn("temperature") ? 15 : 0);
    public bool IsTooWarm => Temperature > 40;
    public SortedDictionary<int, SetWindow> Windows { get; } = [];
    public int Matrix => (int)_gantry.Settings.Number("HEAD#:MATRix", Number);
    public double PixelMm => FieldOfViewMm / (Matrix * _gantry.Settings.Number("HEAD#:ZOOM", Number));

    public void ResetWindows()
    {
        Windows.Clear();
        Windows[1] = new SetWindow("Tc99m", 126.45, 154.55);
    }

    public void SwitchVoltage(bool on)
    {
        _ramp?.Cancel();
        if (!on)
        {
            Voltage = HighVoltage.Off;
            return;
        }
        if (Number == 1 && _gantry.Faults.IsOn("hv.trip")) throw new Acquire.Protocols.Gantry.GciException(301, "head 1");
        if (Voltage == HighVoltage.On) return;
        Voltage = HighVoltage.Ramp;
        _ramp = _gantry.Clock.After(RampUs, () => Voltage = HighVoltage.On);
    }

    /// <summary>What would be counted now, window by window; none while the high voltage is not ON.</summary>
    public Exposure[] ExposuresNow()
    {
        if (Voltage != HighVoltage.On) return [];
        double angle = _gantry.Motion.HeadAngle(Number, _gantry.Motion.Position(AxisName.Rotation));
        double radius = _gantry.Motion.Radius(Number).Position(_gantry.Clock.NowUs), table = _gantry.Motion.Position(AxisName.Longitudinal);
        return [.. Windows.Values.Select(w => new Exposure(Number, angle, angle, radius, table, Matrix, PixelMm, w.LowerKeV, w.UpperKeV, _gantry.Clock.Now, TimeSpan.FromSeconds(1)))];
    }
}
