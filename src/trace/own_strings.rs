//! The strings of an event that are this program's own, such as the name of an interface or a
//! cipher suite.
//!
//! In events from the engine they are harmless and are shown unescaped. In a file they may have
//! been written by anybody, so the reader of a file escapes them first.

use super::{
    Certificate, DnsAnswer, DnsRecord, EventKind, Failure, Handshake, LinkConfig, ProxyStep,
    TlsMessage,
};
use crate::units::Untrusted;

impl EventKind {
    /// Escapes control characters in these strings, as [`Untrusted::escaped`] does.
    pub fn escape_own_strings(&mut self) {
        for word in self.own_strings() {
            *word = Untrusted::new(std::mem::take(word)).escaped().into_owned();
        }
    }

    /// Every variant is listed, so that a new one with own strings cannot be overlooked.
    fn own_strings(&mut self) -> Vec<&mut String> {
        match self {
            Self::RunStarted {
                schema,
                tool_version,
                started_at: _,
            } => vec![schema, tool_version],
            Self::CaptureOpened {
                interface,
                link_type,
            } => vec![interface, link_type],
            Self::CaptureUnavailable { reason, remedy } => vec![reason, remedy],
            Self::LinkSet {
                link: LinkConfig { congestion, .. },
            } => vec![congestion],
            Self::ExchangeStarted { method, .. } | Self::RequestHead { method, .. } => vec![method],
            Self::Failed {
                failure: Failure { hint, .. },
                ..
            } => vec![hint],
            Self::DnsQueried { kind, .. }
            | Self::ProxyTalked {
                step: ProxyStep { kind, .. },
                ..
            } => vec![kind],
            Self::DnsAnswered {
                answer:
                    DnsAnswer {
                        rcode,
                        records,
                        truncated: _,
                    },
                ..
            } => {
                let kinds = records.iter_mut().map(|DnsRecord { kind, .. }| kind);
                std::iter::once(rcode).chain(kinds).collect()
            }
            Self::TlsMessage {
                message: TlsMessage { name, .. },
                ..
            } => vec![name],
            Self::TlsCertificates { certificates, .. } => certificates
                .iter_mut()
                .map(|Certificate { sha256, .. }| sha256)
                .collect(),
            Self::TlsEstablished {
                handshake:
                    Handshake {
                        version,
                        cipher_suite,
                        key_exchange,
                        kind,
                        alpn: _,
                    },
                ..
            } => [version, cipher_suite, kind]
                .into_iter()
                .chain(key_exchange)
                .collect(),
            Self::ClockPaired { .. }
            | Self::RunEnded
            | Self::Dropped { .. }
            | Self::Note { .. }
            | Self::CaptureOff
            | Self::CaptureClosed { .. }
            | Self::Packets { .. }
            | Self::OtherFrames { .. }
            | Self::Delayed { .. }
            | Self::Undelivered { .. }
            | Self::PhaseBegan { .. }
            | Self::PhaseEnded { .. }
            | Self::ExchangeEnded { .. }
            | Self::DnsFailed { .. }
            | Self::Resolved { .. }
            | Self::AttemptStarted { .. }
            | Self::AttemptEnded { .. }
            | Self::Connected { .. }
            | Self::KernelMeasured { .. }
            | Self::Disconnected { .. }
            | Self::Layered { .. }
            | Self::TlsVerified { .. }
            | Self::RequestBody { .. }
            | Self::Informational { .. }
            | Self::ResponseHead { .. }
            | Self::ResponseBody { .. }
            | Self::Trailers { .. }
            | Self::BodyPreview { .. }
            | Self::Redirected { .. }
            | Self::ControlMeasured { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_harmless_strings_unchanged() {
        let mut hostile = EventKind::CaptureOpened {
            interface: "eth0\x1b[2J".to_owned(),
            link_type: "EN10MB".to_owned(),
        };
        hostile.escape_own_strings();
        assert_eq!(
            hostile,
            EventKind::CaptureOpened {
                interface: "eth0\\x1b[2J".to_owned(),
                link_type: "EN10MB".to_owned()
            }
        );
    }
}
