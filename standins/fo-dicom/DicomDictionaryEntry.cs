using System.Globalization;

namespace FellowOakDicom;

/// <summary>One row of the data dictionary.</summary>
public sealed class DicomDictionaryEntry
{
    internal static readonly DicomDictionaryEntry UnknownEntry = new("Unknown", "UN", "1-n");

    internal DicomDictionaryEntry(string keyword, string representations, string multiplicity)
    {
        Keyword = keyword;
        ValueRepresentations = Array.ConvertAll(representations.Split('/'), code => DicomVR.TryGet(code, out DicomVR vr) ? vr : DicomVR.UN);
        string[] bounds = multiplicity.Split('-');
        Minimum = int.Parse(bounds[0], CultureInfo.InvariantCulture);
        Maximum = bounds.Length == 1 ? Minimum : bounds[1] == "n" ? int.MaxValue : int.Parse(bounds[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Keyword of PS3.6, e.g. "PatientName".</summary>
    public string Keyword { get; }
    internal DicomVR[] ValueRepresentations { get; }
    internal int Minimum { get; }
    internal int Maximum { get; }
}
