using System.Globalization;

namespace FellowOakDicom;

/// <summary>Number of an attribute, and the table of those in use (PS3.6; US/SS and OB/OW as the dictionary lists them).</summary>
public sealed class DicomTag : IEquatable<DicomTag>
{
    private static readonly Dictionary<uint, DicomDictionaryEntry> s_dictionary = [];

#pragma warning disable CS1591 // The name of each constant is the DICOM keyword; what it means is in PS3.3 and PS3.6.
    public static readonly DicomTag FileMetaInformationGroupLength = Known(0x0002, 0x0000, "FileMetaInformationGroupLength", "UL", "1");
    public static readonly DicomTag FileMetaInformationVersion = Known(0x0002, 0x0001, "FileMetaInformationVersion", "OB", "1");
    public static readonly DicomTag MediaStorageSOPClassUID = Known(0x0002, 0x0002, "MediaStorageSOPClassUID", "UI", "1");
    public static readonly DicomTag MediaStorageSOPInstanceUID = Known(0x0002, 0x0003, "MediaStorageSOPInstanceUID", "UI", "1");
    public static readonly DicomTag TransferSyntaxUID = Known(0x0002, 0x0010, "TransferSyntaxUID", "UI", "1");
    public static readonly DicomTag ImplementationClassUID = Known(0x0002, 0x0012, "ImplementationClassUID", "UI", "1");
    public static readonly DicomTag ImplementationVersionName = Known(0x0002, 0x0013, "ImplementationVersionName", "SH", "1");
    public static readonly DicomTag SpecificCharacterSet = Known(0x0008, 0x0005, "SpecificCharacterSet", "CS", "1-n");
    public static readonly DicomTag ImageType = Known(0x0008, 0x0008, "ImageType", "CS", "2-n");
    public static readonly DicomTag SOPClassUID = Known(0x0008, 0x0016, "SOPClassUID", "UI", "1");
    public static readonly DicomTag SOPInstanceUID = Known(0x0008, 0x0018, "SOPInstanceUID", "UI", "1");
    public static readonly DicomTag StudyDate = Known(0x0008, 0x0020, "StudyDate", "DA", "1");
    public static readonly DicomTag SeriesDate = Known(0x0008, 0x0021, "SeriesDate", "DA", "1");
    public static readonly DicomTag AcquisitionDate = Known(0x0008, 0x0022, "AcquisitionDate", "DA", "1");
    public static readonly DicomTag ContentDate = Known(0x0008, 0x0023, "ContentDate", "DA", "1");
    public static readonly DicomTag StudyTime = Known(0x0008, 0x0030, "StudyTime", "TM", "1");
    public static readonly DicomTag SeriesTime = Known(0x0008, 0x0031, "SeriesTime", "TM", "1");
    public static readonly DicomTag AcquisitionTime = Known(0x0008, 0x0032, "AcquisitionTime", "TM", "1");
    public static readonly DicomTag ContentTime = Known(0x0008, 0x0033, "ContentTime", "TM", "1");
    public static readonly DicomTag AccessionNumber = Known(0x0008, 0x0050, "AccessionNumber", "SH", "1");
    public static readonly DicomTag Modality = Known(0x0008, 0x0060, "Modality", "CS", "1");
    public static readonly DicomTag Manufacturer = Known(0x0008, 0x0070, "Manufacturer", "LO", "1");
    public static readonly DicomTag ReferringPhysicianName = Known(0x0008, 0x0090, "ReferringPhysicianName", "PN", "1");
    public static readonly DicomTag CodeValue = Known(0x0008, 0x0100, "CodeValue", "SH", "1");
    public static readonly DicomTag CodingSchemeDesignator = Known(0x0008, 0x0102, "CodingSchemeDesignator", "SH", "1");
    public static readonly DicomTag CodeMeaning = Known(0x0008, 0x0104, "CodeMeaning", "LO", "1");
    public static readonly DicomTag TimezoneOffsetFromUTC = Known(0x0008, 0x0201, "TimezoneOffsetFromUTC", "SH", "1");
    public static readonly DicomTag StudyDescription = Known(0x0008, 0x1030, "StudyDescription", "LO", "1");
    public static readonly DicomTag SeriesDescription = Known(0x0008, 0x103e, "SeriesDescription", "LO", "1");
    public static readonly DicomTag ManufacturerModelName = Known(0x0008, 0x1090, "ManufacturerModelName", "LO", "1");
    public static readonly DicomTag ReferencedSOPClassUID = Known(0x0008, 0x1150, "ReferencedSOPClassUID", "UI", "1");
    public static readonly DicomTag ReferencedSOPInstanceUID = Known(0x0008, 0x1155, "ReferencedSOPInstanceUID", "UI", "1");
    public static readonly DicomTag DerivationDescription = Known(0x0008, 0x2111, "DerivationDescription", "ST", "1");
    public static readonly DicomTag SourceImageSequence = Known(0x0008, 0x2112, "SourceImageSequence", "SQ", "1");
    public static readonly DicomTag AnatomicRegionSequence = Known(0x0008, 0x2218, "AnatomicRegionSequence", "SQ", "1");
    public static readonly DicomTag RadiopharmaceuticalAdministrationEventUID = Known(0x0008, 0x3012, "RadiopharmaceuticalAdministrationEventUID", "UI", "1");
    public static readonly DicomTag PatientName = Known(0x0010, 0x0010, "PatientName", "PN", "1");
    public static readonly DicomTag PatientID = Known(0x0010, 0x0020, "PatientID", "LO", "1");
    public static readonly DicomTag PatientBirthDate = Known(0x0010, 0x0030, "PatientBirthDate", "DA", "1");
    public static readonly DicomTag PatientSex = Known(0x0010, 0x0040, "PatientSex", "CS", "1");
    public static readonly DicomTag PatientSize = Known(0x0010, 0x1020, "PatientSize", "DS", "1");
    public static readonly DicomTag PatientWeight = Known(0x0010, 0x1030, "PatientWeight", "DS", "1");
    public static readonly DicomTag BodyPartExamined = Known(0x0018, 0x0015, "BodyPartExamined", "CS", "1");
    public static readonly DicomTag Radiopharmaceutical = Known(0x0018, 0x0031, "Radiopharmaceutical", "LO", "1");
    public static readonly DicomTag SliceThickness = Known(0x0018, 0x0050, "SliceThickness", "DS", "1");
    public static readonly DicomTag KVP = Known(0x0018, 0x0060, "KVP", "DS", "1");
    public static readonly DicomTag CountsAccumulated = Known(0x0018, 0x0070, "CountsAccumulated", "IS", "1");
    public static readonly DicomTag AcquisitionTerminationCondition = Known(0x0018, 0x0071, "AcquisitionTerminationCondition", "CS", "1");
    public static readonly DicomTag SpacingBetweenSlices = Known(0x0018, 0x0088, "SpacingBetweenSlices", "DS", "1");
    public static readonly DicomTag DeviceSerialNumber = Known(0x0018, 0x1000, "DeviceSerialNumber", "LO", "1");
    public static readonly DicomTag SoftwareVersions = Known(0x0018, 0x1020, "SoftwareVersions", "LO", "1-n");
    public static readonly DicomTag ProtocolName = Known(0x0018, 0x1030, "ProtocolName", "LO", "1");
    public static readonly DicomTag RadiopharmaceuticalStartTime = Known(0x0018, 0x1072, "RadiopharmaceuticalStartTime", "TM", "1");
    public static readonly DicomTag RadionuclideTotalDose = Known(0x0018, 0x1074, "RadionuclideTotalDose", "DS", "1");
    public static readonly DicomTag RadiopharmaceuticalStartDateTime = Known(0x0018, 0x1078, "RadiopharmaceuticalStartDateTime", "DT", "1");
    public static readonly DicomTag ReconstructionDiameter = Known(0x0018, 0x1100, "ReconstructionDiameter", "DS", "1");
    public static readonly DicomTag TableHeight = Known(0x0018, 0x1130, "TableHeight", "DS", "1");
    public static readonly DicomTag TableTraverse = Known(0x0018, 0x1131, "TableTraverse", "DS", "1");
    public static readonly DicomTag RotationDirection = Known(0x0018, 0x1140, "RotationDirection", "CS", "1");
    public static readonly DicomTag RadialPosition = Known(0x0018, 0x1142, "RadialPosition", "DS", "1-n");
    public static readonly DicomTag ScanArc = Known(0x0018, 0x1143, "ScanArc", "DS", "1");
    public static readonly DicomTag AngularStep = Known(0x0018, 0x1144, "AngularStep", "DS", "1");
    public static readonly DicomTag ExposureTime = Known(0x0018, 0x1150, "ExposureTime", "IS", "1");
    public static readonly DicomTag XRayTubeCurrent = Known(0x0018, 0x1151, "XRayTubeCurrent", "IS", "1");
    public static readonly DicomTag Exposure = Known(0x0018, 0x1152, "Exposure", "IS", "1");
    public static readonly DicomTag CollimatorGridName = Known(0x0018, 0x1180, "CollimatorGridName", "SH", "1");
    public static readonly DicomTag CollimatorType = Known(0x0018, 0x1181, "CollimatorType", "CS", "1");
    public static readonly DicomTag FocalDistance = Known(0x0018, 0x1182, "FocalDistance", "IS", "1-2");
    public static readonly DicomTag ConvolutionKernel = Known(0x0018, 0x1210, "ConvolutionKernel", "SH", "1-n");
    public static readonly DicomTag ActualFrameDuration = Known(0x0018, 0x1242, "ActualFrameDuration", "IS", "1");
    public static readonly DicomTag ScanVelocity = Known(0x0018, 0x1300, "ScanVelocity", "DS", "1");
    public static readonly DicomTag WholeBodyTechnique = Known(0x0018, 0x1301, "WholeBodyTechnique", "CS", "1");
    public static readonly DicomTag ScanLength = Known(0x0018, 0x1302, "ScanLength", "IS", "1");
    public static readonly DicomTag ProcessingFunction = Known(0x0018, 0x5020, "ProcessingFunction", "LO", "1");
    public static readonly DicomTag PatientPosition = Known(0x0018, 0x5100, "PatientPosition", "CS", "1");
    public static readonly DicomTag RevolutionTime = Known(0x0018, 0x9305, "RevolutionTime", "FD", "1");
    public static readonly DicomTag SpiralPitchFactor = Known(0x0018, 0x9311, "SpiralPitchFactor", "FD", "1");
    public static readonly DicomTag CTDIvol = Known(0x0018, 0x9345, "CTDIvol", "FD", "1");
    public static readonly DicomTag StudyInstanceUID = Known(0x0020, 0x000d, "StudyInstanceUID", "UI", "1");
    public static readonly DicomTag SeriesInstanceUID = Known(0x0020, 0x000e, "SeriesInstanceUID", "UI", "1");
    public static readonly DicomTag StudyID = Known(0x0020, 0x0010, "StudyID", "SH", "1");
    public static readonly DicomTag SeriesNumber = Known(0x0020, 0x0011, "SeriesNumber", "IS", "1");
    public static readonly DicomTag AcquisitionNumber = Known(0x0020, 0x0012, "AcquisitionNumber", "IS", "1");
    public static readonly DicomTag InstanceNumber = Known(0x0020, 0x0013, "InstanceNumber", "IS", "1");
    public static readonly DicomTag ImagePositionPatient = Known(0x0020, 0x0032, "ImagePositionPatient", "DS", "3");
    public static readonly DicomTag ImageOrientationPatient = Known(0x0020, 0x0037, "ImageOrientationPatient", "DS", "6");
    public static readonly DicomTag FrameOfReferenceUID = Known(0x0020, 0x0052, "FrameOfReferenceUID", "UI", "1");
    public static readonly DicomTag Laterality = Known(0x0020, 0x0060, "Laterality", "CS", "1");
    public static readonly DicomTag PositionReferenceIndicator = Known(0x0020, 0x1040, "PositionReferenceIndicator", "LO", "1");
    public static readonly DicomTag SliceLocation = Known(0x0020, 0x1041, "SliceLocation", "DS", "1");
    public static readonly DicomTag ImageComments = Known(0x0020, 0x4000, "ImageComments", "LT", "1");
    public static readonly DicomTag SamplesPerPixel = Known(0x0028, 0x0002, "SamplesPerPixel", "US", "1");
    public static readonly DicomTag PhotometricInterpretation = Known(0x0028, 0x0004, "PhotometricInterpretation", "CS", "1");
    public static readonly DicomTag NumberOfFrames = Known(0x0028, 0x0008, "NumberOfFrames", "IS", "1");
    public static readonly DicomTag FrameIncrementPointer = Known(0x0028, 0x0009, "FrameIncrementPointer", "AT", "1-n");
    public static readonly DicomTag Rows = Known(0x0028, 0x0010, "Rows", "US", "1");
    public static readonly DicomTag Columns = Known(0x0028, 0x0011, "Columns", "US", "1");
    public static readonly DicomTag PixelSpacing = Known(0x0028, 0x0030, "PixelSpacing", "DS", "2");
    public static readonly DicomTag CorrectedImage = Known(0x0028, 0x0051, "CorrectedImage", "CS", "1-n");
    public static readonly DicomTag BitsAllocated = Known(0x0028, 0x0100, "BitsAllocated", "US", "1");
    public static readonly DicomTag BitsStored = Known(0x0028, 0x0101, "BitsStored", "US", "1");
    public static readonly DicomTag HighBit = Known(0x0028, 0x0102, "HighBit", "US", "1");
    public static readonly DicomTag PixelRepresentation = Known(0x0028, 0x0103, "PixelRepresentation", "US", "1");
    public static readonly DicomTag RescaleIntercept = Known(0x0028, 0x1052, "RescaleIntercept", "DS", "1");
    public static readonly DicomTag RescaleSlope = Known(0x0028, 0x1053, "RescaleSlope", "DS", "1");
    public static readonly DicomTag RescaleType = Known(0x0028, 0x1054, "RescaleType", "LO", "1");
    public static readonly DicomTag LUTExplanation = Known(0x0028, 0x3003, "LUTExplanation", "LO", "1");
    public static readonly DicomTag RequestedProcedureDescription = Known(0x0032, 0x1060, "RequestedProcedureDescription", "LO", "1");
    public static readonly DicomTag ScheduledProcedureStepStartDate = Known(0x0040, 0x0002, "ScheduledProcedureStepStartDate", "DA", "1");
    public static readonly DicomTag ScheduledProcedureStepStartTime = Known(0x0040, 0x0003, "ScheduledProcedureStepStartTime", "TM", "1");
    public static readonly DicomTag ScheduledProcedureStepDescription = Known(0x0040, 0x0007, "ScheduledProcedureStepDescription", "LO", "1");
    public static readonly DicomTag ScheduledProcedureStepID = Known(0x0040, 0x0009, "ScheduledProcedureStepID", "SH", "1");
    public static readonly DicomTag ScheduledProcedureStepSequence = Known(0x0040, 0x0100, "ScheduledProcedureStepSequence", "SQ", "1");
    public static readonly DicomTag PerformedProcedureStepStartDate = Known(0x0040, 0x0244, "PerformedProcedureStepStartDate", "DA", "1");
    public static readonly DicomTag PerformedProcedureStepStartTime = Known(0x0040, 0x0245, "PerformedProcedureStepStartTime", "TM", "1");
    public static readonly DicomTag PerformedProcedureStepID = Known(0x0040, 0x0253, "PerformedProcedureStepID", "SH", "1");
    public static readonly DicomTag PerformedProcedureStepDescription = Known(0x0040, 0x0254, "PerformedProcedureStepDescription", "LO", "1");
    public static readonly DicomTag RequestAttributesSequence = Known(0x0040, 0x0275, "RequestAttributesSequence", "SQ", "1");
    public static readonly DicomTag CommentsOnThePerformedProcedureStep = Known(0x0040, 0x0280, "CommentsOnThePerformedProcedureStep", "ST", "1");
    public static readonly DicomTag MeasurementUnitsCodeSequence = Known(0x0040, 0x08ea, "MeasurementUnitsCodeSequence", "SQ", "1");
    public static readonly DicomTag RequestedProcedureID = Known(0x0040, 0x1001, "RequestedProcedureID", "SH", "1");
    public static readonly DicomTag RealWorldValueMappingSequence = Known(0x0040, 0x9096, "RealWorldValueMappingSequence", "SQ", "1");
    public static readonly DicomTag LUTLabel = Known(0x0040, 0x9210, "LUTLabel", "SH", "1");
    public static readonly DicomTag RealWorldValueLastValueMapped = Known(0x0040, 0x9211, "RealWorldValueLastValueMapped", "US/SS", "1");
    public static readonly DicomTag RealWorldValueFirstValueMapped = Known(0x0040, 0x9216, "RealWorldValueFirstValueMapped", "US/SS", "1");
    public static readonly DicomTag RealWorldValueIntercept = Known(0x0040, 0x9224, "RealWorldValueIntercept", "FD", "1");
    public static readonly DicomTag RealWorldValueSlope = Known(0x0040, 0x9225, "RealWorldValueSlope", "FD", "1");
    public static readonly DicomTag EnergyWindowVector = Known(0x0054, 0x0010, "EnergyWindowVector", "US", "1-n");
    public static readonly DicomTag NumberOfEnergyWindows = Known(0x0054, 0x0011, "NumberOfEnergyWindows", "US", "1");
    public static readonly DicomTag EnergyWindowInformationSequence = Known(0x0054, 0x0012, "EnergyWindowInformationSequence", "SQ", "1");
    public static readonly DicomTag EnergyWindowRangeSequence = Known(0x0054, 0x0013, "EnergyWindowRangeSequence", "SQ", "1");
    public static readonly DicomTag EnergyWindowLowerLimit = Known(0x0054, 0x0014, "EnergyWindowLowerLimit", "DS", "1");
    public static readonly DicomTag EnergyWindowUpperLimit = Known(0x0054, 0x0015, "EnergyWindowUpperLimit", "DS", "1");
    public static readonly DicomTag RadiopharmaceuticalInformationSequence = Known(0x0054, 0x0016, "RadiopharmaceuticalInformationSequence", "SQ", "1");
    public static readonly DicomTag EnergyWindowName = Known(0x0054, 0x0018, "EnergyWindowName", "SH", "1");
    public static readonly DicomTag DetectorVector = Known(0x0054, 0x0020, "DetectorVector", "US", "1-n");
    public static readonly DicomTag NumberOfDetectors = Known(0x0054, 0x0021, "NumberOfDetectors", "US", "1");
    public static readonly DicomTag DetectorInformationSequence = Known(0x0054, 0x0022, "DetectorInformationSequence", "SQ", "1");
    public static readonly DicomTag PhaseVector = Known(0x0054, 0x0030, "PhaseVector", "US", "1-n");
    public static readonly DicomTag NumberOfPhases = Known(0x0054, 0x0031, "NumberOfPhases", "US", "1");
    public static readonly DicomTag PhaseInformationSequence = Known(0x0054, 0x0032, "PhaseInformationSequence", "SQ", "1");
    public static readonly DicomTag NumberOfFramesInPhase = Known(0x0054, 0x0033, "NumberOfFramesInPhase", "US", "1");
    public static readonly DicomTag PhaseDelay = Known(0x0054, 0x0036, "PhaseDelay", "IS", "1");
    public static readonly DicomTag PauseBetweenFrames = Known(0x0054, 0x0038, "PauseBetweenFrames", "IS", "1");
    public static readonly DicomTag PhaseDescription = Known(0x0054, 0x0039, "PhaseDescription", "CS", "1");
    public static readonly DicomTag RotationVector = Known(0x0054, 0x0050, "RotationVector", "US", "1-n");
    public static readonly DicomTag NumberOfRotations = Known(0x0054, 0x0051, "NumberOfRotations", "US", "1");
    public static readonly DicomTag RotationInformationSequence = Known(0x0054, 0x0052, "RotationInformationSequence", "SQ", "1");
    public static readonly DicomTag NumberOfFramesInRotation = Known(0x0054, 0x0053, "NumberOfFramesInRotation", "US", "1");
    public static readonly DicomTag RRIntervalVector = Known(0x0054, 0x0060, "RRIntervalVector", "US", "1-n");
    public static readonly DicomTag TimeSlotVector = Known(0x0054, 0x0070, "TimeSlotVector", "US", "1-n");
    public static readonly DicomTag SliceVector = Known(0x0054, 0x0080, "SliceVector", "US", "1-n");
    public static readonly DicomTag NumberOfSlices = Known(0x0054, 0x0081, "NumberOfSlices", "US", "1");
    public static readonly DicomTag AngularViewVector = Known(0x0054, 0x0090, "AngularViewVector", "US", "1-n");
    public static readonly DicomTag TimeSliceVector = Known(0x0054, 0x0100, "TimeSliceVector", "US", "1-n");
    public static readonly DicomTag StartAngle = Known(0x0054, 0x0200, "StartAngle", "DS", "1");
    public static readonly DicomTag TypeOfDetectorMotion = Known(0x0054, 0x0202, "TypeOfDetectorMotion", "CS", "1");
    public static readonly DicomTag ViewCodeSequence = Known(0x0054, 0x0220, "ViewCodeSequence", "SQ", "1");
    public static readonly DicomTag RadionuclideCodeSequence = Known(0x0054, 0x0300, "RadionuclideCodeSequence", "SQ", "1");
    public static readonly DicomTag AdministrationRouteCodeSequence = Known(0x0054, 0x0302, "AdministrationRouteCodeSequence", "SQ", "1");
    public static readonly DicomTag RadiopharmaceuticalCodeSequence = Known(0x0054, 0x0304, "RadiopharmaceuticalCodeSequence", "SQ", "1");
    public static readonly DicomTag PatientOrientationCodeSequence = Known(0x0054, 0x0410, "PatientOrientationCodeSequence", "SQ", "1");
    public static readonly DicomTag PatientOrientationModifierCodeSequence = Known(0x0054, 0x0412, "PatientOrientationModifierCodeSequence", "SQ", "1");
    public static readonly DicomTag PatientGantryRelationshipCodeSequence = Known(0x0054, 0x0414, "PatientGantryRelationshipCodeSequence", "SQ", "1");
    public static readonly DicomTag PixelData = Known(0x7fe0, 0x0010, "PixelData", "OB/OW", "1");
#pragma warning restore CS1591

