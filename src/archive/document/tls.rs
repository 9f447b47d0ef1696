//! The TLS section of documents written by tapline.

use jiff::Timestamp;
use serde::Deserialize;

use crate::trace::{self, Handshake, Verification};
use crate::units::{Nanos, Untrusted};

/// The TLS section of a summary, and of a HAR written by tapline.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::archive) struct DocumentTls {
    version: Option<String>,
    cipher_suite: Option<String>,
    key_exchange: Option<String>,
    alpn: Option<Untrusted>,
    handshake: Option<String>,
    verification: Option<DocumentVerification>,
    pub(in crate::archive) certificates: Vec<DocumentCertificate>,
}

#[derive(Clone, Debug, Deserialize)]
struct DocumentVerification {
    result: String,
    #[serde(default)]
    reason: Option<Untrusted>,
    #[serde(default)]
    duration_ns: Nanos,
}

/// A certificate in a document.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::archive) struct DocumentCertificate {
    subject: Untrusted,
    issuer: Untrusted,
    #[serde(default)]
    not_before: Option<String>,
    #[serde(default)]
    not_after: Option<String>,
    sha256: String,
    #[serde(default)]
    names: Vec<Untrusted>,
}

impl DocumentTls {
    /// The negotiated handshake, if there was one.
    pub(in crate::archive) fn to_handshake(&self) -> Option<Handshake> {
        Some(Handshake {
            version: self.version.clone()?,
            cipher_suite: self.cipher_suite.clone()?,
            key_exchange: self.key_exchange.clone(),
            alpn: self.alpn.clone(),
            kind: self.handshake.clone()?,
        })
    }

    /// Returns the duration of the verification of the certificates.
    pub(in crate::archive) fn verification_time(&self) -> Nanos {
        self.verification
            .as_ref()
            .map(|checked| checked.duration_ns)
            .unwrap_or_default()
    }

    /// The result of verifying the certificates.
    pub(in crate::archive) fn to_verification(&self) -> Option<Verification> {
        let checked = self.verification.as_ref()?;
        let reason = || checked.reason.clone().unwrap_or_default();
        match checked.result.as_str() {
            "trusted" => Some(Verification::Trusted),
            "rejected" => Some(Verification::Rejected(reason())),
            "ignored" => Some(Verification::Ignored(reason())),
            _ => None,
        }
    }
}

impl DocumentCertificate {
    /// The certificate; `None` if its dates are invalid.
    pub(in crate::archive) fn into_certificate(self) -> Option<trace::Certificate> {
        let seconds = |time: Option<String>| time?.parse().ok().map(Timestamp::as_second);
        Some(trace::Certificate {
            not_before: seconds(self.not_before)?,
            not_after: seconds(self.not_after)?,
            subject: self.subject,
            issuer: self.issuer,
            sha256: self.sha256,
            names: self.names,
        })
    }
}
