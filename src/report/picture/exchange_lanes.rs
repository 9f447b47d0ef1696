//! Several exchanges with one lane each: redirects one after another on one axis, repeated runs
//! aligned at their start.

use super::canvas::{PictureItem, SvgCanvas};
use super::font::Font;
use super::labels::{SMALL, draw_beside, draw_cross, draw_label};
use super::legend::{Legend, Symbol};
use super::packets::PacketStrip;
use super::{Axis, MAX_EXCHANGES, PictureContext, main_axis};
use crate::insight::{Transfer, exchange_count, wire_phase};
use crate::report::text::status_line;
use crate::trace::{Exchange, ExchangeCause, Phase};
use crate::units::{Moment, Nanos, format_count};

const ROW_HEIGHT: f64 = 34.0;

/// Draws the exchanges of transfers.
pub(super) fn draw(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    all: &[Transfer<'_>],
    repeated: bool,
    legend: &mut Legend,
) {
    let starts = all.iter().flat_map(|run| {
        run.hops().iter().map(|hop| {
            (
                hop,
                run.hops()
                    .first()
                    .map_or(hop.started, |first| first.started),
            )
        })
    });
    let first = all
        .first()
        .and_then(|run| run.hops().first())
        .map_or(Moment::START, |hop| hop.started);
    let lanes: Vec<(&Exchange, Moment)> = starts
        .map(|(hop, start)| (hop, if repeated { start } else { first }))
        .take(MAX_EXCHANGES)
        .collect();
    let length = lanes
        .iter()
        .map(|(hop, start)| context.end(hop).since(*start))
        .max()
        .unwrap_or(Nanos::ZERO);
    let axis = main_axis(first, length);
    // If runs are aligned at their start, a packet's position would be ambiguous.
    let together = if repeated {
        &[][..]
    } else {
        context.trace.exchanges()
    };
    let strip = (!repeated).then(|| PacketStrip::new(context, &axis, together));
    let high = strip.as_ref().map_or(0.0, PacketStrip::height);
    let top = canvas.y;
    let bottom = top + Axis::HEIGHT + ROW_HEIGHT * super::as_f64(lanes.len()) + high;
    axis.draw(canvas, top, bottom);
    canvas.y += Axis::HEIGHT;
    for (exchange, start) in &lanes {
        draw_lane(
            context,
            canvas,
            &main_axis(*start, length),
            exchange,
            legend,
        );
        canvas.y += ROW_HEIGHT;
    }
    if let Some(strip) = strip {
        strip.draw(context, canvas, &axis, legend);
    }
    canvas.y = bottom + 8.0;
    let left = exchange_count(context.trace).saturating_sub(lanes.len());
    if left > 0 {
        let note = format!(
            "{} more {} not drawn.",
            format_count(left, "exchange"),
            if left == 1 { "is" } else { "are" }
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

fn draw_lane(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    axis: &Axis,
    exchange: &Exchange,
    legend: &mut Legend,
) {
    let y = canvas.y;
    let ended = context.end(exchange);
    draw_label(
        canvas,
        "strong",
        Font::bold(12.0),
        Font::regular(12.0),
        y + 17.0,
        &format!("#{} {}", exchange.id.0, result_words(exchange)),
        &ended.since(exchange.started).to_string(),
    );
    let mut last = None;
    for (phase, span) in exchange.phases.iter() {
        let ended = span.ended.unwrap_or(ended).max(span.began);
        draw_segment(
            context,
            canvas,
            axis,
            exchange,
            (phase, span.began, ended),
            legend,
        );
        last = axis.pixel_span(span.began, ended).or(last);
    }
    let begin = axis.pixel_span(exchange.started, exchange.started);
    let whole = begin
        .zip(axis.pixel_span(ended, ended).or(last))
        .filter(|_| exchange.cause != ExchangeCause::Repeat);
    if let Some((begin, end)) = whole {
        draw_beside(
            canvas,
            axis,
            (begin.x, end.end()),
            y + 16.0,
            SMALL,
            &label_choices(context, exchange),
        );
    }
    if let Some((phase, _)) = &exchange.failure
        && let Some(end) = exchange
            .phases
            .get(*phase)
            .and_then(|span| axis.at(span.ended.unwrap_or(ended)))
    {
        legend.add(Symbol::Failed);
        draw_cross(canvas, (end, y + 12.5), 5.0);
    }
}

/// Draws a phase: the app clock's bar above the wire clock's, and its name if it fits.
fn draw_segment(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    axis: &Axis,
    exchange: &Exchange,
    (phase, began, ended): (Phase, Moment, Moment),
    legend: &mut Legend,
) {
    let Some(bar) = axis.pixel_span(began, ended) else {
        return;
    };
    let y = canvas.y;
    let wire_span = wire_phase(context.trace, exchange, phase);
    let took = ended.since(began);
    let wire = wire_span
        .map(|span| format!(", {} on the wire", span.duration()))
        .unwrap_or_default();
    let name = phase.name();
    let thing = PictureItem {
        class: format!("thing phase {name}"),
        description: format!("#{} {}: {took}{wire}", exchange.id.0, phase.label()),
        key: format!("x{}-{name}", exchange.id.0),
        parent: String::new(),
        span: Some((began, ended)),
    };
    canvas.open_item(&thing, Some(axis));
    legend.add(Symbol::App);
    canvas.rect("bar", (bar.x, y + 5.0), ((bar.width - 0.5).max(1.0), 15.0));
    if let Some(wire) = wire_span.and_then(|span| axis.pixel_span(span.began, span.ended)) {
        legend.add(Symbol::Wire);
        canvas.rect("bar wire", (wire.x, y + 22.0), (wire.width, 5.0));
    }
    let label = SMALL
        .first_that_fits(
            &[
                format!("{} {took}", phase.label()),
                phase.label().to_owned(),
            ],
            bar.width - 8.0,
        )
        .map(str::to_owned);
    if let Some(label) = label {
        canvas.text("on", SMALL, (bar.x + 4.0, y + 16.5), &label);
    }
    canvas.close_group();
}

fn result_words(exchange: &Exchange) -> String {
    match (&exchange.response, &exchange.failure) {
        (_, Some((phase, _))) => format!("failed: {}", phase.label()),
        (Some(response), None) => response.status.to_string(),
        (None, None) => "\u{2026}".to_owned(),
    }
}

fn label_choices(context: &PictureContext<'_>, exchange: &Exchange) -> Vec<String> {
    let url = context.redactor.text(&exchange.url).escaped().into_owned();
    let path = url
        .split_once("://")
        .map_or(url.as_str(), |(_, rest)| rest)
        .to_owned();
    let status = exchange
        .response
        .as_ref()
        .map(status_line)
        .unwrap_or_default();
    vec![format!("{} {url}", exchange.method), path, status]
}
