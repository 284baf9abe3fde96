using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Acquire.Service.Gantry;

/// <summary>Sends the recorded client side to a gantry and compares the replies.</summary>
public static partial class ReplayAgainst
{
    /// <summary>Queries whose answers differ from run to run by their nature (docs/wire-trace.md): clock, boot, lease left, ports, temperatures, disk.</summary>
    [GeneratedRegex("^(SYST:TICK|SYST:BOOT|SYST:SESS|SYST:COMM|SYST:LOG|HEAD[12]:TEMP|FRAM:STOR|CT:STAT|SYST:DESC)", RegexOptions.IgnoreCase)]
    private static partial Regex Volatile();

    /// <summary>Replays a run of the program.</summary>
    /// <param name="run">Records.</param>
    /// <param name="transport">Gantry; a simulator started like the recorded one.</param>
    /// <param name="secret">Session secret; the trace does not have it.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="difference">Told record, command, what was answered then, and what is answered now.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <returns>Messages sent, and answers that were compared.</returns>
    public static async Task<(int Sent, int Compared)> RunAsync(IReadOnlyList<WireRecord> run, IGantryTransport transport, string secret, TimeProvider wall,
        Action<WireRecord, string, string, string> difference, CancellationToken cancellation)
    {
        int sent = 0, compared = 0;
        foreach (IGrouping<int, WireRecord> connection in run.Where(r => r.Channel == "control").GroupBy(r => r.Connection).OrderBy(g => g.Key))
        {
            List<WireRecord> script = [.. connection];
            await using IGantryWire wire = await transport.ConnectAsync(cancellation);
            var reader = new ReplyReader(wire.Control);
            for (int i = 0; i < script.Count; i++)
            {
                WireRecord message = script[i];
                if (message.Direction != WireDirection.ToGantry || message.IsTimed) continue;
                string text = message.Text.Replace("\"***\"", $"\"{secret}\"", StringComparison.Ordinal);
                string marker = text[(text.LastIndexOf(' ') + 1)..];
                await wire.Control.WriteAsync(Encoding.Latin1.GetBytes(text + "\n"), cancellation);
                sent++;
                var now = new List<Reply>();
                while (true)
                {
                    using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2), wall);
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
                    Reply reply = await reader.ReadAsync(either.Token);
                    if (!reply.IsBlock && Encoding.Latin1.GetString(reply.Bytes) == marker) break;
                    now.Add(reply);
                }
                List<WireRecord> then = [.. script.Skip(i + 1).TakeWhile(r => r.Direction != WireDirection.ToGantry || r.IsTimed).Where(r => r.Direction == WireDirection.FromGantry && !r.IsTimed)];
                bool whole = then.Count > 0 && then[^1].Text == marker;
                if (!whole) continue; // the line broke then: what would have been answered nobody knows
                then.RemoveAt(then.Count - 1);
                string command = ReplayTransport.Shown(message.Text);
                if (Volatile().IsMatch(command)) continue;
                for (int k = 0; k < Math.Max(now.Count, then.Count); k++)
                {
                    string a = k < then.Count ? Describe(then[k]) : "nothing", b = k < now.Count ? Describe(now[k]) : "nothing";
                    compared++;
                    if (a != b) difference(message, command, a, b);
                }
            }
        }
        return (sent, compared);
    }

    private static string Describe(WireRecord r) => r.Block is { } b ? string.Create(CultureInfo.InvariantCulture, $"block of {b.Length} bytes, CRC-32 {b.Crc:x8}") : r.Text;

    private static string Describe(Reply r) => r.IsBlock
        ? string.Create(CultureInfo.InvariantCulture, $"block of {r.Bytes.Length} bytes, CRC-32 {Acquire.Protocols.Gantry.Crc32.Of(r.Bytes):x8}") : Encoding.Latin1.GetString(r.Bytes);
}
