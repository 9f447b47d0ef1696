//! Drawing of a timeline row: cursor, name, duration, bar, note.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bar::{self, BarSegment, paint_segments};
use super::{TimelineRow, TimelineView, notes};
use crate::insight::{ClockComparison, server_timing, server_timing_spans};
use crate::timeline::{ColumnSpan, Lane, Scale};
use crate::trace::{AttemptOutcome, Exchange, Phase, QueryOutcome};
use crate::tui::text_layout::{display_width, first_that_fits};
use crate::tui::theme::StyleRole;
use crate::units::Nanos;

use super::super::canvas::Canvas;

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
        Lane::Wire(phase) => ClockComparison::for_phase(&timeline.run.trace, exchange, phase)?
            .wire
            .duration(),
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

fn draw_bar(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    scale: &Scale,
    exchange: &Exchange,
    lane: Lane,
    origin: (u16, u16),
    cover: ColumnSpan,
) {
    match lane {
        Lane::Folded => draw_folded(canvas, timeline, scale, exchange, origin),
        Lane::Phase(phase) => {
            let style = canvas.style(StyleRole::Phase(phase));
            paint_segments(canvas.buf, origin, &[BarSegment::solid(cover, style)]);
            if !timeline.layout.wire_rows {
                hatch_machine(canvas, timeline, scale, exchange, phase, origin);
            }
            mark_failure(canvas, exchange, phase, origin, cover);
        }
        Lane::Wire(phase) => draw_wire(canvas, timeline, scale, exchange, phase, origin),
        Lane::Query(n) => {
            let query = exchange
                .resolution
                .as_ref()
                .and_then(|resolution| resolution.queries.get(n));
            let failed = query.is_some_and(|query| match &query.outcome {
                QueryOutcome::Pending => false,
                QueryOutcome::Answered(answer) => answer.rcode != "NOERROR",
                QueryOutcome::Failed(_) => true,
            });
            draw_thin_bar(canvas, origin, cover, Phase::Dns, failed);
        }
        Lane::Attempt(n) => {
            let outcome = exchange
                .attempts
                .get(n)
                .and_then(|attempt| attempt.outcome.as_ref());
            let failed = !matches!(
                outcome,
                None | Some(AttemptOutcome::Connected | AttemptOutcome::Abandoned)
            );
            draw_thin_bar(canvas, origin, cover, Phase::Connect, failed);
        }
        Lane::ServerTiming => draw_server_timing(canvas, scale, exchange, origin),
        Lane::Progress => {}
    }
}

/// Draws a thin line for a part of a phase, with a cross at its end if it failed.
fn draw_thin_bar(
    canvas: &mut Canvas<'_>,
    origin: (u16, u16),
    cover: ColumnSpan,
    phase: Phase,
    failed: bool,
) {
    let style = canvas.style(StyleRole::Phase(phase));
    bar::draw_thin_line(canvas.buf, origin, cover, style);
    if failed {
        draw_cross(canvas, origin, cover);
    }
}

/// Draws all phases of an exchange in one row, each with its letter if there is room.
fn draw_folded(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    scale: &Scale,
    exchange: &Exchange,
    origin: (u16, u16),
) {
    let colored = canvas.styles.has_color();
    let segments: Vec<(Phase, BarSegment)> = exchange
        .phases
        .iter()
        .filter_map(|(phase, span)| {
            let cover = scale.column_span(
                span.began,
                span.ended.unwrap_or(timeline.now).max(span.began),
            )?;
            let style = canvas.style(StyleRole::Phase(phase));
            Some((
                phase,
                if colored {
                    BarSegment::solid(cover, style)
                } else {
                    BarSegment {
                        fill: fill_pattern(phase),
                        ..BarSegment::solid(cover, style)
                    }
                },
            ))
        })
        .collect();
    let plain: Vec<BarSegment> = segments.iter().map(|(_, segment)| *segment).collect();
    paint_segments(canvas.buf, origin, &plain);
    for (phase, segment) in &segments {
        let (first, last) = segment.cover.columns();
        if last > first + 2 {
            let letter = phase.label().get(..1).unwrap_or_default();
            let style = canvas.style(StyleRole::OnPhase(*phase));
            canvas.styled(
                (
                    origin
                        .0
                        .saturating_add(u16::try_from(first + 1).unwrap_or(0)),
                    origin.1,
                ),
                letter,
                1,
                style,
            );
        }
    }
    if let Some((phase, _)) = &exchange.failure {
        let failed = segments.iter().find(|(of, _)| of == phase);
        if let Some((_, segment)) = failed {
            draw_cross(canvas, origin, segment.cover);
        }
    }
}

