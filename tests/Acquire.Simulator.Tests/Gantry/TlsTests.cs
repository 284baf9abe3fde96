using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>The TLS variant of the control and event ports: client certificates of one authority, nobody else.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tls").FullName;
    private readonly DateTimeOffset _from = DateTimeOffset.UtcNow.AddDays(-1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(_from, _from.AddYears(1));
    }

    private X509Certificate2 Leaf(string name, X509Certificate2 authority, string usage, int days = 100)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("gantry");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(authority, _from, _from.AddDays(days), RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private string Pem(string name, X509Certificate2 certificate, bool withKey)
    {
        string path = Path.Combine(_folder, name);
        string key = withKey ? certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n" : "";
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n" + key);
        return path;
    }

    private static async Task<SslStream> ConnectAsync(int port, X509Certificate2? client, X509Certificate2 authority)
    {
        var tcp = new TcpClient("127.0.0.1", port) { ReceiveTimeout = 20_000 };
        var stream = new SslStream(tcp.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "gantry", ClientCertificates = client is null ? [] : [client],
            RemoteCertificateValidationCallback = (_, server, _, _) =>
            {
                using var chain = new X509Chain();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.Add(authority);
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return chain.Build(X509CertificateLoader.LoadCertificate(server!.GetRawCertData()));
            },
        });
        return stream;
    }

    private static async Task<string?> AskAsync(SslStream stream, string text)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\n"));
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one) == 1)
        {
            if (one[0] == '\n') return line.ToString();
            line.Append((char)one[0]);
        }
        return null;
    }

    [Fact]
    public async Task Tls_ClientOfTheAuthority_ControlsAndHearsEvents_NobodyElseGetsIn()
    {
        using X509Certificate2 ours = Authority("site"), others = Authority("elsewhere");
        using X509Certificate2 server = Leaf("gantry", ours, "1.3.6.1.5.5.7.3.1"), client = Leaf("console", ours, "1.3.6.1.5.5.7.3.2"), stranger = Leaf("console", others, "1.3.6.1.5.5.7.3.2");
        using X509Certificate2 notClient = Leaf("gantry", ours, "1.3.6.1.5.5.7.3.1"), expired = Leaf("console", ours, "1.3.6.1.5.5.7.3.2", days: 0);
        TlsOptions tls = TlsOptions.Read(0, Pem("gantry.pem", server, withKey: true), Pem("ca.pem", ours, withKey: false));
        await using var bench = new SimulatorBench(tls: tls);
        int port = bench.Host.TlsPort!.Value;

        await using (SslStream stream = await ConnectAsync(port, client, ours))
        {
            Assert.Equal("0,\"No error\"", await AskAsync(stream, "SYST:SESS:OPEN \"console\",CONT,\"s\"\nSYST:CONT:REQ\nSYST:ERR?"));
            Assert.Equal("\"console\"", await AskAsync(stream, "SYST:CONT:OWN?"));
            Assert.Equal("0", await AskAsync(stream, "SYST:COMM:TCP:CONT?")); // no plain control socket beside a protected connection
            int events = int.Parse((await AskAsync(stream, "SYST:COMM:TCP:EVEN?"))!, System.Globalization.CultureInfo.InvariantCulture);
            Assert.NotEqual(bench.Host.EventPort, events);
            await using SslStream heard = await ConnectAsync(events, client, ours);
            Assert.Contains("\"refused\"", await AskAsync(heard, "nonsense"), StringComparison.Ordinal);
        }
        foreach (X509Certificate2? bad in new[] { null, stranger, notClient, expired })
        {
            // TLS 1.3 tells the client of the refusal only when it reads.
            string? answer = null;
            try
            {
                await using SslStream stream = await ConnectAsync(port, bad, ours);
                answer = await AskAsync(stream, "*IDN?");
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                continue;
            }
            Assert.Null(answer);
        }
        using (var plain = new WireClient(port))
        {
            plain.Send("*IDN?\n");
            Assert.ThrowsAny<Exception>(() => Encoding.ASCII.GetString(plain.ReadReply()) == "Acquire" ? "" : throw new IOException());
        }
        Assert.Equal("1999.0", bench.Connect().Ask("SYST:VERS?")); // and the plain port goes on
    }

    [Fact]
    public void Read_BadFiles_SaysWhich()
    {
        string nothing = Path.Combine(_folder, "nothing.pem"), text = Path.Combine(_folder, "text.pem");
        File.WriteAllText(text, "hello");
        using X509Certificate2 ours = Authority("site");
        string good = Pem("ca-key.pem", ours, withKey: true);
        Assert.Contains("nothing.pem", Assert.Throws<TlsFileException>(() => TlsOptions.Read(0, nothing, good)).Message, StringComparison.Ordinal);
        Assert.Contains("text.pem", Assert.Throws<TlsFileException>(() => TlsOptions.Read(0, text, good)).Message, StringComparison.Ordinal);
        Assert.Contains("text.pem", Assert.Throws<TlsFileException>(() => TlsOptions.Read(0, good, text)).Message, StringComparison.Ordinal);
    }
}
