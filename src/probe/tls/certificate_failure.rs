//! Failures of certificate verification, with their messages.

use jiff::Timestamp;
use rustls::{CertificateError, Error};

use super::chain_check::ChainFault;
use crate::probe::PhaseFailure;
use crate::trace::{Certificate, FailureCode, Phase};

/// Maximum number of names listed in a message.
const MAX_LISTED: usize = 8;

/// Facts about the rejected chain.
pub(super) struct ChainFacts {
    pub(super) certificates: Vec<Certificate>,
    pub(super) host: String,
    /// Whether the leaf names itself as its issuer.
    pub(super) self_issued: bool,
    /// Whether the leaf's issuer was sent along.
    pub(super) issuer_sent: bool,
}

impl ChainFacts {
    fn subject(&self) -> String {
        self.certificates
            .first()
            .map_or_else(String::new, |leaf| leaf.subject.raw().to_owned())
    }

    fn issuer(&self) -> String {
        self.certificates
            .first()
            .map_or_else(String::new, |leaf| leaf.issuer.raw().to_owned())
    }

    /// Returns the first certificate for which `test` is true, else the leaf. An intermediate may
    /// be the one that has expired.
    fn offending_certificate(&self, test: impl Fn(&Certificate) -> bool) -> Option<&Certificate> {
        self.certificates
            .iter()
            .find(|certificate| test(certificate))
            .or_else(|| self.certificates.first())
    }
}

/// Returns the failure for a chain that was not accepted.
pub(super) fn certificate_failure(
    phase: Phase,
    fault: &ChainFault,
    facts: &ChainFacts,
) -> PhaseFailure {
    let (code, message, hint) = match fault {
        ChainFault::NoStore(reason) => (
            FailureCode::TlsCertificateUnknownIssuer,
            format!("the certificate cannot be verified: {reason}"),
            "install the system's CA certificates (Debian: ca-certificates), or give a file with \
                --cacert",
        ),
        ChainFault::Rejected(Error::InvalidCertificate(error)) => {
            describe_certificate_error(error, facts)
        }
        ChainFault::Rejected(error) => invalid_certificate(&error.to_string(), facts),
    };
    PhaseFailure::new(phase, code, message, hint)
}

fn describe_certificate_error(
    error: &CertificateError,
    facts: &ChainFacts,
) -> (FailureCode, String, &'static str) {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            expired_certificate(error, facts)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            not_yet_valid_certificate(error, facts)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            wrong_host_certificate(facts)
        }
        CertificateError::Revoked => (
            FailureCode::TlsCertificateRevoked,
            format!(
                "the certificate of {} was revoked by its issuer",
                facts.host
            ),
            "the server needs a new certificate; do not continue",
        ),
        CertificateError::UnknownIssuer => unknown_issuer_certificate(facts),
        CertificateError::Other(other)
            if facts.self_issued && other.to_string().contains("CaUsedAsEndEntity") =>
        {
            self_signed_certificate(facts)
        }
        CertificateError::Other(other) => invalid_certificate(&other.to_string(), facts),
        other => invalid_certificate(&other.to_string(), facts),
    }
}

fn expired_certificate(
    error: &CertificateError,
    facts: &ChainFacts,
) -> (FailureCode, String, &'static str) {
    let end = match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            i64::try_from(not_after.as_secs()).ok()
        }
        _ => None,
    };
    let offending = facts.offending_certificate(|certificate| Some(certificate.not_after) == end);
    let subject = offending.map_or("", |certificate| certificate.subject.raw());
    let end = end.or(offending.map(|one| one.not_after));
    let message = format!(
        "the certificate of {subject} expired on {}",
        format_date(end)
    );
    (
        FailureCode::TlsCertificateExpired,
        message,
        "the server needs a new certificate; check this machine's clock too",
    )
}

fn not_yet_valid_certificate(
    error: &CertificateError,
    facts: &ChainFacts,
) -> (FailureCode, String, &'static str) {
    let start = match error {
        CertificateError::NotValidYetContext { not_before, .. } => {
            i64::try_from(not_before.as_secs()).ok()
        }
        _ => None,
    };
    let offending =
        facts.offending_certificate(|certificate| Some(certificate.not_before) == start);
    let subject = offending.map_or("", |certificate| certificate.subject.raw());
    let start = start.or(offending.map(|one| one.not_before));
    let message = format!(
        "the certificate of {subject} is not valid before {}",
        format_date(start)
    );
    (
        FailureCode::TlsCertificateNotYetValid,
        message,
        "check this machine's clock, and that of the certificate's issuer",
    )
}

fn wrong_host_certificate(facts: &ChainFacts) -> (FailureCode, String, &'static str) {
    let names = facts
        .certificates
        .first()
        .map(|leaf| leaf.names.as_slice())
        .unwrap_or_default();
    let listed: Vec<&str> = names
        .iter()
        .take(MAX_LISTED)
        .map(crate::units::Untrusted::raw)
        .collect();
    let message = if listed.is_empty() {
        format!(
            "the certificate contains no host name, so it is not valid for {}; its subject is {}",
            facts.host,
            facts.subject()
        )
    } else {
        let more = names.len() - listed.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!(
            "the certificate is not valid for {}; it is valid for {}{more}",
            facts.host,
            listed.join(", ")
        )
    };
    (
        FailureCode::TlsCertificateWrongHost,
        message,
        "use one of these names in the URL, or --resolve to reach this server under one of them",
    )
}

fn unknown_issuer_certificate(facts: &ChainFacts) -> (FailureCode, String, &'static str) {
    if facts.self_issued {
        return self_signed_certificate(facts);
    }
    if !facts.issuer_sent {
        let message = format!(
            "the server did not send the certificate of its issuer ({}), which is not a known \
                root: the chain is incomplete, or the issuer is a private CA",
            facts.issuer()
        );
        let hint = "configure the server to send the intermediate certificates too; for a private \
            CA, give its file with --cacert";
        return (FailureCode::TlsCertificateIncompleteChain, message, hint);
    }
    let top = facts
        .certificates
        .last()
        .map_or_else(String::new, |last| last.issuer.raw().to_owned());
    let message = format!("the chain ends at {top}, which is not trusted");
    (
        FailureCode::TlsCertificateUnknownIssuer,
        message,
        "give the private CA's file with --cacert, or install it in the system's store",
    )
}

fn self_signed_certificate(facts: &ChainFacts) -> (FailureCode, String, &'static str) {
    let message = format!(
        "the certificate of {} is self-signed and not trusted",
        facts.subject()
    );
    (
        FailureCode::TlsCertificateSelfSigned,
        message,
        "trust only this certificate with --cacert FILE, or skip verification with -k",
    )
}

fn invalid_certificate(reason: &str, facts: &ChainFacts) -> (FailureCode, String, &'static str) {
    let message = format!(
        "the certificate of {} is not acceptable: {reason}",
        facts.subject()
    );
    (
        FailureCode::TlsCertificateInvalid,
        message,
        "the server needs a certificate for TLS servers; -k skips verification",
    )
}

/// Formats a time: `2026-11-05 12:00 UTC`.
fn format_date(seconds: Option<i64>) -> String {
    let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(
        || "a date out of range".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
