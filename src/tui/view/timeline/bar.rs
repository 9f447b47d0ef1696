//! Bars, drawn to an eighth of a column.

use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

use crate::timeline::ColumnSpan;

/// Left part of a cell, by eighths.
const LEFT_BLOCKS: [&str; 9] = [
    " ", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}",
    "\u{2588}",
];

/// A segment of a bar, in one style.
#[derive(Clone, Copy, Debug)]
pub(super) struct BarSegment {
    pub(super) cover: ColumnSpan,
    pub(super) style: Style,
    /// Symbol of whole cells.
    pub(super) fill: &'static str,
}

impl BarSegment {
    pub(super) const fn solid(cover: ColumnSpan, style: Style) -> Self {
        Self {
            cover,
            style,
            fill: LEFT_BLOCKS[8],
        }
    }
}

/// Paints segments of a row that begins at `(x, y)`. Where two meet within a cell, both are
/// visible.
pub(super) fn paint_segments(buf: &mut Buffer, (x, y): (u16, u16), segments: &[BarSegment]) {
    let Some(first) = segments
        .iter()
        .map(|segment| segment.cover.columns().0)
        .min()
    else {
        return;
    };
    let Some(last) = segments
        .iter()
        .map(|segment| segment.cover.columns().1)
        .max()
    else {
        return;
    };
    for column in first..=last {
        let Some(cell) = u16::try_from(column)
            .ok()
            .and_then(|column| buf.cell_mut((x.saturating_add(column), y)))
        else {
            return;
        };
        let eighths = eighths_of(column, segments);
        if let Some((symbol, style)) = symbol_of(&eighths, segments) {
            cell.set_symbol(symbol).set_style(style);
        }
    }
}

/// Returns the segment that each eighth of a column shows.
fn eighths_of(column: u32, segments: &[BarSegment]) -> [Option<usize>; 8] {
    let mut eighths = [None; 8];
    for (index, eighth) in (column * 8..).zip(&mut eighths) {
        *eighth = segments
            .iter()
            .position(|segment| segment.cover.from <= index && index < segment.cover.to);
    }
    eighths
}

fn symbol_of(
    eighths: &[Option<usize>; 8],
    segments: &[BarSegment],
) -> Option<(&'static str, Style)> {
    let style_of = |segment: usize| {
        segments
            .get(segment)
            .map_or_else(Style::new, |segment| segment.style)
    };
    let from_left = eighths
        .iter()
        .take_while(|&eighth| *eighth == eighths[0])
        .count();
    let from_right = eighths
        .iter()
        .rev()
        .take_while(|&eighth| *eighth == eighths[7])
        .count();
    match (eighths[0], eighths[7]) {
        (Some(one), _) if from_left == 8 => Some((segments.get(one)?.fill, style_of(one))),
        (Some(left), None) => Some((LEFT_BLOCKS[from_left], style_of(left))),
        (Some(left), Some(right)) => {
            let behind = style_of(right)
                .fg
                .map_or_else(Style::new, |color| Style::new().bg(color));
            Some((LEFT_BLOCKS[from_left], style_of(left).patch(behind)))
        }
        (None, Some(right)) => Some((
            LEFT_BLOCKS[8 - from_right],
            style_of(right).add_modifier(Modifier::REVERSED),
        )),
        (None, None) => {
            let start = eighths.iter().position(Option::is_some)?;
            let one = eighths[start]?;
            let wide = eighths.iter().flatten().count();
            let symbol = match (start < 4, wide) {
                (true, wide) => LEFT_BLOCKS[wide],
                (false, 1) => "\u{2595}",
                (false, _) => "\u{2590}",
            };
            Some((symbol, style_of(one)))
        }
    }
}

/// Paints parts of a row in one style and with one pattern.
pub(in crate::tui::view) fn paint_patterns(
    buf: &mut Buffer,
    origin: (u16, u16),
    covers: &[ColumnSpan],
    style: Style,
    fill: &'static str,
) {
    let segments: Vec<_> = covers
        .iter()
        .map(|&cover| BarSegment { cover, style, fill })
        .collect();
    paint_segments(buf, origin, &segments);
}

