using System.IO.Ports;
using System.Security.Cryptography;
using Acquire.Testing;

namespace Acquire.Service.Tests.Gantry;

/// <summary>What we rely on of System.IO.Ports, judged on pseudo terminals. Public documented members only: the same tests judge the stand-in and,
/// with -p:UseNuGetSerialPorts=true, the package. Where the documentation leaves the kind of exception open, every documented kind passes.</summary>
public sealed class SerialPortTests
{
    private static SerialPort Port(string name) => new(name, 115200, Parity.None, 8, StopBits.One) { ReadTimeout = 10_000, WriteTimeout = 10_000 };

    private static SerialPort Opened(string name)
    {
        SerialPort port = Port(name);
        port.Open();
        return port;
    }

    private static byte[] ReadExactly(SerialPort port, int count)
    {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;) have += port.Read(bytes, have, count - have);
        return bytes;
    }

    [Fact]
    public void EveryByteValue_GoesThroughUnchanged_BothWays()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A), b = Opened(pair.B);
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

        a.Write(all, 0, all.Length);
        Assert.Equal(all, ReadExactly(b, 256));
        b.BaseStream.Write(all);
        byte[] back = new byte[256];
        a.BaseStream.ReadExactly(back);
        Assert.Equal(all, back);
    }

    [Fact]
    public async Task ALongTransfer_ArrivesWhole_WhileBothSidesTalk()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A), b = Opened(pair.B);
        byte[] there = RandomNumberGenerator.GetBytes(200_000), back = RandomNumberGenerator.GetBytes(150_000);

        Task send = Task.Run(() => a.Write(there, 0, there.Length)), reply = Task.Run(() => b.Write(back, 0, back.Length));
        Task<byte[]> atB = Task.Run(() => ReadExactly(b, there.Length)), atA = Task.Run(() => ReadExactly(a, back.Length));
        await Task.WhenAll(send, reply, atB, atA);

        Assert.Equal(there, await atB);
        Assert.Equal(back, await atA);
    }

    [Fact]
    public void ReadThatGetsNothing_TimesOut_AndTheNextByteIsNotLost()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A), b = Opened(pair.B);
        b.ReadTimeout = 50;

        Assert.Throws<TimeoutException>(() => b.Read(new byte[8], 0, 8));
        Assert.Throws<TimeoutException>(() => b.BaseStream.Read(new byte[8], 0, 8));
        b.ReadTimeout = 10_000;
        a.Write([0x55], 0, 1);
        Assert.Equal(0x55, b.ReadByte());
    }

    [Fact]
    public void WriteThatNobodyTakes_TimesOut()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A);
        a.WriteTimeout = 200;
        byte[] much = new byte[1 << 20]; // more than pty and socat hold

        Assert.Throws<TimeoutException>(() => a.Write(much, 0, much.Length));
    }

    [Fact]
    public async Task Close_EndsAReadThatWaits()
    {
        using PtyPair pair = PtyPair.Create();
        SerialPort a = Opened(pair.A);
        a.ReadTimeout = SerialPort.InfiniteTimeout;
        Stream bytes = a.BaseStream;
        using var waiting = new ManualResetEventSlim();
        Task<Exception?> read = Task.Factory.StartNew(() =>
        {
            waiting.Set();
            try
            {
                return bytes.Read(new byte[1], 0, 1) == 0 ? new EndOfStreamException() : null;
            }
            catch (Exception e)
            {
                return e;
            }
        }, TaskCreationOptions.LongRunning);
        waiting.Wait(TestContext.Current.CancellationToken);

        a.Close();

        Exception? ended = await read.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(ended is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or UnauthorizedAccessException, ended?.ToString());
        Assert.False(a.IsOpen);
        a.Close();
    }

    [Fact]
    public void TwoHundredOpenings_LeaveNoFileBehind()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort b = Opened(pair.B);
        static int Files() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        using (Opened(pair.A)) { }
        int before = Files();

        for (int i = 0; i < 200; i++)
        {
            using SerialPort a = Opened(pair.A);
            a.Write([(byte)i], 0, 1);
            Assert.Equal((byte)i, b.ReadByte());
        }

        // Other tests of this process open files too: a leak would be 200 or more.
        Assert.InRange(Files(), 0, before + 100);
    }

    [Fact]
    public void HangUp_EndsAReadThatWaits()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A);
        pair.HangUp();

        Exception? read = Record.Exception(() => Assert.Equal(0, a.BaseStream.Read(new byte[1], 0, 1)));
        Assert.True(read is null or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or UnauthorizedAccessException, read?.ToString());
    }

    [Fact]
    public void OpeningAnOpenPort_IsRefused()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A);

        Assert.Throws<InvalidOperationException>(a.Open);
    }

    [Fact]
    public void OpeningAPortSomebodyHas_IsRefused()
    {
        bool isPackage = typeof(SerialPort).Assembly.GetName().Version!.Major > 1;
        Assert.SkipWhen(isPackage && Environment.IsPrivilegedProcess, "the package cannot keep root out (TIOCEXCL); the stand-in can (flock)");
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A), second = Port(pair.A);

        Assert.Throws<UnauthorizedAccessException>(second.Open);
        a.Close();
        second.Open();
        Assert.True(second.IsOpen);
    }

    [Fact]
    public void PortsThatAreNone_AreRefused()
    {
        using SerialPort missing = Port("/dev/acquire-no-such-port"), file = Port("/proc/self/status"), device = Port("/dev/null");

        Assert.True(Record.Exception(missing.Open) is IOException or UnauthorizedAccessException);
        Assert.True(Record.Exception(file.Open) is ArgumentException or IOException or UnauthorizedAccessException);
        Assert.True(Record.Exception(device.Open) is ArgumentException or IOException or UnauthorizedAccessException);
        Assert.False(missing.IsOpen);
    }

    [Fact]
    public void ValuesNoPortCanHave_AreRefused()
    {
        Assert.ThrowsAny<ArgumentException>(() => Port(""));
        Assert.ThrowsAny<ArgumentException>(() => Port(null!));
        using SerialPort port = Port("/dev/ttyS99");
        Assert.Throws<ArgumentOutOfRangeException>(() => port.BaudRate = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => port.DataBits = 9);
        Assert.Throws<ArgumentOutOfRangeException>(() => port.StopBits = StopBits.None);
        Assert.Throws<ArgumentOutOfRangeException>(() => port.Parity = (Parity)9);
        Assert.Throws<ArgumentOutOfRangeException>(() => port.Handshake = (Handshake)9);
        Assert.Throws<ArgumentOutOfRangeException>(() => port.ReadTimeout = -2);
        Assert.Throws<ArgumentOutOfRangeException>(() => port.WriteTimeout = 0);
        Assert.Equal((115200, 8, StopBits.One, Parity.None, Handshake.None), (port.BaudRate, port.DataBits, port.StopBits, port.Parity, port.Handshake));
        Assert.Equal("/dev/ttyS99", port.PortName);
        Assert.Equal((false, false), (port.DtrEnable, port.RtsEnable));
    }

    [Fact]
    public void AClosedPort_DoesNothing()
    {
        using SerialPort port = Port("/dev/ttyS99");
        Assert.False(port.IsOpen);
        Assert.Throws<InvalidOperationException>(() => port.BaseStream);
        Assert.Throws<InvalidOperationException>(() => port.Read(new byte[1], 0, 1));
        Assert.Throws<InvalidOperationException>(() => port.Write(new byte[1], 0, 1));
        Assert.Throws<InvalidOperationException>(() => port.BytesToRead);
        Assert.Throws<InvalidOperationException>(port.DiscardInBuffer);
        Assert.NotNull(SerialPort.GetPortNames());
    }

    [Fact]
    public void WhatWaits_IsCountedAndCanBeThrownAway()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A), b = Opened(pair.B);
        a.Write([1, 2, 3], 0, 3);
        Assert.Equal(1, b.ReadByte()); // the others came with it or come soon
        while (b.BytesToRead < 2) Thread.Yield();

        b.DiscardInBuffer();

        Assert.Equal(0, b.BytesToRead);
        a.Write([4], 0, 1);
        Assert.Equal(4, b.ReadByte());
        a.DiscardOutBuffer();
        Assert.InRange(a.BytesToWrite, 0, 0);
    }

    [Fact]
    public void SpeedCanBeChangedWhileOpen_AndIsWhatOtherToolsRead()
    {
        using PtyPair pair = PtyPair.Create();
        using SerialPort a = Opened(pair.A);
        foreach (int baud in (int[])[9600, 115200, 230400, 460800, 921600, 3000000])
        {
            a.BaudRate = baud;
            Assert.Equal(baud, a.BaudRate);
            Assert.Contains($"speed {baud} baud", Stty(pair.A), StringComparison.Ordinal);
        }
        string settings = Stty(pair.A);
        foreach (string off in (string[])["-ixon", "-icrnl", "-isig", "-istrip", "-parmrk", "-opost", "-echo", "-hupcl", "-icanon", "-parenb", "-cstopb"])
            Assert.Contains(off, settings.Split(' ', '\n', ';'));
        Assert.Contains("cs8", settings, StringComparison.Ordinal);
    }

    private static string Stty(string port)
    {
        using var stty = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stty", ["-a", "-F", port]) { RedirectStandardOutput = true })!;
        string said = stty.StandardOutput.ReadToEnd();
        stty.WaitForExit();
        return said;
    }
}
