//! Several exchanges, a lane each: redirects one after another on one axis, repeated runs below
//! each other from one start.

use super::lanes::{cross, place};
use super::legend::{Legend, Sign};
use super::lettering::Lettering;
use super::packets::Strip;
use super::sheet::{Sheet, Thing};
use super::{Axis, MOST_EXCHANGES, Scene, axis_of};
use crate::insight::{Transfer, TwoClocks, exchange_count};
use crate::report::text::status;
use crate::trace::{Cause, Exchange, Phase};
use crate::units::{Moment, Nanos, counted};

const ROW: f64 = 34.0;
const SMALL: Lettering = Lettering::of(11.0);

/// Draws the exchanges of some transfers.
pub(super) fn draw(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
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
        .take(MOST_EXCHANGES)
        .collect();
    let length = lanes
        .iter()
        .map(|(hop, start)| scene.end(hop).since(*start))
        .max()
        .unwrap_or(Nanos::ZERO);
    let axis = axis_of(first, length);
    // Where runs are laid below each other from one start, packets of one moment would be packets
    // of many.
    let together = if repeated {
        &[][..]
    } else {
        scene.trace.exchanges()
    };
    let strip = (!repeated).then(|| Strip::of(scene, &axis, together));
    let high = strip.as_ref().map_or(0.0, Strip::height);
    let top = sheet.y;
    let bottom = top + Axis::HEIGHT + ROW * super::count(lanes.len()) + high;
    axis.draw(sheet, top, bottom);
    sheet.y += Axis::HEIGHT;
    for (exchange, start) in &lanes {
        draw_lane(scene, sheet, &axis_of(*start, length), exchange, legend);
        sheet.y += ROW;
    }
    if let Some(strip) = strip {
        strip.draw(scene, sheet, &axis, legend);
    }
    sheet.y = bottom + 8.0;
    let left = exchange_count(scene.trace).saturating_sub(lanes.len());
    if left > 0 {
        let said = format!(
            "{} more {} not drawn.",
            counted(left, "exchange"),
            if left == 1 { "is" } else { "are" }
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

fn draw_lane(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    axis: &Axis,
    exchange: &Exchange,
    legend: &mut Legend,
) {
    let y = sheet.y;
    let ended = scene.end(exchange);
    super::lanes::label(
        sheet,
        "strong",
        Lettering::bold(12.0),
        Lettering::of(12.0),
        y + 17.0,
        &format!("#{} {}", exchange.id.0, came_of_it(exchange)),
        &ended.since(exchange.started).to_string(),
    );
    let mut last = None;
    for (phase, span) in exchange.phases.iter() {
        let ended = span.ended.unwrap_or(ended).max(span.began);
        draw_segment(
            scene,
            sheet,
            axis,
            exchange,
            (phase, span.began, ended),
            legend,
        );
        last = axis.reach(span.began, ended).or(last);
    }
    let begin = axis.reach(exchange.started, exchange.started);
    let whole = begin
        .zip(axis.reach(ended, ended).or(last))
        .filter(|_| exchange.cause != Cause::Repeat);
    if let Some((begin, end)) = whole {
        place(
            sheet,
            axis,
            (begin.x, end.end()),
            y + 16.0,
            SMALL,
            &ways(scene, exchange),
        );
    }
    if let Some((phase, _)) = &exchange.failure
        && let Some(end) = exchange
            .phases
            .get(*phase)
            .and_then(|span| axis.at(span.ended.unwrap_or(ended)))
    {
        legend.add(Sign::Failed);
        cross(sheet, (end, y + 12.5), 5.0);
    }
}

/// A phase of it: the app clock's bar above the wire clock's, and its name where that fits.
fn draw_segment(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    axis: &Axis,
    exchange: &Exchange,
    (phase, began, ended): (Phase, Moment, Moment),
    legend: &mut Legend,
) {
    let Some(bar) = axis.reach(began, ended) else {
        return;
    };
    let y = sheet.y;
    let clocks = TwoClocks::of(scene.trace, exchange, phase);
    let took = ended.since(began);
    let wire = clocks
        .map(|clocks| format!(", {} on the wire", clocks.wire.duration()))
        .unwrap_or_default();
    let name = phase.name();
    let thing = Thing {
        class: format!("thing phase {name}"),
        says: format!("#{} {}: {took}{wire}", exchange.id.0, phase.label()),
        key: format!("x{}-{name}", exchange.id.0),
        of: String::new(),
        span: Some((began, ended)),
    };
    sheet.open_thing(&thing, Some(axis));
    legend.add(Sign::App);
    sheet.rect("bar", (bar.x, y + 5.0), ((bar.width - 0.5).max(1.0), 15.0));
    if let Some(wire) = clocks.and_then(|clocks| axis.reach(clocks.wire.began, clocks.wire.ended)) {
        legend.add(Sign::Wire);
        sheet.rect("bar wire", (wire.x, y + 22.0), (wire.width, 5.0));
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
        sheet.text("on", SMALL, (bar.x + 4.0, y + 16.5), &label);
    }
    sheet.close_group();
}

fn came_of_it(exchange: &Exchange) -> String {
    match (&exchange.response, &exchange.failure) {
        (_, Some((phase, _))) => format!("failed: {}", phase.label()),
        (Some(response), None) => response.status.to_string(),
        (None, None) => "\u{2026}".to_owned(),
    }
}

fn ways(scene: &Scene<'_>, exchange: &Exchange) -> Vec<String> {
    let url = scene.redactor.text(&exchange.url).escaped().into_owned();
    let path = url
        .split_once("://")
        .map_or(url.as_str(), |(_, rest)| rest)
        .to_owned();
    let said = exchange.response.as_ref().map(status).unwrap_or_default();
    vec![format!("{} {url}", exchange.method), path, said]
}
