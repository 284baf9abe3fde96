using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Acquire.Service.Dicom;

/// <summary>Unique identifiers made from a seed and a role: the same study exported twice has the same objects, and a seeded demo the same files.</summary>
/// <remarks>"2.25." and a UUID as a decimal number (PS3.5 annex B.2). The UUID is version 8 of RFC 9562 (custom): the first 128 bits of
/// SHA-256 over seed and role, with version and variant set. No root of ours is needed and none is claimed.</remarks>
public sealed class UidSource
{
    private readonly string _seed;

    /// <summary>Makes a source.</summary>
    /// <param name="seed">Study key; unique in the world for real studies (a UUID), any text for tests.</param>
    public UidSource(string seed)
    {
        ArgumentException.ThrowIfNullOrEmpty(seed);
        _seed = seed;
    }

    /// <summary>The identifier of a role.</summary>
    /// <param name="role">What it is for, e.g. "series", an acquisition's id.</param>
    /// <returns>At most 44 characters, starting with "2.25.".</returns>
    public string For(params string[] role)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"acquire\u001f{_seed}\u001f{string.Join('\u001f', role)}"));
        Span<byte> uuid = hash.AsSpan(0, 16);
        uuid[6] = (byte)((uuid[6] & 0x0F) | 0x80);
        uuid[8] = (byte)((uuid[8] & 0x3F) | 0x80);
        return "2.25." + new BigInteger(uuid, isUnsigned: true, isBigEndian: true).ToString(CultureInfo.InvariantCulture);
    }
}
