using System.Globalization;

namespace Acquire.Simulator.Gantry;

/// <summary>Fates of the operations started with an id (docs: control-interface 8, "Exactly-once"). Used under the gantry's lock.</summary>
internal sealed class OperationTable(Action<string, string, int> onChange)
{
    private const int Kept = 10_000;
    private readonly Dictionary<string, (string State, int Code)> _byId = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public bool AnyRunning => _byId.Values.Any(o => o.State == "RUNN");

    /// <summary>True when an operation with that id was accepted before: the command is then ignored.</summary>
    public bool WasAccepted(string id) => _byId.TryGetValue(id, out (string State, int Code) op) && op.State != "REF";

    public void Begin(string id) => Put(id, "RUNN", 0);
    public void Refuse(string id, int code) => Put(id, "REF", code);
    public void End(string? id, string state, int code)
    {
        if (id is null || !_byId.ContainsKey(id)) return;
        _byId[id] = (state, code);
        onChange(id, state, code);
    }

    public string Describe(string id)
    {
        (string state, int code) = _byId.GetValueOrDefault(id, ("UNKN", 0));
        return state + "," + code.ToString(CultureInfo.InvariantCulture);
    }

    private void Put(string id, string state, int code)
    {
        if (!_byId.ContainsKey(id)) _order.Enqueue(id);
        _byId[id] = (state, code);
        while (_order.Count > Kept) _byId.Remove(_order.Dequeue());
        onChange(id, state, code);
    }
}
