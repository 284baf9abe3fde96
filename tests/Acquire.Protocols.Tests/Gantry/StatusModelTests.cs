using Acquire.Protocols.Gantry;

namespace Acquire.Protocols.Tests.Gantry;

public sealed class StatusModelTests
{
    [Fact]
    public void Push_MoreThanFits_KeepsTheOldestAndEndsWithOverflow()
    {
        var status = new StatusModel();
        for (int i = 0; i < StatusModel.QueueLength + 5; i++) status.Push(new GciError(i == 0 ? -113 : -222));
        Assert.Equal(StatusModel.QueueLength, status.ErrorCount);
        Assert.Equal(-113, status.Take().Number);
        for (int i = 0; i < StatusModel.QueueLength - 2; i++) Assert.Equal(-222, status.Take().Number);
        Assert.Equal(-350, status.Take().Number);
        Assert.Equal("0,\"No error\"", status.Take().ToString());
    }

    [Theory]
    [InlineData(-113, EventStatus.CommandError)]
    [InlineData(-222, EventStatus.ExecutionError)]
    [InlineData(-350, EventStatus.DeviceError)]
    [InlineData(601, EventStatus.DeviceError)]
    [InlineData(-420, EventStatus.QueryError)]
    public void Push_Error_SetsItsClassBit(int number, EventStatus bit)
    {
        var status = new StatusModel();
        status.Clear();
        status.Push(new GciError(number));
        Assert.Equal(bit, status.ReadEvents());
        Assert.Equal(EventStatus.None, status.ReadEvents());
    }

    [Fact]
    public void Update_Transitions_LatchByFilterAndClearByReading()
    {
        var register = new StatusRegister();
        register.Update(0x8009);
        Assert.Equal(9, register.Condition); // bit 15 is always 0
        Assert.Equal(9, register.ReadEvent());
        register.Update(0);
        Assert.Equal(0, register.Event); // falls do not latch by default
        register.NegativeTransition = 8;
        register.Update(8);
        register.ReadEvent();
        register.Update(0);
        Assert.Equal(8, register.Event);
        Assert.False(register.Summary);
        register.Enable = 8;
        Assert.True(register.Summary);
    }

    [Fact]
    public void ReadStatusByte_EnabledEvent_SetsSummaryAndMaster()
    {
        var status = new StatusModel { EventEnable = 32, RequestEnable = 0xFF };
        status.Clear();
        Assert.Equal(StatusByte.None, status.ReadStatusByte(false, false));
        status.Push(new GciError(-113));
        Assert.Equal(StatusByte.ErrorQueue | StatusByte.EventSummary | StatusByte.MasterSummary, status.ReadStatusByte(false, false));
        Assert.Equal(32, status.EventEnable);
        status.Clear();
        Assert.Equal(StatusByte.FramePending | StatusByte.MasterSummary, status.ReadStatusByte(true, false));
    }

    [Fact]
    public void ToString_Error_HasNumberTextAndDetailWithin255()
    {
        Assert.Equal("-221,\"Settings conflict;RUNN\"", new GciError(-221, "RUNN").ToString());
        Assert.Equal(255 + 7, new GciError(-221, new string('x', 400)).ToString().Length);
    }
}
