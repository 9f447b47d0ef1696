//! Failures: a phase, a code, a sentence, a next step.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::Untrusted;

/// Why an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure, for machines.
    pub code: FailureCode,
    /// What happened, in one sentence for people, with the names, addresses and figures of the
    /// case.
    pub message: Untrusted,
    /// What to try next.
    pub hint: String,
}

/// The kinds of failure. The serde names are part of the contract of `--format json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The name does not exist (NXDOMAIN).
    DnsNoSuchName,
    /// The name exists but has no address of the wanted family.
    DnsNoAddress,
    /// The server could not answer (SERVFAIL).
    DnsServerFailure,
    /// The server would not answer (REFUSED, NOTIMP and other error codes).
    DnsRefused,
    /// No DNS server answered in time.
    DnsTimeout,
    /// The DNS server could not be reached, or answered with nonsense.
    DnsUnreachable,
    /// No DNS server is configured.
    DnsNotConfigured,
    /// The server refused the connection (RST to the SYN).
    ConnectRefused,
    /// No route, or ICMP says the host or network cannot be reached.
    ConnectUnreachable,
    /// No answer to the SYN in time.
    ConnectTimeout,
    /// The operating system refused to try (permission, no such socket file, out of ports).
    ConnectForbidden,
    /// The connection attempt failed otherwise.
    ConnectFailed,
    /// The proxy refused to open the way.
    ProxyRefused,
    /// The proxy wants credentials.
    ProxyAuthRequired,
    /// The proxy did not speak its protocol.
    ProxyProtocol,
    /// The proxy closed or reset the connection.
    ProxyClosed,
    /// The proxy did not answer in time.
    ProxyTimeout,
    /// The certificate is past its end.
    TlsCertificateExpired,
    /// The certificate is not valid yet.
    TlsCertificateNotYetValid,
    /// The certificate is for other names.
    TlsCertificateWrongHost,
    /// The certificate is its own issuer, and no trust anchor.
    TlsCertificateSelfSigned,
    /// The issuer is not known: a private CA, or the server left out an intermediate.
    TlsCertificateUnknownIssuer,
    /// The server left out an intermediate certificate.
    TlsCertificateIncompleteChain,
    /// The certificate was revoked.
    TlsCertificateRevoked,
    /// The certificate is wrong in another way.
    TlsCertificateInvalid,
    /// No TLS version that both sides accept.
    TlsVersion,
    /// The server wants a client certificate, or does not like the one given.
    TlsClientCertificate,
    /// The server sent an alert that says no.
    TlsAlert,
    /// What came is not TLS.
    TlsNotTls,
    /// The peer broke the TLS protocol.
    TlsProtocol,
    /// The connection was reset or closed within the handshake.
    TlsClosed,
    /// The handshake did not finish in time.
    TlsTimeout,
    /// The request cannot be sent as it was asked for: a field with a control character, a form's
    /// file that cannot be read.
    RequestInvalid,
    /// The connection was reset or closed while the request was being sent.
    SendClosed,
    /// The request could not be sent in time.
    SendTimeout,
    /// The connection was reset or closed before a response came.
    WaitClosed,
    /// No response, or no complete head of one, in time.
    WaitTimeout,
    /// The response's head breaks HTTP (malformed status line, bad field).
    HttpMalformed,
    /// `Content-Length` and `Transfer-Encoding` (or two lengths) contradict each other (RFC 9112
    /// §6.3).
    HttpConflictingLengths,
    /// The response's head is larger than the limit.
    HttpHeadTooLarge,
    /// The peer broke the HTTP/2 protocol, or ended the stream or connection with an error code.
    Http2Protocol,
    /// The body ended before its stated length.
    BodyShort,
    /// The connection was reset within the body.
    BodyReset,
    /// The body's framing is broken (chunk sizes).
    BodyMalformed,
    /// The body's content coding is broken or not known.
    BodyDecoding,
    /// Decoding the body's content coding costs more than a limit allows: in bytes, in how many of
    /// them come of one, or in time.
    BodyDecodingLimit,
    /// The body did not end in time.
    BodyTimeout,
    /// The body could not be written to its file.
    OutputFailed,
    /// More redirects than allowed, or in a circle.
    TooManyRedirects,
    /// A redirect to somewhere that cannot be followed.
    BadRedirect,
    /// A redirect that asks for the request's body at another origin.
    RedirectWantsBody,
    /// A redirect that asks for the request's body over a connection without TLS, where TLS had
    /// been.
    RedirectLosesTls,
    /// A redirect from a public address to one that the public cannot reach, with
    /// `--redirect-guard`.
    RedirectRefused,
    /// `--fail` was given and the status is 400 or above.
    HttpStatus,
    /// The user or a signal ended the run.
    Interrupted,
    /// A fault of this program.
    Internal,
}

/// The name in machine output.
impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
