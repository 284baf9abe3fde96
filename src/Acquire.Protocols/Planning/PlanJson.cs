using System.Text.Json;
using System.Text.Json.Serialization;

namespace Acquire.Protocols.Planning;

/// <summary>A plan as JSON for other programs: times as "HH:MM", slots only.</summary>
public static class PlanJson
{
    /// <summary>Writes it.</summary>
    public static string Write(DayPlan plan, IReadOnlyList<string> advice)
    {
        ArgumentNullException.ThrowIfNull(plan);
        PlanJsonVisit? Visit(PlannedVisit? v) => v is null ? null : new PlanJsonVisit(v.Camera, ClockText.Write(v.FromMinute), ClockText.Write(v.ToMinute), v.State == VisitState.Fixed);
        string? Clock(int? m) => m is { } minute ? ClockText.Write(minute) : null;
        var all = new PlanJsonDay(plan.Request.Day, Clock(plan.Request.NowMinute), plan.Objective, plan.LowerBound, plan.Gap, plan.IsOptimal, plan.Evaluations, plan.Branches,
            [.. plan.Patients.Select(p => new PlanJsonSlot(p.Slot, p.Patient.Study.Id, p.Placed, Clock(p.InjectionMinute), p.InjectionPlanned, Visit(p.First), Visit(p.Later),
                p.Patient.Study.LaterMinutes > 0 ? Clock(p.OpensMinute) : null, p.Patient.Study.LaterMinutes > 0 ? Clock(p.ClosesMinute) : null, Clock(p.BackByMinute), p.OutsideWindow, p.Kit.Length > 0 ? p.Kit : null))],
            [.. plan.Steps.Select(s => new PlanJsonStep(s.Camera, s.Kind.ToString(), ClockText.Write(s.FromMinute), ClockText.Write(s.ToMinute), s.What))],
            [.. plan.Kits.Select(k => new PlanJsonKit(k.Kit.Id, ClockText.Write(k.Kit.ExpiresMinute), k.LeftMBq, k.TakenMBq))],
            [.. plan.Parts.Select(p => new PlanJsonPart(p.Kind, p.Whom, p.Points))], advice);
        return JsonSerializer.Serialize(all, PlanJsonContext.Default.PlanJsonDay);
    }
}

internal sealed record PlanJsonDay(string Day, string? Now, int Objective, int LowerBound, int Gap, bool Optimal, int Evaluations, int Branches, IReadOnlyList<PlanJsonSlot> Slots,
    IReadOnlyList<PlanJsonStep> CameraSteps, IReadOnlyList<PlanJsonKit> Kits, IReadOnlyList<PlanJsonPart> Parts, IReadOnlyList<string> Advice);

internal sealed record PlanJsonSlot(string Slot, string Study, bool Placed, string? Injection, bool InjectionPlanned, PlanJsonVisit? First, PlanJsonVisit? Later, string? WindowOpens, string? WindowCloses, string? BackBy, bool OutsideWindow, string? Kit);

internal sealed record PlanJsonVisit(string Camera, string From, string To, bool Fixed);

internal sealed record PlanJsonStep(string Camera, string Kind, string From, string To, string What);

internal sealed record PlanJsonKit(string Id, string Expires, int LeftMBqAtReady, int TakenMBqAtReady);

internal sealed record PlanJsonPart(string Kind, string Whom, int Points);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(PlanJsonDay))]
internal sealed partial class PlanJsonContext : JsonSerializerContext;
