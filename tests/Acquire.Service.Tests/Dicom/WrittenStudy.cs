using Acquire.Service.Dicom;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Tests.Dicom;

/// <summary>The synthetic study, written once for all tests of a class.</summary>
public sealed class WrittenStudy : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-dicom-").FullName;

    public WrittenStudy()
    {
        Study = SyntheticStudy.Make();
        Objects = NuclearMedicineObjects.Write(Study, _folder, new UidSource(Study.StudyKey));
    }

    public StudyRecord Study { get; }
    public WrittenObjects Objects { get; }
    public string[] Paths => [.. Objects.Select(o => o.Path)];
    public string PathOf(string step) => Objects.First(o => o.StepId == step).Path;
    public void Dispose() => Directory.Delete(_folder, true);
}
