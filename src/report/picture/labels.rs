//! Labels beside bars, and marks: placed where there is room for them.

use super::canvas::SvgCanvas;
use super::font::Font;
use super::{Axis, LABEL_WIDTH};

/// The font of labels beside bars.
pub(super) const SMALL: Font = Font::regular(11.0);

/// Draws a cross to mark a failure.
pub(super) fn draw_cross(sheet: &mut SvgCanvas, (x, y): (f64, f64), arm: f64) {
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
    sheet.path("cross", &d);
}

const fn pixels(value: f64) -> super::Pixels {
    super::Pixels(value)
}

/// Draws a name at the left edge and a figure right before the axis.
pub(super) fn draw_label(
    sheet: &mut SvgCanvas,
    class: &str,
    named: Font,
    figured: Font,
    y: f64,
    name: &str,
    figure: &str,
) {
    let room = LABEL_WIDTH - 14.0;
    let taken = figured.width(figure);
    sheet.text(
        class,
        named,
        (SvgCanvas::MARGIN, y),
        &named.truncate(name, room - taken - 6.0),
    );
    sheet.text_ending_at(
        if named.bold { "ink" } else { "dim" },
        figured,
        (SvgCanvas::MARGIN + room, y),
        figure,
    );
}

/// Draws a label beside a bar, or else inside it, or not at all. On a thin bar the label covers the
/// bar.
pub(super) fn draw_beside_or_inside(
    sheet: &mut SvgCanvas,
    axis: &Axis,
    bar: (f64, f64),
    y: f64,
    is_thin: bool,
    ways: &[String],
) {
    if draw_beside(sheet, axis, bar, y, SMALL, ways) {
        return;
    }
    let x = bar.0 + GAP;
    let room = bar.1 - bar.0 - 4.0 * GAP;
    let Some(words) = SMALL.first_that_fits(ways, room) else {
        return;
    };
    if is_thin {
        sheet.rect("paper", (x, y - 8.0), (SMALL.width(words) + 4.0, 10.0));
    }
    sheet.text(
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
    sheet: &mut SvgCanvas,
    axis: &Axis,
    (from, to): (f64, f64),
    y: f64,
    lettering: Font,
    ways: &[String],
) -> bool {
    let right = lettering.first_that_fits(ways, axis.right() - to - GAP);
    let left = lettering.first_that_fits(ways, from - axis.left() - GAP);
    let width = |words: Option<&str>| words.map_or(0.0, |words| lettering.width(words));
    if width(left) > width(right) {
        sheet.text_ending_at("note", lettering, (from - GAP, y), left.unwrap_or_default());
    } else if let Some(words) = right {
        sheet.text("note", lettering, (to + GAP, y), words);
    }
    left.or(right).is_some()
}
