using System.Globalization;
using System.Text;
using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>Values as DICOM text, and back from what vendors write.</summary>
internal static class Text
{
    /// <summary>Decimal string: at most 16 characters, at most 6 decimals (a nanometre, a millionth of a degree).</summary>
    internal static string Ds(double value)
    {
        string text = value.ToString("0.######", CultureInfo.InvariantCulture);
        if (text.Length > 16) text = value.ToString("G9", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    internal static string[] Ds(params double[] values) => Array.ConvertAll(values, Ds);

    internal static string Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture);
    internal static string Date(DateTimeOffset time) => time.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
    internal static string Time(DateTimeOffset time) => time.ToString("HHmmss.ffffff", CultureInfo.InvariantCulture);
    internal static string Offset(DateTimeOffset time) => time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    /// <summary>Free text as one value: no backslash (it would make two values), no control characters, not longer than the limit.</summary>
    internal static string Free(string text, int limit)
    {
        var clean = new StringBuilder(text.Length);
        foreach (char c in text) clean.Append(c == '\\' ? '/' : char.IsControl(c) ? ' ' : c);
        string result = clean.ToString().Trim();
        return result.Length <= limit ? result : result[..(limit - 3)].TrimEnd() + "...";
    }

    /// <summary>"ImagePositionPatient (0020,0032)".</summary>
    internal static string Name(DicomTag tag) => $"{tag.DictionaryEntry.Keyword} {tag}";

    /// <summary>Text values, trimmed; empty when absent or empty.</summary>
    internal static string[] Strings(DicomDataset dataset, DicomTag tag) =>
        dataset.TryGetString(tag, out string text) && !string.IsNullOrWhiteSpace(text) ? Array.ConvertAll(text.Split('\\'), v => v.Trim(' ', '\0')) : [];

    /// <summary>First text value, trimmed; "" when absent.</summary>
    internal static string First(DicomDataset dataset, DicomTag tag) => Strings(dataset, tag) is [string first, ..] ? first : "";

    /// <summary>Numbers of a decimal or integer string; empty when absent or not all are numbers.</summary>
    internal static double[] Numbers(DicomDataset dataset, DicomTag tag)
    {
        string[] texts = Strings(dataset, tag);
        var numbers = new double[texts.Length];
        for (int i = 0; i < texts.Length; i++)
            if (!double.TryParse(texts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !double.IsFinite(numbers[i])) return [];
        return numbers;
    }

    internal static double? Number(DicomDataset dataset, DicomTag tag) => Numbers(dataset, tag) is [double first, ..] ? first : null;
    internal static int Whole(DicomDataset dataset, DicomTag tag) => dataset.GetSingleValueOrDefault(tag, (ushort)0);

    /// <summary>Date and time of two attributes, also in the old forms with separators; null when there is no date.</summary>
    internal static DateTimeOffset? When(DicomDataset dataset, DicomTag date, DicomTag time, string offset)
    {
        string day = First(dataset, date).Replace(".", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        if (!DateTime.TryParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime when)) return null;
        string clock = First(dataset, time).Replace(":", "", StringComparison.Ordinal);
        string whole = clock.Split('.')[0];
        if (DateTime.TryParseExact(whole, ["HHmmss", "HHmm", "HH"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime t))
            when += t.TimeOfDay;
        if (clock.Length > whole.Length && double.TryParse(clock[whole.Length..], NumberStyles.Float, CultureInfo.InvariantCulture, out double fraction))
            when += TimeSpan.FromSeconds(Math.Round(fraction, 6));
        TimeSpan zone = TimeSpan.Zero;
        if (offset.Length == 5 && int.TryParse(offset.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int hhmm) && hhmm % 100 < 60 && hhmm <= 1400)
            zone = new TimeSpan(hhmm / 100, hhmm % 100, 0) * (offset[0] == '-' ? -1 : 1);
        return new DateTimeOffset(when, zone);
    }
}
