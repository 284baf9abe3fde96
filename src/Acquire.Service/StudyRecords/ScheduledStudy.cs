namespace Acquire.Service.StudyRecords;

/// <summary>A value that names a person. Its text form is masked, so that no log, trace or exception can show it by accident (house rule 4).</summary>
public readonly struct Protected : IEquatable<Protected>
{
    private readonly string? _value;
    /// <summary>Wraps a value.</summary>
    public Protected(string value) => _value = value;
    /// <summary>The value itself. Only for DICOM objects, the screen of the person treating the patient, and the report.</summary>
    public string Reveal() => _value ?? "";
    /// <summary>True when there is nothing in it.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(_value);
    /// <summary>Always masked.</summary>
    public override string ToString() => IsEmpty ? "(none)" : "(protected)";
    /// <inheritdoc/>
    public bool Equals(Protected other) => _value == other._value;
    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Protected p && Equals(p);
    /// <inheritdoc/>
    public override int GetHashCode() => _value?.GetHashCode(StringComparison.Ordinal) ?? 0;
    /// <summary>Equality of the hidden values.</summary>
    public static bool operator ==(Protected left, Protected right) => left.Equals(right);
    /// <summary>Inequality of the hidden values.</summary>
    public static bool operator !=(Protected left, Protected right) => !left.Equals(right);
}

/// <summary>A patient on the list: one scheduled procedure step of a modality worklist entry.</summary>
public sealed record ScheduledStudy
{
    /// <summary>Patient's Name (0010,0010), DICOM form "Family^Given".</summary>
    public required Protected PatientName { get; init; }
    /// <summary>Patient ID (0010,0020).</summary>
    public required Protected PatientId { get; init; }
    /// <summary>Patient's Birth Date (0010,0030), yyyyMMdd or empty.</summary>
    public required Protected BirthDate { get; init; }
    /// <summary>Patient's Sex (0010,0040): M, F, O or empty.</summary>
    public string Sex { get; init; } = "";
    /// <summary>Patient's Weight (0010,1030), kg; null when not given.</summary>
    public double? WeightKg { get; init; }
    /// <summary>Patient's Size (0010,1020), m; null when not given.</summary>
    public double? HeightM { get; init; }
    /// <summary>Accession Number (0008,0050).</summary>
    public Protected AccessionNumber { get; init; }
    /// <summary>Study Instance UID (0020,000D).</summary>
    public required string StudyInstanceUid { get; init; }
    /// <summary>Requested Procedure ID (0040,1001).</summary>
    public string RequestedProcedureId { get; init; } = "";
    /// <summary>Requested Procedure Description (0032,1060).</summary>
    public string RequestedProcedureDescription { get; init; } = "";
    /// <summary>Scheduled Procedure Step ID (0040,0009).</summary>
    public string ScheduledStepId { get; init; } = "";
    /// <summary>Scheduled Procedure Step Description (0040,0007).</summary>
    public string ScheduledStepDescription { get; init; } = "";
    /// <summary>Scheduled start (local time of the site as UTC offset zero when the entry has none); null when not given.</summary>
    public DateTimeOffset? ScheduledStart { get; init; }
    /// <summary>Referring Physician's Name (0008,0090).</summary>
    public Protected ReferringPhysician { get; init; }
}
