//! Conversations of a capture: one lane each, from the first packet to the last, showing the
//! density of packets.

use std::cmp::Reverse;

use super::canvas::{PictureItem, SvgCanvas};
use super::font::Font;
use super::{Axis, LABEL_WIDTH, MAX_EXCHANGES, PictureContext, as_f64};
use crate::insight::{ServerNames, captured_conversations, connection_ending};
use crate::trace::{Direction, Flow};
use crate::units::{Bytes, Moment, Nanos, WallTime, format_count};

const ROW_HEIGHT: f64 = 30.0;
/// Width of the labels with both ends.
const ENDPOINTS_WIDTH: f64 = LABEL_WIDTH + 190.0;

/// Draws the largest conversations, in the order they began.
pub(super) fn draw(context: &PictureContext<'_>, canvas: &mut SvgCanvas, names: &ServerNames) {
    let all = captured_conversations(context.trace).unwrap_or_default();
    let mut chosen: Vec<(usize, &Flow)> = all
        .iter()
        .enumerate()
        .filter(|(_, flow)| flow.span().is_some())
        .collect();
    chosen.sort_by_key(|(place, flow)| (Reverse(payload_bytes(flow)), *place));
    chosen.truncate(MAX_EXCHANGES);
    chosen.sort_by_key(|(place, _)| *place);
    let spans = || all.iter().filter_map(Flow::span);
    let (Some(first), Some(last)) = (
        spans().map(|(first, _)| first).min(),
        spans().map(|(_, last)| last).max(),
    ) else {
        return;
    };
    let left = SvgCanvas::MARGIN + ENDPOINTS_WIDTH;
    let axis = Axis::new(
        Moment::START,
        last.since(first),
        left,
        SvgCanvas::WIDTH - SvgCanvas::MARGIN - left,
    );
    let top = canvas.y;
    let bottom = top + Axis::HEIGHT + ROW_HEIGHT * as_f64(chosen.len());
    axis.draw(canvas, top, bottom);
    canvas.y += Axis::HEIGHT;
    for (place, flow) in &chosen {
        draw_lane(canvas, &axis, first, (*place, flow), names);
        canvas.y += ROW_HEIGHT;
    }
    canvas.y = bottom + 8.0;
    let rest = all.len().saturating_sub(chosen.len());
    if rest > 0 {
        let note = format!(
            "{} with less payload {} not drawn.",
            format_count(rest, "conversation"),
            if rest == 1 { "is" } else { "are" }
        );
        canvas.text(
            "dim",
            Font::regular(12.0),
            (SvgCanvas::MARGIN, canvas.y + 12.0),
            &note,
        );
        canvas.y += 24.0;
    }
}

fn payload_bytes(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}

fn draw_lane(
    canvas: &mut SvgCanvas,
    axis: &Axis,
    origin: WallTime,
    (place, flow): (usize, &Flow),
    names: &ServerNames,
) {
    const PARTS: u64 = 120;
    const NAME: Font = Font::bold(12.0);
    const SMALL: Font = Font::regular(11.0);
    let Some((first, last)) = flow.span() else {
        return;
    };
    let y = canvas.y;
    let at = |wall: WallTime| Moment::START + wall.since(origin);
    let sent = flow.counts(Direction::Sent);
    let received = flow.counts(Direction::Received);
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
        flow.key.transport.name(),
        flow.key.local,
        flow.key.remote
    );
    let packets = format_count(
        usize::try_from(sent.packets + received.packets).unwrap_or(usize::MAX),
        "packet",
    );
    let retransmissions = sent.retransmitted + received.retransmitted;
    let retransmissions = if retransmissions > 0 {
        format!(", {retransmissions} retransmitted")
    } else {
        String::new()
    };
    let bad = if connection_ending(flow).is_some_and(crate::insight::ConnectionEnding::is_bad) {
        ", ended abnormally"
    } else {
        ""
    };
    let says = format!("{name}, {ends}: {packets}, {bytes}{retransmissions}{bad}");
    let thing = PictureItem {
        class: "thing conversation".to_owned(),
        description: says,
        key: format!("c{place}"),
        parent: String::new(),
        span: Some((at(first), at(last))),
    };
    canvas.open_item(&thing, Some(axis));
    let room = ENDPOINTS_WIDTH - 14.0 - SMALL.width(&bytes);
    canvas.text(
        "strong",
        NAME,
        (SvgCanvas::MARGIN, y + 13.0),
        &NAME.truncate(&name, room - 8.0),
    );
    canvas.text_ending_at(
        "dim",
        SMALL,
        (SvgCanvas::MARGIN + ENDPOINTS_WIDTH - 14.0, y + 13.0),
        &bytes,
    );
    canvas.text(
        "dim",
        Font::regular(10.0),
        (SvgCanvas::MARGIN, y + 25.0),
        &Font::regular(10.0).truncate(&ends, ENDPOINTS_WIDTH - 14.0),
    );
    if let Some(whole) = axis.pixel_span(at(first), at(last)) {
        canvas.rect("span", (whole.x, y + 12.0), (whole.width, 3.0));
    }
    // The height shows how much traffic is in that part.
    let part = Nanos(axis.length().0 / PARTS).max(Nanos(1));
    let most = (0..PARTS)
        .map(|n| traffic_in_part(flow, origin, part, n))
        .max()
        .unwrap_or(1)
        .max(1);
    for n in 0..PARTS {
        let amount = traffic_in_part(flow, origin, part, n);
        let from = Moment::START + Nanos(part.0.saturating_mul(n));
        if let Some(reach) = axis.pixel_span(from, from + part).filter(|_| amount > 0) {
            let tall = bar_height(amount, most);
            canvas.rect(
                "sum",
                (reach.x, y + 13.5 - tall / 2.0),
                ((reach.width - 0.5).max(1.0), tall),
            );
        }
    }
    canvas.close_group();
}

/// The traffic in a part of the axis: payload bytes plus one per packet, so that packets without
/// payload are visible.
fn traffic_in_part(flow: &Flow, origin: WallTime, part: Nanos, n: u64) -> u64 {
    let begin = WallTime(origin.0.saturating_add(part.0.saturating_mul(n)));
    let passed = flow.traffic_between(begin, WallTime(begin.0.saturating_add(part.0)));
    passed.sent.payload_bytes
        + passed.received.payload_bytes
        + passed.sent.packets
        + passed.received.packets
}

#[expect(clippy::cast_precision_loss, reason = "a share is for drawing")]
fn bar_height(amount: u64, most: u64) -> f64 {
    ((amount as f64 / most.max(1) as f64).sqrt() * 22.0).max(4.0)
}
