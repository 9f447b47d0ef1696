//! Failures of HAR entries, as browsers report them.

use super::log::{EntryError, HarEntry};
use super::timings::PhaseSpans;
use crate::trace::{Failure, FailureCode, Phase};
use crate::units::Untrusted;

/// Browsers give no further details.
const HINT: &str = "a HAR has no further details; probe the URL to see it packet by packet";

/// The failure of an entry, if it failed. `answered` is whether it has a response.
pub(super) fn entry_failure(
    entry: &HarEntry<'_>,
    spans: &PhaseSpans,
    answered: bool,
) -> Option<(Phase, Failure)> {
    let of_response = entry
        .response
        .0
        .as_ref()
        .and_then(|response| response.error.non_empty());
    let word = match &entry.error {
        EntryError::Tapline {
            phase,
            code,
            message,
            hint,
        } => {
            let failure = Failure {
                code: *code,
                message: message.as_str().into(),
                hint: hint.clone(),
            };
            return Some((*phase, failure));
        }
        EntryError::Browser(word) if !word.is_empty() => word.as_str(),
        _ => match of_response {
            Some(word) => word,
            None if answered => return None,
            None => "",
        },
    };
    let cached = entry.from_cache.non_empty().is_some();
    if word.is_empty() && cached {
        return None;
    }
    let (phase, code) = phase_and_code(word, spans);
    let message = if word.is_empty() {
        "the file has neither a response nor a reason".to_owned()
    } else {
        format!("the browser reported {word}")
    };
    Some((
        phase,
        Failure {
            code,
            message: Untrusted::new(message),
            hint: HINT.to_owned(),
        },
    ))
}

/// Classifies a failure by the prefixes of Chromium's error names (`net_error_list.h`). Unknown
/// errors are assigned to the phase that the entry reached.
fn phase_and_code(word: &str, spans: &PhaseSpans) -> (Phase, FailureCode) {
    const KNOWN: [(&str, Phase, FailureCode); 16] = [
        (
            "ERR_NAME_NOT_RESOLVED",
            Phase::Dns,
            FailureCode::DnsNoSuchName,
        ),
        (
            "ERR_NAME_RESOLUTION",
            Phase::Dns,
            FailureCode::DnsServerFailure,
        ),
        ("ERR_DNS", Phase::Dns, FailureCode::DnsServerFailure),
        (
            "ERR_CONNECTION_REFUSED",
            Phase::Connect,
            FailureCode::ConnectRefused,
        ),
        (
            "ERR_CONNECTION_TIMED_OUT",
            Phase::Connect,
            FailureCode::ConnectTimeout,
        ),
        (
            "ERR_ADDRESS_UNREACHABLE",
            Phase::Connect,
            FailureCode::ConnectUnreachable,
        ),
        (
            "ERR_UNSAFE_PORT",
            Phase::Connect,
            FailureCode::ConnectForbidden,
        ),
        ("ERR_BLOCKED", Phase::Connect, FailureCode::ConnectForbidden),
        (
            "ERR_INTERNET_DISCONNECTED",
            Phase::Connect,
            FailureCode::ConnectUnreachable,
        ),
        (
            "ERR_CERT_DATE",
            Phase::Tls,
            FailureCode::TlsCertificateExpired,
        ),
        (
            "ERR_CERT_COMMON_NAME",
            Phase::Tls,
            FailureCode::TlsCertificateWrongHost,
        ),
        (
            "ERR_CERT_AUTHORITY",
            Phase::Tls,
            FailureCode::TlsCertificateUnknownIssuer,
        ),
        ("ERR_CERT", Phase::Tls, FailureCode::TlsCertificateInvalid),
        ("ERR_SSL", Phase::Tls, FailureCode::TlsProtocol),
        ("ERR_ABORTED", Phase::Wait, FailureCode::Interrupted),
        (
            "ERR_TOO_MANY_REDIRECTS",
            Phase::Wait,
            FailureCode::TooManyRedirects,
        ),
    ];
    let word = word.trim_start_matches("net::");
    let known = KNOWN
        .into_iter()
        .find(|(begins, ..)| word.starts_with(begins))
        .map(|(_, phase, code)| (phase, code));
    known.unwrap_or_else(|| {
        let reached = spans
            .iter()
            .last()
            .map_or(Phase::Connect, |(phase, ..)| phase);
        let code = match reached {
            Phase::Dns => FailureCode::DnsUnreachable,
            Phase::Connect => FailureCode::ConnectFailed,
            Phase::Proxy => FailureCode::ProxyClosed,
            Phase::Tls => FailureCode::TlsClosed,
            Phase::Send => FailureCode::SendClosed,
            Phase::Wait => FailureCode::WaitClosed,
            Phase::Receive => FailureCode::BodyShort,
        };
        (reached, code)
    })
}
