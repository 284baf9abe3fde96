using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;
using Acquire.Service.Dicom;
using Acquire.Service.StudyRecords;
using Acquire.Testing;
using FellowOakDicom;

namespace Acquire.Service.Tests.Dicom;

/// <summary>A study with two tracers: each object says the one it shows, with its own time and net activity.</summary>
public sealed class TracerOfASeriesTests
{
    private static readonly DateTimeOffset s_first = new(2026, 3, 2, 9, 10, 0, TimeSpan.Zero), s_second = s_first + TimeSpan.FromHours(6);

    /// <summary>Calibrator 120 s ahead: what it shows at 15:02 is measured at 15:00. Half-lives 6.0067 h and 3.2617 d by the tables.</summary>
    private static readonly StudyEvent[] s_events =
    [
        new ClockCompared(s_first.AddMinutes(-20), "technologist", ClockCompared.DoseCalibrator, 120, 5),
        new DoseMeasured(s_first.AddMinutes(-8), "technologist", 620), new TracerInjected(s_first, "technologist", 0), new ResidualMeasured(s_first.AddMinutes(12), "technologist", 14),
        new DoseMeasured(s_second.AddMinutes(-8), "technologist", 190, "ga67"), new TracerInjected(s_second, "technologist", 0, "ga67"), new ResidualMeasured(s_second.AddMinutes(12), "technologist", 6, "ga67"),
    ];

    [Fact]
    public void Write_SeriesOfEachTracer_HaveItsNuclideTimeAndNetActivity()
    {
        AcquisitionProtocol protocol = ShippedProtocols.Read("infection/spondylodiscitis-sequential.yaml").Protocol!;
        DoseReport[] doses = [DoseReport.Of(protocol, "", s_events), DoseReport.Of(protocol, "ga67", s_events)];
        StudyRecord study = SyntheticStudy.Make() with
        {
            Protocol = protocol, Injected = s_first, NetActivityMBq = doses[0].Net!.MBq, Doses = doses, Ct = null, CtFacts = null, Reconstructions = new Dictionary<string, Volume>(),
            Series = [SyntheticStudy.Static("pool", [180, 0], 1, 3), SyntheticStudy.Static("ga67-posterior", [180, 0], 2, 2880)],
        };
        using var folder = new TemporaryFolder();
        WrittenObjects written = NuclearMedicineObjects.Write(study, folder.Path, new UidSource("tracers"));
        Assert.Empty(written.Refused);

        Check(written, "pool", "72454006", "091000", Net(620, 14, 6.0067), null);
        Check(written, "ga67-posterior", "2008008", "151000", Net(190, 6, 3.2617 * 24), "20260302151000");
    }

    /// <summary>Eight minutes before by the calibrator's clock are ten by the console's; the residual is measured ten minutes after.</summary>
    private static double Net(double syringe, double residual, double halfLifeHours) => (syringe * Math.Pow(2, -10 / 60.0 / halfLifeHours)) - (residual * Math.Pow(2, 10 / 60.0 / halfLifeHours));

    private static void Check(WrittenObjects written, string step, string nuclide, string time, double netMBq, string? dateTime)
    {
        DicomDataset item = Item(DicomFile.Open(written.Single(o => o.StepId == step).Path).Dataset, DicomTag.RadiopharmaceuticalInformationSequence);
        Assert.Equal(nuclide, Text.First(Item(item, DicomTag.RadionuclideCodeSequence), DicomTag.CodeValue));
        Assert.StartsWith(time, Text.First(item, DicomTag.RadiopharmaceuticalStartTime), StringComparison.Ordinal);
        Assert.Equal(netMBq, double.Parse(Text.First(item, DicomTag.RadionuclideTotalDose), System.Globalization.CultureInfo.InvariantCulture), 0.02);
        if (dateTime is not null) Assert.StartsWith(dateTime, Text.First(item, DicomTag.RadiopharmaceuticalStartDateTime), StringComparison.Ordinal);
    }

    private static DicomDataset Item(DicomDataset from, DicomTag tag)
    {
        Assert.True(from.TryGetSequence(tag, out DicomSequence sequence));
        return sequence.Single();
    }
}
