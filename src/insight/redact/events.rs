//! Events with what is secret in them masked. Which of their texts that concerns is said in
//! [`TEXT_FIELDS`](crate::trace::TEXT_FIELDS).
//!
//! Every event is named here, so that one that is added cannot pass unmasked without a decision.

use super::MASK;
use super::redactor::Redactor;
use super::rules::Rules;
use crate::trace::{
    AttemptOutcome, Certificate, DnsRecord, Endpoint, Event, Failure, Handshake, Header, ProxyStep,
    TlsMessage, Verification, What,
};
use crate::units::Untrusted;

impl Rules {
    /// Takes in what in an event is secret by its place, so that it is found wherever else it
    /// stands. Events are learnt from before they are masked.
    pub fn learn(&mut self, what: &What) {
        match what {
            What::ExchangeStarted { url: text, .. }
            | What::Redirected { to: text, .. }
            | What::Note { text, .. }
            | What::DnsFailed { reason: text, .. }
            | What::ProxyTalked {
                step: ProxyStep { text, .. },
                ..
            }
            | What::Failed {
                failure: Failure { message: text, .. },
                ..
            }
            | What::ControlMeasured {
                error: Some(text), ..
            } => self.learn_text(text.raw()),
            What::RequestHead {
                target, headers, ..
            } => {
                self.learn_text(target.raw());
                self.learn_fields(headers);
            }
            What::Informational { headers, .. }
            | What::ResponseHead { headers, .. }
            | What::Trailers { headers, .. } => {
                self.learn_fields(headers);
            }
            // What in their texts is secret is known by its shape alone, and so wherever else it
            // stands.
            What::RunStarted { .. }
            | What::ClockPaired { .. }
            | What::RunEnded
            | What::Dropped { .. }
            | What::CaptureOpened { .. }
            | What::CaptureUnavailable { .. }
            | What::CaptureOff
            | What::CaptureClosed { .. }
            | What::Packets { .. }
            | What::OtherFrames { .. }
            | What::Undelivered { .. }
            | What::LinkSet { .. }
            | What::PhaseBegan { .. }
            | What::PhaseEnded { .. }
            | What::ExchangeEnded { .. }
            | What::DnsQueried { .. }
            | What::DnsAnswered { .. }
            | What::Resolved { .. }
            | What::AttemptStarted { .. }
            | What::AttemptEnded { .. }
            | What::Connected { .. }
            | What::KernelMeasured { .. }
            | What::Disconnected { .. }
            | What::Layered { .. }
            | What::TlsMessage { .. }
            | What::TlsCertificates { .. }
            | What::TlsVerified { .. }
            | What::TlsEstablished { .. }
            | What::RequestBody { .. }
            | What::ResponseBody { .. }
            | What::BodyPreview { .. }
            | What::ControlMeasured { error: None, .. } => {}
        }
    }
}

