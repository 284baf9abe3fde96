using FellowOakDicom.IO.Buffer;

namespace FellowOakDicom.Imaging;

/// <summary>Frames of uncompressed pixel data in a dataset.</summary>
public sealed class DicomPixelData
{
    private readonly DicomDataset _dataset;
    private readonly BinaryElement _element;

    private DicomPixelData(DicomDataset dataset, BinaryElement element)
    {
        _dataset = dataset;
        _element = element;
    }

    /// <summary>Number of Frames (0028,0008); 1 when absent.</summary>
    public int NumberOfFrames => _dataset.GetSingleValueOrDefault(DicomTag.NumberOfFrames, 1);
    /// <summary>Bytes per frame.</summary>
    public int UncompressedFrameSize => checked(_dataset.GetSingleValue<ushort>(DicomTag.Rows) * _dataset.GetSingleValue<ushort>(DicomTag.Columns)
        * _dataset.GetSingleValueOrDefault(DicomTag.SamplesPerPixel, (ushort)1) * ((_dataset.GetSingleValue<ushort>(DicomTag.BitsAllocated) + 7) / 8));

    /// <summary>Pixel data of a dataset: those there, or new empty ones with Number of Frames 0.</summary>
    /// <exception cref="DicomImagingException">There are none, or they are compressed.</exception>
    /// <exception cref="DicomDataException">New ones need Bits Allocated.</exception>
    public static DicomPixelData Create(DicomDataset dataset, bool newPixelData = false)
    {
        if (!newPixelData)
            return new DicomPixelData(dataset, dataset.GetDicomItem<DicomElement>(DicomTag.PixelData) as BinaryElement ?? throw new DicomImagingException("there are no uncompressed pixel data"));
        bool words = dataset.GetSingleValue<ushort>(DicomTag.BitsAllocated) > 8 || !dataset.InternalTransferSyntax.IsExplicitVR;
        var element = new BinaryElement(DicomTag.PixelData, words ? DicomVR.OW : DicomVR.OB);
        dataset.Put(element);
        dataset.AddOrUpdate(DicomTag.NumberOfFrames, 0);
        return new DicomPixelData(dataset, element);
    }

    /// <summary>Appends a frame, little endian; its size is not checked.</summary>
    public void AddFrame(IByteBuffer data)
    {
        _element.Append(data);
        _dataset.AddOrUpdate(DicomTag.NumberOfFrames, NumberOfFrames + 1);
    }

    /// <summary>A frame, from 0.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such frame.</exception>
    public IByteBuffer GetFrame(int frame)
    {
#pragma warning disable CA2201 // The package's documented exception.
        if (frame < 0 || frame >= NumberOfFrames) throw new IndexOutOfRangeException($"frame {frame} of {NumberOfFrames}");
#pragma warning restore CA2201
        int size = UncompressedFrameSize;
        return new MemoryByteBuffer(_element.Buffer.Data.AsSpan(frame * size, size).ToArray());
    }
}
