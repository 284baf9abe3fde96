using System.Globalization;

namespace FellowOakDicom;

/// <summary>Rules for what a caller adds (PS3.5 table 6.2-1). What is read from a file is not checked.</summary>
internal static class Validation
{
    internal static void Check(DicomItem item)
    {
        if (item is not DicomElement element) return;
        DicomVR vr = item.ValueRepresentation;
        DicomDictionaryEntry entry = item.Tag.DictionaryEntry;
        if (element.Count > 0 && vr.Code is not ("OB" or "OW" or "UN") && (element.Count < entry.Minimum || element.Count > entry.Maximum))
            throw new DicomValidationException(element.AsString(), vr, $"{item.Tag} has {element.Count} values; {entry.Keyword} takes {Multiplicity(entry)}");
        if (element is not TextElement) return;
        for (int i = 0; i < element.Count; i++)
        {
            string value = element.At<string>(i);
            string wrong = value.Length == 0 ? null : Problem(vr, value);
            if (wrong is not null) throw new DicomValidationException(value, vr, $"{item.Tag} {entry.Keyword}: {wrong}");
        }
    }

    private static string Multiplicity(DicomDictionaryEntry entry) =>
        entry.Minimum == entry.Maximum ? entry.Minimum.ToString(CultureInfo.InvariantCulture) : entry.Maximum == int.MaxValue ? $"{entry.Minimum} or more" : $"{entry.Minimum} to {entry.Maximum}";

    private static string Problem(DicomVR vr, string value)
    {
        switch (vr.Code)
        {
            case "PN":
                string[] groups = value.Split('=');
                if (groups.Length > 3) return "more than three groups of a person name";
                if (groups.Any(g => g.Length > 64)) return "a group of a person name is longer than 64 characters";
                return groups.Any(g => g.Split('^').Length > 5) ? "more than five components of a person name" : NoControl(value);
            case "CS":
                return TooLong(vr, value) ?? (value.All(c => c is (>= 'A' and <= 'Z') or (>= '0' and <= '9') or ' ' or '_') ? null : "only capitals, digits, space and underscore are allowed");
            case "UI":
                return TooLong(vr, value) ?? (value.Split('.').All(p => p.Length > 0 && p.All(char.IsAsciiDigit) && (p.Length == 1 || p[0] != '0')) ? null : "not a unique identifier");
            case "DS":
                return TooLong(vr, value) ?? (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) && double.IsFinite(d) ? null : "not a decimal number");
            case "IS":
                return TooLong(vr, value) ?? (int.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out _) ? null : "not a whole number of 32 bits");
            case "DA":
                return value.Split('-').Length <= 2 && value.Split('-').All(p => p.Length == 0 || IsTime(p, "yyyyMMdd")) ? null : "not a date";
            case "TM":
                return value.Split('-').Length <= 2 && value.Split('-').All(p => p.Length == 0 || IsTime(Whole(p), "HHmmss", "HHmm", "HH")) ? null : "not a time";
            case "DT":
                return IsTime(Whole(value.Split('+', '-')[0]), "yyyyMMddHHmmss", "yyyyMMddHHmm", "yyyyMMddHH", "yyyyMMdd", "yyyyMM", "yyyy") ? null : "not a date and time";
            case "LT" or "ST" or "UT" or "UR":
                return TooLong(vr, value);
            default:
                return TooLong(vr, value) ?? NoControl(value);
        }
    }

    private static string TooLong(DicomVR vr, string value) => value.Length > vr.MaximumLength ? $"longer than {vr.MaximumLength} characters" : null;
    private static string NoControl(string value) => value.Any(c => char.IsControl(c) && c != '\u001b') ? "control characters are not allowed" : null;

    private static string Whole(string time)
    {
        int dot = time.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? time : time.Length - dot is > 1 and <= 7 && time.AsSpan(dot + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? time[..dot] : "";
    }

    private static bool IsTime(string value, params string[] formats) =>
        DateTime.TryParseExact(value, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
