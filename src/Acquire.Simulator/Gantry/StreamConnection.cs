using System.Buffers.Binary;
using System.Net.Sockets;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>One connection of the stream port: a hello, then packets out and acknowledgements in (docs: control-interface 14).</summary>
/// <remarks>Two threads of its own, so that a stream of a million events a second takes nothing from those who answer commands.</remarks>
internal sealed class StreamConnection(Socket socket, SimulatedGantry gantry, CancellationToken stopping)
{
    private const int BufferBytes = 256 * 1024;
    private const int WaitMs = 50;
    private volatile bool _over;

    /// <summary>Serves until either side ends.</summary>
    public Task RunAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                Serve();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "stream" }.Start();
        return done.Task;
    }

    private void Serve()
    {
        using CancellationTokenRegistration closing = stopping.Register(socket.Close);
        byte[] buffer = new byte[BufferBytes];
        if (!ReadExactly(buffer.AsSpan(0, ListHello.Length))) return;
        if (ListHello.TryRead(buffer, out ListHello hello) is { } wrong)
        {
            gantry.Log.Write("a stream was refused: " + wrong);
            return;
        }
        ListStore? store = Find(hello.AcquisitionId);
        if (store is null)
        {
            gantry.Log.Write($"a stream was refused: no list-mode run {hello.AcquisitionId:D}");
            return;
        }
        var acknowledging = new Thread(() => ReadAcknowledgements(store)) { IsBackground = true, Name = "stream acknowledgements" };
        acknowledging.Start();
        ulong next = Math.Max(1, hello.FirstPacket);
        while (!_over && !stopping.IsCancellationRequested)
        {
            (int bytes, ulong after) = store.Read(next, buffer, WaitMs);
            for (int sent = 0; sent < bytes;) sent += socket.Send(buffer, sent, bytes - sent, SocketFlags.None);
            next = after;
        }
    }

    /// <summary>The run's packets; waits for a run that is named or armed but has not begun.</summary>
    private ListStore? Find(Guid id)
    {
        while (!stopping.IsCancellationRequested)
        {
            lock (gantry.Gate)
            {
                if (gantry.Store.Find(id) is { } run) return run.List;
                if (gantry.Acquisition.ConfiguredId != id) return null;
            }
            if (socket.Poll(WaitMs * 1000, SelectMode.SelectRead) && socket.Available == 0) return null;
        }
        return null;
    }

    private void ReadAcknowledgements(ListStore store)
    {
        Span<byte> number = stackalloc byte[8];
        try
        {
            while (ReadExactly(number)) store.Acknowledge(BinaryPrimitives.ReadUInt64LittleEndian(number));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException or UnauthorizedAccessException)
        {
            gantry.Log.Write("a stream ended: " + e.GetType().Name);
        }
        _over = true;
        socket.Close();
    }

    private bool ReadExactly(Span<byte> target)
    {
        for (int read = 0; read < target.Length;)
        {
            int n = socket.Receive(target[read..]);
            if (n == 0) return false;
            read += n;
        }
        return true;
    }
}
