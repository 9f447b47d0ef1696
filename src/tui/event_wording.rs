//! Wording of events, one line each.

mod http_and_run;
mod tls;

use self::http_and_run::http_or_run_words;
use self::tls::tls_words;
use crate::insight::{describe_attempt_outcome, without_root_dot};
use crate::trace::{
    AttemptOutcome, DnsAnswer, DnsTransport, Endpoint, Event, EventKind, Phase, ResolutionSource,
    Trace,
};
use crate::units::Untrusted;

/// An event in words, with its layer and a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventSentence {
    /// Name of the layer; empty for the run itself.
    pub(super) layer: &'static str,
    /// Phase whose colour it has.
    pub(super) phase: Option<Phase>,
    /// Sign before the text.
    pub(super) sign: EventSign,
    pub(super) text: String,
}

/// Sign of an event: direction, success or failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventSign {
    Out,
    In,
    Good,
    Bad,
    None,
}

impl EventSign {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Out => "\u{2192}",
            Self::In => "\u{2190}",
            Self::Good => "\u{2713}",
            Self::Bad => "\u{2717}",
            Self::None => " ",
        }
    }
}

/// Returns an event in words.
pub(super) fn event_sentence(event: &Event, trace: &Trace) -> EventSentence {
    let (phase, way, text) = event_words(&event.kind, trace);
    let layer = match phase {
        Some(Phase::Dns) => "DNS",
        Some(Phase::Connect) => "TCP",
        Some(Phase::Proxy) => "Proxy",
        Some(Phase::Tls) => "TLS",
        Some(Phase::Send | Phase::Wait | Phase::Receive) => "HTTP",
        None => "",
    };
    EventSentence {
        layer,
        phase,
        sign: way,
        text,
    }
}

#[expect(clippy::too_many_lines, reason = "one arm an event")]
fn event_words(kind: &EventKind, trace: &Trace) -> (Option<Phase>, EventSign, String) {
    match kind {
        EventKind::DnsQueried {
            name, kind, server, ..
        } => {
            let over = transport_suffix(server.transport);
            (
                Some(Phase::Dns),
                EventSign::Out,
                format!(
                    "{kind}? {}, sent to {}{over}",
                    without_root_dot(name),
                    server.address
                ),
            )
        }
        EventKind::DnsAnswered { answer, .. } => (
            Some(Phase::Dns),
            if answer.rcode == "NOERROR" {
                EventSign::In
            } else {
                EventSign::Bad
            },
            dns_answer_words(answer),
        ),
        EventKind::DnsFailed { reason, .. } => (
            Some(Phase::Dns),
            EventSign::Bad,
            reason.escaped().into_owned(),
        ),
        EventKind::Resolved {
            source, addresses, ..
        } => {
            let list: Vec<String> = addresses.iter().take(6).map(ToString::to_string).collect();
            (
                Some(Phase::Dns),
                EventSign::Good,
                format!("{}{}", list.join(", "), source_suffix(*source)),
            )
        }
        EventKind::AttemptStarted { remote, .. } => (
            Some(Phase::Connect),
            EventSign::Out,
            format!("connecting to {remote}"),
        ),
        EventKind::AttemptEnded {
            exchange,
            attempt,
            outcome,
        } => {
            let tries = trace
                .exchange(*exchange)
                .map(|exchange| exchange.attempts.iter());
            let remote = tries.and_then(|mut tries| tries.find(|known| known.id == *attempt));
            let remote = remote
                .map(|attempt| attempt.remote.to_string())
                .unwrap_or_default();
            (
                Some(Phase::Connect),
                attempt_sign(outcome),
                format!("{remote} {}", describe_attempt_outcome(outcome)),
            )
        }
        EventKind::Connected {
            local,
            remote,
            reused: true,
            ..
        } => (
            Some(Phase::Connect),
            EventSign::Good,
            format!("reusing {}", endpoints_text(local, remote)),
        ),
        EventKind::Connected { local, remote, .. } => (
            Some(Phase::Connect),
            EventSign::Good,
            format!("connected {}", endpoints_text(local, remote)),
        ),
        EventKind::ProxyTalked { step, .. } => (
            Some(Phase::Proxy),
            EventSign::None,
            format!("{} {}", step.kind, step.text.escaped()),
        ),
        EventKind::TlsMessage { .. }
        | EventKind::TlsCertificates { .. }
        | EventKind::TlsVerified { .. }
        | EventKind::TlsEstablished { .. } => tls_words(kind),
        EventKind::KernelMeasured { figures, .. } => {
            let rtt = figures
                .rtt
                .map(|rtt| format!("round trip {rtt}, "))
                .unwrap_or_default();
            let again = figures
                .retransmits
                .map(|n| format!("{n} retransmitted"))
                .unwrap_or_default();
            (
                None,
                EventSign::None,
                format!("kernel: {rtt}{again}")
                    .trim_end_matches([',', ' '])
                    .to_owned(),
            )
        }
        EventKind::Disconnected { connection } => (
            Some(Phase::Connect),
            EventSign::None,
            format!("connection {} closed", connection.0),
        ),
        EventKind::Failed { phase, failure, .. } => (
            Some(*phase),
            EventSign::Bad,
            failure.message.escaped().into_owned(),
        ),
        _ => http_or_run_words(kind, trace),
    }
}

