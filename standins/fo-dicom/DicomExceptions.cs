namespace FellowOakDicom;

#pragma warning disable CA1032 // The constructors are those something calls.

/// <summary>Base of all exceptions here.</summary>
public abstract class DicomException : Exception
{
    /// <summary>Makes one.</summary>
    protected DicomException(string message, Exception inner = null) : base(message, inner) { }
}

/// <summary>Wrong, missing or unfitting data.</summary>
public class DicomDataException : DicomException
{
    internal DicomDataException(string message, Exception inner = null) : base(message, inner) { }
}

/// <summary>A value breaks the rules of its value representation or its multiplicity.</summary>
public sealed class DicomValidationException : DicomDataException
{
    internal DicomValidationException(string content, DicomVR vr, string message) : base(message)
    {
        Content = content;
        VR = vr;
    }

    internal string Content { get; }
    internal DicomVR VR { get; }
}

/// <summary>A file is missing, not DICOM, or broken.</summary>
public sealed class DicomFileException : DicomDataException
{
    internal DicomFileException(string message, Exception inner = null) : base(message, inner) { }
}

/// <summary>Pixel data are missing or unfitting.</summary>
public sealed class DicomImagingException : DicomException
{
    internal DicomImagingException(string message) : base(message) { }
}
