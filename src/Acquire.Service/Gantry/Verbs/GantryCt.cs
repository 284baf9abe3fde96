namespace Acquire.Service.Gantry;

/// <summary>What a CT takes.</summary>
/// <param name="Kv">Tube voltage.</param>
/// <param name="MA">Tube current.</param>
/// <param name="StartMm">Table position at the start, of the gamma camera's plane.</param>
/// <param name="EndMm">At the end.</param>
public abstract record CtSettings(double Kv, double MA, double StartMm, double EndMm);

/// <summary>A helical scan.</summary>
/// <param name="Kv">Tube voltage.</param>
/// <param name="MA">Tube current.</param>
/// <param name="StartMm">Start.</param>
/// <param name="EndMm">End.</param>
/// <param name="RotationSeconds">Time of a rotation.</param>
/// <param name="Pitch">Pitch.</param>
/// <param name="SliceMm">Slice thickness and spacing.</param>
public sealed record CtHelical(double Kv, double MA, double StartMm, double EndMm, double RotationSeconds, double Pitch, double SliceMm) : CtSettings(Kv, MA, StartMm, EndMm);

/// <summary>A scout picture.</summary>
/// <param name="Kv">Tube voltage.</param>
/// <param name="MA">Tube current.</param>
/// <param name="StartMm">Start.</param>
/// <param name="EndMm">End.</param>
/// <param name="AngleDeg">0, 90, 180, 270.</param>
public sealed record CtScout(double Kv, double MA, double StartMm, double EndMm, double AngleDeg) : CtSettings(Kv, MA, StartMm, EndMm);

/// <summary>Estimated dose as the gantry wrote it: it must be confirmed in the same digits.</summary>
/// <param name="CtdiText">CTDIvol, mGy.</param>
/// <param name="DlpText">DLP, mGy cm.</param>
public sealed record CtDose(string CtdiText, string DlpText)
{
    /// <summary>CTDIvol, mGy.</summary>
    public double CtdiMGy => GantryReply.Number(CtdiText);
    /// <summary>DLP, mGy cm.</summary>
    public double DlpMGyCm => GantryReply.Number(DlpText);
}

/// <summary>State of the CT.</summary>
/// <param name="State">OFF, WARM, STAN, ARM, EXP, COOL, FAUL.</param>
/// <param name="HeatPercent">Tube heat.</param>
/// <param name="SecondsLeft">Of what is going on.</param>
public sealed record CtState(string State, double HeatPercent, double SecondsLeft);

/// <summary>CT: settings read back, dose confirmed by whoever may, armed, exposed.</summary>
public sealed class GantryCt(GantryDriver gantry)
{
    /// <summary>State now.</summary>
    public async Task<CtState> StateAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("CT:STAT?", 1, cancellation);
        return new CtState(f[0], f.Length > 1 ? GantryReply.Number(f[1]) : 0, f.Length > 2 ? GantryReply.Number(f[2]) : 0);
    }

    /// <summary>Warms the tube.</summary>
    public Task WarmUpAsync(string operation, CancellationToken cancellation) => gantry.StartAsync(operation, $"CT:WARM \"{operation}\"", cancellation);

    /// <summary>Sends the settings of a scan and reads every one back.</summary>
    /// <exception cref="AcquireException">The gantry holds something else than asked for.</exception>
    public async Task ConfigureAsync(Guid id, CtSettings scan, CancellationToken cancellation)
    {
        await SetAsync("CT:ID", "the CT run's id", cancellation, id);
        gantry.Session.Selected = id;
        await SetAsync("CT:MODE", "the kind of CT", cancellation, scan is CtScout ? "SCO" : "HEL");
        await SetAsync("CT:KV", "the tube voltage", cancellation, scan.Kv);
        await SetAsync("CT:MA", "the tube current", cancellation, scan.MA);
        if (scan is CtHelical helical)
        {
            await SetAsync("CT:ROTime", "the rotation time", cancellation, helical.RotationSeconds);
            await SetAsync("CT:PITCh", "the pitch", cancellation, helical.Pitch);
            await SetAsync("CT:SLICe", "the slice thickness", cancellation, helical.SliceMm);
        }
        if (scan is CtScout scout) await SetAsync("CT:SCOut:ANGLe", "the scout's angle", cancellation, scout.AngleDeg);
        await SetAsync("CT:RANGe", "the range of the CT", cancellation, scan.StartMm, scan.EndMm);
    }

    /// <summary>Estimated dose of the settings.</summary>
    public async Task<CtDose> DoseAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("CT:DOSE?", 2, cancellation);
        return new CtDose(f[0], f[1]);
    }

    /// <summary>Confirms the dose and arms; a person has released it.</summary>
    public async Task ConfirmAndArmAsync(CtDose dose, CancellationToken cancellation)
    {
        await gantry.CommandAsync($"CT:DOSE:CONF {dose.CtdiText},{dose.DlpText}", cancellation);
        try
        {
            await gantry.CommandAsync("CT:ARM", cancellation);
        }
        catch (GantryRefusedException e) when (e.Code == -221)
        {
            if ((await StateAsync(cancellation)).State != "ARM") throw; // armed already: the answer to the first try was lost
        }
    }

    /// <summary>Exposes, exactly once.</summary>
    public Task ExposeAsync(Guid id, CancellationToken cancellation) => gantry.StartAsync($"{id:D}", $"CT:EXP:STAR \"{id:D}\"", cancellation);

    /// <summary>Ends the beam. For a stop that waits behind nothing use <see cref="GantryStopLine"/>.</summary>
    public Task StopAsync(CancellationToken cancellation) => gantry.CommandAsync("CT:EXP:STOP", cancellation);

    private Task SetAsync(string header, string what, CancellationToken cancellation, params object[] values) => gantry.Settings.SetAsync(header, [], what, cancellation, values);
}
