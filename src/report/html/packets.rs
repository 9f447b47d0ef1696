//! Packet counts and sizes, and a sequence diagram per connection.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::dissect::ConversationView;
use crate::insight::{
    KernelCounts, captured_conversations, connection_segments, describe_connection_sizes,
    kernel_segments,
};
use crate::trace::{Direction, Exchange, Flow, FlowKey, SegmentCounts};
use crate::units::{Bytes, format_count, group_digits};
use crate::wire::Transport;

/// Maximum number of connections with a diagram.
const MAX_LADDERS: usize = 6;
/// Maximum number of captured conversations with a diagram, and of the rows in each.
const MAX_CONVERSATION_LADDERS: usize = 3;
const MAX_CONVERSATION_RUNGS: usize = 120;

/// Writes the segments of the exchange's connection, from the packets or the kernel's counters.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
    let trace = page.trace();
    let counted = connection_segments(trace, exchange);
    let kernel = kernel_segments(trace, exchange);
    let (caption, rows) = match (&counted, &kernel) {
        (Some(counted), _) => (
            "Packets of the connection, as captured (wire)",
            [
                captured_row("sent", &counted.sent),
                captured_row("received", &counted.received),
            ],
        ),
        (None, Some(counted)) => (
            "Segments of the connection, as counted by the kernel (kernel)",
            [
                kernel_row("sent", &counted.sent),
                kernel_row("received", &counted.received),
            ],
        ),
        (None, None) => return,
    };
    page.section(&format!("packets-{}", exchange.id.0), level, "Packets");
    page.table(
        "",
        caption,
        &[
            "",
            "Packets",
            "With payload",
            "Payload",
            "Largest",
            "Retransmitted",
        ],
        &rows,
    );
    let mss = counted
        .and_then(|counted| counted.mss)
        .map(u32::from)
        .or_else(|| kernel.and_then(|kernel| kernel.mss));
    page.facts(&[(
        "Maximum segment size",
        mss.map(|mss| Bytes(mss.into()).to_string())
            .unwrap_or_default(),
    )]);
    page.paragraph(&describe_connection_sizes(trace, exchange).unwrap_or_default());
    page.close();
}

fn captured_row(name: &str, counts: &SegmentCounts) -> HtmlRow {
    HtmlRow::new(vec![
        HtmlCell::words(name),
        HtmlCell::figure(group_digits(counts.packets), None),
        HtmlCell::figure(group_digits(counts.data_segments), None),
        HtmlCell::figure(Bytes(counts.payload_bytes).to_string(), None),
        HtmlCell::figure(Bytes(counts.max_payload.into()).to_string(), None),
        HtmlCell::figure(group_digits(counts.retransmitted), None),
    ])
}

fn kernel_row(name: &str, counts: &KernelCounts) -> HtmlRow {
    let shown = |count: Option<u64>| {
        HtmlCell::figure(
            count.map_or_else(|| "\u{2014}".to_owned(), group_digits),
            None,
        )
    };
    let payload = counts
        .payload_bytes
        .map_or_else(|| "\u{2014}".to_owned(), |bytes| Bytes(bytes).to_string());
    HtmlRow::new(vec![
        HtmlCell::words(name),
        shown(counts.packets),
        shown(counts.data_segments),
        HtmlCell::figure(payload, None),
        HtmlCell::figure("\u{2014}", None),
        shown(counts.retransmitted),
    ])
}

/// Writes a sequence diagram for each connection of the run, or for the largest conversations of a
/// capture.
pub(super) fn write_ladders(page: &mut HtmlPage<'_>) {
    let trace = page.trace();
    let (talks, rungs) = match captured_conversations(trace) {
        Some(flows) => (largest_conversations(page, flows), MAX_CONVERSATION_RUNGS),
        None => (connection_ladders(page), usize::MAX),
    };
    if talks.is_empty() {
        return;
    }
    page.section("ladder", 2, "Packet sequence");
    page.paragraph(
        "Each arrow is a packet, in order of capture. Brackets join packets that carry one unit: \
         a TLS record next to the line, a part of HTTP further out.",
    );
    let drawn = talks.len().min(MAX_LADDERS);
    for talk in talks.iter().take(MAX_LADDERS) {
        let local = talk.flow.key.local;
        let remote = talk.flow.key.remote;
        let packets = talk.flow.packets().len();
        let caption = format!(
            "{local} \u{2192} {remote}: {}",
            format_count(packets, "packet")
        );
        page.picture(
            "ladder",
            &caption,
            &format!("Packet sequence of {caption}"),
            |context, canvas, _| context.draw_ladder(canvas, talk, rungs),
        );
    }
    let left = talks.len() - drawn;
    if left > 0 {
        page.paragraph(&format!(
            "{} more {} not drawn.",
            format_count(left, "connection"),
            if left == 1 { "is" } else { "are" }
        ));
    }
    page.close();
}

fn connection_ladders<'a>(page: &HtmlPage<'a>) -> Vec<ConversationView<'a>> {
    let trace = page.trace();
    let mut seen: Vec<FlowKey> = Vec::new();
    let talks = trace
        .exchanges()
        .iter()
        .take(200)
        .filter_map(|exchange| ConversationView::of_exchange(trace, exchange));
    let new = |talk: &ConversationView<'_>| {
        let is_new = !seen.contains(&talk.flow.key) && !talk.flow.packets().is_empty();
        if is_new {
            seen.push(talk.flow.key);
        }
        is_new
    };
    talks.filter(new).collect()
}

fn largest_conversations<'a>(page: &HtmlPage<'a>, flows: &'a [Flow]) -> Vec<ConversationView<'a>> {
    let payload = |flow: &Flow| {
        flow.counts(Direction::Sent)
            .payload_bytes
            .saturating_add(flow.counts(Direction::Received).payload_bytes)
    };
    let mut tcp: Vec<(usize, &Flow)> = flows
        .iter()
        .enumerate()
        .filter(|(_, flow)| flow.key.transport == Transport::Tcp && !flow.packets().is_empty())
        .collect();
    tcp.sort_by_key(|(place, flow)| (std::cmp::Reverse(payload(flow)), *place));
    let talk = |(place, flow): (usize, &'a Flow)| ConversationView {
        trace: page.trace(),
        flow,
        connection: None,
        dissection: page.options.dissections.at(place),
    };
    tcp.into_iter()
        .take(MAX_CONVERSATION_LADDERS)
        .map(talk)
        .collect()
}
