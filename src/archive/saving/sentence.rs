//! Each event in a sentence, for whoever looks at the file with another program.

use crate::trace::{
    AttemptOutcome, DnsAnswer, DnsTransport, Event, Header, Side, Trace, Verification, What,
};
use crate::units::{Bytes, Untrusted};

/// What an event says, with nothing in it that acts on a terminal. `known` is what was told before
/// it.
pub(super) fn sentence(event: &Event, known: &Trace) -> String {
    let said = of_run(&event.what)
        .or_else(|| of_names(&event.what))
        .or_else(|| of_connection(&event.what, known));
    let said = said
        .or_else(|| of_tls(&event.what))
        .or_else(|| of_message(&event.what))
        .unwrap_or_default();
    Untrusted::new(said).escaped().into_owned()
}

fn of_run(what: &What) -> Option<String> {
    Some(match what {
        What::RunStarted { tool_version, .. } => format!("the run begins (tapline {tool_version})"),
        What::ClockPaired { uncertainty, .. } => {
            format!("both clocks are read within {uncertainty}")
        }
        What::RunEnded => "the run is over".to_owned(),
        What::Dropped { count } => {
            format!("{} lost: there was no room", self::count(*count, "event"))
        }
        What::Note { text, .. } => text.raw().to_owned(),
        What::CaptureOpened {
            interface,
            link_type,
        } => {
            format!("packets are captured on {interface} ({link_type})")
        }
        What::CaptureUnavailable { reason, .. } => format!("no packets are captured: {reason}"),
        What::CaptureOff => "packets are not captured".to_owned(),
        What::CaptureClosed { received, dropped } => {
            format!(
                "the capture ends: {}, and {dropped} lost by the kernel",
                count(*received, "packet")
            )
        }
        What::Packets { packets } => {
            format!(
                "{}, of which no bytes are kept",
                count(packets.len() as u64, "packet")
            )
        }
        What::OtherFrames { frames } => {
            format!("{} of neither TCP nor UDP", count(frames.total(), "frame"))
        }
        What::Undelivered { errors } => {
            format!(
                "the network did not deliver {}",
                count(errors.len() as u64, "packet")
            )
        }
        What::LinkSet { link } => format!("the link is set: {link}"),
        What::ExchangeStarted { method, url, .. } => format!("{method} {}", url.raw()),
        What::ExchangeEnded { .. } => "the exchange is over".to_owned(),
        What::PhaseBegan { phase, .. } => format!("{phase} begins"),
        What::PhaseEnded { phase, .. } => format!("{phase} ends"),
        What::Failed { phase, failure, .. } => format!("{phase} fails: {}", failure.message.raw()),
        What::ControlMeasured {
            error: Some(error), ..
        } => {
            format!("an ordinary client fails: {}", error.raw())
        }
        What::ControlMeasured { total, .. } => format!("an ordinary client takes {total}"),
        _ => return None,
    })
}

fn of_names(what: &What) -> Option<String> {
    Some(match what {
        What::DnsQueried {
            name, kind, server, ..
        } => {
            let over = match server.transport {
                DnsTransport::Udp => "UDP",
                DnsTransport::Tcp => "TCP",
                DnsTransport::Tls => "TLS",
                DnsTransport::Https => "HTTPS",
            };
            format!(
                "DNS: {kind} of {}? asks {} over {over}",
                name.raw(),
                server.address
            )
        }
        What::DnsAnswered { answer, .. } => format!("DNS: {}", answered(answer)),
        What::DnsFailed { reason, .. } => format!("DNS: no answer: {}", reason.raw()),
        What::Resolved { addresses, .. } => {
            let list: Vec<String> = addresses.iter().take(8).map(ToString::to_string).collect();
            format!("DNS: where the name leads: {}", list.join(", "))
        }
        _ => return None,
    })
}

fn answered(answer: &DnsAnswer) -> String {
    let records = answer
        .records
        .iter()
        .take(8)
        .map(|record| format!("{} {}", record.kind, record.data.raw()));
    let cut = if answer.truncated { ", cut off" } else { "" };
    format!(
        "{}: {}{cut}",
        answer.rcode,
        records.collect::<Vec<_>>().join(", ")
    )
}

