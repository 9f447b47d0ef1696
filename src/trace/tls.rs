//! TLS sessions: handshake messages, certificates, verification.

use serde::{Deserialize, Serialize};

use crate::units::{Moment, Nanos, Untrusted};
use crate::wire::Side;

/// A handshake message (RFC 8446 §4, RFC 5246 §7.4), an alert, or an encrypted record of the
/// handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsMessage {
    /// Sender.
    pub from: Side,
    /// Its name: `ClientHello`, `ServerHello`, `Certificate`, `Finished`, `Alert`, `encrypted`.
    pub name: String,
    /// Size on the connection, including the record header if the whole record is meant.
    pub bytes: u64,
    /// Offset of its first byte in the stream of its direction.
    pub offset: u64,
    /// Notable contents: SNI, ALPN, groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Untrusted>,
}

/// Contents of a certificate (RFC 5280 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Subject's distinguished name.
    pub subject: Untrusted,
    /// Issuer's distinguished name.
    pub issuer: Untrusted,
    /// Start of validity, seconds since 1970.
    pub not_before: i64,
    /// End of validity, seconds since 1970.
    pub not_after: i64,
    /// SHA-256 of the DER encoding, lower-case hexadecimal.
    pub sha256: String,
    /// Names and addresses that it is valid for (`subjectAltName`).
    pub names: Vec<Untrusted>,
}

/// Result of verifying the certificate chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// It leads to a trust anchor and matches the host.
    Trusted,
    /// Verification failed, with the reason.
    Rejected(Untrusted),
    /// Verification failed but was ignored (`--insecure`), with the reason.
    Ignored(Untrusted),
}

/// Negotiated parameters of a handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// `TLSv1.3`, `TLSv1.2`.
    pub version: String,
    /// IANA's name: `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// Named group: `X25519MLKEM768`, `x25519`, `secp256r1`. Absent where the handshake used none
    /// (resumed TLS 1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_exchange: Option<String>,
    /// Negotiated application protocol (RFC 7301).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Untrusted>,
    /// `full`, `hello_retry`, `resumed` or `early_data`.
    pub kind: String,
}

/// All that is known of the TLS session of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Handshake messages, in the order seen.
    pub messages: Vec<(Moment, TlsMessage)>,
    /// The server's certificate chain, leaf first.
    pub certificates: Vec<Certificate>,
    /// Result of verifying the chain, and the time that took.
    pub verification: Option<(Verification, Nanos)>,
    /// Negotiated parameters.
    pub handshake: Option<Handshake>,
}
