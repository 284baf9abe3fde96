using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Acquire.Simulator.Gantry;

/// <summary>The certificate files cannot be used; the message is one line for people.</summary>
public sealed class TlsFileException(string message) : Exception(message);

/// <summary>Who the gantry is on TLS, and whose clients it takes: only those with a certificate of the given authority.</summary>
public sealed class TlsOptions
{
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private readonly SslServerAuthenticationOptions _server;
    private readonly X509Certificate2Collection _authorities = [];

    private TlsOptions(int port, X509Certificate2 certificate) => (Port, _server) = (port, new SslServerAuthenticationOptions
    {
        ServerCertificate = certificate, ClientCertificateRequired = true, EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        RemoteCertificateValidationCallback = (_, client, _, _) => client is not null && IsOurs(client),
    });

    /// <summary>Port of the control channel on TLS; 0 takes a free one.</summary>
    public int Port { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="port">Port; 0 takes a free one.</param>
    /// <param name="certificateFile">PEM with the gantry's certificate and its private key.</param>
    /// <param name="authorityFile">PEM with the certificates of the authority that signs the clients'.</param>
    /// <exception cref="TlsFileException">A file cannot be read or is no such thing.</exception>
    public static TlsOptions Read(int port, string certificateFile, string authorityFile)
    {
        string reading = certificateFile;
        try
        {
            using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(certificateFile);
            // A key that lives only in memory cannot be used for a handshake on every platform; a copy through PKCS 12 can.
            var options = new TlsOptions(port, X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null));
            reading = authorityFile;
            options._authorities.ImportFromPemFile(authorityFile);
            return options._authorities.Count > 0 ? options : throw new TlsFileException($"{authorityFile} holds no certificate");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException($"{reading} cannot be used: {e.Message}");
        }
    }

    /// <summary>Shakes hands with a client.</summary>
    /// <exception cref="AuthenticationException">It has no certificate of our authority, or speaks no TLS.</exception>
    internal async Task<SslStream> AcceptAsync(TcpClient client, TimeProvider wall, CancellationToken stopping)
    {
        var stream = new SslStream(client.GetStream());
        try
        {
            using var timeout = new CancellationTokenSource(Handshake, wall);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
            await stream.AuthenticateAsServerAsync(_server, either.Token);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private bool IsOurs(X509Certificate client)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a gantry is on no network where a list could be fetched
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(client.GetRawCertData());
        return chain.Build(certificate);
    }
}

/// <summary>A TLS connection whose client has shown a certificate.</summary>
internal sealed class TlsChannel(TcpClient client, SslStream stream) : IGantryChannel
{
    /// <summary>A wire of its own: who speaks is known and nobody listens.</summary>
    public bool IsLocal => true;
    public bool IsProtected => true;
    public ISerialLine? Serial => null;
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation) => stream.ReadAsync(buffer, cancellation);
    public ValueTask SendAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation) => stream.WriteAsync(reply, cancellation);
    public void Drop() => client.Client.Close();

    public void Dispose()
    {
        stream.Dispose();
        client.Dispose();
    }
}
