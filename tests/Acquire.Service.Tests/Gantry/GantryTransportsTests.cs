using Acquire.Service.Gantry;

namespace Acquire.Service.Tests.Gantry;

public sealed class GantryTransportsTests
{
    [Theory]
    [InlineData("127.0.0.1:5025", "127.0.0.1:5025", false)]
    [InlineData("/dev/ttyUSB0", "/dev/ttyUSB0 at 115200 baud", true)]
    [InlineData("/dev/ttyUSB0@921600", "/dev/ttyUSB0 at 921600 baud", true)]
    [InlineData("serial:/dev/serial/by-id/usb-FTDI_x@3000000", "/dev/serial/by-id/usb-FTDI_x at 3000000 baud", true)]
    [InlineData("COM3@460800", "COM3 at 460800 baud", true)]
    [InlineData("comserver.local:5025", "comserver.local:5025", false)]
    public void Address_IsRead(string address, string name, bool hasOneWire)
    {
        IGantryTransport transport = GantryTransports.Of(address, TimeProvider.System);
        Assert.Equal((name, hasOneWire), (transport.Name, transport.HasOneWire));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5025")]
    [InlineData("host:0")]
    [InlineData("host:99999")]
    [InlineData("serial:")]
    [InlineData("/dev/ttyUSB0@9601")]
    [InlineData("/dev/ttyUSB0@fast")]
    public void AddressThatIsNone_IsSaidInOneLine(string address)
    {
        AcquireException e = Assert.Throws<AcquireException>(() => GantryTransports.Of(address, TimeProvider.System));
        Assert.Equal(ExitCodes.BadInput, e.ExitCode);
    }

    [Fact]
    public async Task PortThatIsNotThere_IsLinkLost_AndSaysWhatIsThere()
    {
        GantryLinkLostException e = await Assert.ThrowsAsync<GantryLinkLostException>(() => GantryTransports.Of("/dev/acquire-no-such-port", TimeProvider.System).ConnectAsync(TestContext.Current.CancellationToken));
        Assert.Contains("/dev/acquire-no-such-port", e.Message, StringComparison.Ordinal);
    }
}
