//! Where it failed, why, and what to try.

use super::lettering::Lettering;
use super::sheet::{Sheet, count};
use super::{Axis, Scene};
use crate::trace::Exchange;

/// Marks the place on the axis, from `top` to `bottom`.
pub(super) fn mark(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    axis: &Axis,
    exchange: &Exchange,
    top: f64,
    bottom: f64,
) {
    let Some((phase, _)) = &exchange.failure else {
        return;
    };
    let Some(span) = exchange.phases.get(*phase) else {
        return;
    };
    let ended = span.ended.unwrap_or(scene.end(exchange));
    if let Some(x) = axis.at(ended) {
        sheet.line("failing", (x, top), (x, bottom));
    }
}

/// Says it in a box at the sheet's height.
pub(super) fn draw(scene: &Scene<'_>, sheet: &mut Sheet, exchange: &Exchange) {
    const TITLE: Lettering = Lettering::bold(14.0);
    const TEXT: Lettering = Lettering::of(13.0);
    const LINE: f64 = 19.0;
    let Some((phase, failure)) = &exchange.failure else {
        return;
    };
    let code = serde_json::to_value(failure.code)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_default();
    let after = exchange
        .phases
        .get(*phase)
        .and_then(crate::trace::PhaseSpan::duration);
    let after = after
        .map(|took| format!(" after {took}"))
        .unwrap_or_default();
    let room = Sheet::WIDTH - 2.0 * Sheet::MARGIN - 32.0;
    let message = scene.redactor.text(&failure.message);
    let said = TEXT.wrap(&message.escaped(), room, 6);
    let hint = if failure.hint.is_empty() {
        Vec::new()
    } else {
        TEXT.wrap(&format!("\u{2192} {}", failure.hint), room, 3)
    };
    let top = sheet.y;
    let height = LINE * count(said.len() + hint.len() + 1) + 18.0;
    sheet.rect(
        "panel",
        (Sheet::MARGIN, top),
        (Sheet::WIDTH - 2.0 * Sheet::MARGIN, height),
    );
    sheet.rect("edge", (Sheet::MARGIN, top), (4.0, height));
    let x = Sheet::MARGIN + 18.0;
    let mut y = top + 22.0;
    sheet.text(
        "failure",
        TITLE,
        (x, y),
        &format!("{} failed{after}", phase.label()),
    );
    sheet.text_to(
        "dim code",
        Lettering::of(12.0),
        (Sheet::WIDTH - Sheet::MARGIN - 14.0, y),
        &code,
    );
    for (class, line) in said
        .iter()
        .map(|line| ("ink", line))
        .chain(hint.iter().map(|line| ("strong", line)))
    {
        y += LINE;
        sheet.text(class, TEXT, (x, y), line);
    }
    sheet.y = top + height + 10.0;
}
