//! The layers view: nested boxes for the layers of a packet, and its bytes.
//!
//! ```text
//! │ Link         Ethernet II    14 B  02:…:01 → 02:…:02, IPv4                    OSI 2 Data link
//! │ ┌ Internet   IPv4           20 B  10.7.0.10 → 10.7.0.2  TTL 64  DF               3 Network
//! │ │ ┌ Transport  TCP          32 B  443 → 51312  seq 2215  ack 1767  ACK           4 Transport
//! │ │ │ ┌ Application  TLS    1448 B  bytes 1 to 1,448 of 4,113                      …
//! ```

mod boxes;
mod hex_dump;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::{ladder, timeline};
use crate::trace::{Direction, Phase};
use crate::tui::ScreenState;
use crate::tui::cursor::conversation_of_cursor;
use crate::tui::figures::format_millis;
use crate::tui::state::Panel;
use crate::tui::text_layout::wrap;
use crate::tui::theme::StyleRole;
use crate::units::{Bytes, Moment, group_digits};
use crate::wire::packet_headers::{Layer, parse_headers};

pub(in crate::tui) use hex_dump::dump_line_count as dump_rows;

/// Draws the panel.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    boxed: bool,
    state: &ScreenState,
    now: Moment,
) {
    let (run, _) = state.displayed_run(now);
    let focused = state.view_state.panel != Panel::Explain;
    let conversation = conversation_of_cursor(run, state.view_state.cursor);
    let packet = conversation.and_then(|conversation| {
        state
            .inspected_index(&conversation, now)
            .and_then(|index| Some((index, conversation.packet(index)?)))
    });
    if boxed {
        let first = conversation.map_or(0, |conversation| conversation.flow.evicted());
        let title = packet.map_or_else(String::new, |(index, packet)| {
            let way = if packet.direction == Direction::Sent {
                "client \u{2192} server"
            } else {
                "server \u{2192} client"
            };
            let at = conversation
                .and_then(|conversation| conversation.moment(packet))
                .map(|at| format!(" \u{b7} {} ms", format_millis(at, false)))
                .unwrap_or_default();
            format!(
                "\u{2500} packet {} of {} \u{b7} {way}{at} ",
                group_digits(first + index as u64 + 1),
                group_digits(
                    first
                        + conversation.map_or(0, |conversation| conversation.flow.packets().len())
                            as u64
                )
            )
        });
        canvas.draw_box(
            area,
            &[
                (" Layers ".to_owned(), StyleRole::Strong),
                (title, StyleRole::Dim),
            ],
            focused,
        );
    }
    let inner = timeline::inside_borders(area, boxed);
    let (Some(conversation), Some((index, packet))) = (conversation, packet) else {
        return ladder::draw_no_packets(canvas, inner, run);
    };
    let Some((link, bytes)) = state.inspected_packet.bytes_of(packet) else {
        return draw_missing(
            canvas,
            inner,
            packet.stored.is_some(),
            state.inspected_packet.error(),
        );
    };
    let anatomy = parse_headers(link, bytes);
    let nested = boxes::layer_boxes(&conversation, index, packet, &anatomy);
    let lines = boxes::draw(
        canvas,
        inner,
        &nested,
        inner.height.saturating_sub(hex_dump::MIN_LINES),
    );
    let headers: usize = anatomy
        .headers
        .iter()
        .map(|header| header.range.len())
        .sum();
    let says = header_share_text(headers, bytes.len(), packet.payload_bytes as usize);
    let y = inner.y + lines;
    if y < inner.bottom() {
        canvas.text(
            (inner.x + 1, y),
            &says,
            inner.width.saturating_sub(2),
            StyleRole::Dim,
        );
        let below = Rect {
            y: y + 1,
            height: inner.bottom() - y - 1,
            ..inner
        };
        hex_dump::draw(canvas, below, bytes, &nested, state.view_state.bytes_scroll);
    }
}

/// Returns the share of headers in the packet, and how much of it was captured.
fn header_share_text(headers: usize, captured: usize, payload: usize) -> String {
    let all = headers + payload;
    let tenths = (headers * 1_000 + all / 2).checked_div(all).unwrap_or(0);
    let cut = if captured < all {
        format!("; only {} were captured", Bytes(captured as u64))
    } else {
        String::new()
    };
    format!(
        "{headers} of {} bytes are headers: {}.{} %{cut}",
        group_digits(all as u64),
        tenths / 10,
        tenths % 10
    )
}

fn draw_missing(canvas: &mut Canvas<'_>, inner: Rect, is_kept: bool, refusal: Option<&str>) {
    let says = match (is_kept, refusal) {
        (false, _) => "The bytes of this packet were not stored.".to_owned(),
        (true, Some(why)) => format!("The bytes of this packet are not available: {why}."),
        (true, None) => "Reading \u{2026}".to_owned(),
    };
    let lines = wrap(&says, usize::from(inner.width.saturating_sub(4)));
    for (y, line) in (inner.y.saturating_add(1)..inner.bottom()).zip(lines) {
        canvas.text(
            (inner.x + 2, y),
            &line,
            inner.width.saturating_sub(3),
            StyleRole::Text,
        );
    }
}

/// Role of a layer. TLS records within the application layer have a role of their own.
const fn layer_role(layer: Layer) -> StyleRole {
    match layer {
        Layer::Link => StyleRole::Phase(Phase::Send),
        Layer::Internet => StyleRole::Phase(Phase::Dns),
        Layer::Transport => StyleRole::Phase(Phase::Connect),
        Layer::Application => StyleRole::Phase(Phase::Receive),
    }
}
