//! Conversations of a capture of other traffic, the largest first.

use std::cmp::Reverse;

use super::TextContext;
use crate::dissect::{Dissection, StartLine, pair_messages};
use crate::insight::captured_conversations;
use crate::insight::ledger::Ledger;
use crate::report::ReportOptions;
use crate::report::styling::{Role, StyledLine};
use crate::report::wrapping::StyledWords;
use crate::trace::{Direction, Flow};
use crate::units::{Bytes, group_digits};

/// Maximum number of conversations listed; the others are summed up.
const MAX_LISTED: usize = 200;
/// Width of a figure in columns.
const FIGURE_WIDTH: usize = 10;

/// The table; empty if the trace is not a capture of other traffic.
pub(super) fn conversation_lines(page: &TextContext, options: &ReportOptions) -> Vec<StyledLine> {
    let Some(flows) = captured_conversations(page.trace).filter(|flows| !flows.is_empty()) else {
        return Vec::new();
    };
    let mut largest: Vec<(usize, &Flow)> = flows.iter().enumerate().collect();
    largest.sort_by_key(|(place, flow)| (Reverse(payload_bytes(flow)), *place));
    let head = figure_columns(
        ["packets", "sent", "received", "retrans"].map(|name| (Role::Strong, name.to_owned())),
    );
    let mut lines = StyledWords::default()
        .add(Role::Strong, "conversation")
        .wrap(head, page.width);
    lines.extend(
        largest
            .iter()
            .take(MAX_LISTED)
            .flat_map(|(place, flow)| conversation_row(page, *place, flow, options)),
    );
    lines.extend(remainder_lines(
        page,
        largest.get(MAX_LISTED..).unwrap_or_default(),
    ));
    lines
}

fn conversation_row(
    page: &TextContext,
    place: usize,
    flow: &Flow,
    options: &ReportOptions,
) -> Vec<StyledLine> {
    let sent = flow.counts(Direction::Sent);
    let received = flow.counts(Direction::Received);
    let retransmissions = sent.retransmitted + received.retransmitted;
    let bytes = |count: u64| (Role::Plain, Bytes(count).to_string());
    let line = figure_columns([
        (Role::Plain, group_digits(sent.packets + received.packets)),
        bytes(sent.payload_bytes),
        bytes(received.payload_bytes),
        (
            if retransmissions > 0 {
                Role::Warning
            } else {
                Role::Dim
            },
            group_digits(retransmissions),
        ),
    ]);
    let mut words = StyledWords::default()
        .add(Role::Dim, flow.key.transport.id())
        .add_unbroken(Role::Plain, &flow.key.local.to_string())
        .add_unbroken(Role::Dim, page.styler.glyph("→", "->"))
        .add_unbroken(Role::Plain, &flow.key.remote.to_string());
    if let Some(name) = options.names.at(place) {
        words = words.add_unbroken(Role::Strong, &name.escaped());
    }
    let said = options
        .dissections
        .at(place)
        .map(|dissection| message_lines(page, flow, dissection));
    let lines = words.wrap(line, page.width).into_iter();
    lines
        .chain(undelivered_lines(page, flow))
        .chain(said.into_iter().flatten())
        .collect()
}

/// Writes requests with their responses, and DNS queries with their answers.
fn message_lines(page: &TextContext, flow: &Flow, dissection: &Dissection) -> Vec<StyledLine> {
    const MOST: usize = 50;
    const INDENT: usize = 4 * FIGURE_WIDTH + 4;
    // Sentences need more room than requests.
    const LEDGER_INDENT: usize = 2 * FIGURE_WIDTH + 4;
    let indented = |words: StyledWords| words.wrap(StyledLine::indented(INDENT), page.width);
    let mut lines =
        indented(StyledWords::default().add(Role::Dim, &dissection.protocols.join(", ")));
    let time = dissection.time_spent(page.trace.clock(), flow, MOST);
    lines.extend(ledger_lines(page, LEDGER_INDENT, time.connection.as_ref()));
    let ledgers = time.requests.iter().map(Option::as_ref);
    let ledgers = ledgers.chain(std::iter::repeat(None));
    for ((request, answer), ledger) in pair_messages(&dissection.messages).zip(ledgers).take(MOST) {
        let StartLine::Request { method, target } = &request.start else {
            continue;
        };
        let mut words = StyledWords::default()
            .add_unbroken(Role::Strong, &method.escaped())
            .add_unbroken(Role::Plain, &page.redactor.text(target).escaped());
        if let Some(StartLine::Response { status }) = answer.map(|answer| &answer.start) {
            let role = if *status >= 400 {
                Role::Warning
            } else {
                Role::Plain
            };
            words = words
                .add_unbroken(Role::Dim, page.styler.glyph("→", "->"))
                .add_unbroken(role, &status.to_string());
        }
        lines.extend(indented(words));
        lines.extend(ledger_lines(page, LEDGER_INDENT, ledger));
    }
    for asked in dissection.asked.iter().take(MOST) {
        let words = StyledWords::default()
            .add_unbroken(Role::Strong, &asked.kind)
            .add_unbroken(Role::Plain, &asked.name.escaped());
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
                .add_unbroken(Role::Dim, page.styler.glyph("\u{2192}", "->"))
                .add(Role::Plain, &said),
        ));
    }
    let left = pair_messages(&dissection.messages)
        .count()
        .saturating_sub(MOST);
    if left > 0 {
        lines.extend(indented(
            StyledWords::default().add(Role::Dim, &format!("and {left} more")),
        ));
    }
    lines.extend(
        dissection
            .notes
            .iter()
            .flat_map(|note| indented(StyledWords::default().add(Role::Warning, note))),
    );
    lines
}

