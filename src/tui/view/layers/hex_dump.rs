//! A hex dump coloured by layer, with a line between the bytes of two layers.

use ratatui::layout::Rect;

use super::boxes::LayerBox;
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::{Canvas, draw_scrollbar};

/// Minimum number of lines.
pub(super) const MIN_LINES: u16 = 4;
/// Columns of the offset.
const OFFSET_COLUMNS: u16 = 6;

/// Returns the number of bytes that fit on a line.
const fn bytes_per_line(columns: u16) -> usize {
    // The offset, three columns for each byte in hex, and one for it as text.
    match columns {
        0..=43 => 4,
        44..=75 => 8,
        76..=143 => 16,
        _ => 32,
    }
}

/// Returns the number of lines for a number of bytes.
pub(in crate::tui) const fn dump_line_count(bytes: usize, columns: u16) -> usize {
    bytes.div_ceil(bytes_per_line(columns))
}

/// Draws the lines that fit, from a line on.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    bytes: &[u8],
    boxes: &[LayerBox],
    from: usize,
) {
    let length = bytes_per_line(area.width);
    let all = dump_line_count(bytes.len(), area.width);
    let seen = usize::from(area.height);
    let first = from.min(all.saturating_sub(seen));
    for (y, row) in (area.y..area.bottom()).zip(first..all) {
        let start = row * length;
        canvas.text((area.x + 1, y), &format!("{start:04x}"), 4, StyleRole::Dim);
        for (column, at) in (0..).zip(start..(start + length).min(bytes.len())) {
            let Some(byte) = bytes.get(at) else { break };
            let owner = innermost_box_at(boxes, at);
            let role = owner.map_or(StyleRole::Dim, |index| {
                boxes
                    .get(index)
                    .map_or(StyleRole::Dim, |layer_box| layer_box.role)
            });
            let x = area.x + 1 + OFFSET_COLUMNS + 3 * column;
            let begins = column > 0
                && at
                    .checked_sub(1)
                    .is_some_and(|before| self::innermost_box_at(boxes, before) != owner);
            if begins {
                canvas.text((x - 1, y), "\u{2502}", 1, StyleRole::Frame);
            }
            canvas.text((x, y), &format!("{byte:02x}"), 2, role);
            let text = if byte.is_ascii_graphic() || *byte == b' ' {
                char::from(*byte).to_string()
            } else {
                "\u{b7}".to_owned()
            };
            let text_at =
                area.x + 2 + OFFSET_COLUMNS + 3 * u16::try_from(length).unwrap_or(0) + column;
            canvas.text((text_at, y), &text, 1, role);
        }
    }
    let bar = Rect {
        x: area.x,
        y: area.y.saturating_sub(1),
        width: area.width + 1,
        height: area.height + 2,
    };
    draw_scrollbar(canvas, bar, first, seen, all);
}

/// Returns the innermost box that contains a byte.
fn innermost_box_at(boxes: &[LayerBox], at: usize) -> Option<usize> {
    boxes.iter().rposition(|layer_box| {
        layer_box
            .range
            .as_ref()
            .is_some_and(|range| range.contains(&at))
    })
}
