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
    let sentence = event_sentence(event, &run.trace);
    let mut page = ExplanationPage::new(if sentence.layer.is_empty() {
        "Run".to_owned()
    } else {
        sentence.layer.to_owned()
    });
    page.styled_paragraph(
        if sentence.sign == EventSign::Bad {
            StyleRole::Failure
        } else {
            StyleRole::Strong
        },
        sentence.text,
    );
    page.gap();
    page.fact("at", format!("{} ms", format_millis(event.at, true)));
    if let Some(before) = previous_event_time(run, event) {
        page.fact("since previous", event.at.since(before).to_string());
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
    let index = run
        .listed_events
        .iter()
        .rev()
        .filter_map(|&index| run.event(index))
        .find(|listed| listed.at < event.at)?;
    Some(index.at)
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
fn event_meaning(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::DnsQueried { .. } => {
            "A query to a name server. Its answer is matched by the transaction ID and the port."
                .to_owned()
        }
        EventKind::DnsAnswered { .. } => {
            "The TTL is the number of seconds for which the answer may be cached.".to_owned()
        }
        EventKind::Resolved { .. } => {
            "The addresses in the order in which they will be tried.".to_owned()
        }
        EventKind::AttemptStarted { .. } => {
            "The kernel was asked to connect; it sends the SYN.".to_owned()
        }
        EventKind::Connected { reused: true, .. } => {
            "The connection is reused: no further handshake is needed.".to_owned()
        }
        EventKind::TlsMessage { message, .. } => tls_message_meaning(&message.name)?.to_owned(),
        EventKind::TlsVerified { .. } => {
            "The chain must lead to a root certificate that this machine trusts, be within its \
                validity period, and match the host name."
                .to_owned()
        }
        EventKind::PhaseBegan { .. } => {
            "The last byte of the request was handed to the kernel. The rest is up to the network \
                and the server."
                .to_owned()
        }
        EventKind::Informational { .. } => {
            "An interim response; the final response follows (RFC 9110 \u{a7}15.2).".to_owned()
        }
        EventKind::Redirected { withheld, .. } if !withheld.is_empty() => {
            let names: Vec<_> = withheld
                .iter()
                .map(crate::units::Untrusted::escaped)
                .collect();
            format!(
                "It leads to another origin, so these header fields are not sent: {}.",
                names.join(", ")
            )
        }
        EventKind::LinkSet { .. } => {
            "The lab's link has this configuration from now on. RTT is the delay added to a round \
                trip, half of it in each direction; packets are lost at random in both directions."
                .to_owned()
        }
        EventKind::KernelMeasured { .. } => "The kernel's own figures for the connection \
            (TCP_INFO); they need no capture."
            .to_owned(),
        _ => return None,
    })
}

fn tls_message_meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "ClientHello" => {
            "The client's offer: versions, cipher suites, key shares, and the server name (SNI) in \
                cleartext."
        }
        "ServerHello" => {
            "The server's choice. From here on both sides have keys, and TLS 1.3 encrypts \
                everything that follows."
        }
        "HelloRetryRequest" => {
            "The server requires a different key share than the client offered; that costs a round \
                trip."
        }
        "Certificate" => "The certificate chain, the server's own certificate first.",
        "CertificateVerify" => {
            "A signature over the handshake: proof that the server has the private key of the \
                certificate."
        }
        "Finished" => "A MAC over the whole handshake: any tampering on the way is detected here.",
        "encrypted" => {
            "In TLS 1.3 everything after ServerHello is encrypted; only the length of the record \
                is visible."
        }
        "Alert" => "The other side reports an error, or closes the session.",
        _ => return None,
    })
}
