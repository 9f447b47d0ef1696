//! The phases: what each is, why it is there, what it cost here.

use super::page::Page;
use crate::insight::{Rtt, TwoClocks, rtt, silence};
use crate::trace::{Exchange, HttpVersion, Phase, Tls};
use crate::tui::figures::percent;
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::units::{Moment, Nanos};

pub(super) fn page(run: &Run, exchange: &Exchange, phase: Phase, now: Moment) -> Page {
    let mut page = Page::new(title(phase));
    let Some(span) = exchange.phases.get(phase) else {
        page.say(what(phase));
        page.gap();
        page.say_as(Role::Dim, "It has not begun yet.");
        return page;
    };
    if exchange.failure.as_ref().is_some_and(|(at, _)| *at == phase) {
        page = super::failure::page(run, exchange);
        page.gap();
    } else {
        page.say(what(phase));
        page.gap();
    }
    let took = span.ended.unwrap_or(now).since(span.began);
    page.say(cost(run, exchange, phase, took, span.ended.is_none()));
    for text in here(run, exchange, phase, took) {
        page.say(text);
    }
    page.gap();
    for reference in references(run, exchange, phase) {
        page.reference(reference);
    }
    page
}

const fn title(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "DNS lookup",
        Phase::Connect => "TCP connection",
        Phase::Proxy => "Through the proxy",
        Phase::Tls => "TLS handshake",
        Phase::Send => "Request sent",
        Phase::Wait => "Waiting for the server",
        Phase::Receive => "Response received",
    }
}

/// What the phase is, and what it costs on any network.
pub(super) const fn what(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => {
            "Packets go to addresses, not to names, so the name is looked up first, for IPv6 (AAAA) and IPv4 (A) at the same time. It costs one round trip to the name server where that knows the answer, and more where it has to ask others."
        }
        Phase::Connect => {
            "Three packets open a connection: SYN out, SYN-ACK back, ACK out. The ACK may be followed by data at once, so this side waits for one round trip and no more."
        }
        Phase::Proxy => {
            "A proxy stands between: this side connects to it and asks it to open the way. CONNECT costs a round trip; SOCKS 5 costs two or three."
        }
        Phase::Tls => {
            "Both sides agree on keys, and the server proves who it is by a certificate. TLS 1.3 needs one round trip, TLS 1.2 two; a resumed session saves one of the latter's."
        }
        Phase::Send => {
            "The request is handed to the kernel, which needs no time while its buffer has room. Only a large body takes long: then the network sets the pace."
        }
        Phase::Wait => {
            "From the request's last byte to the response's first: one round trip, and all that the server does before it begins to answer. Where this is long, and a round trip is not, look at the server."
        }
        Phase::Receive => {
            "From the response's first byte to its last. A new connection starts slowly: about 14 kB in the first round trip, twice as much in each that follows, until the path is full."
        }
    }
}

/// The figures of this case.
fn cost(run: &Run, exchange: &Exchange, phase: Phase, took: Nanos, open: bool) -> String {
    if open {
        return format!("Under way for {took}.");
    }
    let share = exchange.total().and_then(|total| percent(took, total)).map(|share| format!(", {share} of all")).unwrap_or_default();
    match TwoClocks::of(&run.trace, exchange, phase) {
        Some(clocks) if clocks.app() < took => {
            let (wire, machine) = (clocks.wire.duration(), clocks.machine());
            format!("Here it took {took}{share}. The attempt that worked took {wire} of it on the wire, and {machine} on this machine.")
        }
        Some(clocks) => {
            let (wire, machine) = (clocks.wire.duration(), clocks.machine());
            format!("Here it took {took}{share}: {wire} on the wire, {machine} on this machine.")
        }
        None => format!("Here it took {took}{share}, as this program felt it."),
    }
}

/// What is worth saying about this case beyond its figures.
fn here(run: &Run, exchange: &Exchange, phase: Phase, took: Nanos) -> Vec<String> {
    let silent = if matches!(phase, Phase::Dns | Phase::Connect) { Vec::new() } else { silence(&run.trace, exchange, phase) };
    let said = match phase {
        Phase::Connect => attempts(exchange),
        Phase::Tls => tls_of(run, exchange).map(handshake).unwrap_or_default(),
        Phase::Wait if silent.is_empty() => rtt(&run.trace, exchange).map(|rtt| server_share(rtt, took)).into_iter().collect(),
        Phase::Dns | Phase::Proxy | Phase::Send | Phase::Wait | Phase::Receive => Vec::new(),
    };
    said.into_iter().chain(silent).collect()
}

fn attempts(exchange: &Exchange) -> Vec<String> {
    let tries = exchange.attempts.len();
    if tries < 2 {
        return Vec::new();
    }
    vec![format!(
        "{tries} addresses were tried. They are not tried all at once: each next one gets its turn a quarter of a second after the last, or when that failed; the first to answer wins (\u{201c}happy eyeballs\u{201d})."
    )]
}

fn handshake(tls: &Tls) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((_, checked)) = &tls.verification {
        said.push(format!("Checking the certificates took {checked} of this machine's time."));
    }
    if tls.handshake.as_ref().is_some_and(|handshake| handshake.kind == "hello_retry") {
        said.push("The server asked for another key share (HelloRetryRequest): that cost a round trip more.".to_owned());
    }
    said
}

/// Wait less a round trip is what the server took; that it was the server is inferred.
fn server_share(rtt: Rtt, took: Nanos) -> String {
    let server = took.saturating_sub(rtt.duration);
    format!("A round trip takes {} ({}); the rest, {server}, is the server's (inferred).", rtt.duration, rtt.clock.name())
}

fn tls_of<'a>(run: &'a Run, exchange: &Exchange) -> Option<&'a Tls> {
    run.trace.connection(exchange.connection?)?.tls.as_ref()
}

/// Where it is written down.
pub(super) fn references(run: &Run, exchange: &Exchange, phase: Phase) -> Vec<&'static str> {
    let version = exchange.request.as_ref().map(|request| request.version);
    let tls12 = tls_of(run, exchange).and_then(|tls| tls.handshake.as_ref()).is_some_and(|handshake| handshake.version == "TLSv1.2");
    match phase {
        Phase::Dns => vec!["RFC 1034 \u{a7}5.3, RFC 1035 \u{a7}4"],
        Phase::Connect if exchange.attempts.len() > 1 => vec!["RFC 9293 \u{a7}3.5 (TCP)", "RFC 8305 \u{a7}5 (happy eyeballs)"],
        Phase::Connect => vec!["RFC 9293 \u{a7}3.5"],
        Phase::Proxy => vec!["RFC 9110 \u{a7}9.3.6 (CONNECT), RFC 1928 (SOCKS 5)"],
        Phase::Tls if tls12 => vec!["RFC 5246 \u{a7}7.3 (TLS 1.2)"],
        Phase::Tls => vec!["RFC 8446 \u{a7}2 (TLS 1.3)"],
        Phase::Send | Phase::Wait if version == Some(HttpVersion::Http2) => vec!["RFC 9113 \u{a7}8.1 (HTTP/2)"],
        Phase::Send | Phase::Wait => vec!["RFC 9110 \u{a7}3.4, RFC 9112 \u{a7}2"],
        Phase::Receive => vec!["RFC 9110 \u{a7}6, RFC 5681 \u{a7}3.1 (slow start), RFC 6928"],
    }
}
