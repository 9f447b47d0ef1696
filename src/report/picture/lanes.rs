//! The lanes of an exchange: each phase on the app clock above the same on the wire clock, this
//! machine's share, and below it the details of the phase.

use super::canvas::{PictureItem, SvgCanvas};
use super::font::Font;
use super::labels::{SMALL, draw_beside, draw_beside_or_inside, draw_cross, draw_label};
use super::legend::{Legend, Symbol};
use super::{Axis, PictureContext};
use crate::insight::ledger::ExchangeLedger;
use crate::insight::{
    ClockComparison, attempt_annotations, phase_annotations, query_annotations, server_timing,
    server_timing_annotations, server_timing_spans,
};
use crate::report::text::status_line;
use crate::timeline::{Lane, LaneOptions, exchange_lanes};
use crate::trace::{AttemptOutcome, Exchange, Phase, QueryOutcome};
use crate::units::{Moment, Nanos};

/// A lane with its data.
pub(super) struct LaneRow {
    lane: Lane,
    clocks: Option<ClockComparison>,
}

impl LaneRow {
    /// The height of the lane.
    pub(super) const fn height(&self) -> f64 {
        match (self.lane, &self.clocks) {
            (Lane::Phase(_), Some(_)) => 36.0,
            (Lane::Phase(_), None) => 26.0,
            _ => 18.0,
        }
    }
}

/// The lanes of an exchange, from top to bottom.
pub(super) fn exchange_rows(context: &PictureContext<'_>, exchange: &Exchange) -> Vec<LaneRow> {
    let server_timing = server_timing(exchange)
        .iter()
        .any(|metric| metric.duration.is_some());
    let detail = LaneOptions {
        wire: false,
        queries: true,
        attempts: true,
        server_timing,
        progress: false,
    };
    let ledger = ExchangeLedger::new(context.trace, exchange);
    let clocks = |lane| {
        if let Lane::Phase(phase) = lane {
            ClockComparison::for_phase(context.trace, exchange, &ledger, phase)
        } else {
            None
        }
    };
    exchange_lanes(exchange, detail, |_| false)
        .into_iter()
        .map(|lane| LaneRow {
            lane,
            clocks: clocks(lane),
        })
        .collect()
}

const NAME: Font = Font::bold(13.0);
const FIGURE: Font = Font::regular(13.0);

/// Draws a lane at the canvas's current height.
pub(super) fn draw(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    axis: &Axis,
    exchange: &Exchange,
    row: &LaneRow,
    legend: &mut Legend,
) {
    match row.lane {
        Lane::Phase(phase) => draw_phase(
            context,
            canvas,
            axis,
            exchange,
            phase,
            row.clocks.as_ref(),
            legend,
        ),
        Lane::Query(n) => draw_query(context, canvas, axis, exchange, n),
        Lane::Attempt(n) => draw_attempt(context, canvas, axis, exchange, n),
        Lane::ServerTiming => draw_server_timing(canvas, axis, exchange),
        Lane::Folded | Lane::Wire(_) | Lane::Progress => {}
    }
    canvas.y += row.height();
}

fn draw_phase(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    axis: &Axis,
    exchange: &Exchange,
    phase: Phase,
    clocks: Option<&ClockComparison>,
    legend: &mut Legend,
) {
    let Some(span) = exchange.phases.get(phase) else {
        return;
    };
    let ended = span.ended.unwrap_or(context.end(exchange)).max(span.began);
    let took = ended.since(span.began);
    let y = canvas.y;
    let name = phase.name();
    let labels = phase_label_choices(context, exchange, phase);
    let says = phase_description(exchange, phase, took, clocks, labels.first());
    let key = format!("x{}-{name}", exchange.id.0);
    let class = format!("thing phase {name}");
    canvas.open_item(
        &PictureItem {
            class,
            description: says,
            key,
            parent: String::new(),
            span: Some((span.began, ended)),
        },
        Some(axis),
    );
    draw_label(
        canvas,
        &format!("strong {name}"),
        NAME,
        FIGURE,
        y + 16.0,
        phase.label(),
        &took.to_string(),
    );
    let app = axis.pixel_span(span.began, ended);
    if let Some(bar) = app {
        legend.add(Symbol::App);
        canvas.rect("bar", (bar.x, y + 5.0), (bar.width, 13.0));
    }
    if let Some(clocks) = clocks {
        draw_label(
            canvas,
            "dim",
            SMALL,
            SMALL,
            y + 30.0,
            "wire",
            &clocks.wire.duration().to_string(),
        );
        draw_wire(canvas, axis, clocks, legend);
        draw_machine_note(
            canvas,
            axis,
            clocks,
            context.end(exchange).since(exchange.started),
        );
    }
    let failed = exchange
        .failure
        .as_ref()
        .is_some_and(|(at, _)| *at == phase);
    if let Some(bar) = app {
        let arm = if failed { 6.0 } else { 0.0 };
        draw_beside_or_inside(
            canvas,
            axis,
            (bar.x, bar.end() + arm),
            y + 15.5,
            false,
            &labels,
        );
        if failed {
            legend.add(Symbol::Failed);
            draw_cross(canvas, (bar.end(), y + 11.5), arm);
        }
    }
    canvas.close_group();
}

