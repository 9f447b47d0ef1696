//! A conversation of others: what it is, who opened it, how it went, how it ended.

use super::page::Page;
use crate::dissect::{Start, pairs};
use crate::insight::{Ending, ending, undelivered_name};
use crate::trace::{Direction, Flow, FlowKey};
use crate::tui::figures::instant;
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::units::{Bytes, grouped};

/// Errors of the network that are told one by one.
const MOST: usize = 4;

pub(super) fn page(run: &Run, key: &FlowKey) -> Page {
    let Some(flow) = run.trace.flow(key) else {
        return Page::new("Conversation");
    };
    let name = run.names.get(key).map(|name| name.escaped().into_owned());
    let transport = if key.tcp { "TCP" } else { "UDP" };
    let mut page = Page::new(format!(
        "{transport} to {}",
        name.as_deref()
            .map_or_else(|| key.remote.to_string(), str::to_owned)
    ));
    for error in flow.undelivered().iter().take(MOST) {
        let at = run
            .trace
            .clock()
            .moment_of(error.wall)
            .map(|at| format!(" at {} ms", instant(at, false)))
            .unwrap_or_default();
        page.say_as(
            Role::Failure,
            format!(
                "Not delivered: {}, says {}{at}.",
                undelivered_name(error).replace('_', " "),
                error.from
            ),
        );
    }
    page.gap();
    page.say(opened(flow));
    if let Some((role, text)) = ending(flow).map(ended) {
        page.say_as(role, text);
    }
    page.gap();
    facts(run, flow, name, &mut page);
    said(run, key, &mut page);
    page.gap();
    page.reference(if key.tcp {
        "RFC 9293 \u{00a7}3.5, \u{00a7}3.6"
    } else {
        "RFC 768"
    });
    page
}

/// What both sides say, as far as that can be read.
fn said(run: &Run, key: &FlowKey, page: &mut Page) {
    const MOST_SAID: usize = 40;
    let Some(dissection) = run.dissections.of(key) else {
        return;
    };
    if dissection.protocols.is_empty() {
        return;
    }
    page.heading(dissection.protocols.join(", "));
    for (request, answer) in pairs(&dissection.messages).take(MOST_SAID) {
        let Start::Request { method, target } = &request.start else {
            continue;
        };
        let status = answer.and_then(|answer| {
            if let Start::Response { status } = answer.start {
                Some(status)
            } else {
                None
            }
        });
        let status = status
            .map(|status| format!(" \u{2192} {status}"))
            .unwrap_or_default();
        page.say(format!("{} {}{status}", method.escaped(), target.escaped()));
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
        page.say(format!(
            "{} {} \u{2192} {said}",
            asked.kind,
            asked.name.escaped()
        ));
    }
    for note in &dissection.notes {
        page.say_as(Role::Dim, note.clone());
    }
}

/// Who opened it, and how that is known.
fn opened(flow: &Flow) -> String {
    let client = flow.key.local;
    let again = match flow.key.reuse {
        0 => String::new(),
        1 => " Both ends had a connection over the same ports before.".to_owned(),
        before => format!(
            " Both ends had {} connections over the same ports before.",
            grouped(before.into())
        ),
    };
    if !flow.key.tcp {
        return format!(
            "Datagrams between two ends; UDP knows no connection. {client} is taken for the \
                client, since its port is the higher one."
        );
    }
    if flow.is_anchored(Direction::Sent) || flow.is_anchored(Direction::Received) {
        return format!("A TCP connection. {client} opened it: the handshake was captured.{again}");
    }
    format!(
        "A TCP connection that was there before the capture began. {client} is taken for the \
            client, since its port is the higher one.{again}"
    )
}

fn ended(ending: Ending) -> (Role, String) {
    let who = |side| {
        if side == Direction::Sent {
            "client"
        } else {
            "server"
        }
    };
    match ending {
        Ending::Unanswered => (
            Role::Failure,
            "Nobody answered: nothing listens there, or a firewall drops what comes.".to_owned(),
        ),
        Ending::Refused => (
            Role::Failure,
            "The server refused it: nothing listens on that port.".to_owned(),
        ),
        Ending::Reset(side) => (
            Role::Failure,
            format!("The {} reset it; what was under way was lost.", who(side)),
        ),
        Ending::Closed => (Role::Text, "Both sides closed it.".to_owned()),
        Ending::HalfClosed(side) => (
            Role::Text,
            format!(
                "Only the {} has closed its side; the other may still speak.",
                who(side)
            ),
        ),
        Ending::Open => (
            Role::Dim,
            "It was not closed while packets were captured.".to_owned(),
        ),
    }
}

fn facts(run: &Run, flow: &Flow, name: Option<String>, page: &mut Page) {
    let (sent, received) = (
        flow.counts(Direction::Sent),
        flow.counts(Direction::Received),
    );
    page.fact("client", flow.key.local.to_string());
    page.fact("server", flow.key.remote.to_string());
    page.fact_if("called", name);
    if let Some((first, last)) = flow.span() {
        page.fact_if(
            "began at",
            run.trace
                .clock()
                .moment_of(first)
                .map(|at| format!("{} ms", instant(at, false))),
        );
        page.fact("took", last.since(first).to_string());
    }
    page.fact_if(
        "round trip",
        flow.handshake()
            .map(|took| format!("{took} (SYN to its answer, where it was captured)")),
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
                "{} in {}, the largest {}",
                Bytes(counts.payload_bytes),
                packets(counts.packets),
                Bytes(counts.max_payload.into())
            ),
        );
    }
    if flow.key.tcp {
        page.fact(
            "sent again",
            format!(
                "\u{2192} {}  \u{2190} {}",
                grouped(sent.retransmitted),
                grouped(received.retransmitted)
            ),
        );
        page.fact(
            "out of order",
            format!(
                "\u{2192} {}  \u{2190} {}",
                grouped(sent.out_of_order),
                grouped(received.out_of_order)
            ),
        );
    }
    match flow.forgotten() {
        0 => {}
        1 => page.say_as(
            Role::Warning,
            "The first packet is no longer listed; the figures count it.",
        ),
        first => page.say_as(
            Role::Warning,
            format!(
                "The first {} packets are no longer listed; the figures count them.",
                grouped(first)
            ),
        ),
    }
    if flow.unlisted() > 0 {
        page.say_as(
            Role::Warning,
            format!(
                "{} more packets are counted but not shown one by one.",
                grouped(flow.unlisted())
            ),
        );
    }
}

fn packets(count: u64) -> String {
    if count == 1 {
        "1 packet".to_owned()
    } else {
        format!("{} packets", grouped(count))
    }
}
