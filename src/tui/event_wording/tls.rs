//! Wording of TLS events.

use super::EventSign;
use crate::insight::tls_version_name;
use crate::trace::{Certificate, EventKind, Handshake, Phase, TlsMessage, Verification};
use crate::tui::figures::count;
use crate::units::Bytes;
use crate::wire::Side;

pub(super) fn tls_words(kind: &EventKind) -> (Option<Phase>, EventSign, String) {
    let (sign, text) = match kind {
        EventKind::TlsMessage { message, .. } => (
            if message.from == Side::Client {
                EventSign::Out
            } else {
                EventSign::In
            },
            message_words(message),
        ),
        EventKind::TlsCertificates { certificates, .. } => {
            (EventSign::In, certificate_chain_words(certificates))
        }
        EventKind::TlsVerified {
            verification, took, ..
        } => match verification {
            Verification::Trusted => (
                EventSign::Good,
                format!("certificate trusted, verified in {took}"),
            ),
            Verification::Rejected(why) => (
                EventSign::Bad,
                format!("certificate rejected: {}", why.escaped()),
            ),
            Verification::Ignored(why) => (
                EventSign::Bad,
                format!(
                    "invalid certificate ignored (--insecure): {}",
                    why.escaped()
                ),
            ),
        },
        EventKind::TlsEstablished { handshake, .. } => {
            (EventSign::Good, handshake_words(handshake))
        }
        _ => (EventSign::None, String::new()),
    };
    (Some(Phase::Tls), sign, text)
}

fn message_words(message: &TlsMessage) -> String {
    let name = if message.name == "encrypted" {
        "encrypted handshake record"
    } else {
        message.name.as_str()
    };
    let detail = message
        .detail
        .as_ref()
        .map(|detail| format!(" ({})", detail.escaped()))
        .unwrap_or_default();
    format!("{name} {}{detail}", Bytes(message.bytes))
}

fn certificate_chain_words(certificates: &[Certificate]) -> String {
    let leaf = certificates
        .first()
        .map(|leaf| leaf.subject.escaped().into_owned())
        .unwrap_or_default();
    format!("{}: {leaf}", count(certificates.len(), "certificate"))
}

fn handshake_words(handshake: &Handshake) -> String {
    let mut parts = vec![
        tls_version_name(&handshake.version),
        handshake.cipher_suite.clone(),
    ];
    parts.extend(handshake.key_exchange.clone());
    parts.extend(
        handshake
            .alpn
            .as_ref()
            .map(|alpn| alpn.escaped().into_owned()),
    );
    if handshake.kind != "full" {
        parts.push(handshake.kind.replace('_', " "));
    }
    parts.join(", ")
}
