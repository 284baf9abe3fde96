namespace FellowOakDicom;
