//! A description of each event, for people who open the file with another program.

use crate::trace::{
    AttemptOutcome, DnsAnswer, DnsTransport, Event, EventKind, HttpHeader, Trace, Verification,
};
use crate::units::{Bytes, Untrusted, format_count};

/// Describes an event in a sentence that is safe for a terminal. `known` is the trace before it.
pub(super) fn describe_event(event: &Event, known: &Trace) -> String {
    let text = describe_run_event(&event.kind)
        .or_else(|| describe_dns_event(&event.kind))
        .or_else(|| describe_connection_event(&event.kind, known));
    let text = text
        .or_else(|| describe_tls_event(&event.kind))
        .or_else(|| describe_http_event(&event.kind))
        .unwrap_or_default();
    Untrusted::new(text).escaped().into_owned()
}

fn describe_run_event(what: &EventKind) -> Option<String> {
    Some(match what {
        EventKind::RunStarted { tool_version, .. } => {
            format!("run started (tapline {tool_version})")
        }
        EventKind::ClockPaired { uncertainty, .. } => {
            format!("clocks paired within {uncertainty}")
        }
        EventKind::RunEnded => "run ended".to_owned(),
        EventKind::Dropped { count } => {
            format!(
                "{} dropped: the buffer was full",
                format_count(*count, "event")
            )
        }
        EventKind::Note { text, .. } => text.raw().to_owned(),
        EventKind::CaptureOpened {
            interface,
            link_type,
        } => {
            format!("capturing packets on {interface} ({link_type})")
        }
        EventKind::CaptureUnavailable { reason, .. } => {
            format!("cannot capture packets: {reason}")
        }
        EventKind::CaptureOff => "packet capture is off".to_owned(),
        EventKind::CaptureClosed { received, dropped } => {
            format!(
                "capture ended: {}, and {dropped} dropped by the kernel",
                format_count(*received, "packet")
            )
        }
        EventKind::Packets { packets } => {
            format!(
                "{} without stored bytes",
                format_count(packets.len(), "packet")
            )
        }
        EventKind::OtherFrames { frames } => {
            format!(
                "{} of other protocols than TCP and UDP",
                format_count(frames.total(), "frame")
            )
        }
        EventKind::Undelivered { errors } => {
            format!(
                "the network did not deliver {}",
                format_count(errors.len(), "packet")
            )
        }
        EventKind::LinkSet { link } => format!("link set: {link}"),
        EventKind::Delayed { length, .. } => {
            format!("waiting for {length} before the next request")
        }
        EventKind::ExchangeStarted { method, url, .. } => format!("{method} {}", url.raw()),
        EventKind::ExchangeEnded { .. } => "exchange ended".to_owned(),
        EventKind::PhaseBegan { phase, .. } => format!("{phase} started"),
        EventKind::PhaseEnded { phase, .. } => format!("{phase} ended"),
        EventKind::Failed { phase, failure, .. } => {
            format!("{phase} failed: {}", failure.message.raw())
        }
        EventKind::ControlMeasured {
            error: Some(error), ..
        } => {
            format!("control client failed: {}", error.raw())
        }
        EventKind::ControlMeasured { total, .. } => format!("control client took {total}"),
        _ => return None,
    })
}

fn describe_dns_event(what: &EventKind) -> Option<String> {
    Some(match what {
        EventKind::DnsQueried {
            name, kind, server, ..
        } => {
            let over = match server.transport {
                DnsTransport::Udp => "UDP",
                DnsTransport::Tcp => "TCP",
                DnsTransport::Tls => "TLS",
                DnsTransport::Https => "HTTPS",
            };
            format!(
                "DNS: {kind} query for {} to {} over {over}",
                name.raw(),
                server.address
            )
        }
        EventKind::DnsAnswered { answer, .. } => format!("DNS: {}", describe_answer(answer)),
        EventKind::DnsFailed { reason, .. } => format!("DNS: no answer: {}", reason.raw()),
        EventKind::Resolved { addresses, .. } => {
            let list: Vec<String> = addresses.iter().take(8).map(ToString::to_string).collect();
            format!("DNS: resolved to {}", list.join(", "))
        }
        _ => return None,
    })
}

fn describe_answer(answer: &DnsAnswer) -> String {
    let records = answer
        .records
        .iter()
        .take(8)
        .map(|record| format!("{} {}", record.kind, record.data.raw()));
    let cut = if answer.truncated { ", truncated" } else { "" };
    format!(
        "{}: {}{cut}",
        answer.rcode,
        records.collect::<Vec<_>>().join(", ")
    )
}

