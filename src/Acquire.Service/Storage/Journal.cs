using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Acquire.Service.Storage;

/// <summary>The journal: SQLite, write-ahead log, synchronous FULL. An event is on disk when <see cref="Append"/> returns.</summary>
/// <remarks>
/// Tables (docs/data-folder.md): <c>study(key, created, scheduled, protocol)</c>, <c>event(seq, study, at, kind, body)</c>,
/// <c>fact(study, kind, id, body)</c>. <c>body</c> is JSON, <c>at</c> ISO 8601 UTC: readable with any SQLite shell.
/// Only <c>study.scheduled</c> holds what names a patient.
/// </remarks>
public sealed class Journal : IDisposable
{
    private const int SchemaVersion = 1;
    private readonly SqliteConnection _connection;
    private readonly string _folder;

    /// <summary>Opens or creates the journal.</summary>
    public Journal(string path)
    {
        _folder = Path.GetDirectoryName(path)!;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
        long version = (long)Scalar("PRAGMA user_version")!;
        if (version > SchemaVersion)
            throw new IOException($"the journal has schema {version}, this program knows up to {SchemaVersion}: use the newer program");
        Execute($"""
            CREATE TABLE IF NOT EXISTS study(key TEXT PRIMARY KEY, created TEXT NOT NULL, scheduled TEXT NOT NULL, protocol TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS event(seq INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT NOT NULL REFERENCES study(key), at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS event_of_study ON event(study, seq);
            CREATE TABLE IF NOT EXISTS fact(study TEXT NOT NULL REFERENCES study(key), kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(study, kind, id));
            PRAGMA user_version={SchemaVersion};
            """);
    }

    /// <summary>Opens a study.</summary>
    /// <param name="key">Pseudonymous key.</param>
    /// <param name="created">When.</param>
    /// <param name="scheduledJson">Worklist entry, JSON (names the patient; stays in this table).</param>
    /// <param name="protocolYaml">The protocol file as it was used.</param>
    /// <param name="fact">A named text kept with it in the same transaction (how it is run).</param>
    public void AddStudy(string key, DateTimeOffset created, string scheduledJson, string protocolYaml, (string Name, string Value) fact)
    {
        Execute("BEGIN IMMEDIATE");
        Execute("INSERT INTO study(key, created, scheduled, protocol) VALUES ($a, $b, $c, $d)", key, Iso(created), scheduledJson, protocolYaml);
        Keep(key, "text", fact.Name, fact.Value);
        Execute("COMMIT");
    }

    /// <summary>Takes back a study that has no event: it never began. One with events stays.</summary>
    public void Withdraw(string key)
    {
        Execute("BEGIN IMMEDIATE");
        Execute("DELETE FROM fact WHERE study=$a AND NOT EXISTS (SELECT 1 FROM event WHERE event.study=$a)", key);
        Execute("DELETE FROM study WHERE key=$a AND NOT EXISTS (SELECT 1 FROM event WHERE event.study=$a)", key);
        Execute("COMMIT");
    }

    /// <summary>A study's entry; null when unknown.</summary>
    public (string Scheduled, string Protocol, DateTimeOffset Created)? Study(string key)
    {
        using SqliteCommand command = Make("SELECT scheduled, protocol, created FROM study WHERE key=$a", key);
        using SqliteDataReader reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetString(0), reader.GetString(1), DateTimeOffset.Parse(reader.GetString(2), CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>Keys of all studies, oldest first.</summary>
    public IReadOnlyList<string> Studies()
    {
        using SqliteCommand command = Make("SELECT key FROM study ORDER BY created, key");
        using SqliteDataReader reader = command.ExecuteReader();
        var keys = new List<string>();
        while (reader.Read()) keys.Add(reader.GetString(0));
        return keys;
    }

    /// <summary>Appends an event; durable when this returns.</summary>
    public void Append(string study, DateTimeOffset at, string kind, string body) =>
        Execute("INSERT INTO event(study, at, kind, body) VALUES ($a, $b, $c, $d)", study, Iso(at), kind, body);

    /// <summary>Bodies of a study's events in order.</summary>
    public IReadOnlyList<string> Events(string study)
    {
        using SqliteCommand command = Make("SELECT body FROM event WHERE study=$a ORDER BY seq", study);
        using SqliteDataReader reader = command.ExecuteReader();
        var bodies = new List<string>();
        while (reader.Read()) bodies.Add(reader.GetString(0));
        return bodies;
    }

    /// <summary>Keeps a fact that has one current value (clock anchor, ledger, CT settings, gantry address).</summary>
    public void Keep(string study, string kind, string id, string body) =>
        Execute("INSERT INTO fact(study, kind, id, body) VALUES ($a, $b, $c, $d) ON CONFLICT(study, kind, id) DO UPDATE SET body=excluded.body", study, kind, id, body);

    /// <summary>Facts of a kind by id.</summary>
    public IReadOnlyDictionary<string, string> Facts(string study, string kind)
    {
        using SqliteCommand command = Make("SELECT id, body FROM fact WHERE study=$a AND kind=$b ORDER BY id", study, kind);
        using SqliteDataReader reader = command.ExecuteReader();
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read()) facts[reader.GetString(0)] = reader.GetString(1);
        return facts;
    }

    /// <summary>ISO 8601 UTC with microseconds.</summary>
    public static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <exception cref="AcquireException">The disk did not take it; nothing was written.</exception>
    private void Execute(string sql, params string[] values)
    {
        try
        {
            using SqliteCommand command = Make(sql, values);
            command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw DataFolder.Describe(_folder, e);
        }
    }

    private object? Scalar(string sql)
    {
        using SqliteCommand command = Make(sql);
        return command.ExecuteScalar();
    }

    private SqliteCommand Make(string sql, params string[] values)
    {
        SqliteCommand command = _connection.CreateCommand();
        // Every caller's SQL is a constant of this class; values are always bound.
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < values.Length; i++) command.Parameters.AddWithValue("$" + (char)('a' + i), values[i]);
        return command;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();
}
