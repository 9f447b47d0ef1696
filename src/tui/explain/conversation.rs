//! Explanation of a captured conversation: what it is, who opened it, its figures, how it ended.

use super::page::ExplanationPage;
use crate::dissect::{StartLine, pair_messages};
use crate::insight::ledger::Ledger;
use crate::insight::{ConnectionEnding, connection_ending};
use crate::trace::{Direction, Flow, FlowKey};
use crate::tui::figures::format_millis;
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::{Bytes, group_digits};
use crate::wire::Transport;

/// Maximum number of ICMP errors listed.
const MAX_ERRORS: usize = 4;

pub(super) fn explain_conversation(run: &ScreenRun, key: &FlowKey) -> ExplanationPage {
    let Some(flow) = run.trace.flow(key) else {
        return ExplanationPage::new("Conversation");
    };
    let name = run.names.get(key).map(|name| name.escaped().into_owned());
    let transport = key.transport.name();
    let mut page = ExplanationPage::new(format!(
        "{transport} to {}",
        name.as_deref()
            .map_or_else(|| key.remote.to_string(), str::to_owned)
    ));
    for error in flow.delivery_errors().iter().take(MAX_ERRORS) {
        let at = run
            .trace
            .clock()
            .moment_of(error.wall)
            .map(|at| format!(" at {} ms", format_millis(at, false)))
            .unwrap_or_default();
        page.styled_paragraph(
            StyleRole::Failure,
            format!(
                "Not delivered: {}, reported by {}{at}.",
                error.icmp.name().replace('_', " "),
                error.icmp.reporter
            ),
        );
    }
    page.gap();
    page.paragraph(opening_sentence(flow));
    if let Some((role, text)) = connection_ending(flow).map(ending_sentence) {
        page.styled_paragraph(role, text);
    }
    page.gap();
    add_facts(run, flow, name, &mut page);
    add_messages(run, key, &mut page);
    page.gap();
    page.reference(match key.transport {
        Transport::Tcp => "RFC 9293 \u{00a7}3.5, \u{00a7}3.6",
        Transport::Udp => "RFC 768",
    });
    page
}

/// Adds requests, responses and DNS queries, as far as they can be dissected.
fn add_messages(run: &ScreenRun, key: &FlowKey, page: &mut ExplanationPage) {
    const MOST_SAID: usize = 40;
    let Some(dissection) = run.dissections.get(key) else {
        return;
    };
    if dissection.protocols.is_empty() {
        return;
    }
    page.heading(dissection.protocols.join(", "));
    if let Some(ledger) = &dissection.time.connection {
        add_time(ledger, page);
    }
    let ledgers = dissection.time.requests.iter().map(Option::as_ref);
    let ledgers = ledgers.chain(std::iter::repeat(None));
    let pairs = pair_messages(&dissection.messages).zip(ledgers);
    for ((request, answer), ledger) in pairs.take(MOST_SAID) {
        let StartLine::Request { method, target } = &request.start else {
            continue;
        };
        let status = answer.and_then(|answer| {
            if let StartLine::Response { status } = answer.start {
                Some(status)
            } else {
                None
            }
        });
        let status = status
            .map(|status| format!(" \u{2192} {status}"))
            .unwrap_or_default();
        page.paragraph(format!("{} {}{status}", method.escaped(), target.escaped()));
        if let Some(ledger) = ledger {
            add_time(ledger, page);
        }
    }
    for asked in dissection.asked.iter().take(MOST_SAID) {
        let records = asked
            .answer
            .iter()
            .flat_map(|answer| &answer.records)
            .map(|record| record.data.escaped().into_owned());
        let records: Vec<String> = records.collect();
        let said = match &asked.answer {
            None => "no answer".to_owned(),
            Some(answer) if records.is_empty() => answer.rcode.clone(),
            Some(_) => records.join(", "),
        };
        page.paragraph(format!(
            "{} {} \u{2192} {said}",
            asked.kind,
            asked.name.escaped()
        ));
    }
    for note in &dissection.notes {
        page.styled_paragraph(StyleRole::Dim, note.clone());
    }
}

/// Adds how long an exchange took, whose time it was, and the verdict.
fn add_time(ledger: &Ledger, page: &mut ExplanationPage) {
    let Some(verdict) = ledger.verdict_on_others() else {
        return;
    };
    let owners = ledger.owner_shares_of_others().join(", ");
    page.styled_paragraph(StyleRole::Dim, format!("{}: {owners}", ledger.total));
    page.styled_paragraph(StyleRole::Dim, verdict);
}

