using System.Globalization;
using Acquire.Protocols.Gantry;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Acquire.Service.Gantry;

/// <summary>Our session at the gantry over all its connections: opened, kept alive, restored when the link breaks, and its unfinished operations asked for.</summary>
/// <remarks>GCI 1.0 section 8. A link that broke is restored by whoever needs it next (or by the keeper, when nobody does); everybody else waits for the same
/// restoring. The boot id tells a gantry that only lost its line from one that lost its memory: after the latter nothing is repeated, the caller gets a
/// <see cref="GantryRestartedException"/> once.</remarks>
internal sealed class GantrySession : IAsyncDisposable
{
    private static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(1);
    private readonly IGantryTransport _transport;
    private readonly GantryDriverOptions _options;
    private readonly TimeProvider _wall;
    private readonly SemaphoreSlim _restoring = new(1, 1);
    private readonly ResiliencePipeline _reconnect;
    private readonly HashSet<string> _unfinished = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _fates = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private volatile GantryLink? _link;
    private Task _keeping = Task.CompletedTask;
    private TimeSpan _lease = TimeSpan.FromSeconds(30);
    private int _restartUntold;

    public GantrySession(IGantryTransport transport, GantryDriverOptions options, TimeProvider wall)
    {
        _transport = transport;
        _options = options;
        _wall = wall;
        _reconnect = Policy(wall, options.RestoreAttempts, options.SessionName);
    }

    /// <summary>Who the gantry says it is.</summary>
    public string Identity { get; private set; } = "";
    /// <summary>Boot id of the gantry as last seen.</summary>
    public ulong BootId { get; private set; }
    /// <summary>The link now; null between two.</summary>
    public GantryLink? Link => _link;
    /// <summary>Run selected by this session.</summary>
    public Guid? Selected { get; set; }
    /// <summary>Told after the link was restored, with the reason of the loss.</summary>
    public Action<string>? Restored { get; set; }
    /// <summary>Told what people should know of lease and session.</summary>
    public Action<string>? Notice { get; set; }