/// Draws a thin line, to half a column: the time on the wire, as opposed to a bar, the time the
/// application experienced.
pub(super) fn draw_thin_line(
    buf: &mut Buffer,
    (x, y): (u16, u16),
    cover: ColumnSpan,
    style: Style,
) {
    let from = (cover.from + 2) / 4;
    let to = ((cover.to + 2) / 4).max((cover.from + 2) / 4 + 1);
    for column in from / 2..=(to - 1) / 2 {
        let symbol = match (column * 2 >= from, column * 2 + 1 < to) {
            (true, true) => "\u{2501}",
            (false, _) => "\u{257a}",
            (true, false) => "\u{2578}",
        };
        let Some(cell) = u16::try_from(column)
            .ok()
            .and_then(|column| buf.cell_mut((x.saturating_add(column), y)))
        else {
            return;
        };
        cell.set_symbol(symbol).set_style(style);
    }
}

/// Hatches the columns that a span covers at least half of.
pub(super) fn hatch_columns(buf: &mut Buffer, (x, y): (u16, u16), cover: ColumnSpan, style: Style) {
    for column in (cover.from + 4) / 8..(cover.to + 4) / 8 {
        let Some(cell) = u16::try_from(column)
            .ok()
            .and_then(|column| buf.cell_mut((x.saturating_add(column), y)))
        else {
            return;
        };
        cell.set_symbol("\u{2591}").set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Color;

    fn row(draw: impl Fn(&mut Buffer)) -> (String, Buffer) {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        draw(&mut buf);
        (
            buf.content()
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect(),
            buf,
        )
    }

    const fn cover(from: u32, to: u32) -> ColumnSpan {
        ColumnSpan { from, to }
    }

    #[test]
    fn ends_are_drawn_to_an_eighth() {
        let red = Style::new().fg(Color::Red);
        let (text, buf) =
            row(|buf| paint_segments(buf, (0, 0), &[BarSegment::solid(cover(3, 29), red)]));
        assert_eq!(text, "▍██▋  ");
        assert!(
            buf[(0, 0)].modifier.contains(Modifier::REVERSED),
            "the left end is drawn as what is missing of it"
        );
        assert_eq!(
            row(|buf| paint_segments(buf, (0, 0), &[BarSegment::solid(cover(9, 10), red)])).0,
            " ▏    "
        );
        assert_eq!(
            row(|buf| paint_segments(buf, (0, 0), &[BarSegment::solid(cover(14, 15), red)])).0,
            " ▕    "
        );
    }

    #[test]
    fn two_pieces_share_a_cell() {
        let red = Style::new().fg(Color::Red);
        let blue = Style::new().fg(Color::Blue);
        let (text, buf) = row(|buf| {
            paint_segments(
                buf,
                (0, 0),
                &[
                    BarSegment::solid(cover(0, 11), red),
                    BarSegment::solid(cover(11, 24), blue),
                ],
            );
        });
        assert_eq!(text, "█▍█   ");
        assert_eq!((buf[(1, 0)].fg, buf[(1, 0)].bg), (Color::Red, Color::Blue));
    }

    #[test]
    fn a_line_has_half_ends_and_is_never_nothing() {
        assert_eq!(
            row(|buf| draw_thin_line(buf, (0, 0), cover(4, 28), Style::new())).0,
            "╺━━╸  "
        );
        assert_eq!(
            row(|buf| draw_thin_line(buf, (0, 0), cover(8, 9), Style::new())).0,
            " ╸    "
        );
    }

    #[test]
    fn nothing_is_painted_past_the_edge() {
        assert_eq!(
            row(|buf| paint_segments(
                buf,
                (4, 0),
                &[BarSegment::solid(cover(0, 800), Style::new())]
            ))
            .0,
            "    ██"
        );
        assert_eq!(
            row(|buf| draw_thin_line(buf, (4, 0), cover(0, 800), Style::new())).0,
            "    ━━"
        );
    }
}
