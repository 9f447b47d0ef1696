//! The failed phase, the reason, and what to try.

use super::canvas::{SvgCanvas, as_f64};
use super::font::Font;
use super::{Axis, PictureContext};
use crate::trace::Exchange;

/// Draws a vertical line at the time of the failure, from `top` to `bottom`.
pub(super) fn draw_mark(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
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
    let ended = span.ended.unwrap_or(context.end(exchange));
    if let Some(x) = axis.at(ended) {
        canvas.line("failing", (x, top), (x, bottom));
    }
}

/// Draws a box with the failure at the canvas's current height.
pub(super) fn draw(context: &PictureContext<'_>, canvas: &mut SvgCanvas, exchange: &Exchange) {
    const TITLE: Font = Font::bold(14.0);
    const TEXT: Font = Font::regular(13.0);
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
    let room = SvgCanvas::WIDTH - 2.0 * SvgCanvas::MARGIN - 32.0;
    let message = context.redactor.text(&failure.message);
    let message_lines = TEXT.wrap(&message.escaped(), room, 6);
    let hint = if failure.hint.is_empty() {
        Vec::new()
    } else {
        TEXT.wrap(&format!("\u{2192} {}", failure.hint), room, 3)
    };
    let top = canvas.y;
    let height = LINE * as_f64(message_lines.len() + hint.len() + 1) + 18.0;
    canvas.rect(
        "panel",
        (SvgCanvas::MARGIN, top),
        (SvgCanvas::WIDTH - 2.0 * SvgCanvas::MARGIN, height),
    );
    canvas.rect("edge", (SvgCanvas::MARGIN, top), (4.0, height));
    let x = SvgCanvas::MARGIN + 18.0;
    let mut y = top + 22.0;
    canvas.text(
        "failure",
        TITLE,
        (x, y),
        &format!("{} failed{after}", phase.label()),
    );
    canvas.text_ending_at(
        "dim code",
        Font::regular(12.0),
        (SvgCanvas::WIDTH - SvgCanvas::MARGIN - 14.0, y),
        &code,
    );
    for (class, line) in message_lines
        .iter()
        .map(|line| ("ink", line))
        .chain(hint.iter().map(|line| ("strong", line)))
    {
        y += LINE;
        canvas.text(class, TEXT, (x, y), line);
    }
    canvas.y = top + height + 10.0;
}
