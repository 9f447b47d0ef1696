//! Drawing of a timeline row: cursor, name, duration, bar, note.

use ratatui::layout::Rect;

use super::lane_bars::{draw_bar, draw_gauge};
use super::{TimelineRow, TimelineView, notes};
use crate::insight::{server_timing, wire_phase};
use crate::timeline::{ColumnSpan, Lane, Scale};
use crate::trace::Exchange;
use crate::tui::text_layout::{display_width, first_that_fits};
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;
use crate::units::Nanos;

/// Draws a row on line `y`.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    scale: &Scale,
    y: u16,
    (id, lane): TimelineRow,
    selected: bool,
) {
    let Some(exchange) = timeline.run.trace.exchange(id) else {
        return;
    };
    let inner = timeline.layout.inner;
    if selected {
        let style = canvas.styles.selected(timeline.focused);
        // Without colours a reversed row would hide its own bar, so only the name is highlighted.
        let columns = if canvas.styles.has_color() {
            inner.width
        } else {
            super::layout::LABELS.min(inner.width) - 1
        };
        canvas.buf.set_style(
            Rect {
                x: inner.x,
                y,
                width: columns,
                height: 1,
            },
            style,
        );
        canvas.text((inner.x, y), "\u{25b8}", 1, StyleRole::Accent);
    }
    draw_label(canvas, timeline, exchange, lane, y);
    let span = timeline
        .run
        .span_of(id, lane)
        .map(|(began, ended)| (began, ended.unwrap_or(timeline.now.max(began))));
    let cover = span.and_then(|(began, ended)| scale.column_span(began, ended));
    let origin = (timeline.layout.axis().x, y);
    if let Some(cover) = cover {
        draw_bar(canvas, timeline, scale, exchange, lane, origin, cover);
    }
    if lane == Lane::Progress {
        draw_gauge(canvas, timeline, exchange, origin);
    }
    draw_note(canvas, timeline, exchange, lane, origin, cover);
}

fn draw_label(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    exchange: &Exchange,
    lane: Lane,
    y: u16,
) {
    let x = timeline.layout.inner.x + 1;
    let begun = lane
        .phase()
        .is_none_or(|phase| exchange.phases.get(phase).is_some());
    let failed_phase = exchange.failure.as_ref().map(|(phase, _)| *phase);
    let failed = failed_phase.is_some_and(|phase| lane == Lane::Phase(phase));
    let role = match lane {
        _ if failed => StyleRole::Failure,
        Lane::Phase(phase) if begun => StyleRole::Phase(phase),
        Lane::Folded => StyleRole::Strong,
        _ => StyleRole::Dim,
    };
    let room = super::layout::LABELS.min(timeline.layout.inner.width);
    canvas.text((x, y), &name(exchange, lane), 9.min(room), role);
    if let Some(figure) = duration_text(timeline, exchange, lane) {
        let role = if matches!(lane, Lane::Phase(_) | Lane::Folded) {
            StyleRole::Text
        } else {
            StyleRole::Dim
        };
        canvas.text_right(
            (timeline.layout.inner.x + room).saturating_sub(1),
            y,
            &figure,
            role,
        );
    }
}

fn name(exchange: &Exchange, lane: Lane) -> String {
    match lane {
        Lane::Folded => format!("#{}", exchange.id.0),
        Lane::Phase(phase) => phase.label().to_owned(),
        Lane::Wire(_) => "  wire".to_owned(),
        Lane::Query(n) => {
            let kind = exchange
                .resolution
                .as_ref()
                .and_then(|resolution| resolution.queries.get(n))
                .map_or("?", |query| query.kind.as_str());
            format!("  {kind}")
        }
        Lane::Attempt(n) => format!("  try {}", n + 1),
        Lane::ServerTiming => "  server".to_owned(),
        Lane::Progress => "  body".to_owned(),
    }
}

/// Returns how long it took, or has taken so far; `None` if it has not begun.
fn duration_text(timeline: &TimelineView<'_>, exchange: &Exchange, lane: Lane) -> Option<String> {
    let took = match lane {
        Lane::Wire(phase) => wire_phase(&timeline.run.trace, exchange, phase)?.duration(),
        Lane::ServerTiming => match server_timing_durations(exchange)[..] {
            [only] => only,
            // Metrics may contain each other, so their sum means nothing.
            _ => return None,
        },
        Lane::Progress => return None,
        _ => {
            let (began, ended) = timeline.run.span_of(exchange.id, lane)?;
            ended.unwrap_or(timeline.now).since(began)
        }
    };
    Some(timeline.figures.format(took))
}

/// Returns the durations that the server reports.
fn server_timing_durations(exchange: &Exchange) -> Vec<Nanos> {
    server_timing(exchange)
        .iter()
        .filter_map(|metric| metric.duration)
        .collect()
}

/// Draws the note right of the bar, or left of it if a longer wording fits there, otherwise onto
/// the bar.
fn draw_note(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    exchange: &Exchange,
    lane: Lane,
    (x, y): (u16, u16),
    cover: Option<ColumnSpan>,
) {
    let wordings = notes::lane_notes(timeline.run, exchange, lane, timeline.figures, timeline.now);
    let Some(cover) = cover else { return };
    let columns = u32::from(timeline.layout.axis().width);
    let (first, last) = cover.columns();
    let right = fitting_note(&wordings, columns.saturating_sub(last + 3));
    let left = fitting_note(&wordings, first.saturating_sub(2));
    let on_the_left =
        display_width(left.unwrap_or_default()) > display_width(right.unwrap_or_default());
    let beside = if on_the_left { left } else { right };
    let upon = if beside.is_none() {
        fitting_note(&wordings, (last + 1 - first).saturating_sub(4))
    } else {
        None
    };
    let Some(words) = beside.or(upon) else { return };
    let wide = u32::try_from(display_width(words)).unwrap_or(0);
    let column = match (upon, on_the_left) {
        (Some(_), _) => first + 2,
        (None, true) => first.saturating_sub(1 + wide),
        (None, false) => last + 2,
    };
    let x = x.saturating_add(u16::try_from(column).unwrap_or(0));
    let wide = u16::try_from(wide).unwrap_or(0);
    match (upon, lane) {
        (Some(words), Lane::Phase(phase)) => {
            canvas.text((x, y), words, wide, StyleRole::OnPhase(phase))
        }
        (Some(words), _) => {
            canvas.text((x - 1, y), &format!(" {words} "), wide + 2, StyleRole::Dim)
        }
        (None, Lane::Folded) => canvas.text((x, y), words, wide, StyleRole::Text),
        (None, _) => canvas.text((x, y), words, wide, StyleRole::Dim),
    };
}

fn fitting_note(wordings: &[String], columns: u32) -> Option<&str> {
    first_that_fits(wordings, usize::try_from(columns).unwrap_or(0))
        .filter(|words| !words.is_empty())
}