fn draw_wire(canvas: &mut SvgCanvas, axis: &Axis, clocks: &ClockComparison, legend: &mut Legend) {
    let y = canvas.y + 22.0;
    for (from, to) in clocks.local_spans() {
        if let Some(part) = axis.pixel_span(from, to).filter(|part| part.width >= 2.0) {
            legend.add(Symbol::Machine);
            canvas.hatched_rect((part.x, y), (part.width, 7.0));
        }
    }
    if let Some(bar) = axis.pixel_span(clocks.wire.began, clocks.wire.ended) {
        legend.add(Symbol::Wire);
        canvas.rect("bar wire", (bar.x, y), (bar.width, 7.0));
    }
}

/// Draws this machine's share, if it is at least a hundredth of the total.
fn draw_machine_note(canvas: &mut SvgCanvas, axis: &Axis, clocks: &ClockComparison, total: Nanos) {
    let machine = clocks.local_overhead();
    if machine.0 < total.0 / 100 || machine == Nanos::ZERO {
        return;
    }
    let from = clocks.wire.began.min(clocks.app_began);
    let to = clocks.wire.ended.max(clocks.app_ended);
    if let Some(reach) = axis.pixel_span(from, to) {
        let labels = [format!("{machine} this machine"), machine.to_string()];
        draw_beside(
            canvas,
            axis,
            (reach.x, reach.end()),
            canvas.y + 29.5,
            SMALL,
            &labels,
        );
    }
}

/// Label texts of a phase, longest first.
fn phase_label_choices(
    context: &PictureContext<'_>,
    exchange: &Exchange,
    phase: Phase,
) -> Vec<String> {
    match (&exchange.response, phase) {
        (Some(response), Phase::Wait) => vec![status_line(response), response.status.to_string()],
        _ => phase_annotations(context.trace, exchange, phase, context.redactor),
    }
}

/// A description of a phase in a sentence.
fn phase_description(
    exchange: &Exchange,
    phase: Phase,
    took: Nanos,
    clocks: Option<&ClockComparison>,
    remark: Option<&String>,
) -> String {
    let app = format!("{}: {took} on the program's clock", phase.label());
    let wire = clocks.map(|clocks| {
        format!(
            "; {} on the wire, {} on this machine",
            clocks.wire.duration(),
            clocks.local_overhead()
        )
    });
    let failed = exchange
        .failure
        .as_ref()
        .filter(|(at, _)| *at == phase)
        .map_or("", |_| ". Failed here");
    let remark = remark
        .map(|remark| format!(". {remark}"))
        .unwrap_or_default();
    format!("{app}{}{failed}{remark}", wire.unwrap_or_default())
}

/// Draws a detail of a phase as a thin bar.
fn draw_part(
    canvas: &mut SvgCanvas,
    axis: &Axis,
    (name, figure): (&str, &str),
    thing: &PictureItem,
    failed: bool,
    labels: &[String],
) {
    let (y, Some((began, ended))) = (canvas.y, thing.span) else {
        return;
    };
    canvas.open_item(thing, Some(axis));
    draw_label(canvas, "dim", SMALL, SMALL, y + 12.0, name, figure);
    if let Some(bar) = axis.pixel_span(began, ended) {
        canvas.rect("bar", (bar.x, y + 6.0), (bar.width, 5.0));
        if failed {
            draw_cross(canvas, (bar.end(), y + 8.5), 4.0);
        }
        let after = if failed { 5.0 } else { 0.0 };
        draw_beside_or_inside(
            canvas,
            axis,
            (bar.x, bar.end() + after),
            y + 12.0,
            true,
            labels,
        );
    }
    canvas.close_group();
}

