using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>The command table with one gantry's ranges: `? MIN` and `? MAX`, suffix limits and missing parts follow from its capabilities.</summary>
internal static class CapabilityTable
{
    /// <summary>The rows this gantry understands.</summary>
    public static GciCommandSet For(GantryCapabilities can) =>
        new([.. GciTable.All.Select(row => Adapt(row, can))], can.Heads, GciTable.All.Where(r => IsMissing(r, can)).Select(r => r.Header));

    private static bool IsMissing(GciCommand row, GantryCapabilities can) =>
        (!can.HasCt && row.Section == "CT")
        || (!can.HasListMode && row.Header == "ACQuire:LIST")
        || (can.Geometries.Count < 2 && row.Header.StartsWith("GANTry:GEOMetry", StringComparison.Ordinal));

    private static GciCommand Adapt(GciCommand row, GantryCapabilities can) => row.Header switch
    {
        "GANTry:ROTation[:TARGet]" or "ACQuire:TOMO:STARt" => Range(row, can.Axes["ROT"]),
        "HEAD#:RADius[:TARGet]" or "CONTour:RADii" => Range(row, can.Axes["HEAD1"]),
        "TABLe:LONGitudinal[:TARGet]" or "CT:RANGe" or "ACQuire:WBODy:RANGe" => Range(row, can.Axes["LONG"]),
        "TABLe:VERTical[:TARGet]" => Range(row, can.Axes["VERT"]),
        "TABLe:LATeral[:TARGet]" => Range(row, can.Axes["LAT"]),
        "GANTry:ROTation:SPEed" => Speed(row, can.Axes["ROT"]),
        "HEAD#:RADius:SPEed" => Speed(row, can.Axes["HEAD1"]),
        "TABLe:LONGitudinal:SPEed" => Speed(row, can.Axes["LONG"]),
        "TABLe:VERTical:SPEed" => Speed(row, can.Axes["VERT"]),
        "TABLe:LATeral:SPEed" => Speed(row, can.Axes["LAT"]),
        "HEAD#:MATRix" => Numbers(row, n => n with { Min = can.MatrixMin, Max = can.MatrixMax, Default = Math.Clamp(n.Default ?? can.MatrixMin, can.MatrixMin, can.MatrixMax) }),
        "HEAD#:ENERgy:WINDow#" => Numbers(row, n => n with { Min = can.KeVMin, Max = can.KeVMax }),
        "GANTry:GEOMetry" => Words(row, w => can.Geometries.Any(g => w.Short.EndsWith(g.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))),
        "ACQuire:HEADs" when can.Heads == 1 => Words(row, w => w.Short == "1"),
        _ => row,
    };

    private static GciCommand Range(GciCommand row, AxisCapability axis) => Numbers(row, n => n with { Min = axis.Min, Max = axis.Max });

    private static GciCommand Speed(GciCommand row, AxisCapability axis) => Numbers(row, n => n with { Max = axis.MaxSpeed, Default = axis.Speed });

    private static GciCommand Numbers(GciCommand row, Func<GciNumber, GciNumber> change) => row with { Parameters = [.. row.Parameters.Select(p => p is GciNumber n ? change(n) : p)] };

    private static GciCommand Words(GciCommand row, Func<GciWord, bool> keep) => row with { Parameters = [.. row.Parameters.Select(p => p is GciChoice c ? c with { Words = [.. c.Words.Where(keep)] } : p)] };
}
