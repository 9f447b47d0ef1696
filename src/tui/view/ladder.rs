//! The ladder: a sequence diagram with an arrow for every packet between two lifelines, and
//! brackets around packets that carry one record or message part together.
//!
//! ```text
//!      ms     client 10.7.0.2:51312                 server 10.7.0.10:443
//!   41.60     │── SYN seq 0 MSS 1460 ────────────────────────────────▶│
//!  122.72     │◀─ ACK 1,448 B seq 1  ServerHello 1,215 B, … ──────────│┐
//! ```
//!
//! Brackets are drawn beside the sender's lifeline: the inner one for TLS records, the outer one
//! for parts of HTTP messages.

mod rows;

use ratatui::layout::Rect;

use self::rows::LadderView;
use super::canvas::{Canvas, draw_scrollbar};
use super::timeline;
use crate::dissect::{ConversationView, LadderRow};
use crate::trace::{CaptureState, Exchange, Flow};
use crate::tui::ScreenState;
use crate::tui::cursor::conversation_of_cursor;
use crate::tui::figures::count;
use crate::tui::screen_run::ScreenRun;
use crate::tui::state::Panel;
use crate::tui::text_layout::wrap;
use crate::tui::theme::StyleRole;
use crate::units::{Moment, group_digits};

/// Columns of the time, of a mark, and of the brackets left of the client's lifeline.
const TIME_COLUMNS: u16 = 9;
const LEFT_COLUMNS: u16 = TIME_COLUMNS + 5;
/// Columns of the server's lifeline and of the brackets right of it.
const RIGHT_COLUMNS: u16 = 3;
/// Minimum columns between the lifelines.
const MIN_ARROW_COLUMNS: u16 = 12;

/// Returns the visible rungs, with their lines on the screen.
pub(in crate::tui) fn visible_ladder_rows(
    state: &ScreenState,
    conversation: &ConversationView<'_>,
    area: Rect,
    boxed: bool,
    now: Moment,
) -> Vec<(u16, LadderRow)> {
    let (run, _) = state.displayed_run(now);
    let inner = timeline::inside_borders(area, boxed);
    let selected = state
        .view_state
        .cursor
        .packet(run)
        .filter(|(key, _)| *key == conversation.flow.key)
        .map(|(_, index)| index);
    let lines = usize::from(inner.height.saturating_sub(1));
    let rows = conversation.ladder_rows(selected, run.under_way, lines);
    (inner.y.saturating_add(1)..inner.bottom())
        .zip(rows)
        .collect()
}

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
    if boxed {
        let packets = conversation.map_or(0, |conversation| conversation.flow.packets().len());
        let more = conversation.map_or(0, |conversation| conversation.flow.unlisted());
        let more = if more == 0 {
            String::new()
        } else {
            format!(", {} more not listed", group_digits(more))
        };
        let first = conversation
            .map(|conversation| evicted_text(conversation.flow))
            .unwrap_or_default();
        let title = [
            (" Ladder ".to_owned(), StyleRole::Strong),
            (
                format!("\u{2500} {}{more}{first} ", count(packets, "packet")),
                StyleRole::Dim,
            ),
        ];
        canvas.draw_box(area, &title, focused);
    }
    let inner = timeline::inside_borders(area, boxed);
    let Some(conversation) =
        conversation.filter(|_| inner.width >= LEFT_COLUMNS + RIGHT_COLUMNS + MIN_ARROW_COLUMNS)
    else {
        return draw_no_packets(canvas, inner, run);
    };
    let picture = LadderView {
        run,
        exchange: state.view_state.cursor.exchange(run),
        conversation,
        inner,
        left: inner.x + LEFT_COLUMNS - 1,
        right: inner.right().saturating_sub(RIGHT_COLUMNS),
        lit: state.lit_time(now),
        focused,
    };
    picture.draw_ends(canvas, selected_exchange(run, state));
    let rows = visible_ladder_rows(state, &conversation, area, boxed, now);
    let selected = state
        .view_state
        .cursor
        .packet(run)
        .filter(|(key, _)| *key == conversation.flow.key)
        .map(|(_, index)| index);
    picture.draw_rows(canvas, &rows, selected);
    if boxed {
        let first = rows.iter().find_map(|(_, row)| {
            if let LadderRow::Packet(index) = row {
                Some(*index)
            } else {
                None
            }
        });
        let seen = rows
            .iter()
            .filter(|(_, row)| matches!(row, LadderRow::Packet(_)))
            .count();
        draw_scrollbar(
            canvas,
            area,
            first.unwrap_or(0),
            seen,
            conversation.flow.packets().len(),
        );
    }
}

/// Returns how many packets of a flow were evicted, as text to follow the number of packets.
pub(super) fn evicted_text(flow: &Flow) -> String {
    match flow.evicted() {
        0 => String::new(),
        first => format!(", the first {} no longer listed", group_digits(first)),
    }
}

fn selected_exchange<'a>(run: &'a ScreenRun, state: &ScreenState) -> Option<&'a Exchange> {
    state
        .view_state
        .cursor
        .exchange(run)
        .and_then(|id| run.trace.exchange(id))
}

/// Draws why there are no packets.
pub(super) fn draw_no_packets(canvas: &mut Canvas<'_>, inner: Rect, run: &ScreenRun) {
    let capture = run.trace.capture();
    let (says, remedy) = match &capture.state {
        CaptureState::Unavailable { reason, remedy } => (
            format!("Packets cannot be captured: {reason}"),
            remedy.clone(),
        ),
        CaptureState::Off if run.trace.exchanges().is_empty() => {
            ("Nothing has happened yet.".to_owned(), String::new())
        }
        CaptureState::Off => ("Packet capture is off.".to_owned(), String::new()),
        CaptureState::On => (
            "No packets of this connection were captured.".to_owned(),
            String::new(),
        ),
    };
    let columns = usize::from(inner.width.saturating_sub(4));
    let remedy = if remedy.is_empty() {
        Vec::new()
    } else {
        wrap(&format!("\u{2192} {remedy}"), columns)
    };
    let lines = wrap(&says, columns)
        .into_iter()
        .map(|line| (line, StyleRole::Text))
        .chain(remedy.into_iter().map(|line| (line, StyleRole::Warning)));
    for (y, (line, role)) in (inner.y.saturating_add(1)..inner.bottom()).zip(lines) {
        canvas.text((inner.x + 2, y), &line, inner.width.saturating_sub(3), role);
    }
}