/// Writes how long an exchange took, whose time it was, and the verdict.
fn ledger_lines(page: &TextContext, indent: usize, ledger: Option<&Ledger>) -> Vec<StyledLine> {
    let Some((ledger, verdict)) =
        ledger.and_then(|ledger| Some((ledger, ledger.verdict_on_others()?)))
    else {
        return Vec::new();
    };
    let owners = ledger.owner_shares_of_others();
    let mut words = StyledWords::default()
        .add_unbroken(Role::Strong, &page.styler.time(ledger.total))
        .append(":");
    for (place, owned) in owners.iter().enumerate() {
        if place > 0 {
            words = words.append(",");
        }
        words = words.add_unbroken(Role::Plain, owned);
    }
    let indented = |words: StyledWords| words.wrap(StyledLine::indented(indent), page.width);
    let verdict = StyledWords::default().add(Role::Dim, &verdict);
    indented(words)
        .into_iter()
        .chain(indented(verdict))
        .collect()
}

/// ICMP errors about undelivered packets: the first one, and the number of others.
fn undelivered_lines(page: &TextContext, flow: &Flow) -> Vec<StyledLine> {
    let Some(first) = flow.delivery_errors().first() else {
        return Vec::new();
    };
    let more = (flow.delivery_errors().len() - 1) as u64 + flow.delivery_errors_unlisted();
    let name = first.icmp.name().replace('_', " ");
    let words = StyledWords::default().add(
        Role::Warning,
        &format!("not delivered: {name}, reported by {}", first.icmp.reporter),
    );
    let words = if more > 0 {
        words.add(Role::Dim, &format!("and {} more", group_digits(more)))
    } else {
        words
    };
    words.wrap(
        StyledLine::indented((4 * FIGURE_WIDTH + 2).min(page.width / 2)),
        page.width,
    )
}

/// The sum of the conversations that are not listed.
fn remainder_lines(page: &TextContext, flows: &[(usize, &Flow)]) -> Vec<StyledLine> {
    if flows.is_empty() {
        return Vec::new();
    }
    let sum = |of: fn(&Flow) -> u64| {
        flows
            .iter()
            .map(|(_, flow)| of(flow))
            .fold(0, u64::saturating_add)
    };
    let line = figure_columns([
        (
            Role::Dim,
            group_digits(sum(|flow| {
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
            group_digits(sum(|flow| {
                flow.counts(Direction::Sent).retransmitted
                    + flow.counts(Direction::Received).retransmitted
            })),
        ),
    ]);
    let said = format!(
        "in {} smaller conversations; --format json lists all",
        group_digits(flows.len() as u64)
    );
    StyledWords::default()
        .add(Role::Dim, &said)
        .wrap(line, page.width)
}

/// Figures in right-aligned columns.
fn figure_columns<const N: usize>(cells: [(Role, String); N]) -> StyledLine {
    let mut line = StyledLine::default();
    for (place, (role, text)) in cells.into_iter().enumerate() {
        let missing =
            ((place + 1) * FIGURE_WIDTH).saturating_sub(line.width() + text.chars().count());
        line.push(Role::Plain, " ".repeat(missing.max(usize::from(place > 0))));
        line.push(role, text);
    }
    line.push(Role::Plain, "  ");
    line
}

fn payload_bytes(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}
