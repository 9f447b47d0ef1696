//! Each event in one line.

use super::figures::count;
use crate::insight::{outcome_words, version_name, without_root};
use crate::trace::{
    AttemptOutcome, Certificate, DnsAnswer, DnsTransport, Endpoint, Event, Handshake, Phase,
    ResolutionSource, Side, TlsMessage, Trace, Verification, What,
};
use crate::units::{Bytes, Untrusted};

/// Who speaks: which layer, and which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    /// The layer's name; empty for the run itself.
    pub(super) layer: &'static str,
    /// The phase whose colour it has.
    pub(super) phase: Option<Phase>,
    /// Out, in, or neither.
    pub(super) way: Way,
    pub(super) text: String,
}

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Out,
    In,
    Good,
    Bad,
    None,
}

impl Way {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Out => "\u{2192}",
            Self::In => "\u{2190}",
            Self::Good => "\u{2713}",
            Self::Bad => "\u{2717}",
            Self::None => " ",
        }
    }
}

/// What an event says.
pub(super) fn sentence(event: &Event, trace: &Trace) -> Sentence {
    let (phase, way, text) = words(&event.what, trace);
    let layer = match phase {
        Some(Phase::Dns) => "DNS",
        Some(Phase::Connect) => "TCP",
        Some(Phase::Proxy) => "Proxy",
        Some(Phase::Tls) => "TLS",
        Some(Phase::Send | Phase::Wait | Phase::Receive) => "HTTP",
        None => "",
    };
    Sentence {
        layer,
        phase,
        way,
        text,
    }
}