fn of_connection(what: &What, known: &Trace) -> Option<String> {
    Some(match what {
        What::AttemptStarted { remote, .. } => format!("TCP: connecting to {remote}"),
        What::AttemptEnded {
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
            format!("TCP: {remote} {}", became(outcome))
        }
        What::Connected {
            local,
            remote,
            reused,
            ..
        } => {
            format!(
                "TCP: {} {local} to {remote}",
                if *reused { "again" } else { "connected" }
            )
        }
        What::ProxyTalked { step, .. } => format!("proxy: {} {}", step.kind, step.text.raw()),
        What::KernelMeasured { figures, .. } => {
            let rtt = figures
                .rtt
                .map_or_else(|| "none yet".to_owned(), |rtt| rtt.to_string());
            format!("TCP: the kernel's round trip is {rtt}")
        }
        What::Disconnected { connection } => format!("TCP: connection {} is closed", connection.0),
        What::Layered {
            from,
            records,
            parts,
            ..
        } => {
            let (records, parts) = (
                count(records.len() as u64, "record"),
                count(parts.len() as u64, "part"),
            );
            format!("{records} and {parts} of messages from the {}", side(*from))
        }
        _ => return None,
    })
}

fn became(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Connected => "accepts".to_owned(),
        AttemptOutcome::Refused => "refuses".to_owned(),
        AttemptOutcome::Unreachable => "cannot be reached".to_owned(),
        AttemptOutcome::TimedOut => "does not answer in time".to_owned(),
        AttemptOutcome::Abandoned => "is not waited for any more".to_owned(),
        AttemptOutcome::Failed(reason) => format!("fails: {}", reason.raw()),
    }
}

fn of_tls(what: &What) -> Option<String> {
    Some(match what {
        What::TlsMessage { message, .. } => {
            format!(
                "TLS: {} from the {}, {}",
                message.name,
                side(message.from),
                Bytes(message.bytes)
            )
        }
        What::TlsCertificates { certificates, .. } => {
            let leaf = certificates
                .first()
                .map_or("nobody", |leaf| leaf.subject.raw());
            format!(
                "TLS: {}, for {leaf}",
                count(certificates.len() as u64, "certificate")
            )
        }
        What::TlsVerified { verification, .. } => match verification {
            Verification::Trusted => "TLS: the certificate is trusted".to_owned(),
            Verification::Rejected(why) => {
                format!("TLS: the certificate is not accepted: {}", why.raw())
            }
            Verification::Ignored(why) => {
                format!(
                    "TLS: the certificate is accepted though wrong: {}",
                    why.raw()
                )
            }
        },
        What::TlsEstablished { handshake, .. } => {
            format!("TLS: {} with {}", handshake.version, handshake.cipher_suite)
        }
        _ => return None,
    })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn of_message(what: &What) -> Option<String> {
    let fields = |headers: &[Header]| count(headers.len() as u64, "field");
    Some(match what {
        What::RequestHead {
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
        What::RequestBody { sent, .. } => {
            format!("HTTP: {} of the request's body are sent", Bytes(*sent))
        }
        What::Informational {
            status, headers, ..
        } => {
            format!("HTTP: {status}, {}", fields(headers))
        }
        What::ResponseHead {
            status,
            reason,
            version,
            headers,
            ..
        } => {
            let status = format!("{status} {}", reason.raw());
            format!("HTTP: {} {version}, {}", status.trim_end(), fields(headers))
        }
        What::ResponseBody { received, .. } => {
            format!("HTTP: {} of the response's body are here", Bytes(*received))
        }
        What::Trailers { headers, .. } => format!("HTTP: trailers, {}", fields(headers)),
        What::BodyPreview { truncated, .. } => {
            format!(
                "HTTP: the body{}",
                if *truncated { ", its beginning" } else { "" }
            )
        }
        What::Redirected { to, withheld, .. } if withheld.is_empty() => {
            format!("HTTP: redirected to {}", to.raw())
        }
        What::Redirected { to, withheld, .. } => {
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

/// `1 packet`, `2 packets`.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::law::event;
    use crate::units::acts_on_a_terminal;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_event_says_something_that_is_safe_to_look_at(event in event()) {
            let said = sentence(&event, &Trace::default());
            // A note says what somebody wanted to note.
            prop_assert!(!said.is_empty() || matches!(event.what, What::Note { .. }), "{event:?}");
            prop_assert!(!said.chars().any(acts_on_a_terminal), "{said:?}");
        }
    }
}
