//! One event, in full.

use super::page::Page;
use super::{failure, phase};
use crate::trace::{Event, What};
use crate::tui::figures::instant;
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::tui::wording::{Way, sentence};
use crate::units::Moment;

pub(super) fn page(run: &Run, event: &Event, now: Moment) -> Page {
    if let What::Failed { exchange, .. } = &event.what
        && let Some(exchange) = run.trace.exchange(*exchange)
    {
        return failure::page(run, exchange);
    }
    let said = sentence(event, &run.trace);
    let mut page = Page::new(if said.layer.is_empty() {
        "Run".to_owned()
    } else {
        said.layer.to_owned()
    });
    page.say_as(
        if said.way == Way::Bad {
            Role::Failure
        } else {
            Role::Strong
        },
        said.text,
    );
    page.gap();
    page.fact("at", format!("{} ms", instant(event.at, true)));
    if let Some(before) = before(run, event) {
        page.fact("since before", event.at.since(before).to_string());
    }
    page.gap();
    if let Some(text) = meaning(&event.what) {
        page.say(text);
    }
    if let What::CaptureUnavailable { remedy, .. } = &event.what {
        page.gap();
        page.say_as(Role::Warning, format!("\u{2192} {remedy}"));
    }
    belongs_to(run, event, now, &mut page);
    page
}

/// When the listed event before this one was.
fn before(run: &Run, event: &Event) -> Option<Moment> {
    let place = run
        .listed
        .iter()
        .rev()
        .filter_map(|&place| run.event(place))
        .find(|listed| listed.at < event.at)?;
    Some(place.at)
}

/// The phase it is a part of.
fn belongs_to(run: &Run, event: &Event, now: Moment, page: &mut Page) {
    let Some((id, lane)) = run.lane_of(event) else {
        return;
    };
    let Some((exchange, of)) = run.trace.exchange(id).zip(lane.phase()) else {
        return;
    };
    let part = phase::page(run, exchange, of, now);
    page.gap();
    page.say_as(Role::Phase(of), format!("Part of: {}", part.title));
    page.blocks.extend(part.blocks);
}

/// What such an event is, where its line does not say it all.
fn meaning(what: &What) -> Option<String> {
    Some(match what {
        What::DnsQueried { .. } => {
            "A question to a name server. Its answer is matched by a number in both and by the \
                port it came from."
                .to_owned()
        }
        What::DnsAnswered { .. } => "TTL says for how many seconds the answer may be kept and \
            used again without asking."
            .to_owned(),
        What::Resolved { .. } => {
            "The addresses in the order in which they will be tried.".to_owned()
        }
        What::AttemptStarted { .. } => {
            "The kernel is asked to connect; it sends the SYN.".to_owned()
        }
        What::Connected { reused: true, .. } => "This connection had served before: no handshake \
            is paid again."
            .to_owned(),
        What::TlsMessage { message, .. } => tls_message(&message.name)?.to_owned(),
        What::TlsVerified { .. } => {
            "The chain must lead to a certificate this machine trusts, be within its dates, and \
                be made for this host's name."
                .to_owned()
        }
        What::PhaseBegan { .. } => {
            "The last byte of the request is with the kernel. Now it is the network's and the \
                server's turn."
                .to_owned()
        }
        What::Informational { .. } => {
            "An early word of the server's; the final response is still to come (RFC 9110 \
                \u{a7}15.2)."
                .to_owned()
        }
        What::Redirected { withheld, .. } if !withheld.is_empty() => {
            let names: Vec<_> = withheld
                .iter()
                .map(crate::units::Untrusted::escaped)
                .collect();
            format!(
                "It leads to another origin, so these stay home: {}.",
                names.join(", ")
            )
        }
        What::LinkSet { .. } => {
            "The lab's own link is set so from here on. RTT is what it adds to a round trip, half \
                of it each way; losses are drawn in \
             both directions."
                .to_owned()
        }
        What::KernelMeasured { .. } => "What the kernel itself knows of the connection \
            (TCP_INFO); it needs no capture."
            .to_owned(),
        _ => return None,
    })
}

fn tls_message(name: &str) -> Option<&'static str> {
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
