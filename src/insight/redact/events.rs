//! Masking of secrets in events. Which texts are masked is defined in
//! [`TEXT_FIELDS`](crate::trace::TEXT_FIELDS).
//!
//! The matches are exhaustive on purpose: a new event cannot pass unmasked without a decision.

use super::MASK;
use super::redactor::Redactor;
use super::rules::RedactionRules;
use crate::trace::{
    AttemptOutcome, Certificate, DnsRecord, Endpoint, Event, EventKind, Failure, Handshake,
    HttpHeader, ProxyStep, TlsMessage, Verification,
};
use crate::units::Untrusted;

impl RedactionRules {
    /// Learns the secrets in an event, so that they are also masked wherever else they appear. Call
    /// it before masking the event.
    pub fn learn(&mut self, what: &EventKind) {
        match what {
            EventKind::ExchangeStarted { url: text, .. }
            | EventKind::Redirected { to: text, .. }
            | EventKind::Note { text, .. }
            | EventKind::DnsFailed { reason: text, .. }
            | EventKind::ProxyTalked {
                step: ProxyStep { text, .. },
                ..
            }
            | EventKind::Failed {
                failure: Failure { message: text, .. },
                ..
            }
            | EventKind::ControlMeasured {
                error: Some(text), ..
            } => self.learn_text(text.raw()),
            EventKind::RequestHead {
                target, headers, ..
            } => {
                self.learn_text(target.raw());
                self.learn_fields(headers);
            }
            EventKind::Informational { headers, .. }
            | EventKind::ResponseHead { headers, .. }
            | EventKind::Trailers { headers, .. } => {
                self.learn_fields(headers);
            }
            // Secrets in these texts are recognized by their format alone, wherever they appear, so
            // there is nothing to learn.
            EventKind::RunStarted { .. }
            | EventKind::ClockPaired { .. }
            | EventKind::RunEnded
            | EventKind::Dropped { .. }
            | EventKind::CaptureOpened { .. }
            | EventKind::CaptureUnavailable { .. }
            | EventKind::CaptureOff
            | EventKind::CaptureClosed { .. }
            | EventKind::Packets { .. }
            | EventKind::OtherFrames { .. }
            | EventKind::Undelivered { .. }
            | EventKind::LinkSet { .. }
            | EventKind::Delayed { .. }
            | EventKind::PhaseBegan { .. }
            | EventKind::PhaseEnded { .. }
            | EventKind::ExchangeEnded { .. }
            | EventKind::DnsQueried { .. }
            | EventKind::DnsAnswered { .. }
            | EventKind::Resolved { .. }
            | EventKind::AttemptStarted { .. }
            | EventKind::AttemptEnded { .. }
            | EventKind::Connected { .. }
            | EventKind::KernelMeasured { .. }
            | EventKind::Disconnected { .. }
            | EventKind::Layered { .. }
            | EventKind::TlsMessage { .. }
            | EventKind::TlsCertificates { .. }
            | EventKind::TlsVerified { .. }
            | EventKind::TlsEstablished { .. }
            | EventKind::RequestBody { .. }
            | EventKind::ResponseBody { .. }
            | EventKind::BodyPreview { .. }
            | EventKind::ControlMeasured { error: None, .. } => {}
        }
    }
}

