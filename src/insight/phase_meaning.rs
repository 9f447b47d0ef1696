//! Explanations of the phases, with references to the standards.

use crate::trace::{Exchange, HttpVersion, Phase, Trace};

/// The phase's title, in two or three words.
pub const fn phase_title(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "DNS lookup",
        Phase::Connect => "TCP connection",
        Phase::Proxy => "Proxy connection",
        Phase::Tls => "TLS handshake",
        Phase::Send => "Request sent",
        Phase::Wait => "Waiting for the server",
        Phase::Receive => "Response received",
    }
}

/// Returns the meaning of a phase, and its cost on any network.
pub const fn phase_meaning(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => {
            "Packets go to addresses, not to names, so the name is looked up first, for IPv6 \
             (AAAA) and IPv4 (A) at the same time. It costs one round trip to the name server if \
             that knows the answer, and more if it has to ask others."
        }
        Phase::Connect => {
            "Three packets open a connection: SYN out, SYN-ACK back, ACK out. The ACK may be \
             followed by data at once, so the client only waits for one round trip."
        }
        Phase::Proxy => {
            "The client connects to a proxy and asks it to connect to the server. CONNECT costs \
             one round trip, SOCKS 5 two or three."
        }
        Phase::Tls => {
            "Both sides agree on keys, and the server proves who it is by a certificate. TLS 1.3 \
             needs one round trip, TLS 1.2 two; resuming a session saves one of TLS 1.2's."
        }
        Phase::Send => {
            "The request is handed to the kernel, which takes no time while its buffer has room. \
             Only a large body takes long: then the network sets the pace."
        }
        Phase::Wait => {
            "From the request's last byte to the response's first: one round trip, and everything \
             the server does before it starts to answer. If this is long and a round trip is not, \
             look at the server."
        }
        Phase::Receive => {
            "From the response's first byte to its last. A new connection starts slowly: about \
             14 kB in the first round trip, doubling with each one that follows, until the path is \
             full."
        }
    }
}

/// The standards that define the phase.
pub fn phase_references(trace: &Trace, exchange: &Exchange, phase: Phase) -> Vec<&'static str> {
    let version = exchange.request.as_ref().map(|request| request.version);
    let agreed = exchange
        .connection
        .and_then(|id| trace.connection(id))
        .and_then(|connection| connection.tls.as_ref()?.handshake.as_ref());
    let tls12 = agreed.is_some_and(|handshake| handshake.version == "TLSv1.2");
    match phase {
        Phase::Dns => vec!["RFC 1034 \u{a7}5.3, RFC 1035 \u{a7}4"],
        Phase::Connect if exchange.attempts.len() > 1 => {
            vec![
                "RFC 9293 \u{a7}3.5 (TCP)",
                "RFC 8305 \u{a7}5 (happy eyeballs)",
            ]
        }
        Phase::Connect => vec!["RFC 9293 \u{a7}3.5"],
        Phase::Proxy => vec!["RFC 9110 \u{a7}9.3.6 (CONNECT), RFC 1928 (SOCKS 5)"],
        Phase::Tls if tls12 => vec!["RFC 5246 \u{a7}7.3 (TLS 1.2)"],
        Phase::Tls => vec!["RFC 8446 \u{a7}2 (TLS 1.3)"],
        Phase::Send | Phase::Wait if version == Some(HttpVersion::Http2) => {
            vec!["RFC 9113 \u{a7}8.1 (HTTP/2)"]
        }
        Phase::Send | Phase::Wait => vec!["RFC 9110 \u{a7}3.4, RFC 9112 \u{a7}2"],
        Phase::Receive => vec!["RFC 9110 \u{a7}6, RFC 5681 \u{a7}3.1 (slow start), RFC 6928"],
    }
}
