//! Packets: how many, how large, and the ladder of each connection.

use super::page::{Cell, Page, Row};
use crate::dissect::Talk;
use crate::insight::{KernelCounts, conversations, kernel_segments, segments, sizes_sentence};
use crate::trace::{Direction, Exchange, Flow, FlowKey, SegmentCounts};
use crate::units::{Bytes, counted, grouped};

/// Connections whose ladders are drawn.
const MOST_LADDERS: usize = 6;
/// Conversations of others whose ladders are drawn, and how many rungs of each.
const MOST_OF_OTHERS: usize = 3;
const RUNGS_OF_OTHERS: usize = 120;

/// The segments of an exchange's connection, by the packets or by the kernel.
pub(super) fn write(page: &mut Page<'_>, exchange: &Exchange, level: u8) {
    let trace = page.trace();
    let (counted, kernel) = (segments(trace, exchange), kernel_segments(trace, exchange));
    let (caption, rows) = match (&counted, &kernel) {
        (Some(counted), _) => (
            "Packets of the connection, as captured (wire)",
            [
                wire("sent", &counted.sent),
                wire("received", &counted.received),
            ],
        ),
        (None, Some(counted)) => (
            "Segments of the connection, as the kernel counted (kernel)",
            [
                told("sent", &counted.sent),
                told("received", &counted.received),
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
            "Sent again",
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
    page.say(&sizes_sentence(trace, exchange).unwrap_or_default());
    page.close();
}

fn wire(name: &str, counts: &SegmentCounts) -> Row {
    Row::new(vec![
        Cell::words(name),
        Cell::figure(grouped(counts.packets), None),
        Cell::figure(grouped(counts.data_segments), None),
        Cell::figure(Bytes(counts.payload_bytes).to_string(), None),
        Cell::figure(Bytes(counts.max_payload.into()).to_string(), None),
        Cell::figure(grouped(counts.retransmitted), None),
    ])
}

fn told(name: &str, counts: &KernelCounts) -> Row {
    let shown = |count: Option<u64>| {
        Cell::figure(count.map_or_else(|| "\u{2014}".to_owned(), grouped), None)
    };
    let payload = counts
        .payload_bytes
        .map_or_else(|| "\u{2014}".to_owned(), |bytes| Bytes(bytes).to_string());
    Row::new(vec![
        Cell::words(name),
        shown(counts.packets),
        shown(counts.data_segments),
        Cell::figure(payload, None),
        Cell::figure("\u{2014}", None),
        shown(counts.retransmitted),
    ])
}

/// A ladder for each connection of the run, or for the largest conversations of a capture of
/// others.
pub(super) fn ladders(page: &mut Page<'_>) {
    let trace = page.trace();
    let (talks, rungs) = match conversations(trace) {
        Some(flows) => (largest(page, flows), RUNGS_OF_OTHERS),
        None => (connections(page), usize::MAX),
    };
    if talks.is_empty() {
        return;
    }
    page.section("ladder", 2, "The ladder: what was said");
    page.say(
        "Each arrow is a packet, in the order they were captured. Brackets stand beside \
        packets that carry one thing together: a TLS record next to the line, a part of HTTP \
    beside it.",
    );
    let drawn = talks.len().min(MOST_LADDERS);
    for talk in talks.iter().take(MOST_LADDERS) {
        let (local, remote, packets) = (
            talk.flow.key.local,
            talk.flow.key.remote,
            talk.flow.packets().len(),
        );
        let caption = format!("{local} \u{2192} {remote}: {}", counted(packets, "packet"));
        page.picture(
            "ladder",
            &caption,
            &format!("The ladder of {caption}"),
            |scene, sheet, _| scene.draw_ladder(sheet, talk, rungs),
        );
    }
    let left = talks.len() - drawn;
    if left > 0 {
        page.say(&format!(
            "{} more {} not drawn.",
            counted(left, "connection"),
            if left == 1 { "is" } else { "are" }
        ));
    }
    page.close();
}

fn connections<'a>(page: &Page<'a>) -> Vec<Talk<'a>> {
    let trace = page.trace();
    let mut seen: Vec<FlowKey> = Vec::new();
    let talks = trace
        .exchanges()
        .iter()
        .take(200)
        .filter_map(|exchange| Talk::of_exchange(trace, exchange));
    let new = |talk: &Talk<'_>| {
        let is_new = !seen.contains(&talk.flow.key) && !talk.flow.packets().is_empty();
        if is_new {
            seen.push(talk.flow.key);
        }
        is_new
    };
    talks.filter(new).collect()
}

fn largest<'a>(page: &Page<'a>, flows: &'a [Flow]) -> Vec<Talk<'a>> {
    let payload = |flow: &Flow| {
        flow.counts(Direction::Sent)
            .payload_bytes
            .saturating_add(flow.counts(Direction::Received).payload_bytes)
    };
    let mut tcp: Vec<(usize, &Flow)> = flows
        .iter()
        .enumerate()
        .filter(|(_, flow)| flow.key.tcp && !flow.packets().is_empty())
        .collect();
    tcp.sort_by_key(|(place, flow)| (std::cmp::Reverse(payload(flow)), *place));
    let talk = |(place, flow): (usize, &'a Flow)| Talk {
        trace: page.trace(),
        flow,
        connection: None,
        dissection: page.options.taken_apart.at(place),
    };
    tcp.into_iter().take(MOST_OF_OTHERS).map(talk).collect()
}
