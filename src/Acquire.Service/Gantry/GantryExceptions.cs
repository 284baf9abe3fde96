using System.Globalization;

namespace Acquire.Service.Gantry;

/// <summary>The gantry answered with an error from its queue.</summary>
public sealed class GantryRefusedException(int code, string text, string command)
    : Exception($"the gantry refused {command}: {code.ToString(CultureInfo.InvariantCulture)} {text}")
{
    /// <summary>SCPI error number.</summary>
    public int Code { get; } = code;
    /// <summary>Text and detail.</summary>
    public string Text { get; } = text;
}

/// <summary>The gantry answered, but not as GCI says.</summary>
public sealed class GantryProtocolException(string message) : Exception($"the gantry's answer is not GCI 1.0: {message}");

/// <summary>The link to the gantry was lost or gave no answer in time.</summary>
public class GantryLinkLostException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>No answer came in time, but the link is in step again: the request may be asked anew on it.</summary>
public sealed class GantryTimeoutException(string message) : GantryLinkLostException(message);

/// <summary>The gantry restarted: what it was told before is gone, and what it did then has to be asked, never sent again.</summary>
/// <param name="reason">What showed it.</param>
/// <param name="bootId">Boot id now.</param>
public sealed class GantryRestartedException(string reason, ulong bootId)
    : Exception($"the gantry was restarted ({reason}); settings and positions have to be given anew")
{
    /// <summary>Boot id now.</summary>
    public ulong BootId { get; } = bootId;
}

/// <summary>Another console has the control lease or took over our session: this one may look and stop, and commands nothing.</summary>
/// <param name="message">Who holds it and what to do.</param>
public sealed class GantryControlLostException(string message) : Exception(message);