fn dns_answer_words(answer: &DnsAnswer) -> String {
    let cut = if answer.truncated {
        ", truncated: retried over TCP"
    } else {
        ""
    };
    let Some(first) = answer
        .records
        .iter()
        .find(|record| record.kind != "CNAME")
        .or(answer.records.first())
    else {
        return format!("{}, no records{cut}", answer.rcode);
    };
    let more = if answer.records.len() > 1 {
        format!(" and {} more", answer.records.len() - 1)
    } else {
        String::new()
    };
    let rcode = if answer.rcode == "NOERROR" {
        String::new()
    } else {
        format!("{}: ", answer.rcode)
    };
    format!(
        "{rcode}{} {}, TTL {} s{more}{cut}",
        first.kind,
        first.data.escaped(),
        first.ttl
    )
}

/// Returns the end of a sentence that names the transport of a DNS message; empty for UDP.
pub(super) const fn transport_suffix(transport: DnsTransport) -> &'static str {
    match transport {
        DnsTransport::Udp => "",
        DnsTransport::Tcp => " over TCP",
        DnsTransport::Tls => " over TLS",
        DnsTransport::Https => " over HTTPS",
    }
}

const fn source_suffix(source: ResolutionSource) -> &'static str {
    match source {
        ResolutionSource::Dns => "",
        ResolutionSource::HostsFile => " from the hosts file",
        ResolutionSource::System => " from the system resolver",
        ResolutionSource::Given => " as specified",
    }
}

/// Returns both endpoints, as far as they are known.
fn endpoints_text(local: &Endpoint, remote: &Endpoint) -> String {
    let from = local
        .if_specified()
        .map(|local| format!("{local} \u{2192} "))
        .unwrap_or_default();
    format!("{from}{remote}")
}

const fn attempt_sign(outcome: &AttemptOutcome) -> EventSign {
    match outcome {
        AttemptOutcome::Connected => EventSign::Good,
        AttemptOutcome::Abandoned => EventSign::None,
        _ => EventSign::Bad,
    }
}

/// Returns a status code and its reason phrase: the server's own, otherwise the registered one
/// (HTTP/2 sends none).
pub(super) fn status_words(status: u16, reason: &Untrusted) -> String {
    let own = reason.escaped();
    let known = || {
        http::StatusCode::from_u16(status)
            .ok()
            .and_then(|code| code.canonical_reason())
            .unwrap_or_default()
    };
    let phrase = if own.trim().is_empty() {
        known()
    } else {
        own.trim()
    };
    format!("{status} {phrase}").trim_end().to_owned()
}

/// Returns a URL without user name and password.
pub(super) fn without_credentials(url: &Untrusted) -> String {
    let shown = url.escaped();
    let Some((scheme, rest)) = shown.split_once("://") else {
        return shown.into_owned();
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            ("https://me:secret@a.test/x@y", "https://a.test/x@y"),
            ("https://a.test/?u=b@c", "https://a.test/?u=b@c"),
            ("a.test", "a.test"),
            ("http://a\u{1b}b@c", "http://c"),
        ] {
            assert_eq!(without_credentials(&Untrusted::new(url)), shown);
        }
    }
}
