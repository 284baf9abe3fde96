using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>High voltage, collimators, windows, rates.</summary>
internal static class DetectorBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Set("HEAD#:HV", c => c.Head.SwitchVoltage(c.Arguments[0].IsOn));
        set.Query("HEAD#:HV", c => c.Head.Voltage switch { HighVoltage.On => "ON,1000", HighVoltage.Ramp => "RAMP,500", _ => "OFF,0" });
        set.Query("HEAD#:COLLimator", c => string.Join(',', GciText.Quote(c.Head.Collimator), GciText.Quote(c.Head.CollimatorSerial), c.Head.Latch));
        set.Query("HEAD#:TEMPerature", c => GciText.Number(c.Head.Temperature));
        set.Set("HEAD#:ENERgy:WINDow#", c =>
        {
            if (c.Number(1) >= c.Number(2)) throw new GciException(-222, "lo<hi");
            c.Head.Windows[c.SecondSuffix] = new SetWindow(c.Text(0), c.Number(1), c.Number(2));
        });
        set.Query("HEAD#:ENERgy:WINDow#", c => c.Head.Windows.TryGetValue(c.SecondSuffix, out SetWindow? w)
            ? string.Join(',', GciText.Quote(w.Name), GciText.Number(w.LowerKeV), GciText.Number(w.UpperKeV)) : "\"\",0,0");
        set.Set("HEAD#:ENERgy:CLEar", c => c.Head.Windows.Clear());
        set.SlowQuery("HEAD#:RATE", (c, _) =>
        {
            HeadRates rates = HeadRates.Of(c.Gantry, c.Head);
            c.Reply(string.Join(',', Text(rates.Total), Text(rates.Accepted), Text(rates.DeadPercent)));
            return Task.CompletedTask;
        });
        set.SlowQuery("HEAD#:ENERgy:SPECtrum", (c, _) =>
        {
            Exposure[] exposures;
            lock (c.Gantry.Gate) exposures = c.Head.ExposuresNow();
            if (exposures.Length == 0) throw new GciException(301);
            Exposure last = exposures[0] with { Duration = SpectrumTime, StartTick = exposures[0].StartTick - SpectrumTime };
            uint[] counts = Spectrum.Draw(c.Gantry.Scene, last, CounterRandom.Mix(CounterRandom.Mix((ulong)c.Gantry.Options.Seed, 0x53504543), CounterRandom.Mix((ulong)c.Suffix, (ulong)last.StartTick.Ticks)));
            byte[] block = new byte[4 * counts.Length];
            for (int i = 0; i < counts.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4 * i), counts[i]);
            c.ReplyBlock(block);
            return Task.CompletedTask;
        });
    }

    /// <summary>What the spectrum is counted over.</summary>
    private static readonly TimeSpan SpectrumTime = TimeSpan.FromSeconds(10);

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
