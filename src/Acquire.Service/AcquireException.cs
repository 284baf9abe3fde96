namespace Acquire.Service;

/// <summary>Exit codes of every verb.</summary>
public static class ExitCodes
{
    /// <summary>All well; for a study: it ended complete and no check failed.</summary>
    public const int Ok = 0;
    /// <summary>Something unexpected: a defect of ours.</summary>
    public const int Unexpected = 1;
    /// <summary>The command line or an input file is wrong; nothing was done.</summary>
    public const int BadInput = 2;
    /// <summary>The gantry or simulator is missing, or refused.</summary>
    public const int Gantry = 3;
    /// <summary>The disk is full, read-only or in use by another instance.</summary>
    public const int Storage = 4;
    /// <summary>The study ended, but not complete.</summary>
    public const int StudyNotComplete = 5;
    /// <summary>All ran, but a quality check failed.</summary>
    public const int QualityFailed = 6;
}

/// <summary>Something the user can do something about: one clear line and an exit code. Never carries patient data.</summary>
public sealed class AcquireException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is wrong and what to do about it, one line.</param>
    /// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
    public AcquireException(string message, int exitCode) : base(message) => ExitCode = exitCode;
    /// <summary>Makes one with a cause.</summary>
    public AcquireException(string message, int exitCode, Exception inner) : base(message, inner) => ExitCode = exitCode;
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; }
}
