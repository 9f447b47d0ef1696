//! Explanation of one event.

use super::page::ExplanationPage;
use super::{failure, phase};
use crate::trace::{Event, EventKind};
use crate::tui::event_wording::{EventSign, event_sentence};
use crate::tui::figures::format_millis;
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::Moment;

pub(super) fn explain_event(run: &ScreenRun, event: &Event, now: Moment) -> ExplanationPage {
    if let EventKind::Failed { exchange, .. } = &event.kind
        && let Some(exchange) = run.trace.exchange(*exchange)
    {
        return failure::explain_failure(run, exchange);
    }
    let said = event_sentence(event, &run.trace);
    let mut page = ExplanationPage::new(if said.layer.is_empty() {
        "Run".to_owned()
    } else {
        said.layer.to_owned()
    });
    page.styled_paragraph(
        if said.sign == EventSign::Bad {
            StyleRole::Failure
        } else {
            StyleRole::Strong
        },
        said.text,
    );
    page.gap();
    page.fact("at", format!("{} ms", format_millis(event.at, true)));
    if let Some(before) = previous_event_time(run, event) {
        page.fact("since before", event.at.since(before).to_string());
    }
    page.gap();
    if let Some(text) = event_meaning(&event.kind) {
        page.paragraph(text);
    }
    if let EventKind::CaptureUnavailable { remedy, .. } = &event.kind {
        page.gap();
        page.styled_paragraph(StyleRole::Warning, format!("\u{2192} {remedy}"));
    }
    add_phase(run, event, now, &mut page);
    page
}

/// Returns when the previous listed event was.
fn previous_event_time(run: &ScreenRun, event: &Event) -> Option<Moment> {
    let place = run
        .listed_events
        .iter()
        .rev()
        .filter_map(|&place| run.event(place))
        .find(|listed| listed.at < event.at)?;
    Some(place.at)
}

/// Adds the explanation of the phase that the event is part of.
fn add_phase(run: &ScreenRun, event: &Event, now: Moment, page: &mut ExplanationPage) {
    let Some((id, lane)) = run.lane_of_event(event) else {
        return;
    };
    let Some((exchange, of)) = run.trace.exchange(id).zip(lane.phase()) else {
        return;
    };
    let part = phase::explain_phase(run, exchange, of, now);
    page.gap();
    page.styled_paragraph(StyleRole::Phase(of), format!("Part of: {}", part.title));
    page.blocks.extend(part.blocks);
}

/// Returns what such an event is, if its line does not say it all.
fn event_meaning(what: &EventKind) -> Option<String> {
    Some(match what {
        EventKind::DnsQueried { .. } => {
            "A question to a name server. Its answer is matched by a number in both and by the \
                port it came from."
                .to_owned()
        }
        EventKind::DnsAnswered { .. } => {
            "TTL says for how many seconds the answer may be kept and \
            used again without asking."
                .to_owned()
        }
        EventKind::Resolved { .. } => {
            "The addresses in the order in which they will be tried.".to_owned()
        }
        EventKind::AttemptStarted { .. } => {
            "The kernel is asked to connect; it sends the SYN.".to_owned()
        }
        EventKind::Connected { reused: true, .. } => {
            "This connection had served before: no handshake \
            is paid again."
                .to_owned()
        }
        EventKind::TlsMessage { message, .. } => tls_message_meaning(&message.name)?.to_owned(),
        EventKind::TlsVerified { .. } => {
            "The chain must lead to a certificate this machine trusts, be within its dates, and \
                be made for this host's name."
                .to_owned()
        }
        EventKind::PhaseBegan { .. } => {
            "The last byte of the request is with the kernel. Now it is the network's and the \
                server's turn."
                .to_owned()
        }
        EventKind::Informational { .. } => {
            "An early word of the server's; the final response is still to come (RFC 9110 \
                \u{a7}15.2)."
                .to_owned()
        }
        EventKind::Redirected { withheld, .. } if !withheld.is_empty() => {
            let names: Vec<_> = withheld
                .iter()
                .map(crate::units::Untrusted::escaped)
                .collect();
            format!(
                "It leads to another origin, so these stay home: {}.",
                names.join(", ")
            )
        }
        EventKind::LinkSet { .. } => {
            "The lab's own link is set so from here on. RTT is what it adds to a round trip, half \
                of it each way; losses are drawn in \
             both directions."
                .to_owned()
        }
        EventKind::KernelMeasured { .. } => "What the kernel itself knows of the connection \
            (TCP_INFO); it needs no capture."
            .to_owned(),
        _ => return None,
    })
}

fn tls_message_meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "ClientHello" => {
            "The client's offer: versions, cipher suites, key shares, and in the clear the \
                server's name (SNI)."
        }
        "ServerHello" => {
            "The server's choice. From here on both sides have keys, and TLS 1.3 encrypts all \
                that follows."
        }
        "HelloRetryRequest" => {
            "The server wants another key share than the client guessed; it costs a round trip."
        }
        "Certificate" => "The server's certificates, the server's own first.",
        "CertificateVerify" => {
            "A signature over the handshake: proof that the server holds the certificate's \
                private key."
        }
        "Finished" => {
            "A checksum over the whole handshake: whoever changed a byte on the way is found out \
                here."
        }
        "encrypted" => {
            "In TLS 1.3 everything after ServerHello is encrypted; from outside only the record's \
                length is seen."
        }
        "Alert" => "The other side says that something is wrong, or that it is done.",
        _ => return None,
    })
}
