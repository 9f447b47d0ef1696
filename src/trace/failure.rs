//! Failures: a phase, a code for machines, a sentence and a hint for people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::Untrusted;

/// Why an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Kind of failure, for machines.
    pub code: FailureCode,
    /// Description of the failure, in one sentence for people, with the names, addresses and
    /// figures of this case.
    pub message: Untrusted,
    /// Suggested next step.
    pub hint: String,
}

/// Kinds of failure. The serde names are part of the contract of `--format json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The name does not exist (NXDOMAIN).
    DnsNoSuchName,
    /// The name exists but has no address of the requested family.
    DnsNoAddress,
    /// The server failed (SERVFAIL).
    DnsServerFailure,
    /// The server refused to answer (REFUSED, NOTIMP and other error codes).
    DnsRefused,
    /// No DNS server answered in time.
    DnsTimeout,
    /// The DNS server could not be reached, or its answer was malformed.
    DnsUnreachable,
    /// No DNS server is configured.
    DnsNotConfigured,
    /// The server refused the connection (RST to the SYN).
    ConnectRefused,
    /// No route, or ICMP says the host or network cannot be reached.
    ConnectUnreachable,
    /// No answer to the SYN in time.
    ConnectTimeout,
    /// The operating system did not allow it (permission, no such socket file, out of ports).
    ConnectForbidden,
    /// The connection attempt failed in another way.
    ConnectFailed,
    /// The proxy refused to open the tunnel.
    ProxyRefused,
    /// The proxy requires credentials.
    ProxyAuthRequired,
    /// The proxy violated its protocol.
    ProxyProtocol,
    /// The proxy closed or reset the connection.
    ProxyClosed,
    /// The proxy did not answer in time.
    ProxyTimeout,
    /// The certificate has expired.
    TlsCertificateExpired,
    /// The certificate is not valid yet.
    TlsCertificateNotYetValid,
    /// The certificate is not valid for the host.
    TlsCertificateWrongHost,
    /// The certificate is self-signed and not a trust anchor.
    TlsCertificateSelfSigned,
    /// The issuer is unknown: a private CA, or an intermediate certificate is missing.
    TlsCertificateUnknownIssuer,
    /// The server did not send an intermediate certificate.
    TlsCertificateIncompleteChain,
    /// The certificate was revoked.
    TlsCertificateRevoked,
    /// The certificate is invalid for another reason.
    TlsCertificateInvalid,
    /// No TLS version is supported by both sides.
    TlsVersion,
    /// The server requires a client certificate, or rejected the one that was sent.
    TlsClientCertificate,
    /// The server sent a fatal alert.
    TlsAlert,
    /// The server's bytes are not TLS.
    TlsNotTls,
    /// The peer violated the TLS protocol.
    TlsProtocol,
    /// The connection was reset or closed during the handshake.
    TlsClosed,
    /// The handshake was not completed in time.
    TlsTimeout,
    /// The request cannot be sent as specified: a header field with a control character, a form
    /// file that cannot be read.
    RequestInvalid,
    /// The connection was reset or closed while the request was being sent.
    SendClosed,
    /// The request was not sent in time.
    SendTimeout,
    /// The connection was reset or closed before a response arrived.
    WaitClosed,
    /// No response, or no complete response head, in time.
    WaitTimeout,
    /// The response head is malformed (status line, header field).
    HttpMalformed,
    /// `Content-Length` and `Transfer-Encoding` (or two lengths) contradict each other (RFC 9112
    /// §6.3).
    HttpConflictingLengths,
    /// The response head is larger than the limit.
    HttpHeadTooLarge,
    /// The peer violated the HTTP/2 protocol, or ended the stream or connection with an error code.
    Http2Protocol,
    /// The body ended before its announced length.
    BodyShort,
    /// The connection was reset during the body.
    BodyReset,
    /// The framing of the body is malformed (chunk sizes).
    BodyMalformed,
    /// The content coding of the body is malformed or unknown.
    BodyDecoding,
    /// Decoding the body exceeds a limit: on its size, on its expansion ratio, or on time.
    BodyDecodingLimit,
    /// The body was not received in time.
    BodyTimeout,
    /// The body could not be written to its file.
    OutputFailed,
    /// More redirects than allowed, or a redirect loop.
    TooManyRedirects,
    /// A redirect to a URL that cannot be followed.
    BadRedirect,
    /// A redirect that would send the request's body to another origin.
    RedirectWantsBody,
    /// A redirect that would send the request's body over a connection without TLS, after one with
    /// TLS.
    RedirectLosesTls,
    /// A redirect from a public address to an address that is not public, with `--redirect-guard`.
    RedirectRefused,
    /// The status is 400 or above, with `--fail`.
    HttpStatus,
    /// The run was ended by the user or by a signal.
    Interrupted,
    /// A bug in this program.
    Internal,
}

/// The name in machine-readable output.
impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