    /// <summary>First connection.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        await Policy(_wall, _options.FirstAttempts, _options.SessionName + "-first").ExecuteAsync(async token => _link = await ConnectAsync(token), cancellation);
        if (_options is { Role: GantryRole.Control, KeepAlive: true }) _keeping = KeepAsync();
    }

    /// <summary>Does something on a living link; only for what may be repeated.</summary>
    /// <exception cref="GantryRestartedException">The gantry restarted; what was asked was not repeated.</exception>
    /// <exception cref="GantryControlLostException">Somebody else commands the gantry.</exception>
    public async Task<T> RestoringAsync<T>(Func<GantryLink, Task<T>> action, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            GantryLink link = await LivingAsync(cancellation);
            try
            {
                return await action(link);
            }
            catch (GantryTimeoutException) when (attempt < 3)
            {
                // The link is in step: asked again on the same one.
            }
            catch (GantryLinkLostException e) when (attempt < 4)
            {
                await RestoreAsync(link, e.Message, cancellation);
            }
            catch (GantryRefusedException e) when (e.Code == -203 && attempt == 1 && _options.Role == GantryRole.Control)
            {
                await RegainAsync(link, cancellation);
            }
        }
    }

    /// <summary>Does something that must not be done twice: when the link breaks it is restored, and the caller has to ask what became of it.</summary>
    public async Task<T> OnceAsync<T>(Func<GantryLink, Task<T>> action, CancellationToken cancellation)
    {
        GantryLink link = await LivingAsync(cancellation);
        try
        {
            return await action(link);
        }
        catch (GantryLinkLostException e) when (e is not GantryTimeoutException)
        {
            await RestoreAsync(link, e.Message, cancellation);
            throw;
        }
    }

    /// <summary>Starts an operation: sent again only when the gantry, not restarted since, says it never heard of it.</summary>
    /// <param name="id">Operation id; the gantry ignores a second start with the same.</param>
    /// <param name="command">The start command with the id in it.</param>
    /// <param name="cancellation">Cancellation.</param>
    public async Task StartAsync(string id, string command, CancellationToken cancellation)
    {
        lock (_unfinished) _unfinished.Add(id);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    await RegainingOnceAsync(link => Done(link.CommandAsync(command, cancellation, link.Deadlines.Start)), cancellation);
                    return;
                }
                catch (GantryLinkLostException) when (attempt < 4)
                {
                    // Asked below, on whatever link there is then.
                }
                string fate = await RestoringAsync(link => link.QueryAsync($"SYST:OPER? \"{id}\"", cancellation), cancellation);
                string[] words = GantryReply.Fields(fate, 2);
                if (words[0] == "REF") throw new GantryRefusedException(GantryReply.Whole<int>(words[1]), GciErrors.TextOf(GantryReply.Whole<int>(words[1])), command.Split(' ', 2)[0]);
                if (words[0] != "UNKN") return;
            }
        }
        catch (Exception e) when (e is GantryRefusedException or GantryRestartedException)
        {
            lock (_unfinished) _unfinished.Remove(id);
            throw;
        }
    }

    /// <summary>State and code of an operation: RUNN, DONE, REF, FAIL, STOP, UNKN.</summary>
    public async Task<(string State, int Code)> OperationAsync(string id, CancellationToken cancellation)
    {
        string[] words = GantryReply.Fields(await RestoringAsync(link => link.QueryAsync($"SYST:OPER? \"{id}\"", cancellation), cancellation), 2);
        if (words[0] != "RUNN") lock (_unfinished) _unfinished.Remove(id);
        return (words[0], GantryReply.Whole<int>(words[1]));
    }

    /// <summary>Operations that were started and whose end was not heard of.</summary>
    public IReadOnlyList<string> Unfinished
    {
        get { lock (_unfinished) return [.. _unfinished]; }
    }

    /// <summary>What the last restoring of the link heard of each unfinished operation.</summary>
    public IReadOnlyDictionary<string, string> FatesAfterRestore
    {
        get { lock (_unfinished) return new Dictionary<string, string>(_fates); }
    }

    private async Task<T> RegainingOnceAsync<T>(Func<GantryLink, Task<T>> action, CancellationToken cancellation)
    {
        try
        {
            return await OnceAsync(action, cancellation);
        }
        catch (GantryRefusedException e) when (e.Code == -203 && _options.Role == GantryRole.Control)
        {
            // Refused, so not done: it may be sent again once the lease is back.
            await RegainAsync(await LivingAsync(cancellation), cancellation);
            return await OnceAsync(action, cancellation);
        }
    }

    private static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }

    private async Task<GantryLink> LivingAsync(CancellationToken cancellation)
    {
        if (_link is not { Lost: null } link)
        {
            await RestoreAsync(_link, _link?.Lost ?? "there was no link", cancellation);
            link = _link!;
        }
        if (Interlocked.Exchange(ref _restartUntold, 0) == 1) throw new GantryRestartedException("another boot id", BootId);
        return link;
    }

    private async Task RestoreAsync(GantryLink? broken, string reason, CancellationToken cancellation)
    {
        await _restoring.WaitAsync(cancellation);
        try
        {
            if (_link != broken) return; // somebody else restored it meanwhile
            if (broken is not null) await broken.DisposeAsync();
            ulong before = BootId;
            try
            {
                await _reconnect.ExecuteAsync(async token => _link = await ConnectAsync(token), cancellation);
            }
            catch (BrokenCircuitException e)
            {
                throw new GantryLinkLostException($"{reason}, and no gantry was reached at {_transport.Name} in many attempts", e);
            }
            if (BootId != before && before != 0) Interlocked.Exchange(ref _restartUntold, 1);
        }
        finally
        {
            _restoring.Release();
        }
        Restored?.Invoke(reason);
        if (Interlocked.Exchange(ref _restartUntold, 0) == 1) throw new GantryRestartedException(reason, BootId);
    }

    private async Task<GantryLink> ConnectAsync(CancellationToken cancellation)
    {
        GantryLink link = await GantryLink.ConnectAsync(_transport, _wall, cancellation, _options.Deadlines, _options.Trace);
        try
        {
            string version = await link.QueryAsync("SYST:GCI:VERS?", cancellation);
            if (!version.StartsWith("1.", StringComparison.Ordinal)) throw new AcquireException($"the gantry speaks GCI {version}; this console knows 1.x", ExitCodes.Gantry);
            Identity = await link.QueryAsync("*IDN?", cancellation);
            string role = _options.Role == GantryRole.Control ? "CONT" : "VIEW";
            await link.CommandAsync($"SYST:SESS:OPEN \"{_options.SessionName}\",{role},\"{_options.SessionSecret}\"", cancellation);
            await link.CommandAsync("*CLS", cancellation); // errors of the connection that died say nothing about this one
            if (_options.Role == GantryRole.Control)
            {
                await link.CommandAsync("SYST:CONT:REQ", cancellation);
                _lease = TimeSpan.FromSeconds(GantryReply.Number(await link.QueryAsync("SYST:CONT:LEAS?", cancellation)));
            }
            ulong boot = GantryReply.Whole<ulong>(GantryReply.Fields(await link.QueryAsync("SYST:BOOT?", cancellation))[0]);
            bool restarted = BootId != 0 && boot != BootId;
            BootId = boot;
            if (Selected is { } selected)
            {
                try
                {
                    await link.CommandAsync($"FRAM:SEL \"{selected:D}\"", cancellation);
                }
                catch (GantryRefusedException e) when (e.Code == 430 && restarted)
                {
                    Selected = null; // named before the restart and never started: the gantry has forgotten it
                }
            }
            await AskUnfinishedAsync(link, restarted, cancellation);
            return link;
        }
        catch (Exception e)
        {
            await link.DisposeAsync();
            if (e is GantryRefusedException { Code: 101 or 102 } held && BootId != 0)
                throw new GantryControlLostException($"the gantry is commanded by somebody else now ({held.Code} {held.Text}); this console can look and stop");
            throw;
        }
    }

    private async Task AskUnfinishedAsync(GantryLink link, bool restarted, CancellationToken cancellation)
    {
        foreach (string id in Unfinished)
        {
            string fate = restarted ? "UNKN" : GantryReply.Fields(await link.QueryAsync($"SYST:OPER? \"{id}\"", cancellation))[0];
            lock (_unfinished)
            {
                _fates[id] = fate;
                if (restarted) _unfinished.Remove(id);
            }
        }
    }

    /// <summary>Refused for want of the lease: taken again when it only ran out, said plainly when somebody else has it.</summary>
    private async Task RegainAsync(GantryLink link, CancellationToken cancellation)
    {
        await DemandOurSessionAsync(link, timed: false, cancellation);
        try
        {
            await link.CommandAsync("SYST:CONT:REQ", cancellation);
            Notice?.Invoke("the control lease had run out and was taken again; what the gantry did meanwhile is asked, not assumed");
        }
        catch (GantryRefusedException e) when (e.Code is 102 or -203)
        {
            string owner = GantryReply.Fields(await link.QueryAsync("SYST:CONT:OWN?", cancellation))[0];
            throw new GantryControlLostException($"the control lease is held by '{owner}'; this console can look and stop. End that console or let it release the lease, then go on here");
        }
    }

    private async Task<double> DemandOurSessionAsync(GantryLink link, bool timed, CancellationToken cancellation)
    {
        string[] session = GantryReply.Fields(await link.QueryAsync("SYST:SESS?", cancellation, timed: timed), 4);
        if (session[1] != _options.SessionName)
            throw new GantryControlLostException($"another console took over the session '{_options.SessionName}' of the gantry; this one commands nothing any more. Two consoles must not share a session name");
        return GantryReply.Number(session[3]);
    }

    /// <summary>Renews the lease while nobody speaks, and restores a link nobody misses yet.</summary>
    private async Task KeepAsync()
    {
        using var timer = new PeriodicTimer(KeepEvery, _wall);
        bool told = false;
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                try
                {
                    GantryLink? link = _link;
                    if (link is not { Lost: null })
                    {
                        await RestoreAsync(link, link?.Lost ?? "there was no link", _closing.Token);
                        continue;
                    }
                    if (link.Idle < _lease / 3) continue;
                    double left = await DemandOurSessionAsync(link, timed: true, _closing.Token);
                    if (left <= 0 && !told) Notice?.Invoke("the control lease was lost");
                    told = left <= 0;
                }
                catch (GantryRestartedException)
                {
                    Interlocked.Exchange(ref _restartUntold, 1); // told to whoever speaks next
                }
                catch (GantryControlLostException e)
                {
                    if (!told) Notice?.Invoke(e.Message);
                    told = true;
                }
                catch (Exception e) when (e is GantryLinkLostException or GantryRefusedException or GantryProtocolException or AcquireException)
                {
                    // Whoever speaks next meets the same and reports it; the keeper tries again.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    /// <summary>Waits that double with jitter; after five failures in a row a pause of 2 s in which nobody knocks (Polly).</summary>
    private static ResiliencePipeline Policy(TimeProvider wall, int attempts, string name) => new ResiliencePipelineBuilder { TimeProvider = wall, Name = name }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<GantryLinkLostException>().Handle<BrokenCircuitException>(),
            MaxRetryAttempts = attempts,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<GantryLinkLostException>(),
            FailureRatio = 1,
            MinimumThroughput = 5,
            SamplingDuration = TimeSpan.FromSeconds(30),
            BreakDuration = TimeSpan.FromSeconds(2),
        })
        .Build();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _keeping;
        if (_link is { } link) await link.DisposeAsync();
        _closing.Dispose();
        _restoring.Dispose();
    }
}
