//! Parameters that a handshake negotiated, by their names at IANA.

use rustls::{ClientConnection, HandshakeKind, ProtocolVersion, SupportedCipherSuite};

use crate::probe::layering::RecordOverhead;
use crate::trace::{Handshake, Record};
use crate::units::Untrusted;

pub(super) fn negotiated_handshake(connection: &ClientConnection) -> Handshake {
    Handshake {
        version: connection
            .protocol_version()
            .map(version_name)
            .unwrap_or_default(),
        cipher_suite: connection
            .negotiated_cipher_suite()
            .map(|suite| suite_name(suite.suite()))
            .unwrap_or_default(),
        key_exchange: connection
            .negotiated_key_exchange_group()
            .map(|group| group_name(group.name())),
        alpn: connection.alpn_protocol().map(Untrusted::from_bytes),
        kind: match connection.handshake_kind() {
            Some(HandshakeKind::Resumed) => "resumed",
            Some(HandshakeKind::FullWithHelloRetryRequest) => "hello_retry",
            Some(HandshakeKind::Full) | None => "full",
        }
        .to_owned(),
    }
}

/// Returns the overhead of the negotiated cipher per record: the header, a tag of 16 bytes (RFC
/// 5116 §5, RFC 8439 §2.8), and in TLS 1.3 the hidden content type (RFC 8446 §5.2), in TLS 1.2 the
/// explicit part of the nonce (RFC 5288 §3, RFC 7905 §2).
pub(super) fn record_overhead(connection: &ClientConnection) -> Option<RecordOverhead> {
    const TAG: usize = 16;
    let (nonce_or_type, hides_types) = match connection.negotiated_cipher_suite()? {
        SupportedCipherSuite::Tls13(_) => (1, true),
        SupportedCipherSuite::Tls12(suite) => {
            (suite.aead_alg.key_block_shape().explicit_nonce_len, false)
        }
    };
    let bytes = u32::try_from(TAG + nonce_or_type)
        .ok()?
        .saturating_add(u32::try_from(Record::HEADER).ok()?);
    Some(RecordOverhead { bytes, hides_types })
}

/// Returns the name of a version: `TLSv1.3`.
pub(super) fn version_name(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
        ProtocolVersion::TLSv1_1 => "TLSv1.1".to_owned(),
        ProtocolVersion::TLSv1_0 => "TLSv1.0".to_owned(),
        ProtocolVersion::SSLv3 => "SSLv3".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Returns IANA's name of a cipher suite: `TLS_AES_128_GCM_SHA256`, which rustls calls
/// `TLS13_AES_128_GCM_SHA256`.
pub(super) fn suite_name(suite: rustls::CipherSuite) -> String {
    let name = suite
        .as_str()
        .map_or_else(|| format!("{suite:?}"), str::to_owned);
    name.strip_prefix("TLS13_")
        .map_or(name.clone(), |rest| format!("TLS_{rest}"))
}

/// Returns IANA's name of a group: `x25519`, which rustls calls `X25519`.
pub(super) fn group_name(group: rustls::NamedGroup) -> String {
    let name = format!("{group:?}");
    if matches!(name.as_str(), "X25519" | "X448") {
        name.to_ascii_lowercase()
    } else {
        name
    }
}
