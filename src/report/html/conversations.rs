//! A capture of others: who talked with whom, and what they said as far as it could be read.

use super::page::{Cell, Page, Row};
use crate::dissect::{Dissection, Start, pairs};
use crate::insight::{Ending, ServerNames, conversations, ending, span_of, undelivered_name};
use crate::trace::{Direction, Flow};
use crate::units::{Bytes, counted, grouped};

/// Conversations that are listed.
const MOST: usize = 500;
/// Requests that are told of one.
const MOST_SAID: usize = 20;

/// The picture and the table; a sentence where nothing was recorded.
pub(super) fn write(page: &mut Page<'_>) {
    page.section("conversations", 2, "Conversations");
    let Some(flows) = conversations(page.trace()).filter(|flows| !flows.is_empty()) else {
        page.say("Nothing was recorded: no exchange, and no conversation of others.");
        page.close();
        return;
    };
    let options = page.options;
    let description = format!("{} on one time axis", counted(flows.len(), "conversation"));
    page.picture(
        "timeline",
        "Conversations: from the first packet to the last",
        &description,
        |scene, sheet, _| {
            scene.draw_conversations(sheet, &options.names);
        },
    );
    let mut largest: Vec<(usize, &Flow)> = flows.iter().enumerate().collect();
    largest.sort_by_key(|(place, flow)| (std::cmp::Reverse(payload(flow)), *place));
    let rows: Vec<Row> = largest
        .iter()
        .take(MOST)
        .map(|(place, flow)| row(*place, flow, &options.names))
        .collect();
    let head = [
        "Client",
        "Server",
        "Name",
        "Transport",
        "Packets",
        "Sent",
        "Received",
        "Sent again",
        "Took (wire)",
        "End",
    ];
    page.table(
        "sortable",
        "Conversations, the largest first; the client is the side that opened",
        &head,
        &rows,
    );
    if largest.len() > MOST {
        page.say(&format!(
            "{} smaller ones are not listed; --format json has them all.",
            largest.len() - MOST
        ));
    }
    for (place, flow) in largest.iter().take(MOST) {
        if let Some(dissection) = options.taken_apart.at(*place) {
            said(page, flow, dissection);
        }
    }
    page.close();
}

fn payload(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}

fn row(place: usize, flow: &Flow, names: &ServerNames) -> Row {
    let (sent, received) = (
        flow.counts(Direction::Sent),
        flow.counts(Direction::Received),
    );
    let number = |count: u64| Cell::figure(grouped(count), Some(count));
    let bytes = |count: u64| Cell::figure(Bytes(count).to_string(), Some(count));
    let name = names
        .at(place)
        .map(|name| name.escaped().into_owned())
        .unwrap_or_default();
    Row::about(
        "thing conversation",
        format!("c{place}"),
        vec![
            Cell::code(flow.key.local.to_string()),
            Cell::code(flow.key.remote.to_string()),
            Cell::code(name),
            Cell::words(if flow.key.tcp { "TCP" } else { "UDP" }),
            number(sent.packets + received.packets),
            bytes(sent.payload_bytes),
            bytes(received.payload_bytes),
            number(sent.retransmitted + received.retransmitted),
            Cell::time(span_of(flow).map(|(_, took)| took)),
            Cell::words(ended(flow)),
        ],
    )
}

fn ended(flow: &Flow) -> String {
    let said = match ending(flow) {
        None => "",
        Some(Ending::Unanswered) => "not answered",
        Some(Ending::Refused) => "refused",
        Some(Ending::Closed) => "closed",
        Some(Ending::Reset(_)) => "reset",
        Some(Ending::HalfClosed(_)) => "half closed",
        Some(Ending::Open) => "open",
    };
    match flow.undelivered().first() {
        Some(first) => {
            format!(
                "{said}; not delivered: {}",
                undelivered_name(first).replace('_', " ")
            )
        }
        None => said.to_owned(),
    }
}

/// Requests and what answered them.
fn said(page: &mut Page<'_>, flow: &Flow, dissection: &Dissection) {
    let mut lines: Vec<String> = Vec::new();
    for (request, answer) in pairs(&dissection.messages).take(MOST_SAID) {
        let Start::Request { method, target } = &request.start else {
            continue;
        };
        let status = match answer.map(|answer| &answer.start) {
            Some(Start::Response { status }) => format!(" \u{2192} {status}"),
            _ => String::new(),
        };
        lines.push(format!(
            "{} {}{status}",
            method.escaped(),
            page.redactor().text(target).escaped()
        ));
    }
    for asked in dissection.asked.iter().take(MOST_SAID) {
        let answer = asked.answer.as_ref().map_or_else(
            || "no answer".to_owned(),
            |answer| {
                let records: Vec<_> = answer
                    .records
                    .iter()
                    .take(MOST_SAID)
                    .map(|record| record.data.escaped().into_owned())
                    .collect();
                if records.is_empty() {
                    answer.rcode.clone()
                } else {
                    records.join(", ")
                }
            },
        );
        lines.push(format!(
            "{} {} \u{2192} {answer}",
            asked.kind,
            asked.name.escaped()
        ));
    }
    lines.extend(dissection.notes.iter().cloned());
    if lines.is_empty() {
        return;
    }
    page.open("details", &[("class", &"aside")]);
    page.element(
        "summary",
        &[],
        &format!(
            "{} \u{2192} {}: {}",
            flow.key.local,
            flow.key.remote,
            dissection.protocols.join(", ")
        ),
    );
    page.list(&lines);
    page.close();
}