fn draw_query(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    axis: &Axis,
    exchange: &Exchange,
    n: usize,
) {
    let Some(query) = exchange
        .resolution
        .as_ref()
        .and_then(|resolution| resolution.queries.get(n))
    else {
        return;
    };
    let ended = query
        .ended
        .unwrap_or(context.end(exchange))
        .max(query.asked);
    let failed = match &query.outcome {
        QueryOutcome::Pending => false,
        QueryOutcome::Answered(answer) => answer.rcode != "NOERROR",
        QueryOutcome::Failed(_) => true,
    };
    let labels = query_annotations(query);
    let took = ended.since(query.asked);
    let what = format!("{} {}", query.kind, query.name.escaped());
    let says = format!(
        "{what}: {took}. {}",
        labels.first().map_or("", String::as_str)
    );
    let thing = part_item(exchange, Phase::Dns, ("q", n), says, (query.asked, ended));
    draw_part(
        canvas,
        axis,
        (&query.kind, &took.to_string()),
        &thing,
        failed,
        &labels,
    );
}

fn draw_attempt(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    axis: &Axis,
    exchange: &Exchange,
    n: usize,
) {
    let Some(attempt) = exchange.attempts.get(n) else {
        return;
    };
    let ended = attempt
        .ended
        .unwrap_or(context.end(exchange))
        .max(attempt.started);
    let failed = !matches!(
        attempt.outcome,
        None | Some(AttemptOutcome::Connected | AttemptOutcome::Abandoned)
    );
    let labels = attempt_annotations(attempt);
    let took = ended.since(attempt.started);
    let says = format!(
        "Attempt {}: {took}. {}",
        n + 1,
        labels.first().map_or("", String::as_str)
    );
    let thing = part_item(
        exchange,
        Phase::Connect,
        ("a", n),
        says,
        (attempt.started, ended),
    );
    draw_part(
        canvas,
        axis,
        (&format!("attempt {}", n + 1), &took.to_string()),
        &thing,
        failed,
        &labels,
    );
}

fn part_item(
    exchange: &Exchange,
    phase: Phase,
    (kind, n): (&str, usize),
    says: String,
    span: (Moment, Moment),
) -> PictureItem {
    let of = format!("x{}-{}", exchange.id.0, phase.name());
    PictureItem {
        class: format!("thing part {}", phase.name()),
        description: says,
        key: format!("{of}-{kind}{n}"),
        parent: of,
        span: Some(span),
    }
}

fn draw_server_timing(canvas: &mut SvgCanvas, axis: &Axis, exchange: &Exchange) {
    let spans = server_timing_spans(exchange);
    let Some((began, ended)) = spans
        .first()
        .zip(spans.last())
        .map(|(first, last)| (first.0, last.1))
    else {
        return;
    };
    let y = canvas.y;
    let labels = server_timing_annotations(exchange, |took| took.to_string());
    let says = format!(
        "{}. The server reports durations, not times: drawn in the middle of the wait",
        labels.first().map_or("", String::as_str)
    );
    canvas.open_item(
        &part_item(exchange, Phase::Wait, ("s", 0), says, (began, ended)),
        Some(axis),
    );
    draw_label(canvas, "dim", SMALL, SMALL, y + 12.0, "server", "");
    for (n, (from, to)) in spans.into_iter().enumerate() {
        if let Some(bar) = axis.pixel_span(from, to) {
            canvas.rect(
                if n % 2 == 0 { "bar" } else { "bar odd" },
                (bar.x, y + 6.0),
                (bar.width, 5.0),
            );
        }
    }
    if let Some(all) = axis.pixel_span(began, ended) {
        draw_beside(canvas, axis, (all.x, all.end()), y + 12.0, SMALL, &labels);
    }
    canvas.close_group();
}
