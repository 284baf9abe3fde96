namespace Acquire.Reconstruction;

/// <summary>Projections, map or settings that cannot be used: one clear line for people that says what is missing and what to do. Never carries patient data.</summary>
public sealed class BadInputException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is wrong and what to do about it, one line.</param>
    public BadInputException(string message) : base(message) { }
    /// <summary>Makes one with a cause.</summary>
    public BadInputException(string message, Exception inner) : base(message, inner) { }
}
