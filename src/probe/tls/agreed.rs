//! What a handshake agreed on, by the names of IANA.

use rustls::{ClientConnection, HandshakeKind, ProtocolVersion};

use crate::trace::Handshake;
use crate::units::Untrusted;

pub(super) fn handshake(connection: &ClientConnection) -> Handshake {
    Handshake {
        version: connection.protocol_version().map(version).unwrap_or_default(),
        cipher_suite: connection.negotiated_cipher_suite().map(|suite| suite_name(suite.suite())).unwrap_or_default(),
        key_exchange: connection.negotiated_key_exchange_group().map(|group| group_name(group.name())),
        alpn: connection.alpn_protocol().map(Untrusted::from_bytes),
        kind: match connection.handshake_kind() {
            Some(HandshakeKind::Resumed) => "resumed",
            Some(HandshakeKind::FullWithHelloRetryRequest) => "hello_retry",
            Some(HandshakeKind::Full) | None => "full",
        }
        .to_owned(),
    }
}

/// `TLSv1.3`.
pub(super) fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
        ProtocolVersion::TLSv1_1 => "TLSv1.1".to_owned(),
        ProtocolVersion::TLSv1_0 => "TLSv1.0".to_owned(),
        ProtocolVersion::SSLv3 => "SSLv3".to_owned(),
        other => format!("{other:?}"),
    }
}

/// rustls says `TLS13_AES_128_GCM_SHA256` where IANA says `TLS_AES_128_GCM_SHA256`.
pub(super) fn suite_name(suite: rustls::CipherSuite) -> String {
    let name = suite.as_str().map_or_else(|| format!("{suite:?}"), str::to_owned);
    name.strip_prefix("TLS13_").map_or(name.clone(), |rest| format!("TLS_{rest}"))
}

/// rustls says `X25519` where IANA says `x25519`.
pub(super) fn group_name(group: rustls::NamedGroup) -> String {
    let name = format!("{group:?}");
    if matches!(name.as_str(), "X25519" | "X448") { name.to_ascii_lowercase() } else { name }
}
