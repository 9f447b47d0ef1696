//! TLS.

use serde::Serialize;

use crate::report::timestamps;
use crate::trace::{self, TlsMessage, Verification};
use crate::units::{Moment, Untrusted};

#[derive(Serialize)]
pub(in crate::report) struct JsonTls<'a> {
    version: Option<&'a str>,
    cipher_suite: Option<&'a str>,
    key_exchange: Option<&'a str>,
    alpn: Option<&'a Untrusted>,
    handshake: Option<&'a str>,
    verified: Option<bool>,
    verification: Option<JsonVerification<'a>>,
    certificates: Vec<JsonCertificate<'a>>,
    messages: Vec<JsonTlsMessage<'a>>,
}

impl<'a> JsonTls<'a> {
    pub(in crate::report) fn new(tls: &'a trace::Tls) -> Self {
        let agreed = tls.handshake.as_ref();
        Self {
            version: agreed.map(|agreed| agreed.version.as_str()),
            cipher_suite: agreed.map(|agreed| agreed.cipher_suite.as_str()),
            key_exchange: agreed.and_then(|agreed| agreed.key_exchange.as_deref()),
            alpn: agreed.and_then(|agreed| agreed.alpn.as_ref()),
            handshake: agreed.map(|agreed| agreed.kind.as_str()),
            verified: tls
                .verification
                .as_ref()
                .map(|(verification, _)| *verification == Verification::Trusted),
            verification: tls
                .verification
                .as_ref()
                .map(|(verification, took)| JsonVerification::new(verification, took.0)),
            certificates: tls.certificates.iter().map(JsonCertificate::new).collect(),
            messages: tls
                .messages
                .iter()
                .map(|(at, message)| JsonTlsMessage::new(*at, message))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonVerification<'a> {
    result: &'static str,
    reason: Option<&'a Untrusted>,
    duration_ns: u64,
}

impl<'a> JsonVerification<'a> {
    const fn new(verification: &'a Verification, duration_ns: u64) -> Self {
        let (result, reason) = match verification {
            Verification::Trusted => ("trusted", None),
            Verification::Rejected(reason) => ("rejected", Some(reason)),
            Verification::Ignored(reason) => ("ignored", Some(reason)),
        };
        Self {
            result,
            reason,
            duration_ns,
        }
    }
}

#[derive(Serialize)]
struct JsonCertificate<'a> {
    subject: &'a Untrusted,
    issuer: &'a Untrusted,
    not_before: Option<String>,
    not_after: Option<String>,
    sha256: &'a str,
    names: &'a [Untrusted],
}

impl<'a> JsonCertificate<'a> {
    fn new(certificate: &'a trace::Certificate) -> Self {
        Self {
            subject: &certificate.subject,
            issuer: &certificate.issuer,
            not_before: timestamps::rfc3339_seconds(certificate.not_before),
            not_after: timestamps::rfc3339_seconds(certificate.not_after),
            sha256: &certificate.sha256,
            names: &certificate.names,
        }
    }
}

#[derive(Serialize)]
struct JsonTlsMessage<'a> {
    at_ns: i64,
    #[serde(flatten)]
    message: &'a TlsMessage,
}

impl<'a> JsonTlsMessage<'a> {
    const fn new(at: Moment, message: &'a TlsMessage) -> Self {
        Self {
            at_ns: at.0,
            message,
        }
    }
}
