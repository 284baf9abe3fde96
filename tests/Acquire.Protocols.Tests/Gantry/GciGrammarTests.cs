using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Protocols.Tests.Gantry;

public sealed class GciGrammarTests
{
    private static List<(GciCommand Row, IReadOnlyList<int> Suffixes, IReadOnlyList<GciValue> Values)> Run(string message)
    {
        var reader = new GciMessageReader(Encoding.Latin1.GetBytes(message));
        var result = new List<(GciCommand, IReadOnlyList<int>, IReadOnlyList<GciValue>)>();
        while (reader.Next() is { } unit)
        {
            (GciCommand row, IReadOnlyList<int> suffixes) = GciTable.Find(unit);
            result.Add((row, suffixes, row.Bind(unit)));
        }
        return result;
    }

    private static int ErrorOf(string message) => Assert.Throws<GciException>(() => Run(message)).Error.Number;

    // The sequences of control-interface section 16 and the path rule of SCPI-1999 6.2.4.
    [Theory]
    [InlineData("ACQ:MODE STAT;HEAD BOTH;LIM:TIME 300 S;:HEAD1:MATR 256;:HEAD2:MATR 256", "ACQuire:MODE ACQuire:HEADs ACQuire:LIMit:TIME HEAD#:MATRix HEAD#:MATRix")]
    [InlineData("ACQ:MODE DYN;DYN:PHAS1 60,1 S;PHAS2 30,10 S;:ACQ:ONL CONT", "ACQuire:MODE ACQuire:DYNamic:PHASe# ACQuire:DYNamic:PHASe# ACQuire:ONLoss")]
    [InlineData("ACQ:MODE TOMO;TOMO:STAR 0;ARC 180;VIEW 60;TIME 20 S;MODE STEP;ORB CONT;DIR CW", "ACQuire:MODE ACQuire:TOMO:STARt ACQuire:TOMO:ARC ACQuire:TOMO:VIEWs ACQuire:TOMO:TIME ACQuire:TOMO:MODE ACQuire:TOMO:ORBit ACQuire:TOMO:DIRection")]
    [InlineData("CT:MODE HEL;ROT 1 S;PITC 1;MA 60;RANG 250,650", "CT:MODE CT:ROTime CT:PITCh CT:MA CT:RANGe")]
    [InlineData("ACQ:MODE STAT;*CLS;HEAD 1", "ACQuire:MODE *CLS ACQuire:HEADs")]
    [InlineData(":syst:err?;:SYSTEM:ERROR:NEXT?", "SYSTem:ERRor[:NEXT] SYSTem:ERRor[:NEXT]")]
    [InlineData("GANT:ROT 5;ROT:TARG 6", "GANTry:ROTation[:TARGet] GANTry:ROTation[:TARGet]")]
    [InlineData(" \t;; *OPC? ;", "*OPC")]
    [InlineData("", "")]
    public void Find_WellFormedMessage_ResolvesRows(string message, string headers) =>
        Assert.Equal(headers, string.Join(' ', Run(message).Select(r => r.Row.Header)));

    [Theory]
    [InlineData("HEAD1:RAD 23.04 CM", 230.4)]
    [InlineData("HEAD2:RADIUS:TARGET .2304E3", 230.4)]
    [InlineData("HEAD1:RAD 230.44mm", 230.4)]
    [InlineData("HEAD1:RAD 230.45", 230.5)]
    [InlineData("HEAD1:RAD MIN", 110)]
    [InlineData("HEAD1:RAD maximum", 400)]
    [InlineData("ACQ:LIM:TIME 1500 MS", 1.5)]
    [InlineData("ACQ:LIM:TIME INF", double.PositiveInfinity)]
    [InlineData("ACQ:LIM:TIME 9.9E37", double.PositiveInfinity)]
    [InlineData("HEAD1:MATR #H80", 128)]
    [InlineData("HEAD1:MATR #Q200", 128)]
    [InlineData("HEAD1:MATR #B10000000", 128)]
    [InlineData("GANT:ROT -0.001", 0)]
    [InlineData("GANT:ROT +5.004 DEG", 5)]
    [InlineData("HEAD1:HV ON", 1)]
    [InlineData("HEAD1:HV 0", 0)]
    public void Bind_Number_ConvertsAndRounds(string message, double expected) => Assert.Equal(expected, Run(message).Single().Values[0].Number, 12);

