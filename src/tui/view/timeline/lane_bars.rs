//! The bar of a lane: a phase, its time on the wire, a part of it, or a folded exchange.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bar::{self, BarSegment, paint_segments};
use super::{TimelineView, notes};
use crate::insight::ledger::Owner;
use crate::insight::{server_timing_spans, wire_phase};
use crate::timeline::{ColumnSpan, Lane, Scale};
use crate::trace::{AttemptOutcome, Exchange, Phase, QueryOutcome};
use crate::tui::text_layout::first_that_fits;
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;

pub(super) fn draw_bar(
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

/// Returns the fill of a phase without colours: adjacent phases differ.
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
    let Some(wire) = wire_phase(&timeline.run.trace, exchange, phase) else {
        return;
    };
    hatch_machine(canvas, timeline, scale, exchange, phase, origin);
    if let Some(cover) = scale.column_span(wire.began, wire.ended) {
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
    let ledger = timeline.run.ledger(exchange);
    let Some(ledger) = ledger.phase(phase) else {
        return;
    };
    let style = canvas.style(StyleRole::Machine);
    for (from, to) in ledger.intervals_of(Owner::Client) {
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

/// Draws the progress of the body over the whole axis: the filled part has the phase's colour, the
/// text is drawn over both.
pub(super) fn draw_gauge(
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