#[expect(clippy::too_many_lines, reason = "one arm an event")]
fn words(what: &What, trace: &Trace) -> (Option<Phase>, Way, String) {
    match what {
        What::DnsQueried {
            name, kind, server, ..
        } => {
            let over = transport(server.transport);
            (
                Some(Phase::Dns),
                Way::Out,
                format!(
                    "{kind}? {}, asked {}{over}",
                    without_root(name),
                    server.address
                ),
            )
        }
        What::DnsAnswered { answer, .. } => (
            Some(Phase::Dns),
            if answer.rcode == "NOERROR" {
                Way::In
            } else {
                Way::Bad
            },
            answered(answer),
        ),
        What::DnsFailed { reason, .. } => {
            (Some(Phase::Dns), Way::Bad, reason.escaped().into_owned())
        }
        What::Resolved {
            source, addresses, ..
        } => {
            let list: Vec<String> = addresses.iter().take(6).map(ToString::to_string).collect();
            (
                Some(Phase::Dns),
                Way::Good,
                format!("{}{}", list.join(", "), origin(*source)),
            )
        }
        What::AttemptStarted { remote, .. } => (
            Some(Phase::Connect),
            Way::Out,
            format!("connecting to {remote}"),
        ),
        What::AttemptEnded {
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
                ended(outcome),
                format!("{remote} {}", outcome_words(outcome)),
            )
        }
        What::Connected {
            local,
            remote,
            reused: true,
            ..
        } => (
            Some(Phase::Connect),
            Way::Good,
            format!("reusing {}", ends(local, remote)),
        ),
        What::Connected { local, remote, .. } => (
            Some(Phase::Connect),
            Way::Good,
            format!("connected {}", ends(local, remote)),
        ),
        What::ProxyTalked { step, .. } => (
            Some(Phase::Proxy),
            Way::None,
            format!("{} {}", step.kind, step.text.escaped()),
        ),
        What::TlsMessage { .. }
        | What::TlsCertificates { .. }
        | What::TlsVerified { .. }
        | What::TlsEstablished { .. } => tls(what),
        What::KernelMeasured { figures, .. } => {
            let rtt = figures
                .rtt
                .map(|rtt| format!("round trip {rtt}, "))
                .unwrap_or_default();
            let again = figures
                .retransmits
                .map(|n| format!("{n} sent again"))
                .unwrap_or_default();
            (
                None,
                Way::None,
                format!("kernel: {rtt}{again}")
                    .trim_end_matches([',', ' '])
                    .to_owned(),
            )
        }
        What::Disconnected { connection } => (
            Some(Phase::Connect),
            Way::None,
            format!("connection {} closed", connection.0),
        ),
        What::Failed { phase, failure, .. } => (
            Some(*phase),
            Way::Bad,
            failure.message.escaped().into_owned(),
        ),
        _ => http_or_run(what, trace),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm an event")]
fn http_or_run(what: &What, trace: &Trace) -> (Option<Phase>, Way, String) {
    match what {
        What::RequestHead {
            version,
            method,
            target,
            headers,
            header_bytes,
            ..
        } => {
            let size = Bytes(*header_bytes);
            let text = format!(
                "{method} {} {version}, {}, {size}",
                target.escaped(),
                count(headers.len(), "field")
            );
            (Some(Phase::Send), Way::Out, text)
        }
        What::PhaseBegan { .. } => (
            Some(Phase::Wait),
            Way::None,
            "request sent; waiting for the first byte".to_owned(),
        ),
        What::Informational {
            status, headers, ..
        } => (
            Some(Phase::Wait),
            Way::In,
            format!(
                "{}, {}",
                status_words(*status, &Untrusted::default()),
                count(headers.len(), "field")
            ),
        ),
        What::ResponseHead {
            version,
            status,
            reason,
            headers,
            header_bytes,
            ..
        } => {
            let size = Bytes(*header_bytes);
            let status = status_words(*status, reason);
            (
                Some(Phase::Receive),
                Way::In,
                format!(
                    "{status} {version}, {}, {size}",
                    count(headers.len(), "field")
                ),
            )
        }
        What::Trailers { headers, .. } => (
            Some(Phase::Receive),
            Way::In,
            format!("trailers, {}", count(headers.len(), "field")),
        ),
        What::Redirected { to, .. } => (
            Some(Phase::Receive),
            Way::None,
            format!("redirected to {}", to.escaped()),
        ),
        What::LinkSet { link } => (None, Way::None, format!("link: {link}")),
        What::ExchangeStarted { method, url, .. } => (
            None,
            Way::None,
            format!("{method} {}", without_credentials(url)),
        ),
        What::ExchangeEnded { exchange } => (None, Way::None, over(trace, *exchange)),
        What::CaptureOpened {
            interface,
            link_type,
        } => (
            None,
            Way::None,
            format!("capturing packets on {interface} ({link_type})"),
        ),
        What::CaptureUnavailable { reason, .. } => {
            (None, Way::Bad, format!("no packets are captured: {reason}"))
        }
        What::CaptureOff => (
            None,
            Way::None,
            "packets are not captured, as you said".to_owned(),
        ),
        What::CaptureClosed { received, dropped } => (
            None,
            Way::None,
            format!("capture closed: {received} packets, {dropped} lost by the kernel"),
        ),
        What::Dropped { count } => (
            None,
            Way::Bad,
            format!("{count} events were lost: the channel was full"),
        ),
        What::Note { text, .. } => (None, Way::None, text.escaped().into_owned()),
        What::ControlMeasured {
            total, error: None, ..
        } => (
            None,
            Way::None,
            format!("an ordinary client took {total} for the same"),
        ),
        What::ControlMeasured {
            error: Some(error), ..
        } => (
            None,
            Way::Bad,
            format!("an ordinary client failed: {}", error.escaped()),
        ),
        _ => (None, Way::None, String::new()),
    }
}

fn tls(what: &What) -> (Option<Phase>, Way, String) {
    let (way, text) = match what {
        What::TlsMessage { message, .. } => (
            if message.from == Side::Client {
                Way::Out
            } else {
                Way::In
            },
            message_words(message),
        ),
        What::TlsCertificates { certificates, .. } => (Way::In, chain(certificates)),
        What::TlsVerified {
            verification, took, ..
        } => match verification {
            Verification::Trusted => (Way::Good, format!("certificate trusted, checked in {took}")),
            Verification::Rejected(why) => (
                Way::Bad,
                format!("certificate not accepted: {}", why.escaped()),
            ),
            Verification::Ignored(why) => (
                Way::Bad,
                format!(
                    "certificate wrong but accepted, as you said: {}",
                    why.escaped()
                ),
            ),
        },
        What::TlsEstablished { handshake, .. } => (Way::Good, agreed(handshake)),
        _ => (Way::None, String::new()),
    };
    (Some(Phase::Tls), way, text)
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

fn chain(certificates: &[Certificate]) -> String {
    let leaf = certificates
        .first()
        .map(|leaf| leaf.subject.escaped().into_owned())
        .unwrap_or_default();
    format!("{}: {leaf}", count(certificates.len(), "certificate"))
}

fn agreed(handshake: &Handshake) -> String {
    let mut parts = vec![
        version_name(&handshake.version),
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

fn answered(answer: &DnsAnswer) -> String {
    let cut = if answer.truncated {
        ", cut off: asked again over TCP"
    } else {
        ""
    };
    let Some(first) = answer
        .records
        .iter()
        .find(|record| record.kind != "CNAME")
        .or(answer.records.first())
    else {
        return format!("{}, no record{cut}", answer.rcode);
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

/// The sentence's end that says how a DNS message travels; nothing for the usual way.
pub(super) const fn transport(transport: DnsTransport) -> &'static str {
    match transport {
        DnsTransport::Udp => "",
        DnsTransport::Tcp => " over TCP",
        DnsTransport::Tls => " over TLS",
        DnsTransport::Https => " over HTTPS",
    }
}

const fn origin(source: ResolutionSource) -> &'static str {
    match source {
        ResolutionSource::Dns => "",
        ResolutionSource::HostsFile => " from the hosts file",
        ResolutionSource::System => " from the system's resolver",
        ResolutionSource::Given => " as you said",
    }
}

/// Both ends, as far as they are known.
fn ends(local: &Endpoint, remote: &Endpoint) -> String {
    let from = local
        .known()
        .map(|local| format!("{local} \u{2192} "))
        .unwrap_or_default();
    format!("{from}{remote}")
}

const fn ended(outcome: &AttemptOutcome) -> Way {
    match outcome {
        AttemptOutcome::Connected => Way::Good,
        AttemptOutcome::Abandoned => Way::None,
        _ => Way::Bad,
    }
}

/// A status code and its phrase: the server's own, else the registered one (HTTP/2 sends none).
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

fn over(trace: &Trace, exchange: crate::trace::ExchangeId) -> String {
    let Some(exchange) = trace.exchange(exchange) else {
        return String::new();
    };
    let total = exchange
        .total()
        .map(|total| format!(" after {total}"))
        .unwrap_or_default();
    match &exchange.failure {
        Some(_) => format!("failed{total}"),
        None => format!(
            "complete{total}, body {}",
            Bytes(exchange.response_body.transferred)
        ),
    }
}

/// A URL for showing, without the name and password that some hold.
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
