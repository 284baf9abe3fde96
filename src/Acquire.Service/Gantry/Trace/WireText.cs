using System.Text.RegularExpressions;

namespace Acquire.Service.Gantry;

/// <summary>What may be sent: printable ASCII, and no free text that could name a patient (house rule 4).</summary>
public static partial class WireText
{
    /// <summary>A label that says nothing of a person: letters, digits and hyphens, as our study and run keys are made.</summary>
    /// <exception cref="ArgumentException">It could.</exception>
    public static string Label(string label) => KeyText().IsMatch(label) ? label
        : throw new ArgumentException("a label of a run is a key of letters, digits and hyphens with at least one digit; nothing that could name a patient goes over the wire", nameof(label));

    /// <summary>Refuses a message that could carry patient data or break the line.</summary>
    /// <exception cref="ArgumentException">It could; the message is not quoted.</exception>
    public static string Checked(string message)
    {
        foreach (char c in message)
            if (c is < ' ' or > '~') throw new ArgumentException("a message to the gantry is one line of printable ASCII", nameof(message));
        foreach (Match match in LabelCommand().Matches(message)) Label(match.Groups[1].Value);
        return message;
    }

    /// <summary>The message as it stands in a trace: secrets of sessions are not in it.</summary>
    public static string Masked(string message) => Secret().Replace(message, "$1\"***\"");

    [GeneratedRegex("(SESS(?:ion)?:OPEN [^\\n]*,)\"[^\"\\n]*\"", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();

    [GeneratedRegex("^(?=.*[0-9])[A-Za-z0-9-]{1,64}$")]
    private static partial Regex KeyText();

    [GeneratedRegex("""LAB(?:el)?\s+["']?([^"';]*)""", RegexOptions.IgnoreCase)]
    private static partial Regex LabelCommand();
}