fn describe_connection_event(what: &EventKind, known: &Trace) -> Option<String> {
    Some(match what {
        EventKind::AttemptStarted { remote, .. } => format!("TCP: connecting to {remote}"),
        EventKind::AttemptEnded {
            exchange,
            attempt,
            outcome,
        } => {
            let attempts = known
                .exchange(*exchange)
                .map(|exchange| exchange.attempts.iter());
            let remote =
                attempts.and_then(|mut attempts| attempts.find(|known| known.id == *attempt));
            let remote = remote.map_or_else(
                || "the server".to_owned(),
                |attempt| attempt.remote.to_string(),
            );
            format!("TCP: {remote} {}", describe_attempt(outcome))
        }
        EventKind::Connected {
            local,
            remote,
            reused,
            ..
        } => {
            format!(
                "TCP: {} {local} to {remote}",
                if *reused { "reused" } else { "connected" }
            )
        }
        EventKind::ProxyTalked { step, .. } => format!("proxy: {} {}", step.kind, step.text.raw()),
        EventKind::KernelMeasured { figures, .. } => {
            let rtt = figures
                .rtt
                .map_or_else(|| "none yet".to_owned(), |rtt| rtt.to_string());
            format!("TCP: the kernel's round-trip time is {rtt}")
        }
        EventKind::Disconnected { connection } => {
            format!("TCP: connection {} closed", connection.0)
        }
        EventKind::Layered {
            from,
            records,
            parts,
            ..
        } => {
            let records = format_count(records.len(), "record");
            let parts = format_count(parts.len(), "message part");
            format!("{records} and {parts} from the {}", from.name())
        }
        _ => return None,
    })
}

fn describe_attempt(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Connected => "accepted".to_owned(),
        AttemptOutcome::Refused => "refused".to_owned(),
        AttemptOutcome::Unreachable => "unreachable".to_owned(),
        AttemptOutcome::TimedOut => "timed out".to_owned(),
        AttemptOutcome::Abandoned => "abandoned".to_owned(),
        AttemptOutcome::Failed(reason) => format!("failed: {}", reason.raw()),
    }
}

fn describe_tls_event(what: &EventKind) -> Option<String> {
    Some(match what {
        EventKind::TlsMessage { message, .. } => {
            format!(
                "TLS: {} from the {}, {}",
                message.name,
                message.from.name(),
                Bytes(message.bytes)
            )
        }
        EventKind::TlsCertificates { certificates, .. } => {
            let leaf = certificates
                .first()
                .map_or("an unknown subject", |leaf| leaf.subject.raw());
            format!(
                "TLS: {}, for {leaf}",
                format_count(certificates.len(), "certificate")
            )
        }
        EventKind::TlsVerified { verification, .. } => match verification {
            Verification::Trusted => "TLS: certificate trusted".to_owned(),
            Verification::Rejected(why) => {
                format!("TLS: certificate rejected: {}", why.raw())
            }
            Verification::Ignored(why) => {
                format!("TLS: invalid certificate accepted: {}", why.raw())
            }
        },
        EventKind::TlsEstablished { handshake, .. } => {
            format!("TLS: {} with {}", handshake.version, handshake.cipher_suite)
        }
        _ => return None,
    })
}

fn describe_http_event(what: &EventKind) -> Option<String> {
    let fields = |headers: &[HttpHeader]| format_count(headers.len(), "field");
    Some(match what {
        EventKind::RequestHead {
            method,
            target,
            version,
            headers,
            ..
        } => {
            format!(
                "HTTP: {method} {} {version}, {}",
                target.raw(),
                fields(headers)
            )
        }
        EventKind::RequestBody { sent, .. } => {
            format!("HTTP: {} of the request body sent", Bytes(*sent))
        }
        EventKind::Informational {
            status, headers, ..
        } => {
            format!("HTTP: {status}, {}", fields(headers))
        }
        EventKind::ResponseHead {
            status,
            reason,
            version,
            headers,
            ..
        } => {
            let status = format!("{status} {}", reason.raw());
            format!("HTTP: {} {version}, {}", status.trim_end(), fields(headers))
        }
        EventKind::ResponseBody { received, .. } => {
            format!("HTTP: {} of the response body received", Bytes(*received))
        }
        EventKind::Trailers { headers, .. } => format!("HTTP: trailers, {}", fields(headers)),
        EventKind::BodyPreview { truncated, .. } => {
            format!(
                "HTTP: body preview{}",
                if *truncated { ", truncated" } else { "" }
            )
        }
        EventKind::Redirected { to, withheld, .. } if withheld.is_empty() => {
            format!("HTTP: redirected to {}", to.raw())
        }
        EventKind::Redirected { to, withheld, .. } => {
            let names: Vec<&str> = withheld.iter().map(Untrusted::raw).collect();
            format!(
                "HTTP: redirected to {}, without {}",
                to.raw(),
                names.join(", ")
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::event_round_trip::any_event;
    use crate::units::is_unsafe_for_terminal;

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2_000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn every_event_says_something_that_is_safe_to_look_at(event in any_event()) {
            let text = describe_event(&event, &Trace::default());
            // A note consists of arbitrary text.
            let is_note = matches!(event.kind, EventKind::Note { .. });
            prop_assert!(!text.is_empty() || is_note, "{event:?}");
            prop_assert!(!text.chars().any(is_unsafe_for_terminal), "{text:?}");
        }
    }
}
