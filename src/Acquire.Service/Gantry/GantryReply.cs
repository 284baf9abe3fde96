using System.Globalization;
using System.Numerics;
using System.Text;

namespace Acquire.Service.Gantry;

/// <summary>Taking replies apart.</summary>
public static class GantryReply
{
    /// <summary>Splits a reply at commas outside quotes and takes the quotes off.</summary>
    /// <param name="reply">Reply.</param>
    /// <param name="atLeast">Fields it must have.</param>
    /// <exception cref="GantryProtocolException">It has fewer.</exception>
    public static string[] Fields(string reply, int atLeast = 1)
    {
        var fields = new List<string>();
        var current = new StringBuilder();
        bool quoted = false;
        foreach (char c in reply)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                fields.Add(current.ToString());
                current.Clear();
            }
            else current.Append(c);
        }
        fields.Add(current.ToString());
        return fields.Count >= atLeast ? [.. fields] : throw new GantryProtocolException($"{atLeast} fields were expected, {fields.Count} came");
    }

    /// <summary>A number as SCPI writes it.</summary>
    /// <exception cref="GantryProtocolException">It is none.</exception>
    public static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : throw new GantryProtocolException("a number was expected, something else came");

    /// <summary>A whole number.</summary>
    /// <exception cref="GantryProtocolException">It is none.</exception>
    public static T Whole<T>(string text) where T : IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out T? number) ? number : throw new GantryProtocolException("a whole number was expected, something else came");
}