impl Redactor<'_> {
    /// An event.
    pub fn event(self, event: &Event) -> Event {
        let mut event = event.clone();
        self.mask_event(&mut event);
        event
    }

    /// Masks an event where it is.
    pub fn mask_event(self, event: &mut Event) {
        if self.masks() {
            self.mask_what(&mut event.what);
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm an event")]
    fn mask_what(self, what: &mut What) {
        match what {
            What::Note { text, .. }
            | What::DnsFailed { reason: text, .. }
            | What::ControlMeasured {
                error: Some(text), ..
            } => {
                self.mask(text);
            }
            What::CaptureUnavailable { reason, remedy } => [reason, remedy]
                .into_iter()
                .for_each(|text| self.mask_sentence(text)),
            What::ExchangeStarted { method, url, .. } => {
                self.mask_sentence(method);
                self.mask(url);
            }
            What::Failed {
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
            What::DnsQueried { name, .. } => self.mask(name),
            What::DnsAnswered { answer, .. } => answer
                .records
                .iter_mut()
                .for_each(|record| self.mask_record(record)),
            What::AttemptStarted { remote, local, .. } => {
                self.mask_endpoint(remote);
                if let Some(local) = local {
                    self.mask_endpoint(local);
                }
            }
            What::AttemptEnded { outcome, .. } => self.mask_outcome(outcome),
            What::Connected { local, remote, .. } => [local, remote]
                .into_iter()
                .for_each(|end| self.mask_endpoint(end)),
            What::ProxyTalked {
                step: ProxyStep { kind: _, text },
                ..
            } => self.mask(text),
            What::TlsMessage {
                message:
                    TlsMessage {
                        detail: Some(detail),
                        ..
                    },
                ..
            } => self.mask(detail),
            What::TlsCertificates { certificates, .. } => certificates
                .iter_mut()
                .for_each(|one| self.mask_certificate(one)),
            What::TlsVerified { verification, .. } => match verification {
                Verification::Trusted => {}
                Verification::Rejected(why) | Verification::Ignored(why) => self.mask(why),
            },
            What::TlsEstablished {
                handshake: Handshake {
                    alpn: Some(alpn), ..
                },
                ..
            } => self.mask(alpn),
            What::RequestHead {
                method,
                target,
                headers,
                ..
            } => {
                self.mask_sentence(method);
                self.mask(target);
                self.mask_headers(headers);
            }
            What::ResponseHead {
                reason, headers, ..
            } => {
                *reason = self.words_of_others(reason);
                self.mask_headers(headers);
            }
            What::Informational { headers, .. } | What::Trailers { headers, .. } => {
                self.mask_headers(headers);
            }
            What::BodyPreview { text, .. } => {
                *text = if text.raw().is_empty() {
                    Untrusted::default()
                } else {
                    MASK.into()
                }
            }
            What::Redirected { to, withheld, .. } => {
                self.mask(to);
                for name in withheld {
                    self.mask(name);
                }
            }
            // They have no text, or only such as is the program's own or harmless.
            What::RunStarted { .. }
            | What::ClockPaired { .. }
            | What::RunEnded
            | What::Dropped { .. }
            | What::CaptureOpened { .. }
            | What::CaptureOff
            | What::CaptureClosed { .. }
            | What::Packets { .. }
            | What::OtherFrames { .. }
            | What::Undelivered { .. }
            | What::LinkSet { .. }
            | What::PhaseBegan { .. }
            | What::PhaseEnded { .. }
            | What::ExchangeEnded { .. }
            | What::Resolved { .. }
            | What::KernelMeasured { .. }
            | What::Disconnected { .. }
            | What::Layered { .. }
            | What::TlsMessage {
                message: TlsMessage { detail: None, .. },
                ..
            }
            | What::TlsEstablished {
                handshake: Handshake { alpn: None, .. },
                ..
            }
            | What::RequestBody { .. }
            | What::ResponseBody { .. }
            | What::ControlMeasured { error: None, .. } => {}
        }
    }

    fn mask(self, text: &mut Untrusted) {
        if let Some(masked) = self.masked_text(text.raw()) {
            *text = masked;
        }
    }

    fn mask_sentence(self, sentence: &mut String) {
        *sentence = self.sentence(sentence);
    }

    fn mask_headers(self, headers: &mut [Header]) {
        for header in headers {
            if let Some(masked) = self.masked_value(header) {
                header.value = masked;
            }
            self.mask(&mut header.name);
        }
    }

    /// Masks what a record says. Addresses and aliases are what a run is about. What else records
    /// say, such as text, others wrote.
    pub fn mask_record(self, record: &mut DnsRecord) {
        self.mask(&mut record.name);
        let is_address = matches!(
            record.kind.as_str(),
            "A" | "AAAA" | "CNAME" | "HTTPS" | "SVCB"
        );
        record.data = if is_address {
            self.text(&record.data)
        } else {
            self.words_of_others(&record.data)
        };
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