/// Returns who opened it, and how that is known.
fn opening_sentence(flow: &Flow) -> String {
    let client = flow.key.local;
    let again = match flow.key.reuse {
        0 => String::new(),
        1 => " An earlier connection used the same ports.".to_owned(),
        before => format!(
            " {} earlier connections used the same ports.",
            group_digits(before.into())
        ),
    };
    if flow.key.transport == Transport::Udp {
        return format!(
            "Datagrams between two endpoints; UDP has no connections. {client} is assumed to be \
                the client, since its port is higher."
        );
    }
    if flow.has_captured_syn(Direction::Sent) || flow.has_captured_syn(Direction::Received) {
        return format!("A TCP connection opened by {client}; the handshake was captured.{again}");
    }
    format!(
        "A TCP connection opened before the capture started. {client} is assumed to be the client, \
            since its port is higher.{again}"
    )
}

fn ending_sentence(ending: ConnectionEnding) -> (StyleRole, String) {
    let who = |side| {
        if side == Direction::Sent {
            "client"
        } else {
            "server"
        }
    };
    match ending {
        ConnectionEnding::Unanswered => (
            StyleRole::Failure,
            "No answer: nothing is listening there, or a firewall drops the packets.".to_owned(),
        ),
        ConnectionEnding::Refused => (
            StyleRole::Failure,
            "Refused by the server: nothing is listening on that port.".to_owned(),
        ),
        ConnectionEnding::Reset(side) => (
            StyleRole::Failure,
            format!("Reset by the {}; data in flight was lost.", who(side)),
        ),
        ConnectionEnding::Closed => (StyleRole::Text, "Closed by both sides.".to_owned()),
        ConnectionEnding::HalfClosed(side) => (
            StyleRole::Text,
            format!(
                "Closed by the {} only; the other side may still send.",
                who(side)
            ),
        ),
        ConnectionEnding::Open => (StyleRole::Dim, "Not closed during the capture.".to_owned()),
    }
}

fn add_facts(run: &ScreenRun, flow: &Flow, name: Option<String>, page: &mut ExplanationPage) {
    let sent = flow.counts(Direction::Sent);
    let received = flow.counts(Direction::Received);
    page.fact("client", flow.key.local.to_string());
    page.fact("server", flow.key.remote.to_string());
    page.fact_if("name", name);
    if let Some((first, last)) = flow.span() {
        page.fact_if(
            "started at",
            run.trace
                .clock()
                .moment_of(first)
                .map(|at| format!("{} ms", format_millis(at, false))),
        );
        page.fact("duration", last.since(first).to_string());
    }
    page.fact_if(
        "round trip",
        flow.handshake_rtt()
            .map(|took| format!("{took} (SYN to SYN-ACK, at the capture point)")),
    );
    let mss = [Direction::Sent, Direction::Received]
        .into_iter()
        .filter_map(|side| flow.announced_mss(side))
        .min();
    page.fact_if("MSS", mss.map(|mss| mss.to_string()));
    for (label, counts) in [("\u{2192} sent", sent), ("\u{2190} received", received)] {
        page.fact(
            label,
            format!(
                "{} in {}, largest {}",
                Bytes(counts.payload_bytes),
                packet_count_text(counts.packets),
                Bytes(counts.max_payload.into())
            ),
        );
    }
    if flow.key.transport == Transport::Tcp {
        page.fact(
            "retrans",
            format!(
                "\u{2192} {}  \u{2190} {}",
                group_digits(sent.retransmitted),
                group_digits(received.retransmitted)
            ),
        );
        page.fact(
            "out of order",
            format!(
                "\u{2192} {}  \u{2190} {}",
                group_digits(sent.out_of_order),
                group_digits(received.out_of_order)
            ),
        );
    }
    match flow.evicted() {
        0 => {}
        1 => page.styled_paragraph(
            StyleRole::Warning,
            "The first packet is no longer listed; the figures include it.",
        ),
        first => page.styled_paragraph(
            StyleRole::Warning,
            format!(
                "The first {} packets are no longer listed; the figures include them.",
                group_digits(first)
            ),
        ),
    }
    if flow.unlisted() > 0 {
        page.styled_paragraph(
            StyleRole::Warning,
            format!(
                "{} more packets are counted but not listed.",
                group_digits(flow.unlisted())
            ),
        );
    }
}

fn packet_count_text(count: u64) -> String {
    if count == 1 {
        "1 packet".to_owned()
    } else {
        format!("{} packets", group_digits(count))
    }
}
