using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>The frames being counted, one per head, window and bin: slices are added until they are closed. Thread-safe.</summary>
internal sealed class RunningFrames(int[] pixels, uint firstNumber)
{
    private readonly Lock _gate = new();
    private readonly uint[][] _pixels = [.. pixels.Select(n => new uint[n])];
    private readonly double[] _liveUs = new double[pixels.Length];
    private FrameHeader[] _soFar = [];
    private bool _saturated;

    /// <summary>Below this share of live time a paralysable head counts less the more it is given (1/e).</summary>
    private const double SaturatedLiveShare = 0.36788;

    public int Count => pixels.Length;
    /// <summary>Number the first of them gets when they are closed.</summary>
    public uint FirstNumber => firstNumber;

    /// <summary>Adds a slice.</summary>
    /// <param name="slice">Its counts.</param>
    /// <param name="soFar">The headers as they would be if the frames ended with it.</param>
    public void Add(SliceCounts slice, FrameHeader[] soFar)
    {
        lock (_gate)
        {
            for (int f = 0; f < _pixels.Length; f++)
            {
                uint[] sum = _pixels[f], more = slice.Pixels[f];
                for (int i = 0; i < sum.Length; i++) sum[i] += more[i];
                _liveUs[f] += slice.LiveUs[f];
            }
            _saturated |= slice.LeastLive < SaturatedLiveShare;
            _soFar = soFar;
        }
    }

    /// <summary>A frame as it is now, whole, with the header of the last slice; null before the first.</summary>
    public byte[]? SoFar(int frame)
    {
        lock (_gate) return _soFar.Length == 0 ? null : Frame(_soFar[frame], frame, out _);
    }

    /// <summary>The frame with its final header.</summary>
    public byte[] Close(FrameHeader template, int frame, out FrameHeader header)
    {
        lock (_gate) return Frame(template, frame, out header);
    }

    /// <summary>Running image of a head's window, all bins together; null when it is not counted.</summary>
    public byte[]? Preview(int head, int window)
    {
        lock (_gate)
        {
            int first = Array.FindIndex(_soFar, h => h.Head == head && h.Window == window);
            if (first < 0) return null;
            uint[] sum = [.. _pixels[first]];
            double live = _liveUs[first];
            for (int f = first + 1; f < _soFar.Length && _soFar[f].Head == head && _soFar[f].Window == window; f++)
            {
                for (int i = 0; i < sum.Length; i++) sum[i] += _pixels[f][i];
                live += _liveUs[f];
            }
            FrameHeader header = _soFar[first] with { Number = 0, GateBin = 0, LiveUs = (ulong)Math.Round(live), Flags = FrameFlags.Partial | FrameFlags.Simulated };
            return FramePipeline.Assemble(header, sum, out _);
        }
    }

    private byte[] Frame(FrameHeader template, int frame, out FrameHeader header) =>
        FramePipeline.Assemble(template with { LiveUs = (ulong)Math.Round(_liveUs[frame]), Flags = template.Flags | (_saturated ? FrameFlags.Saturated : FrameFlags.None) }, _pixels[frame], out header);
}