    /// <summary>Makes a tag.</summary>
    public DicomTag(ushort group, ushort element)
    {
        Group = group;
        Element = element;
    }

    /// <summary>Group number.</summary>
    public ushort Group { get; }
    /// <summary>Element number.</summary>
    public ushort Element { get; }
    /// <summary>What the dictionary says; an entry named "Unknown" when the tag is not in the table.</summary>
    public DicomDictionaryEntry DictionaryEntry => s_dictionary.TryGetValue(Number, out DicomDictionaryEntry entry) ? entry : DicomDictionaryEntry.UnknownEntry;

    internal uint Number => ((uint)Group << 16) | Element;
    internal bool IsPrivate => (Group & 1) == 1;

    /// <inheritdoc/>
    public bool Equals(DicomTag other) => other is not null && other.Number == Number;
    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as DicomTag);
    /// <inheritdoc/>
    public override int GetHashCode() => (int)Number;
    /// <summary>"(0010,0020)".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"({Group:x4},{Element:x4})");

    private static DicomTag Known(ushort group, ushort element, string keyword, string representations, string multiplicity)
    {
        var tag = new DicomTag(group, element);
        s_dictionary.Add(tag.Number, new DicomDictionaryEntry(keyword, representations, multiplicity));
        return tag;
    }
}
