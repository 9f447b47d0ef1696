//! Why an entry failed, in a browser's words.

use super::log::{Entry, Problem};
use super::timings::Spans;
use crate::trace::{Code, Failure, Phase};
use crate::units::Untrusted;

/// A browser says no more.
const HINT: &str = "a HAR says no more; probe the URL to see it packet by packet";

/// Where and why, if it did. `answered` says whether there is a response.
pub(super) fn failure(entry: &Entry, spans: &Spans, answered: bool) -> Option<(Phase, Failure)> {
    let of_response = entry
        .response
        .0
        .as_ref()
        .and_then(|response| response.error.some());
    let word = match &entry.error {
        Problem::Ours {
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
        Problem::Word(word) if !word.is_empty() => word.as_str(),
        _ => match of_response {
            Some(word) => word,
            None if answered => return None,
            None => "",
        },
    };
    let cached = entry.from_cache.some().is_some();
    if word.is_empty() && cached {
        return None;
    }
    let (phase, code) = meant(word, spans);
    let message = if word.is_empty() {
        "the file has no response to it, and no reason".to_owned()
    } else {
        format!("the browser says {word}")
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

/// What Chromium's names of errors (`net_error_list.h`) begin with, and what they are here. Others
/// are told where the entry got to.
fn meant(word: &str, spans: &Spans) -> (Phase, Code) {
    const KNOWN: [(&str, Phase, Code); 16] = [
        ("ERR_NAME_NOT_RESOLVED", Phase::Dns, Code::DnsNoSuchName),
        ("ERR_NAME_RESOLUTION", Phase::Dns, Code::DnsServerFailure),
        ("ERR_DNS", Phase::Dns, Code::DnsServerFailure),
        (
            "ERR_CONNECTION_REFUSED",
            Phase::Connect,
            Code::ConnectRefused,
        ),
        (
            "ERR_CONNECTION_TIMED_OUT",
            Phase::Connect,
            Code::ConnectTimeout,
        ),
        (
            "ERR_ADDRESS_UNREACHABLE",
            Phase::Connect,
            Code::ConnectUnreachable,
        ),
        ("ERR_UNSAFE_PORT", Phase::Connect, Code::ConnectForbidden),
        ("ERR_BLOCKED", Phase::Connect, Code::ConnectForbidden),
        (
            "ERR_INTERNET_DISCONNECTED",
            Phase::Connect,
            Code::ConnectUnreachable,
        ),
        ("ERR_CERT_DATE", Phase::Tls, Code::TlsCertificateExpired),
        (
            "ERR_CERT_COMMON_NAME",
            Phase::Tls,
            Code::TlsCertificateWrongHost,
        ),
        (
            "ERR_CERT_AUTHORITY",
            Phase::Tls,
            Code::TlsCertificateUnknownIssuer,
        ),
        ("ERR_CERT", Phase::Tls, Code::TlsCertificateInvalid),
        ("ERR_SSL", Phase::Tls, Code::TlsProtocol),
        ("ERR_ABORTED", Phase::Wait, Code::Interrupted),
        (
            "ERR_TOO_MANY_REDIRECTS",
            Phase::Wait,
            Code::TooManyRedirects,
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
            Phase::Dns => Code::DnsUnreachable,
            Phase::Connect => Code::ConnectFailed,
            Phase::Proxy => Code::ProxyClosed,
            Phase::Tls => Code::TlsClosed,
            Phase::Send => Code::SendClosed,
            Phase::Wait => Code::WaitClosed,
            Phase::Receive => Code::BodyShort,
        };
        (reached, code)
    })
}