/// Without colours, adjacent phases differ by their fill.
const fn fill_pattern(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns | Phase::Tls | Phase::Receive => "\u{2588}",
        Phase::Connect | Phase::Send => "\u{2593}",
        Phase::Proxy | Phase::Wait => "\u{2592}",
    }
}

/// Draws the phase as seen on the wire, and hatches this machine's share around it.
fn draw_wire(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    scale: &Scale,
    exchange: &Exchange,
    phase: Phase,
    origin: (u16, u16),
) {
    let Some(clocks) = ClockComparison::for_phase(&timeline.run.trace, exchange, phase) else {
        return;
    };
    hatch_machine(canvas, timeline, scale, exchange, phase, origin);
    if let Some(cover) = scale.column_span(clocks.wire.began, clocks.wire.ended) {
        let style = canvas.style(StyleRole::Phase(phase));
        bar::draw_thin_line(canvas.buf, origin, cover, style);
    }
}

fn hatch_machine(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    scale: &Scale,
    exchange: &Exchange,
    phase: Phase,
    origin: (u16, u16),
) {
    let Some(clocks) = ClockComparison::for_phase(&timeline.run.trace, exchange, phase) else {
        return;
    };
    let style = canvas.style(StyleRole::Machine);
    for (from, to) in clocks.local_spans() {
        if let Some(cover) = scale.column_span(from, to) {
            bar::hatch_columns(canvas.buf, origin, cover, style);
        }
    }
}

/// Draws Server-Timing durations, which have no start, in the middle of the wait.
fn draw_server_timing(
    canvas: &mut Canvas<'_>,
    scale: &Scale,
    exchange: &Exchange,
    origin: (u16, u16),
) {
    for (n, (from, to)) in server_timing_spans(exchange).into_iter().enumerate() {
        if let Some(cover) = scale.column_span(from, to) {
            let style: Style = canvas.style(StyleRole::Phase(if n % 2 == 0 {
                Phase::Wait
            } else {
                Phase::Dns
            }));
            bar::draw_thin_line(canvas.buf, origin, cover, style);
        }
    }
}

/// Returns the durations that the server reports.
fn server_timing_durations(exchange: &Exchange) -> Vec<Nanos> {
    server_timing(exchange)
        .iter()
        .filter_map(|metric| metric.duration)
        .collect()
}

/// Draws the progress of the body over the whole axis: the filled part has the phase's colour, the
/// text is drawn over both.
fn draw_gauge(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    exchange: &Exchange,
    (x, y): (u16, u16),
) {
    let columns = timeline.layout.axis().width;
    let wordings = notes::body_progress_texts(exchange, timeline.now);
    let words =
        first_that_fits(&wordings, usize::from(columns).saturating_sub(2)).unwrap_or_default();
    for column in x..x.saturating_add(columns) {
        canvas.text((column, y), " ", 1, StyleRole::Dim);
    }
    canvas.text(
        (x + 1, y),
        words,
        columns.saturating_sub(1),
        StyleRole::Strong,
    );
    let body = &exchange.response_body;
    let Some(expected) = body.expected.filter(|&expected| expected > 0) else {
        return;
    };
    let done =
        u128::from(columns) * u128::from(body.transferred.min(expected)) / u128::from(expected);
    let done = u16::try_from(done).unwrap_or(0).max(1).min(columns);
    let style = canvas.style(StyleRole::OnPhase(Phase::Receive));
    canvas.buf.set_style(
        Rect {
            x,
            y,
            width: done,
            height: 1,
        },
        style,
    );
}

fn mark_failure(
    canvas: &mut Canvas<'_>,
    exchange: &Exchange,
    phase: Phase,
    origin: (u16, u16),
    cover: ColumnSpan,
) {
    if exchange
        .failure
        .as_ref()
        .is_some_and(|(at, _)| *at == phase)
    {
        draw_cross(canvas, origin, cover);
    }
}

/// Draws a cross in the last column.
fn draw_cross(canvas: &mut Canvas<'_>, (x, y): (u16, u16), cover: ColumnSpan) {
    let column = u16::try_from(cover.columns().1).unwrap_or(u16::MAX);
    let style = canvas.style(StyleRole::Failure);
    if let Some(cell) = canvas.buf.cell_mut((x.saturating_add(column), y)) {
        cell.reset();
        cell.set_symbol("\u{2717}").set_style(style);
    }
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
