using System.Globalization;
using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality;

/// <summary>Turns a figure and a limit into verdict and words, the same way for every check.</summary>
internal static class Judging
{
    /// <summary>Verdict of a figure: beyond Warn, beyond Fail. Small is bad when Fail is smaller than Warn. No limit: NotSet.</summary>
    public static Verdict Of(double figure, QualityLimit? limit, bool smallIsBad = false)
    {
        if (!double.IsFinite(figure)) return Verdict.Error;
        if (limit is null) return Verdict.NotSet;
        bool below = limit.Fail < limit.Warn || (limit.Fail == limit.Warn && smallIsBad);
        if (below) return figure < limit.Fail ? Verdict.Fail : figure < limit.Warn ? Verdict.Warn : Verdict.Pass;
        return figure > limit.Fail ? Verdict.Fail : figure > limit.Warn ? Verdict.Warn : Verdict.Pass;
    }

    /// <summary>The limits in words.</summary>
    public static string Text(QualityLimit? limit, bool smallIsBad = false)
    {
        if (limit is null) return "";
        string side = limit.Fail < limit.Warn || (limit.Fail == limit.Warn && smallIsBad) ? "below" : "above";
        string unit = limit.Unit.Length == 0 || limit.Unit == "1" ? "" : " " + limit.Unit;
        return limit.Warn == limit.Fail
            ? $"fail {side} {Number(limit.Fail)}{unit}"
            : $"warn {side} {Number(limit.Warn)}, fail {side} {Number(limit.Fail)}{unit}";
    }

    /// <summary>A result with the parts every check fills the same way.</summary>
    public static QualityResult Result(IQualityCheck check, Verdict verdict, double? figure, QualityLimit? limit, string words, string action, bool smallIsBad = false) => new()
    {
        Check = check.Name, Title = check.Title, Verdict = verdict, Figure = figure, Unit = check.Unit,
        LimitText = Text(limit, smallIsBad), LimitSource = limit?.Source ?? "", Words = words,
        Action = verdict <= Verdict.Pass ? "" : action,
    };

    /// <summary>Number with about three digits, thousands apart by thin gaps.</summary>
    public static string Number(double v)
    {
        double a = Math.Abs(v);
        if (!double.IsFinite(v)) return "not a number";
        if (a >= 1000) return v.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", "\u202f", StringComparison.Ordinal);
        if (a == Math.Floor(a)) return v.ToString("0", CultureInfo.InvariantCulture);
        return v.ToString(a >= 100 ? "0" : a >= 10 ? "0.0" : a >= 0.1 ? "0.##" : "0.###", CultureInfo.InvariantCulture);
    }

    /// <summary>Formats with the invariant culture.</summary>
    public static string Say(FormattableString text) => FormattableString.Invariant(text);
}
