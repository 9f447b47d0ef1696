//! TLS as it happened.

use serde::{Deserialize, Serialize};

use super::Direction;
use crate::units::{Moment, Nanos, Untrusted};

/// Which side sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// This program's side.
    Client,
    /// The other side.
    Server,
}

impl Side {
    /// The way its bytes go.
    pub const fn direction(self) -> Direction {
        match self {
            Self::Client => Direction::Sent,
            Self::Server => Direction::Received,
        }
    }
}

/// A handshake message (RFC 8446 §4, RFC 5246 §7.4), an alert, or an encrypted record of the
/// handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsMessage {
    /// Who sent it.
    pub from: Side,
    /// Its name: `ClientHello`, `ServerHello`, `Certificate`, `Finished`, `Alert`, `encrypted`.
    pub name: String,
    /// Bytes on the connection that carry it, record header included where the whole record is
    /// meant.
    pub bytes: u64,
    /// Offset of its first byte in its direction's byte stream.
    pub offset: u64,
    /// What is worth saying about it: SNI, ALPN, groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Untrusted>,
}

/// What a certificate says (RFC 5280 §4.1).
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
    /// Names and addresses it is for (`subjectAltName`).
    pub names: Vec<Untrusted>,
}

/// Whether the chain was checked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// It leads to a trust anchor and fits the host.
    Trusted,
    /// It does not; why.
    Rejected(Untrusted),
    /// It does not, but the user said to go on (`--insecure`); why.
    Ignored(Untrusted),
}

/// What the handshake agreed on.
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
    /// The application protocol agreed on (RFC 7301).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Untrusted>,
    /// `full`, `hello_retry`, `resumed` or `early_data`.
    pub kind: String,
}

/// All that is known of a connection's TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The messages, in the order they were seen.
    pub messages: Vec<(Moment, TlsMessage)>,
    /// The server's chain, leaf first.
    pub certificates: Vec<Certificate>,
    /// What came of checking it, and how long that took.
    pub verification: Option<(Verification, Nanos)>,
    /// What was agreed on.
    pub handshake: Option<Handshake>,
}
