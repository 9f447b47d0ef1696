//! A capture of other programs' traffic: its conversations and, as far as they could be dissected,
//! their messages.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::dissect::{Dissection, StartLine, pair_messages};
use crate::insight::ledger::Ledger;
use crate::insight::{
    ConnectionEnding, ServerNames, captured_conversations, connection_ending, flow_span,
};
use crate::trace::{Direction, Flow};
use crate::units::{Bytes, format_count, group_digits};

/// Maximum number of conversations listed.
const MAX_CONVERSATIONS: usize = 500;
/// Maximum number of messages listed per conversation.
const MAX_MESSAGES: usize = 20;

/// Writes the diagram and the table, or a sentence if nothing was recorded.
pub(super) fn write(page: &mut HtmlPage<'_>) {
    page.section("conversations", 2, "Conversations");
    let Some(flows) = captured_conversations(page.trace()).filter(|flows| !flows.is_empty()) else {
        page.paragraph("Nothing was recorded: no request and no conversation.");
        page.close();
        return;
    };
    let options = page.options;
    let description = format!(
        "{} on one time axis",
        format_count(flows.len(), "conversation")
    );
    page.picture(
        "timeline",
        "Conversations: from the first packet to the last",
        &description,
        |context, canvas, _| {
            context.draw_conversations(canvas, &options.names);
        },
    );
    let mut largest: Vec<(usize, &Flow)> = flows.iter().enumerate().collect();
    largest.sort_by_key(|(place, flow)| (std::cmp::Reverse(payload_bytes(flow)), *place));
    let rows: Vec<HtmlRow> = largest
        .iter()
        .take(MAX_CONVERSATIONS)
        .map(|(place, flow)| conversation_row(*place, flow, &options.names))
        .collect();
    let head = [
        "Client",
        "Server",
        "Name",
        "Transport",
        "Packets",
        "Sent",
        "Received",
        "Retransmitted",
        "Duration (wire)",
        "End",
    ];
    page.table(
        "sortable",
        "Conversations, the largest first; the client is the side that opened the connection",
        &head,
        &rows,
    );
    if largest.len() > MAX_CONVERSATIONS {
        page.paragraph(&format!(
            "{} smaller ones are not listed; --format json lists all.",
            largest.len() - MAX_CONVERSATIONS
        ));
    }
    for (place, flow) in largest.iter().take(MAX_CONVERSATIONS) {
        if let Some(dissection) = options.dissections.at(*place) {
            write_messages(page, flow, dissection);
        }
    }
    page.close();
}

fn payload_bytes(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}

fn conversation_row(place: usize, flow: &Flow, names: &ServerNames) -> HtmlRow {
    let sent = flow.counts(Direction::Sent);
    let received = flow.counts(Direction::Received);
    let number = |count: u64| HtmlCell::figure(group_digits(count), Some(count));
    let bytes = |count: u64| HtmlCell::figure(Bytes(count).to_string(), Some(count));
    let name = names
        .at(place)
        .map(|name| name.escaped().into_owned())
        .unwrap_or_default();
    HtmlRow::about(
        "thing conversation",
        format!("c{place}"),
        vec![
            HtmlCell::code(flow.key.local.to_string()),
            HtmlCell::code(flow.key.remote.to_string()),
            HtmlCell::code(name),
            HtmlCell::words(flow.key.transport.name()),
            number(sent.packets + received.packets),
            bytes(sent.payload_bytes),
            bytes(received.payload_bytes),
            number(sent.retransmitted + received.retransmitted),
            HtmlCell::time(flow_span(flow).map(|(_, took)| took)),
            HtmlCell::words(ending_words(flow)),
        ],
    )
}

fn ending_words(flow: &Flow) -> String {
    let ending = match connection_ending(flow) {
        None => "",
        Some(ConnectionEnding::Unanswered) => "not answered",
        Some(ConnectionEnding::Refused) => "refused",
        Some(ConnectionEnding::Closed) => "closed",
        Some(ConnectionEnding::Reset(_)) => "reset",
        Some(ConnectionEnding::HalfClosed(_)) => "half closed",
        Some(ConnectionEnding::Open) => "open",
    };
    match flow.delivery_errors().first() {
        Some(first) => {
            format!(
                "{ending}; not delivered: {}",
                first.icmp.name().replace('_', " ")
            )
        }
        None => ending.to_owned(),
    }
}

/// How long an exchange took, whose time it was, and the verdict.
fn time_words(ledger: &Ledger) -> String {
    format!(
        "{} ({}). {}",
        ledger.total,
        ledger.owner_shares_of_others().join(", "),
        ledger.verdict_on_others().unwrap_or_default()
    )
}

/// Writes requests with their responses, and DNS queries with their answers.
fn write_messages(page: &mut HtmlPage<'_>, flow: &Flow, dissection: &Dissection) {
    let time = dissection.time_spent(page.trace().clock(), flow, MAX_MESSAGES);
    let mut lines: Vec<String> = time.connection.iter().map(time_words).collect();
    let ledgers = time.requests.iter().map(Option::as_ref);
    let ledgers = ledgers.chain(std::iter::repeat(None));
    let pairs = pair_messages(&dissection.messages).zip(ledgers);
    for ((request, answer), ledger) in pairs.take(MAX_MESSAGES) {
        let StartLine::Request { method, target } = &request.start else {
            continue;
        };
        let status = match answer.map(|answer| &answer.start) {
            Some(StartLine::Response { status }) => format!(" \u{2192} {status}"),
            _ => String::new(),
        };
        let time = ledger.map(|ledger| format!(": {}", time_words(ledger)));
        lines.push(format!(
            "{} {}{status}{}",
            method.escaped(),
            page.redactor().text(target).escaped(),
            time.unwrap_or_default()
        ));
    }
    for asked in dissection.asked.iter().take(MAX_MESSAGES) {
        let answer = asked.answer.as_ref().map_or_else(
            || "no answer".to_owned(),
            |answer| {
                let records: Vec<_> = answer
                    .records
                    .iter()
                    .take(MAX_MESSAGES)
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
