//! Labels beside bars, and marks: placed where there is room for them.

use super::canvas::SvgCanvas;
use super::font::Font;
use super::{Axis, LABEL_WIDTH};

/// The font of labels beside bars.
pub(super) const SMALL: Font = Font::regular(11.0);

/// Draws a cross to mark a failure.
pub(super) fn draw_cross(canvas: &mut SvgCanvas, (x, y): (f64, f64), arm: f64) {
    let d = format!(
        "M{} {}l{} {}m0 {}l{} {}",
        pixels(x - arm),
        pixels(y - arm),
        pixels(2.0 * arm),
        pixels(2.0 * arm),
        pixels(-2.0 * arm),
        pixels(-2.0 * arm),
        pixels(2.0 * arm)
    );
    canvas.path("cross", &d);
}

const fn pixels(value: f64) -> super::Pixels {
    super::Pixels(value)
}

/// Draws a name at the left edge and a figure right before the axis.
pub(super) fn draw_label(
    canvas: &mut SvgCanvas,
    class: &str,
    named: Font,
    figured: Font,
    y: f64,
    name: &str,
    figure: &str,
) {
    let room = LABEL_WIDTH - 14.0;
    let figure_width = figured.width(figure);
    canvas.text(
        class,
        named,
        (SvgCanvas::MARGIN, y),
        &named.truncate(name, room - figure_width - 6.0),
    );
    canvas.text_ending_at(
        if named.bold { "ink" } else { "dim" },
        figured,
        (SvgCanvas::MARGIN + room, y),
        figure,
    );
}

/// Draws a label beside a bar, or else inside it, or not at all. On a thin bar the label covers the
/// bar.
pub(super) fn draw_beside_or_inside(
    canvas: &mut SvgCanvas,
    axis: &Axis,
    bar: (f64, f64),
    y: f64,
    is_thin: bool,
    texts: &[String],
) {
    if draw_beside(canvas, axis, bar, y, SMALL, texts) {
        return;
    }
    let x = bar.0 + GAP;
    let room = bar.1 - bar.0 - 4.0 * GAP;
    let Some(words) = SMALL.first_that_fits(texts, room) else {
        return;
    };
    if is_thin {
        canvas.rect("paper", (x, y - 8.0), (SMALL.width(words) + 4.0, 10.0));
    }
    canvas.text(
        if is_thin { "dim" } else { "on" },
        SMALL,
        (x + 2.0, y),
        words,
    );
}

const GAP: f64 = 7.0;

/// Draws a label to the right of a bar, or to the left if a longer text fits there. Returns false
/// if there is no room.
pub(super) fn draw_beside(
    canvas: &mut SvgCanvas,
    axis: &Axis,
    (from, to): (f64, f64),
    y: f64,
    font: Font,
    texts: &[String],
) -> bool {
    let right = font.first_that_fits(texts, axis.right() - to - GAP);
    let left = font.first_that_fits(texts, from - axis.left() - GAP);
    let width = |words: Option<&str>| words.map_or(0.0, |words| font.width(words));
    if width(left) > width(right) {
        canvas.text_ending_at("note", font, (from - GAP, y), left.unwrap_or_default());
    } else if let Some(words) = right {
        canvas.text("note", font, (to + GAP, y), words);
    }
    left.or(right).is_some()
}
