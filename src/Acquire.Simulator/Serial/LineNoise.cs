namespace Acquire.Simulator.Serial;

/// <summary>Damages bytes of one direction: single bits, and runs of bytes that vanish. Seeded; gaps between errors are drawn, not every bit.</summary>
internal sealed class LineNoise(LineErrors errors, int seed, Func<double> moreBitErrors)
{
    private const int LongestDrop = 40;
    private const int BitsPerByte = 8;
    private readonly Random _random = new(seed);
    private double _rate = -1;
    private double _untilBit;
    private double _untilDrop = -1;
    private int _dropping;

    public byte[] Apply(ReadOnlySpan<byte> bytes)
    {
        double rate = errors.BitRate + moreBitErrors();
        if (rate >= 1) return [];
        if (rate != _rate)
        {
            _rate = rate;
            _untilBit = Gap(rate);
        }
        byte[] damaged = bytes.ToArray();
        while (_untilBit < damaged.Length * BitsPerByte)
        {
            int bit = (int)_untilBit;
            damaged[bit / BitsPerByte] ^= (byte)(1 << (bit % BitsPerByte));
            _untilBit += 1 + Gap(rate);
        }
        _untilBit -= damaged.Length * BitsPerByte;
        return errors.DropRate > 0 ? WithoutDropped(damaged) : damaged;
    }

    private byte[] WithoutDropped(byte[] bytes)
    {
        var kept = new List<byte>(bytes.Length);
        if (_untilDrop < 0) _untilDrop = Gap(errors.DropRate);
        foreach (byte b in bytes)
        {
            if (_dropping == 0 && _untilDrop-- < 1)
            {
                _dropping = _random.Next(1, LongestDrop + 1);
                _untilDrop = Gap(errors.DropRate);
            }
            if (_dropping > 0) _dropping--;
            else kept.Add(b);
        }
        return [.. kept];
    }

    /// <summary>Good ones before the next bad one (geometric).</summary>
    private double Gap(double rate) => rate <= 0 ? double.PositiveInfinity : Math.Floor(Math.Log(1 - _random.NextDouble()) / Math.Log(1 - rate));
}
