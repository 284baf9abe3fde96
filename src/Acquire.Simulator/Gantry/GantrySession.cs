using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>What a session may do.</summary>
internal enum SessionRole
{
    View,
    Control,
    Service,
}

/// <summary>One session: its status and error context, its selection; outlives its connection for a minute.</summary>
internal sealed class GantrySession(int id, string name, string secret, SessionRole role)
{
    public int Id { get; } = id;
    public string Name { get; } = name;
    public string Secret { get; } = secret;
    public SessionRole Role { get; set; } = role;
    public StatusModel Status { get; } = new();
    public Guid? Selected { get; set; }
    public object? Connection { get; set; }
    public long LastSeen { get; set; }
    /// <summary>Messages of this session being worked on: a lease does not run out meanwhile.</summary>
    public int Busy { get; set; }
    /// <summary>Bit 6 of its status byte is set: service was requested.</summary>
    public bool IsRequesting { get; set; }
    /// <summary>*OPC was given and waits.</summary>
    public bool WantsOperationComplete { get; set; }
    public string RoleWord => Role switch { SessionRole.Control => "CONT", SessionRole.Service => "SERV", _ => "VIEW" };
}

/// <summary>Sessions and the one control lease. Wall time. Used under the gantry's lock.</summary>
internal sealed class SessionTable(TimeProvider wall, TimeSpan lease)
{
    private const int Most = 100;
    private static readonly TimeSpan Outlives = TimeSpan.FromSeconds(60);
    private readonly Dictionary<string, GantrySession> _byName = new(StringComparer.Ordinal);
    private int _id;
    private long _leaseFrom;

    /// <summary>Shared by all connections that opened none of their own.</summary>
    public GantrySession Default { get; } = new(0, "", "", SessionRole.View);
    public GantrySession? Holder { get; private set; }
    public TimeSpan Lease { get; set; } = lease;
    /// <summary>A session requests service: its status byte.</summary>
    public event Action<GantrySession, int>? Requested;
    public void Request(GantrySession session, int statusByte) => Requested?.Invoke(session, statusByte);
    public IEnumerable<GantrySession> All => _byName.Values.Prepend(Default);
    public IEnumerable<GantrySession> Named => _byName.Values;

    /// <summary>The session of that name when the secret is its own.</summary>
    public GantrySession? Find(string name, string secret) => _byName.TryGetValue(name, out GantrySession? session) && Same(session.Secret, secret) ? session : null;

    public GantrySession Open(object connection, string name, SessionRole role, string secret)
    {
        if (_byName.TryGetValue(name, out GantrySession? session))
        {
            if (!Same(session.Secret, secret)) throw new GciException(101);
            session.Role = role;
        }
        else
        {
            if (_byName.Count >= Most) throw new GciException(-203, "too many sessions");
            session = new GantrySession(++_id, name, secret, role);
            _byName.Add(name, session);
        }
        session.Connection = connection;
        session.LastSeen = wall.GetTimestamp();
        if (role == SessionRole.View) Release(session);
        else if (Holder == session) Take(session);
        return session;
    }

    /// <summary>Fault lease.thief: a session nobody opened takes the lease, and keeps it.</summary>
    public void Steal()
    {
        Holder = _thief;
        _thief.Busy = 1;
    }

    /// <summary>The thief gives up.</summary>
    public void EndThief()
    {
        if (Holder == _thief) Holder = null;
    }

    private readonly GantrySession _thief = new(-1, "thief", "", SessionRole.Control);

    public void Close(GantrySession session)
    {
        Release(session);
        _byName.Remove(session.Name);
    }

    public void Request(GantrySession session)
    {
        if (session.Role == SessionRole.View) throw new GciException(-203, "role VIEW");
        if (Holder is not null && Holder != session) throw new GciException(102, Holder.Name);
        Take(session);
    }

    public void Release(GantrySession session)
    {
        if (Holder == session) Holder = null;
    }

    /// <summary>A message of the session came or was finished.</summary>
    public void Touch(GantrySession session)
    {
        session.LastSeen = wall.GetTimestamp();
        if (Holder == session) _leaseFrom = session.LastSeen;
    }

    public TimeSpan LeaseLeft(GantrySession session) =>
        Holder != session ? TimeSpan.Zero : session.Busy > 0 ? Lease : Max(TimeSpan.Zero, Lease - wall.GetElapsedTime(_leaseFrom));

    /// <summary>Lets go what has run out; true when the lease was lost just now.</summary>
    public bool Expire()
    {
        foreach (GantrySession session in _byName.Values.Where(s => s.Connection is null && s.Busy == 0 && s != Holder && wall.GetElapsedTime(s.LastSeen) > Outlives).ToList())
            _byName.Remove(session.Name);
        if (Holder is null || LeaseLeft(Holder) > TimeSpan.Zero) return false;
        Holder = null;
        return true;
    }

    private void Take(GantrySession session)
    {
        Holder = session;
        _leaseFrom = wall.GetTimestamp();
    }

    private static bool Same(string a, string b) =>
        System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(a), System.Text.Encoding.UTF8.GetBytes(b));

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
