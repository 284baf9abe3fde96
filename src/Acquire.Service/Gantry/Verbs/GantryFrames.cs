using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>Where the frames of a run stand.</summary>
/// <param name="FirstUnacknowledged">First frame not acknowledged.</param>
/// <param name="LastComplete">Last frame that is complete.</param>
/// <param name="Expected">Frames a complete run has.</param>
public sealed record FrameRange(long FirstUnacknowledged, long LastComplete, long Expected)
{
    /// <summary>Some wait to be taken.</summary>
    public bool AnyLeft => FirstUnacknowledged != 0 && FirstUnacknowledged <= LastComplete;
}

/// <summary>Frames: kept by the gantry until acknowledged; taken, checked, flushed to disk, and only then acknowledged.</summary>
public sealed class GantryFrames(GantryDriver gantry)
{
    /// <summary>Selects the acquisition the frame and ledger queries of this session mean. False when the gantry does not know it.</summary>
    public async Task<bool> SelectAsync(Guid acquisition, CancellationToken cancellation)
    {
        try
        {
            await gantry.CommandAsync($"FRAM:SEL \"{acquisition:D}\"", cancellation);
            gantry.Session.Selected = acquisition;
            return true;
        }
        catch (GantryRefusedException e) when (e.Code == 430)
        {
            return false;
        }
    }

    /// <summary>Where the selected run stands.</summary>
    public async Task<FrameRange> RangeAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("FRAM:RANG?", 3, cancellation);
        return new FrameRange(GantryReply.Whole<long>(f[0]), GantryReply.Whole<long>(f[1]), GantryReply.Whole<long>(f[2]));
    }

    /// <summary>Runs with frames nobody acknowledged yet.</summary>
    public async Task<IReadOnlyList<Guid>> WaitingAsync(CancellationToken cancellation) =>
        [.. (await gantry.FieldsAsync("FRAM:LIST?", 1, cancellation)).Where(f => f.Length > 0).Select(f => Guid.TryParse(f, out Guid id) ? id : throw new GantryProtocolException("a list of runs was expected, something else came"))];

    /// <summary>Next frame that is complete and not acknowledged; null when there is none.</summary>
    /// <exception cref="AcquireException">The frame arrived damaged three times.</exception>
    public async Task<byte[]?> NextAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("FRAM:NEXT?", 3, cancellation);
        long number = GantryReply.Whole<long>(f[0]);
        if (number == 0) return null;
        int length = GantryReply.Whole<int>(f[1]);
        uint crc = GantryReply.Whole<uint>(f[2]);
        string wrong = "";
        for (int attempt = 0; attempt < 3; attempt++)
        {
            byte[] frame = await gantry.QueryFrameAsync(FormattableString.Invariant($"FRAM:DATA? {number}"), length, cancellation);
            if (frame.Length != length) wrong = $"{frame.Length} bytes came, {length} were announced";
            else if (Crc32.Of(frame) != crc) wrong = "the CRC-32 is not the one announced";
            else if (FrameHeader.Check(frame, out FrameHeader? header) is { } w) wrong = w;
            else if (header!.Number != number) wrong = $"it says it is frame {header.Number}";
            else return frame;
        }
        throw new AcquireException($"frame {number} arrived damaged three times: {wrong}; it was not acknowledged, the gantry keeps it for `acquire resume`", ExitCodes.Gantry);
    }

    /// <summary>Frames up to this number are on our disk.</summary>
    public Task AcknowledgeAsync(uint number, CancellationToken cancellation) => gantry.CommandAsync(FormattableString.Invariant($"FRAM:ACKN {number}"), cancellation);

    /// <summary>Running image of a head; nothing is released by looking. Null when nothing runs.</summary>
    public async Task<byte[]?> PreviewAsync(int head, CancellationToken cancellation)
    {
        try
        {
            return await gantry.QueryBlockAsync(FormattableString.Invariant($"FRAM:PREV? {head}"), 4L * 1024 * 1024, cancellation);
        }
        catch (GantryRefusedException e) when (e.Code is 420 or -221)
        {
            return null;
        }
    }

    /// <summary>Gives up frames of a run by an order that names how many; they are lost. A person decides that.</summary>
    public Task DiscardAsync(Guid acquisition, long unacknowledged, CancellationToken cancellation) =>
        gantry.CommandOnceAsync(FormattableString.Invariant($"FRAM:DISC \"{acquisition:D}\",{unacknowledged}"), cancellation);
}