impl Redactor<'_> {
    /// Returns a masked copy of an event.
    pub fn event(self, event: &Event) -> Event {
        let mut event = event.clone();
        self.mask_event(&mut event);
        event
    }

    /// Masks an event in place.
    pub fn mask_event(self, event: &mut Event) {
        if self.masks() {
            self.mask_event_kind(&mut event.kind);
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm an event")]
    fn mask_event_kind(self, what: &mut EventKind) {
        match what {
            EventKind::Note { text, .. }
            | EventKind::DnsFailed { reason: text, .. }
            | EventKind::ControlMeasured {
                error: Some(text), ..
            } => {
                self.mask(text);
            }
            EventKind::CaptureUnavailable { reason, remedy } => [reason, remedy]
                .into_iter()
                .for_each(|text| self.mask_sentence(text)),
            EventKind::ExchangeStarted { method, url, .. } => {
                self.mask_sentence(method);
                self.mask(url);
            }
            EventKind::Failed {
                failure:
                    Failure {
                        code: _,
                        message,
                        hint,
                    },
                ..
            } => {
                self.mask(message);
                self.mask_sentence(hint);
            }
            EventKind::DnsQueried { name, .. } => self.mask(name),
            EventKind::DnsAnswered { answer, .. } => answer
                .records
                .iter_mut()
                .for_each(|record| self.mask_record(record)),
            EventKind::AttemptStarted { remote, local, .. } => {
                self.mask_endpoint(remote);
                if let Some(local) = local {
                    self.mask_endpoint(local);
                }
            }
            EventKind::AttemptEnded { outcome, .. } => self.mask_outcome(outcome),
            EventKind::Connected { local, remote, .. } => [local, remote]
                .into_iter()
                .for_each(|end| self.mask_endpoint(end)),
            EventKind::ProxyTalked {
                step: ProxyStep { kind: _, text },
                ..
            } => self.mask(text),
            EventKind::TlsMessage {
                message:
                    TlsMessage {
                        detail: Some(detail),
                        ..
                    },
                ..
            } => self.mask(detail),
            EventKind::TlsCertificates { certificates, .. } => certificates
                .iter_mut()
                .for_each(|one| self.mask_certificate(one)),
            EventKind::TlsVerified { verification, .. } => match verification {
                Verification::Trusted => {}
                Verification::Rejected(why) | Verification::Ignored(why) => self.mask(why),
            },
            EventKind::TlsEstablished {
                handshake: Handshake {
                    alpn: Some(alpn), ..
                },
                ..
            } => self.mask(alpn),
            EventKind::RequestHead {
                method,
                target,
                headers,
                ..
            } => {
                self.mask_sentence(method);
                self.mask(target);
                self.mask_headers(headers);
            }
            EventKind::ResponseHead {
                reason, headers, ..
            } => {
                self.mask_remote_text(reason);
                self.mask_headers(headers);
            }
            EventKind::Informational { headers, .. } | EventKind::Trailers { headers, .. } => {
                self.mask_headers(headers);
            }
            EventKind::BodyPreview { text, .. } => {
                *text = if text.raw().is_empty() {
                    Untrusted::default()
                } else {
                    MASK.into()
                }
            }
            EventKind::Redirected { to, withheld, .. } => {
                self.mask(to);
                for name in withheld {
                    self.mask(name);
                }
            }
            // These contain no text, or only text that is defined by this program or harmless.
            EventKind::RunStarted { .. }
            | EventKind::ClockPaired { .. }
            | EventKind::RunEnded
            | EventKind::Dropped { .. }
            | EventKind::CaptureOpened { .. }
            | EventKind::CaptureOff
            | EventKind::CaptureClosed { .. }
            | EventKind::Packets { .. }
            | EventKind::OtherFrames { .. }
            | EventKind::Undelivered { .. }
            | EventKind::LinkSet { .. }
            | EventKind::Delayed { .. }
            | EventKind::PhaseBegan { .. }
            | EventKind::PhaseEnded { .. }
            | EventKind::ExchangeEnded { .. }
            | EventKind::Resolved { .. }
            | EventKind::KernelMeasured { .. }
            | EventKind::Disconnected { .. }
            | EventKind::Layered { .. }
            | EventKind::TlsMessage {
                message: TlsMessage { detail: None, .. },
                ..
            }
            | EventKind::TlsEstablished {
                handshake: Handshake { alpn: None, .. },
                ..
            }
            | EventKind::RequestBody { .. }
            | EventKind::ResponseBody { .. }
            | EventKind::ControlMeasured { error: None, .. } => {}
        }
    }

    fn mask(self, text: &mut Untrusted) {
        if let Some(masked) = self.masked_text(text.raw()) {
            *text = masked;
        }
    }

    fn mask_sentence(self, sentence: &mut String) {
        if let Some(masked) = self.masked_sentence(sentence) {
            *sentence = masked;
        }
    }

    fn mask_remote_text(self, text: &mut Untrusted) {
        if let Some(masked) = self.masked_remote_text(text.raw()) {
            *text = masked;
        }
    }

    fn mask_headers(self, headers: &mut [HttpHeader]) {
        for header in headers {
            if let Some(masked) = self.masked_value(header) {
                header.value = masked;
            }
            self.mask(&mut header.name);
        }
    }

    /// Masks a DNS record. Addresses and aliases are what a run is about, so only recognized
    /// secrets in them are masked; other data, such as TXT, is remote text.
    pub fn mask_record(self, record: &mut DnsRecord) {
        self.mask(&mut record.name);
        let is_address = matches!(
            record.kind.as_str(),
            "A" | "AAAA" | "CNAME" | "HTTPS" | "SVCB"
        );
        if is_address {
            self.mask(&mut record.data);
        } else {
            self.mask_remote_text(&mut record.data);
        }
    }

    fn mask_endpoint(self, endpoint: &mut Endpoint) {
        match endpoint {
            Endpoint::Ip(_) => {}
            Endpoint::Unix(path) => self.mask(path),
        }
    }

    fn mask_outcome(self, outcome: &mut AttemptOutcome) {
        match outcome {
            AttemptOutcome::Failed(why) => self.mask(why),
            AttemptOutcome::Connected
            | AttemptOutcome::Refused
            | AttemptOutcome::Unreachable
            | AttemptOutcome::TimedOut
            | AttemptOutcome::Abandoned => {}
        }
    }

    fn mask_certificate(self, certificate: &mut Certificate) {
        let Certificate {
            subject,
            issuer,
            names,
            not_before: _,
            not_after: _,
            sha256: _,
        } = certificate;
        [subject, issuer]
            .into_iter()
            .chain(names)
            .for_each(|text| self.mask(text));
    }
}
