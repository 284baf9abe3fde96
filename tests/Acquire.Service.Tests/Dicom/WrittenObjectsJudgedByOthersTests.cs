namespace Acquire.Service.Tests.Dicom;

public sealed class WrittenObjectsJudgedByOthersTests(WrittenStudy written) : IClassFixture<WrittenStudy>
{
    [Fact]
    public void Dciodvfy_EveryObject_NoErrorsNoWarnings()
    {
        Tools.Need("dciodvfy", "dicom3tools");
        Assert.Empty(written.Objects.Refused);
        string[] complaints = [.. written.Paths.SelectMany(path =>
        {
            (_, string output, string error) = Tools.Run("dciodvfy", path);
            string text = output + error;
            return Tools.Lines(text, "Error").Concat(Tools.Lines(text, "Warning")).Select(l => $"{Path.GetFileName(path)}: {l}");
        })];
        Assert.True(complaints.Length == 0, string.Join(Environment.NewLine, complaints));
    }

    [Fact]
    public void Dcentvfy_WholeStudy_ObjectsAgreeWithEachOther()
    {
        Tools.Need("dcentvfy", "dicom3tools");
        (_, string output, string error) = Tools.Run("dcentvfy", written.Paths);
        Assert.Empty(Tools.Lines(output + error, "Error"));
    }
}
