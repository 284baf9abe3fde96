namespace Acquire.Service.Quality;

/// <summary>Verdict of one check with the figure it rests on. Quality and quantities only; never a diagnosis, never patient data.</summary>
public sealed record QualityResult
{
    /// <summary>Check name, e.g. "counts-per-view"; also the name of its page in docs/qc.</summary>
    public required string Check { get; init; }
    /// <summary>Title for people.</summary>
    public required string Title { get; init; }
    /// <summary>Verdict.</summary>
    public required Verdict Verdict { get; init; }
    /// <summary>The figure that was judged, in <see cref="Unit"/>; null when there is none.</summary>
    public double? Figure { get; init; }
    /// <summary>Unit of the figure; empty for a pure number.</summary>
    public string Unit { get; init; } = "";
    /// <summary>The limits in words, e.g. "warn below 50000, fail below 25000 counts"; empty when there is none.</summary>
    public string LimitText { get; init; } = "";
    /// <summary>Where the limits come from, with status letter; empty when there is none.</summary>
    public string LimitSource { get; init; } = "";
    /// <summary>What was seen, in one or two sentences.</summary>
    public required string Words { get; init; }
    /// <summary>What to do; empty when nothing is to be done.</summary>
    public string Action { get; init; } = "";
    /// <summary>A picture of the finding as PNG bytes; null when there is none.</summary>
    public byte[]? PicturePng { get; init; }
    /// <summary>Alternative text of the picture or chart.</summary>
    public string PictureText { get; init; } = "";
    /// <summary>A chart as an SVG element without external references; null when there is none.</summary>
    public string? Svg { get; init; }
}
