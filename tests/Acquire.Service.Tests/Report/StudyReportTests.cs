using System.Text.RegularExpressions;
using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;
using Acquire.Service.Report;
using Acquire.Service.StudyRecords;
using Acquire.Service.Tests.Quality;

namespace Acquire.Service.Tests.Report;

public sealed partial class StudyReportTests
{
    private static readonly Lazy<(StudyRecord Study, QualityReport Quality, string Html)> Made = new(() =>
    {
        StudyRecord study = SyntheticStudy.Good(new SyntheticSpect { Motion = stop => stop >= 40 ? (0, 0, -9.6) : (0, 0, 0) });
        QualityReport quality = QualityRunner.Run(QualityInput.Of(study), QualityLimits.LoadDefault());
        return (study, quality, StudyReport.Html(study, quality));
    });

    [Fact]
    public void Html_OfAStudy_RefersToNothingOutside()
    {
        string html = Made.Value.Html;
        Assert.DoesNotContain("http:", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.All(Sources().Matches(html), m => Assert.StartsWith("data:image/png;base64,", m.Groups[1].Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Html_EveryImage_IsAValidPngWithAlternativeText()
    {
        MatchCollection images = Images().Matches(Made.Value.Html);
        Assert.True(images.Count > 50, $"{images.Count} images");
        int flows = 0;
        foreach (Match image in images)
        {
            Assert.Matches("alt=\"[^\"]{4,}\"", image.Value);
            string data = Sources().Match(image.Value).Groups[1].Value["data:image/png;base64,".Length..];
            PngReader png = PngReader.Read(Convert.FromBase64String(data));
            Assert.InRange(png.Width, 8, 20000);
            Assert.InRange(png.Height, 8, 2000);
            bool empty = png.Pixels.Distinct().Count() <= 3;
            // Before the tracer arrives there is nothing to be seen in the flow.
            if (image.Value.Contains("alt=\"Flow, head", StringComparison.Ordinal)) flows += empty ? 0 : 1;
            else Assert.False(empty, "the picture is empty: " + Alt().Match(image.Value).Value);
        }
        Assert.InRange(flows, 20, 34);
    }

    [Fact]
    public void Html_PatientNameAndId_StandOnceInTheHeaderOnly()
    {
        string html = Made.Value.Html;
        Assert.Single(Regex.Matches(html, SyntheticStudy.FamilyName));
        Assert.Single(Regex.Matches(html, SyntheticStudy.PatientId));
        Assert.True(html.IndexOf(SyntheticStudy.PatientId, StringComparison.Ordinal) < html.IndexOf("Quality checks", StringComparison.Ordinal));
        Assert.DoesNotContain("19611105", html, StringComparison.Ordinal);
        Assert.DoesNotContain(SyntheticStudy.FamilyName, html[..html.IndexOf("<body>", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Fact]
    public void Html_OfAStudy_HoldsVerdictsFiguresTimesDoseAndOrigin()
    {
        (StudyRecord study, QualityReport quality, string html) = Made.Value;
        Assert.Equal(Verdict.Fail, quality.Verdict);
        foreach (QualityResult r in quality.Results)
        {
            Assert.Contains(HtmlPage.Text(r.Words), html, StringComparison.Ordinal);
            Assert.Contains(HtmlPage.Text(r.LimitText), html, StringComparison.Ordinal);
            Assert.Contains(HtmlPage.Text(r.LimitSource), html, StringComparison.Ordinal);
        }
        foreach (string text in (string[])["Repeat views 41 to 60", "683.7 MBq, standard uncertainty", "702.0 MBq", "11.5 MBq", "142 mGy cm", "Made by a simulator", study.Protocol.ContentHash, "scanner was warming up", "&lt;three phase &amp; SPECT/CT&gt;", "prefers-color-scheme:dark", "no diagnosis"])
            Assert.Contains(text, html, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_OfAStudyThatBarelyBegan_SaysWhatIsMissing()
    {
        StudyRecord full = Made.Value.Study;
        StudyRecord study = full with { Series = [], Ct = null, CtFacts = null, Reconstructions = new Dictionary<string, Volume>(), Timeline = [], Ledgers = [], Prompts = [], Injected = null, NetActivityMBq = null, Ending = Ending.Aborted, EndingReason = "patient unwell", GantryIdentity = "ACME,Gamma 3" };
        string html = StudyReport.Html(study, QualityRunner.Run(QualityInput.Of(study), QualityLimits.LoadDefault()));
        Assert.Contains("did not end complete: aborted, patient unwell", html, StringComparison.Ordinal);
        Assert.Contains("not injected", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Made by a simulator", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_MarkOfASimulator_RestsOnTheFramesNotOnTheGantrysName()
    {
        StudyRecord study = Made.Value.Study;
        StudyRecord real = study with { GantryIdentity = "Simplon Medical,Simca,7,1.0", Series = [.. study.Series.Select(s => s with { Frames = [.. s.Frames.Select(f => f with { IsSimulated = false })] })], Reconstructions = new Dictionary<string, Volume>() };
        Assert.DoesNotContain("Made by a simulator", StudyReport.Html(real, Made.Value.Quality), StringComparison.Ordinal);
        CountSeries last = real.Series[^1];
        StudyRecord one = real with { GantryIdentity = "ACME,Gamma 3,7,1.0", Series = [.. real.Series.SkipLast(1), last with { Frames = [.. last.Frames.SkipLast(1), last.Frames[^1] with { IsSimulated = true }] }] };
        Assert.Contains("Made by a simulator", StudyReport.Html(one, Made.Value.Quality), StringComparison.Ordinal);
    }

    [Fact]
    public void Html_OfAStudy_StandsInTheOrderOfATechnologistsEye()
    {
        (_, QualityReport quality, string html) = Made.Value;
        string[] order = ["<header>", ">What to do now<", "alt=\"Flow, head 1", ">SPECT, reconstructed<", ">Quality checks<", ">Times, planned and actual<", ">Dose record<", ">Stored against the gantry", ">Where this comes from<"];
        int[] places = [.. order.Select(o => html.IndexOf(o, StringComparison.Ordinal))];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        string todo = html[places[1]..places[2]];
        Assert.All(quality.Results, r => Assert.Equal(r.Verdict is Verdict.Warn or Verdict.Fail or Verdict.Error, todo.Contains($"<b>{HtmlPage.Text(r.Title)}:</b>", StringComparison.Ordinal)));
        Assert.Contains("Repeat views 41 to 60", todo, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_OfAStudy_SaysHowPicturesAreCutAndWindowed()
    {
        string html = Made.Value.Html;
        Assert.Contains("CT: bone window, level 300 HU, width 1000 HU (-200 to 800 HU).", html, StringComparison.Ordinal);
        Assert.Contains("All cut to the same box around the body within the CT", html, StringComparison.Ordinal);
        Assert.True(Cuts().Count(html) >= 3, "flow, planar views and SPECT views each say their cut");
        string[] text = [.. Sources().Split(html).Where((_, n) => n % 2 == 0)];
        Assert.DoesNotContain(text, t => t.Contains("Hu:0", StringComparison.Ordinal));
        // The pictures of a flow have one size.
        Assert.Single(Images().Matches(html).Select(m => m.Value).Where(v => v.Contains("alt=\"Flow, head", StringComparison.Ordinal)).Select(v => Size().Match(v).Value).Distinct());
    }

    [Fact]
    public void Write_ToAFolderThatIsNotThere_MakesFolderAndWholeFile()
    {
        string folder = Directory.CreateTempSubdirectory("acquire-report").FullName;
        try
        {
            string path = Path.Combine(folder, "sub", "report.html");
            StudyReport.Write(path, Made.Value.Study, Made.Value.Quality);
            Assert.Equal(Made.Value.Html, File.ReadAllText(path));
            Assert.Equal([path], Directory.GetFiles(Path.Combine(folder, "sub")));
            if (Environment.GetEnvironmentVariable("ACQUIRE_KEEP_REPORT") is { Length: > 0 } keep) File.Copy(path, keep, overwrite: true);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void ReconstructionReport_OfProjectionsAlone_IsSelfContained()
    {
        var projections = new ProjectionSet { Views = 60, Rows = 64, Columns = 64, BinMm = 4.8, RowMm = 4.8, AngleDeg = [.. Enumerable.Range(0, 60).Select(v => v * 6.0)], RadiusMm = [.. Enumerable.Repeat(200.0, 60)], Counts = [.. Enumerable.Range(0, 60 * 64 * 64).Select(i => (float)(i % 7))] };
        string html = ReconstructionReport.Html("a <title>", projections, new Dictionary<string, Volume>(), null, null, [("NRMSE", "3 %")]);
        Assert.Contains("a &lt;title&gt;", html, StringComparison.Ordinal);
        Assert.Contains("NRMSE", html, StringComparison.Ordinal);
        Assert.All(Sources().Matches(html), m => Assert.StartsWith("data:image/png;base64,", m.Groups[1].Value, StringComparison.Ordinal));
    }

    [GeneratedRegex("src=\"([^\"]*)\"")]
    private static partial Regex Sources();
    [GeneratedRegex("<img[^>]*>")]
    private static partial Regex Images();
    [GeneratedRegex(@"(All cut to the same \d+ x \d+ mm of the field of|The whole field of) \d+ x \d+ mm")]
    private static partial Regex Cuts();
    [GeneratedRegex("width=.*height=\"\\d+\"")]
    private static partial Regex Size();
    [GeneratedRegex("alt=\"[^\"]*\"")]
    private static partial Regex Alt();
}
