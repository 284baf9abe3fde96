using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>One connection of the event port: JSON lines out, subscriptions and hold-to-run tokens in.</summary>
internal sealed class EventConnection(Stream stream, bool isTrusted, Action close, SimulatedGantry gantry, CancellationToken stopping)
{
    private const int LongestLine = 4096;
    private const int Batch = 256;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Serves until either side ends.</summary>
    public async Task RunAsync()
    {
        EventReader reader;
        lock (gantry.Gate) reader = gantry.Events.Add(() => _wake.Writer.TryWrite(true), () => { _wake.Writer.TryComplete(); close(); });
        Task writing = WriteAsync(reader);
        try
        {
            await ReadAsync(reader);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            gantry.Log.Write("an event connection was lost: " + e.GetType().Name);
        }
        finally
        {
            lock (gantry.Gate)
            {
                gantry.Events.Remove(reader);
                gantry.Clock.CatchUp();
                gantry.Jog.Tend();
                gantry.Changed();
            }
            _wake.Writer.TryComplete();
            close();
            await writing;
        }
    }

    private async Task ReadAsync(EventReader reader)
    {
        byte[] bytes = new byte[LongestLine];
        int length = 0;
        while (true)
        {
            if (length == bytes.Length) return; // a line that long is no request
            int read = await stream.ReadAsync(bytes.AsMemory(length), stopping);
            if (read == 0) return;
            length += read;
            int from = 0;
            for (int end; (end = Array.IndexOf(bytes, (byte)'\n', from, length - from)) >= 0; from = end + 1)
                if (end > from) Take(reader, bytes.AsMemory(from, end - from));
            Buffer.BlockCopy(bytes, from, bytes, 0, length - from);
            length -= from;
        }
    }

    private void Take(EventReader reader, ReadOnlyMemory<byte> line)
    {
        if (line.Span.Trim((byte)'\r').IsEmpty) return;
        GciEventRequest? request = GciEventRequest.Decode(line);
        lock (gantry.Gate)
        {
            gantry.Clock.CatchUp();
            if (request is null)
            {
                Refuse(reader, new GciError(-102, "JSON"));
                return;
            }
            if (request.Session is { } name)
            {
                // As for the control role: who may move something over a plain wire sits at this machine.
                if (!isTrusted && !gantry.Options.AllowRemoteControl) Refuse(reader, new GciError(-203, "not from another machine"));
                else if (gantry.Sessions.Find(name, request.Secret ?? "") is { } session) reader.Session = session;
                else Refuse(reader, new GciError(101, "name or secret"));
            }
            if (request.Subscribe is { } kinds)
            {
                reader.Wanted.Clear();
                reader.Wanted.UnionWith(kinds.Where(GciEventKinds.All.Contains));
            }
            if (request.PositionMs is { } ms) reader.PositionMs = ms;
            if (request.Since is { } since) gantry.Events.Replay(reader, since);
            if (request.Token is { } token) gantry.Jog.Token(reader, token);
            gantry.Changed();
            reader.Wake();
        }
    }

    private static void Refuse(EventReader reader, GciError error)
    {
        reader.First.Enqueue(new GciEvent(GciEventKinds.Refused) { Value = JsonSerializer.SerializeToElement(new { code = error.Number, text = GciErrors.TextOf(error.Number), detail = error.Detail }) }.Encode());
        reader.Wake();
    }

    private async Task WriteAsync(EventReader reader)
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync(stopping))
            {
                while (_wake.Reader.TryRead(out _)) { }
                while (true)
                {
                    List<byte[]> lines;
                    lock (gantry.Gate) lines = gantry.Events.Take(reader, Batch);
                    if (lines.Count == 0) break;
                    await stream.WriteAsync(Join(lines), stopping);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The reading side sees the same and ends the connection.
            close();
        }
    }

    private static byte[] Join(List<byte[]> lines)
    {
        byte[] all = new byte[lines.Sum(l => l.Length)];
        int at = 0;
        foreach (byte[] line in lines)
        {
            line.CopyTo(all, at);
            at += line.Length;
        }
        return all;
    }
}