    [Theory]
    [InlineData("FOO", -113)]
    [InlineData("ACQUI:ARM", -113)] // no spelling in between
    [InlineData("SYST:ERR", -113)] // query only
    [InlineData("ACQ:ARM?", -113)] // no query
    [InlineData("HEAD:RAD 200", -114)] // the digit is never implied
    [InlineData("HEAD3:RAD 200", -114)]
    [InlineData("HEAD0:RAD 200", -114)]
    [InlineData("HEAD99999999:RAD 200", -114)]
    [InlineData("HEAD1:ENER:WIND17 \"a\",1,2", -114)]
    [InlineData("ACQ2:ARM", -114)]
    [InlineData("ABCDEFGHIJKLM 1", -112)]
    [InlineData("ACQ:ARM 1", -108)]
    [InlineData("HEAD1:RAD", -109)]
    [InlineData("HEAD1:RAD ,", -102)]
    [InlineData("HEAD1:ENER:WIND1 \"a\",100", -109)]
    [InlineData("HEAD1:ENER:WIND1 \"a\",100,", -109)]
    [InlineData("HEAD1:RAD 200 200", -103)]
    [InlineData("HEAD1:RAD 200!", -103)]
    [InlineData("HEAD1:RAD!", -103)]
    [InlineData("HEAD1:RAD \u00e9", -101)]
    [InlineData("HEAD1::RAD 2", -102)]
    [InlineData("1ACQ:ARM", -102)]
    [InlineData("HEAD1:RAD --2", -120)]
    [InlineData("HEAD1:RAD 2x3", -121)]
    [InlineData("HEAD1:RAD 1E99999", -123)]
    [InlineData("HEAD1:RAD 1E999999", -123)]
    [InlineData("HEAD1:RAD 200 KEV", -131)]
    [InlineData("HEAD1:RAD 200 M", -131)] // in SCPI a lone M is metre, elsewhere milli: refused
    [InlineData("ACQ:LIM:TIME 5 MIN", -131)]
    [InlineData("HEAD1:MATR 128 MM", -138)]
    [InlineData("HEAD1:RAD NAN", -141)]
    [InlineData("HEAD1:RAD INF", -141)]
    [InlineData("HEAD1:RAD \"200\"", -158)]
    [InlineData("HEAD1:RAD #13abc", -168)]
    [InlineData("ACQ:MODE \"STAT\"", -158)]
    [InlineData("ACQ:MODE STATI", -224)]
    [InlineData("SYST:SESS:OPEN console,CONT", -148)]
    [InlineData("SYST:SESS:OPEN \"console", -151)]
    [InlineData("DIAG:BLOC #0abc", -161)]
    [InlineData("DIAG:BLOC #15abc", -161)]
    [InlineData("DIAG:BLOC 5", -104)]
    [InlineData("HEAD1:RAD 109.9", -222)]
    [InlineData("HEAD1:RAD 9.9E37", -222)]
    [InlineData("HEAD1:RAD 1E300", -222)]
    [InlineData("HEAD1:MATR 100", -224)]
    [InlineData("CT:KV 90", -222)]
    [InlineData("ACQ:ID \"patient\"", -224)]
    [InlineData("ACQ:LAB \"0123456789012345678901234567890123456789012345678901234567890123456789\"", -223)]
    public void Find_BadMessage_GivesScpiError(string message, int number) => Assert.Equal(number, ErrorOf(message));

    [Fact]
    public void Bind_StringWithDoubledQuotes_IsOneQuote()
    {
        Assert.Equal("say \"aye\", it's; fine", Run("ACQ:LAB \"say \"\"aye\"\", it's; fine\"").Single().Values[0].Text);
        Assert.Equal("it's", Run("ACQ:LAB 'it''s'").Single().Values[0].Text);
    }

    [Fact]
    public void Bind_Block_KeepsEveryByte()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        byte[] message = [.. "DIAG:BLOC #3256"u8, .. all, .. ";*CLS"u8];
        var reader = new GciMessageReader(message);
        GciUnit unit = reader.Next()!;
        Assert.Equal(all, GciTable.Find(unit).Row.Bind(unit)[0].Bytes);
        Assert.Equal("*CLS", reader.Next()!.Mnemonics[0]);
        Assert.Null(reader.Next());
    }

    [Fact]
    public void Find_EveryRowInEverySpelling_FindsThatRow()
    {
        int spellings = 0;
        foreach (GciCommand row in GciTable.All)
        {
            int[] suffixes = [.. row.Pattern.Nodes.Where(n => n.MaxSuffix > 0).Select(n => n.MaxSuffix)];
            foreach (bool useLong in new[] { false, true })
                foreach (bool optional in new[] { false, true })
                {
                    string header = row.Pattern.Format(useLong, optional, suffixes);
                    var unit = new GciUnit(header.ToLowerInvariant().Split(':'), !row.HasSet, []);
                    (GciCommand found, IReadOnlyList<int> s) = GciTable.Find(unit);
                    Assert.Same(row, found);
                    Assert.Equal(suffixes, s);
                    spellings++;
                }
        }
        Assert.True(spellings > 400);
    }

    [Fact]
    public void All_Table_IsConsistent()
    {
        Assert.Equal(GciTable.All.Count, GciTable.All.Select(r => r.Header).Distinct().Count());
        foreach (GciCommand row in GciTable.All)
        {
            Assert.True(row.HasSet || row.HasQuery, row.Header);
            Assert.All(row.Pattern.Nodes, n => Assert.InRange(n.Word.Short.Length, 1, 12));
            Assert.All(row.Errors, e => Assert.NotEqual("Device error", GciErrors.TextOf(e)));
            if (row.IsStart && row.Header != "MOTion:JOG") Assert.True(row.HasOperationId, row.Header);
            if (row.Safety is SafetyClass.Motion or SafetyClass.Exposure or SafetyClass.Setting) Assert.True(row.NeedsLease, row.Header);
            if (row.Safety == SafetyClass.Stop) Assert.True(!row.NeedsLease && row.When.Describe() == "any" && row.Parameters.Count == 0, row.Header);
        }
        // IEEE 488.2 10 and SCPI-1999 4.1 make these mandatory.
        string[] mandatory = ["*CLS", "*ESE", "*ESE?", "*ESR?", "*IDN?", "*OPC", "*OPC?", "*RST", "*SRE", "*SRE?", "*STB?", "*TST?", "*WAI", "SYSTem:ERRor[:NEXT]?", "SYSTem:VERSion?", "STATus:OPERation[:EVENt]?", "STATus:OPERation:CONDition?", "STATus:OPERation:ENABle", "STATus:QUEStionable[:EVENt]?", "STATus:PRESet"];
        Assert.Empty(mandatory.Except(GciTable.HelpLines()));
    }
}
