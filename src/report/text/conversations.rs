//! A capture of others' traffic: its conversations, the largest first.

use std::cmp::Reverse;

use super::Page;
use crate::dissect::{Dissection, Start, pairs};
use crate::insight::{conversations, undelivered_name};
use crate::report::Options;
use crate::report::flow::Words;
use crate::report::pen::{Line, Role};
use crate::trace::{Direction, Flow};
use crate::units::{Bytes, grouped};

/// Conversations that are listed one by one; of the others only the sum is told.
const LISTED: usize = 200;
/// Columns of a figure.
const FIGURE: usize = 10;

/// The table; nothing where the trace is no capture of others.
pub(super) fn lines(page: &Page, options: &Options) -> Vec<Line> {
    let Some(flows) = conversations(page.trace).filter(|flows| !flows.is_empty()) else {
        return Vec::new();
    };
    let mut largest: Vec<(usize, &Flow)> = flows.iter().enumerate().collect();
    largest.sort_by_key(|(place, flow)| (Reverse(payload(flow)), *place));
    let head = figures(
        ["packets", "sent", "received", "resent"].map(|name| (Role::Strong, name.to_owned())),
    );
    let mut lines = Words::default()
        .add(Role::Strong, "conversation")
        .flow(head, page.width);
    lines.extend(
        largest
            .iter()
            .take(LISTED)
            .flat_map(|(place, flow)| row(page, *place, flow, options)),
    );
    lines.extend(rest(page, largest.get(LISTED..).unwrap_or_default()));
    lines
}

fn row(page: &Page, place: usize, flow: &Flow, options: &Options) -> Vec<Line> {
    let (sent, received) = (
        flow.counts(Direction::Sent),
        flow.counts(Direction::Received),
    );
    let again = sent.retransmitted + received.retransmitted;
    let bytes = |count: u64| (Role::Plain, Bytes(count).to_string());
    let line = figures([
        (Role::Plain, grouped(sent.packets + received.packets)),
        bytes(sent.payload_bytes),
        bytes(received.payload_bytes),
        (
            if again > 0 { Role::Warning } else { Role::Dim },
            grouped(again),
        ),
    ]);
    let mut words = Words::default()
        .add(Role::Dim, if flow.key.tcp { "tcp" } else { "udp" })
        .keep(Role::Plain, &flow.key.local.to_string())
        .keep(Role::Dim, page.pen.glyph("→", "->"))
        .keep(Role::Plain, &flow.key.remote.to_string());
    if let Some(name) = options.names.at(place) {
        words = words.keep(Role::Strong, &name.escaped());
    }
    let said = options
        .taken_apart
        .at(place)
        .map(|dissection| said(page, dissection));
    let lines = words.flow(line, page.width).into_iter();
    lines
        .chain(undelivered(page, flow))
        .chain(said.into_iter().flatten())
        .collect()
}

/// Requests and what answered them.
fn said(page: &Page, dissection: &Dissection) -> Vec<Line> {
    const MOST: usize = 50;
    const INDENT: usize = 4 * FIGURE + 4;
    let indented = |words: Words| words.flow(Line::indented(INDENT), page.width);
    let mut lines = indented(Words::default().add(Role::Dim, &dissection.protocols.join(", ")));
    for (request, answer) in pairs(&dissection.messages).take(MOST) {
        let Start::Request { method, target } = &request.start else {
            continue;
        };
        let mut words = Words::default()
            .keep(Role::Strong, &method.escaped())
            .keep(Role::Plain, &page.redactor.text(target).escaped());
        if let Some(Start::Response { status }) = answer.map(|answer| &answer.start) {
            let role = if *status >= 400 {
                Role::Warning
            } else {
                Role::Plain
            };
            words = words
                .keep(Role::Dim, page.pen.glyph("→", "->"))
                .keep(role, &status.to_string());
        }
        lines.extend(indented(words));
    }
    for asked in dissection.asked.iter().take(MOST) {
        let words = Words::default()
            .keep(Role::Strong, &asked.kind)
            .keep(Role::Plain, &asked.name.escaped());
        let Some(answer) = &asked.answer else {
            lines.extend(indented(words.add(Role::Warning, "no answer")));
            continue;
        };
        let said: Vec<String> = answer
            .records
            .iter()
            .map(|record| record.data.escaped().into_owned())
            .collect();
        let said = if said.is_empty() {
            answer.rcode.clone()
        } else {
            said.join(", ")
        };
        lines.extend(indented(
            words
                .keep(Role::Dim, page.pen.glyph("\u{2192}", "->"))
                .add(Role::Plain, &said),
        ));
    }
    let left = pairs(&dissection.messages).count().saturating_sub(MOST);
    if left > 0 {
        lines.extend(indented(
            Words::default().add(Role::Dim, &format!("and {left} more")),
        ));
    }
    lines.extend(
        dissection
            .notes
            .iter()
            .flat_map(|note| indented(Words::default().add(Role::Warning, note))),
    );
    lines
}

/// What the network said of packets that it did not deliver: the first time, and how often.
fn undelivered(page: &Page, flow: &Flow) -> Vec<Line> {
    let Some(first) = flow.undelivered().first() else {
        return Vec::new();
    };
    let more = (flow.undelivered().len() - 1) as u64 + flow.undelivered_unlisted();
    let name = undelivered_name(first).replace('_', " ");
    let words = Words::default().add(
        Role::Warning,
        &format!("not delivered: {name}, says {}", first.from),
    );
    let words = if more > 0 {
        words.add(Role::Dim, &format!("and {} more such", grouped(more)))
    } else {
        words
    };
    words.flow(
        Line::indented((4 * FIGURE + 2).min(page.width / 2)),
        page.width,
    )
}

/// What is not listed, in one line.
fn rest(page: &Page, flows: &[(usize, &Flow)]) -> Vec<Line> {
    if flows.is_empty() {
        return Vec::new();
    }
    let sum = |of: fn(&Flow) -> u64| {
        flows
            .iter()
            .map(|(_, flow)| of(flow))
            .fold(0, u64::saturating_add)
    };
    let line = figures([
        (
            Role::Dim,
            grouped(sum(|flow| {
                flow.counts(Direction::Sent).packets + flow.counts(Direction::Received).packets
            })),
        ),
        (
            Role::Dim,
            Bytes(sum(|flow| flow.counts(Direction::Sent).payload_bytes)).to_string(),
        ),
        (
            Role::Dim,
            Bytes(sum(|flow| flow.counts(Direction::Received).payload_bytes)).to_string(),
        ),
        (
            Role::Dim,
            grouped(sum(|flow| {
                flow.counts(Direction::Sent).retransmitted
                    + flow.counts(Direction::Received).retransmitted
            })),
        ),
    ]);
    let said = format!(
        "in {} smaller ones; --format json lists them all",
        grouped(flows.len() as u64)
    );
    Words::default()
        .add(Role::Dim, &said)
        .flow(line, page.width)
}

/// Figures in columns, to the right.
fn figures<const N: usize>(cells: [(Role, String); N]) -> Line {
    let mut line = Line::default();
    for (place, (role, text)) in cells.into_iter().enumerate() {
        let missing = ((place + 1) * FIGURE).saturating_sub(line.width() + text.chars().count());
        line.push(Role::Plain, " ".repeat(missing.max(usize::from(place > 0))));
        line.push(role, text);
    }
    line.push(Role::Plain, "  ");
    line
}

fn payload(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}
