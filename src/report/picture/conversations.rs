//! A capture of others: its conversations, a lane each, from the first packet to the last, and how
//! dense their packets are.

use std::cmp::Reverse;

use super::lettering::Lettering;
use super::sheet::{Sheet, Thing};
use super::{Axis, LABELS, MOST_EXCHANGES, Scene, count};
use crate::insight::{ServerNames, conversations, ending};
use crate::trace::{Direction, Flow};
use crate::units::{Bytes, Moment, Nanos, WallTime, counted};

const ROW: f64 = 30.0;
/// Left of the axis stand both ends.
const ENDS: f64 = LABELS + 190.0;

/// Draws the largest conversations in the order they began.
pub(super) fn draw(scene: &Scene<'_>, sheet: &mut Sheet, names: &ServerNames) {
    let all = conversations(scene.trace).unwrap_or_default();
    let mut chosen: Vec<(usize, &Flow)> = all
        .iter()
        .enumerate()
        .filter(|(_, flow)| flow.span().is_some())
        .collect();
    chosen.sort_by_key(|(place, flow)| (Reverse(payload(flow)), *place));
    chosen.truncate(MOST_EXCHANGES);
    chosen.sort_by_key(|(place, _)| *place);
    let spans = || all.iter().filter_map(Flow::span);
    let (Some(first), Some(last)) = (
        spans().map(|(first, _)| first).min(),
        spans().map(|(_, last)| last).max(),
    ) else {
        return;
    };
    let left = Sheet::MARGIN + ENDS;
    let axis = Axis::new(
        Moment::START,
        last.since(first),
        left,
        Sheet::WIDTH - Sheet::MARGIN - left,
    );
    let top = sheet.y;
    let bottom = top + Axis::HEIGHT + ROW * count(chosen.len());
    axis.draw(sheet, top, bottom);
    sheet.y += Axis::HEIGHT;
    for (place, flow) in &chosen {
        draw_lane(sheet, &axis, first, (*place, flow), names);
        sheet.y += ROW;
    }
    sheet.y = bottom + 8.0;
    let rest = all.len().saturating_sub(chosen.len());
    if rest > 0 {
        let said = format!(
            "{} with less payload {} not drawn.",
            counted(rest, "conversation"),
            if rest == 1 { "is" } else { "are" }
        );
        sheet.text(
            "dim",
            Lettering::of(12.0),
            (Sheet::MARGIN, sheet.y + 12.0),
            &said,
        );
        sheet.y += 24.0;
    }
}

fn payload(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}

fn draw_lane(
    sheet: &mut Sheet,
    axis: &Axis,
    origin: WallTime,
    (place, flow): (usize, &Flow),
    names: &ServerNames,
) {
    const PARTS: u64 = 120;
    const NAME: Lettering = Lettering::bold(12.0);
    const SMALL: Lettering = Lettering::of(11.0);
    let Some((first, last)) = flow.span() else {
        return;
    };
    let y = sheet.y;
    let at = |wall: WallTime| Moment::START + wall.since(origin);
    let (sent, received) = (
        flow.counts(Direction::Sent),
        flow.counts(Direction::Received),
    );
    let name = names.at(place).map_or_else(
        || flow.key.remote.to_string(),
        |name| name.escaped().into_owned(),
    );
    let bytes = format!(
        "\u{2191} {}  \u{2193} {}",
        Bytes(sent.payload_bytes),
        Bytes(received.payload_bytes)
    );
    let ends = format!(
        "{} {} \u{2192} {}",
        if flow.key.tcp { "TCP" } else { "UDP" },
        flow.key.local,
        flow.key.remote
    );
    let packets = counted(
        usize::try_from(sent.packets + received.packets).unwrap_or(usize::MAX),
        "packet",
    );
    let again = sent.retransmitted + received.retransmitted;
    let again = if again > 0 {
        format!(", {again} sent again")
    } else {
        String::new()
    };
    let bad = if ending(flow).is_some_and(crate::insight::Ending::is_bad) {
        ", it did not end well"
    } else {
        ""
    };
    let says = format!("{name}, {ends}: {packets}, {bytes}{again}{bad}");
    let thing = Thing {
        class: "thing conversation".to_owned(),
        says,
        key: format!("c{place}"),
        of: String::new(),
        span: Some((at(first), at(last))),
    };
    sheet.open_thing(&thing, Some(axis));
    let room = ENDS - 14.0 - SMALL.width(&bytes);
    sheet.text(
        "strong",
        NAME,
        (Sheet::MARGIN, y + 13.0),
        &NAME.cut(&name, room - 8.0),
    );
    sheet.text_to(
        "dim",
        SMALL,
        (Sheet::MARGIN + ENDS - 14.0, y + 13.0),
        &bytes,
    );
    sheet.text(
        "dim",
        Lettering::of(10.0),
        (Sheet::MARGIN, y + 25.0),
        &Lettering::of(10.0).cut(&ends, ENDS - 14.0),
    );
    if let Some(whole) = axis.reach(at(first), at(last)) {
        sheet.rect("span", (whole.x, y + 12.0), (whole.width, 3.0));
    }
    // A stretch of the conversation is as high as what passed in it.
    let part = Nanos(axis.length().0 / PARTS).max(Nanos(1));
    let most = (0..PARTS)
        .map(|n| passed(flow, origin, part, n))
        .max()
        .unwrap_or(1)
        .max(1);
    for n in 0..PARTS {
        let amount = passed(flow, origin, part, n);
        let from = Moment::START + Nanos(part.0.saturating_mul(n));
        if let Some(reach) = axis.reach(from, from + part).filter(|_| amount > 0) {
            let tall = height(amount, most);
            sheet.rect(
                "sum",
                (reach.x, y + 13.5 - tall / 2.0),
                ((reach.width - 0.5).max(1.0), tall),
            );
        }
    }
    sheet.close_group();
}

/// What passed in a part of the axis: payload, and a byte for each packet so that those without are
/// seen.
fn passed(flow: &Flow, origin: WallTime, part: Nanos, n: u64) -> u64 {
    let begin = WallTime(origin.0.saturating_add(part.0.saturating_mul(n)));
    let passed = flow.passed(begin, WallTime(begin.0.saturating_add(part.0)));
    passed.sent.payload_bytes
        + passed.received.payload_bytes
        + passed.sent.packets
        + passed.received.packets
}

#[expect(clippy::cast_precision_loss, reason = "a share is for drawing")]
fn height(amount: u64, most: u64) -> f64 {
    ((amount as f64 / most.max(1) as f64).sqrt() * 22.0).max(4.0)
}
