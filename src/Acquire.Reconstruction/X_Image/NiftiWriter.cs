using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Writes NIfTI-1 (.nii, float32) so that any viewer can open a reconstruction.</summary>
public static class NiftiWriter
{
    /// <summary>Writes a volume.</summary>
    /// <remarks>
    /// NIfTI's axes are x right, y forward, z up (RAS); the house's are x left, y back, z head (LPS). Data stay in order and the
    /// s-form carries the two signs.
    /// </remarks>
    /// <param name="path">File to write.</param>
    /// <param name="volume">Volume.</param>
    /// <param name="description">At most 79 ASCII characters, no patient data.</param>
    public static void Write(string path, Volume volume, string description)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(description);
        byte[] header = new byte[352];
        Span<byte> h = header;
        BinaryPrimitives.WriteInt32LittleEndian(h, 348);
        short[] dim = [3, (short)volume.Nx, (short)volume.Ny, (short)volume.Nz, 1, 1, 1, 1];
        for (int n = 0; n < dim.Length; n++) BinaryPrimitives.WriteInt16LittleEndian(h[(40 + (2 * n))..], dim[n]);
        BinaryPrimitives.WriteInt16LittleEndian(h[70..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(h[72..], 32);
        float[] pixdim = [1, (float)volume.DxMm, (float)volume.DyMm, (float)volume.DzMm];
        for (int n = 0; n < pixdim.Length; n++) BinaryPrimitives.WriteSingleLittleEndian(h[(76 + (4 * n))..], pixdim[n]);
        BinaryPrimitives.WriteSingleLittleEndian(h[108..], 352);
        BinaryPrimitives.WriteSingleLittleEndian(h[112..], 1);
        h[123] = 2;
        Encoding.ASCII.GetBytes(description.AsSpan(0, Math.Min(79, description.Length)), h[148..]);
        BinaryPrimitives.WriteInt16LittleEndian(h[254..], 1);
        double[,] rows = { { -volume.DxMm, 0, 0, -volume.X0Mm }, { 0, -volume.DyMm, 0, -volume.Y0Mm }, { 0, 0, volume.DzMm, volume.Z0Mm } };
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++) BinaryPrimitives.WriteSingleLittleEndian(h[(280 + (16 * r) + (4 * c))..], (float)rows[r, c]);
        "n+1\0"u8.CopyTo(h[344..]);
        using FileStream file = File.Create(path);
        file.Write(header);
        file.Write(MemoryMarshal.AsBytes(volume.Values.AsSpan()));
    }
}
