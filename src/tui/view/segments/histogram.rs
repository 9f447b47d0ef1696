//! The histogram of segment sizes.

use ratatui::layout::Rect;

use crate::insight::SegmentSizes;
use crate::trace::{Direction, Flow, Phase};
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;
use crate::units::group_digits;

/// Number of size ranges.
pub(super) const RANGES: u32 = 6;

/// Draws the number of segments by size, for both directions.
pub(super) fn draw_histogram(canvas: &mut Canvas<'_>, area: Rect, flow: &Flow) {
    if area.height < 3 {
        return;
    }
    let half = area.width / 2;
    for (direction, name, role, x) in [
        (
            Direction::Sent,
            "sizes out",
            StyleRole::Phase(Phase::Send),
            area.x,
        ),
        (
            Direction::Received,
            "sizes in",
            StyleRole::Phase(Phase::Receive),
            area.x + half,
        ),
    ] {
        let ranges = SegmentSizes::from_flow(flow, direction).ranges(RANGES);
        let most = ranges
            .iter()
            .map(|range| range.segments)
            .max()
            .unwrap_or(0)
            .max(1);
        canvas.text(
            (x + 1, area.y + 1),
            name,
            half.saturating_sub(1),
            StyleRole::Strong,
        );
        for (y, range) in (area.y + 2..area.bottom()).zip(ranges.iter().rev()) {
            let label = if range.from == range.to {
                group_digits(range.to.into())
            } else {
                format!(
                    "{}\u{2013}{}",
                    group_digits(range.from.into()),
                    group_digits(range.to.into())
                )
            };
            canvas.text_right(x + 16, y, &label, StyleRole::Dim);
            let room = half.saturating_sub(28);
            let long = u16::try_from(u64::from(room) * range.segments / most).unwrap_or(room);
            let long = long.max(u16::from(range.segments > 0));
            canvas.text(
                (x + 17, y),
                &"\u{2588}".repeat(usize::from(long)),
                long,
                role,
            );
            canvas.text(
                (x + 18 + long, y),
                &group_digits(range.segments),
                9,
                StyleRole::Text,
            );
        }
    }
}
