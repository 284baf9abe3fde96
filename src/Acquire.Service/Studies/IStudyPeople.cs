using Acquire.Protocols.Clinical;
using Acquire.Protocols.Timeline;

namespace Acquire.Service.Studies;

/// <summary>The people around a study: technologist, physician, patient. The console asks, they answer; every answer is an event.</summary>
public interface IStudyPeople
{
    /// <summary>Role written beside answers, never a patient's name.</summary>
    string Role { get; }
    /// <summary>Answers a question before the injection.</summary>
    Task<string> AnswerAsync(PreparationQuestion question, CancellationToken cancellation);
    /// <summary>Acknowledges a prompt, doing what it asks; the answer in words.</summary>
    Task<string> AcknowledgeAsync(Prompt prompt, CancellationToken cancellation);
    /// <summary>Lays the patient down and says where: table position (mm) that has the middle of the wanted region in the middle of the field.</summary>
    Task<double> LayDownAsync(AcquisitionProtocol protocol, CancellationToken cancellation);
    /// <summary>Brings the heads as close as is safe where gantry and table stand: distance from axis to collimator face per head, mm.</summary>
    Task<IReadOnlyList<double>> BringHeadsCloseAsync(CancellationToken cancellation);
    /// <summary>Reads the dose calibrator: MBq in the syringe and when.</summary>
    Task<(double MBq, DateTimeOffset At)> MeasureSyringeAsync(double prescribedMBq, CancellationToken cancellation);
    /// <summary>Asks why an activity beyond the limits is given nevertheless (clinical 1.1). An empty answer refuses: nothing is given.</summary>
    /// <param name="finding">What is off, with figures.</param>
    /// <param name="cancellation">Ends the asking.</param>
    Task<string> ReasonForActivityAsync(string finding, CancellationToken cancellation);
    /// <summary>Tells what people saw that the gantry cannot: tracer beside the vein, a patient who left or came back. Asked between any two steps.</summary>
    /// <param name="sofar">What happened so far.</param>
    /// <param name="now">Study time.</param>
    /// <returns>Nothing new: null.</returns>
    StudyEvent? Noticed(IReadOnlyList<StudyEvent> sofar, DateTimeOffset now);
    /// <summary>Compares the dose calibrator's clock with the console's: its offset, and half the width of what is not known of it.</summary>
    Task<(TimeSpan Offset, TimeSpan Tolerance)> CompareCalibratorClockAsync(CancellationToken cancellation);
    /// <summary>Puts the source of a camera check in place.</summary>
    Task PlaceSourceAsync(double activityMBq, CancellationToken cancellation);
    /// <summary>Gives the injection now, or tells when it was given if it was.</summary>
    Task<DateTimeOffset> InjectAsync(string tracerId, double activityMBq, CancellationToken cancellation);
    /// <summary>Whether the injection was given, as the people in the room know it.</summary>
    Task<bool> WasInjectedAsync(CancellationToken cancellation);
    /// <summary>Reads the residual in syringe and line: MBq and when.</summary>
    Task<(double MBq, DateTimeOffset At)> MeasureResidualAsync(CancellationToken cancellation);
    /// <summary>Releases a CT whose dose estimate passes an alert level.</summary>
    Task<bool> ReleaseDoseAsync(double ctdiMGy, double dlpMGyCm, CancellationToken cancellation);
}

/// <summary>What the world may watch of a study.</summary>
public interface IStudyDisplay
{
    /// <summary>One line of the study's story, with study time.</summary>
    void Say(DateTimeOffset at, TimeSpan? sinceInjection, string line);
    /// <summary>Running acquisition.</summary>
    void Show(Acquisition.RunProgress progress);
    /// <summary>The running acquisition ended.</summary>
    void Ended();
    /// <summary>What is next and in how long.</summary>
    void Next(string what, TimeSpan? countdown, DateTimeOffset now, TimeSpan? sinceInjection);
}
