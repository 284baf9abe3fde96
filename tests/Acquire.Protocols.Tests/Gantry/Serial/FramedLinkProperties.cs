using Acquire.Protocols.Gantry.Serial;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Gantry.Serial;

/// <summary>Any pattern of loss, damage, repetition and cuts: each byte arrives once and in order, or the link is declared down. Nothing throws.</summary>
public sealed class FramedLinkProperties
{
    private enum Harm { None, Lose, Flip, Burst, Repeat, CutShort, SwapHalves, Insert, Delay }

    private sealed record Blow(Harm Harm, int Where, int Value);

    private sealed record Story(Blow[] ToServer, Blow[] ToClient, int Bulk, int[] Lines, int LossPercent);

    private static Gen<Blow[]> Blows(int percentHarm) =>
        Gen.Frequency((100 - percentHarm, Gen.Constant(Harm.None)), (percentHarm, Gen.Elements(Harm.Lose, Harm.Flip, Harm.Burst, Harm.Repeat, Harm.CutShort, Harm.SwapHalves, Harm.Insert, Harm.Delay)))
            .SelectMany(harm => from spot in Gen.Choose(0, 10_000) from value in Gen.Choose(1, 255) select new Blow(harm, spot, value)).ArrayOf(300);

    private static Gen<Story> Stories =>
        from percent in Gen.Elements(0, 3, 10, 30, 70, 100)
        from there in Blows(percent)
        from back in Blows(percent)
        from bulk in Gen.Choose(0, 12_000)
        from lines in Gen.Choose(1, 900).ArrayOf(6)
        select new Story(there, back, bulk, lines, percent);

    private static byte[][] Strike(byte[] frame, Blow blow, List<byte[]> delayed)
    {
        int at = blow.Where % frame.Length;
        byte[][] held = [.. delayed];
        delayed.Clear();
        switch (blow.Harm)
        {
            case Harm.Lose:
                return held;
            case Harm.Flip:
                frame[at] ^= (byte)blow.Value;
                return [.. held, frame];
            case Harm.Burst:
                for (int i = at; i < Math.Min(frame.Length, at + 40); i++) frame[i] ^= (byte)(blow.Value * (i + 1));
                return [.. held, frame];
            case Harm.Repeat:
                return [.. held, frame, (byte[])frame.Clone()];
            case Harm.CutShort:
                return [.. held, frame[..at]];
            case Harm.SwapHalves:
                return [.. held, [.. frame[at..], .. frame[..at]]];
            case Harm.Insert:
                return [.. held, [.. frame[..at], (byte)blow.Value, 0, (byte)blow.Where, .. frame[at..]]];
            case Harm.Delay: // arrives behind its successor
                delayed.Add(frame);
                return held;
            default:
                return [frame, .. held];
        }
    }

    [Fact]
    public void EveryByteOnceInOrder_OrLinkDown()
    {
        int down = 0, whole = 0;
        Prop.ForAll(Stories.ToArbitrary(), story =>
        {
            int there = 0, back = 0;
            List<byte[]> lateThere = [], lateBack = [];
            bool calm = true;
            var line = new VirtualLine(damage: (bytes, toServer) => calm ? [bytes]
                : toServer ? Strike(bytes, story.ToServer[there++ % 300], lateThere) : Strike(bytes, story.ToClient[back++ % 300], lateBack));
            line.Open();
            calm = false;
            byte[] bulk = [.. Enumerable.Range(0, story.Bulk).Select(i => (byte)((i * 7) ^ (i >> 8)))];
            line.Server.Offer(2, bulk);
            var asked = new List<byte>();
            var answered = new List<byte>();
            foreach (int length in story.Lines)
            {
                byte[] ask = [.. Enumerable.Range(0, length).Select(i => (byte)(i + length))], answer = [.. Enumerable.Range(0, length).Select(i => (byte)(i ^ length))];
                if (line.Client.Offer(0, ask)) asked.AddRange(ask);
                if (line.Server.Offer(0, answer)) answered.AddRange(answer);
                line.Server.Offer(3, answer.AsMemory(0, Math.Min(30, length)).ToArray());
                line.Run(TimeSpan.FromMilliseconds(length));
            }
            bool quiet = line.Run(TimeSpan.FromMinutes(2), () => line.Client.State == LinkState.Closed || line.Server.State == LinkState.Closed
                || line.Client.Outstanding(0) + line.Server.Outstanding(0) + line.Server.Outstanding(2) == 0);
            bool up = line.Client.State == LinkState.Up && line.Server.State == LinkState.Up;
            if (up) whole++;
            else down++;
            // Never a wrong, doubled or missing byte in the middle, whatever happened; all of them while the link is up.
            return quiet && Begins(asked, VirtualLine.Bytes(line.AtServer, 0), up) && Begins(answered, VirtualLine.Bytes(line.AtClient, 0), up) && Begins(bulk, VirtualLine.Bytes(line.AtClient, 2), up)
                && (up || line.AtClient.Concat(line.AtServer).Any(e => e is LinkEvent.Lost)) && (story.LossPercent > 3 || up);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(250).WithReplay(20, 5));
        Assert.True(whole > 100 && down > 20, $"{whole} stayed up, {down} went down: both must be among the cases");
    }

    private static bool Begins(IEnumerable<byte> sent, byte[] got, bool whole)
    {
        byte[] all = [.. sent];
        return (whole ? got.Length == all.Length : got.Length <= all.Length) && all.AsSpan(0, got.Length).SequenceEqual(got);
    }

    [Fact]
    public void AnyBytes_NeverThrow_InAnyState()
    {
        Gen<byte[]> noise = Gen.Choose(0, 700).SelectMany(n => Gen.Frequency((1, Gen.Constant((byte)0)), (4, Gen.Choose(0, 255).Select(i => (byte)i)), (1, Gen.Choose(1, 7).Select(i => (byte)i))).ArrayOf(n));
        Gen<byte[]> frames = (from type in Gen.Choose(1, 7) from channel in Gen.Choose(0, 3) from seq in Gen.Choose(0, 255) from ack in Gen.Choose(0, 255) from payload in Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf()
                              select Wire(new LinkFrame((LinkFrameType)type, channel, (byte)seq, (byte)ack, payload.Length > 512 ? payload[..512] : payload))).ListOf().Select(l => l.SelectMany(b => b).ToArray());
        Gen<(int State, byte[] Bytes, int Cut)> cases = from state in Gen.Choose(0, 3) from bytes in Gen.OneOf(noise, frames) from cut in Gen.Choose(1, 200) select (state, bytes, cut);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var line = new VirtualLine();
            if (c.State == 1) line.Client.Open(line.Now);
            if (c.State >= 2) line.Open();
            if (c.State == 3) line.Client.Offer(0, new byte[3000]);
            byte[] wire = new byte[LinkFrame.MaxWire];
            foreach (FramedLink link in (FramedLink[])[line.Client, line.Server])
            {
                for (int at = 0; at < c.Bytes.Length; at += c.Cut)
                {
                    link.Receive(c.Bytes.AsSpan(at, Math.Min(c.Cut, c.Bytes.Length - at)), line.Now);
                    link.Tick(line.Now);
                    link.NextFrame(line.Now, wire);
                    link.WakeAt(line.Now);
                    while (link.TryTake(out _)) { }
                }
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    private static byte[] Wire(LinkFrame frame)
    {
        byte[] wire = new byte[LinkFrame.MaxWire];
        return wire[..frame.Write(wire)];
    }
}
