//! Conversion between instants and columns.

use super::TimeWindow;
use crate::units::{Moment, Nanos};

/// A time window mapped to a row of columns. Positions are in eighths of a column, the finest
/// resolution of block characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    window: TimeWindow,
    columns: u16,
}

/// The part of a row that a time span covers, in eighths of a column: `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSpan {
    /// The first eighth.
    pub from: u32,
    /// The eighth after the last; always greater than `from`.
    pub to: u32,
}

impl Scale {
    /// Maps a window to a number of columns.
    pub const fn new(window: TimeWindow, columns: u16) -> Self {
        Self { window, columns }
    }

    /// The time window.
    pub const fn window(&self) -> TimeWindow {
        self.window
    }

    /// The number of columns.
    pub const fn columns(&self) -> u16 {
        self.columns
    }

    /// The position of an instant in eighths of a column, clamped to the window.
    pub fn eighths(&self, at: Moment) -> u32 {
        let into = u128::from(
            at.clamp(self.window.from(), self.window.to())
                .since(self.window.from())
                .0,
        );
        let wide = u128::from(self.columns) * 8;
        let length = u128::from(self.window.length().0.max(1));
        u32::try_from((into * wide + length / 2) / length).unwrap_or(u32::MAX)
    }

    /// The column that contains an instant; `None` outside the window.
    pub fn column_of(&self, at: Moment) -> Option<u16> {
        if self.columns == 0 || !self.window.contains(at) {
            return None;
        }
        let column = u16::try_from(self.eighths(at) / 8).unwrap_or(u16::MAX);
        Some(column.min(self.columns - 1))
    }

    /// The instant at the left edge of a column.
    pub fn moment_at_column(&self, column: u16) -> Moment {
        let into = u128::from(self.window.length().0) * u128::from(column)
            / u128::from(self.columns.max(1));
        self.window.from() + Nanos(u64::try_from(into).unwrap_or(u64::MAX))
    }

    /// The earliest instant that [`Scale::column_of`] assigns to a column.
    pub fn column_start(&self, column: u16) -> Moment {
        let sixteenths = (u128::from(column) * 16).saturating_sub(1);
        let into = (u128::from(self.window.length().0) * sixteenths)
            .div_ceil(u128::from(self.columns.max(1)) * 16);
        self.window.from() + Nanos(u64::try_from(into).unwrap_or(u64::MAX))
    }

    /// The columns that a time span covers; `None` if it lies outside the window. Spans too short
    /// to see still cover one eighth, since they did happen.
    pub fn column_span(&self, began: Moment, ended: Moment) -> Option<ColumnSpan> {
        if self.columns == 0
            || ended < self.window.from()
            || began > self.window.to()
            || ended < began
        {
            return None;
        }
        let last = u32::from(self.columns) * 8;
        let from = self.eighths(began).min(last - 1);
        Some(ColumnSpan {
            from,
            to: self.eighths(ended).max(from + 1),
        })
    }
}

impl ColumnSpan {
    /// The first and the last column.
    pub const fn columns(self) -> (u32, u32) {
        (self.from / 8, (self.to - 1) / 8)
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    fn scale() -> Scale {
        Scale::new(TimeWindow::new(Moment(0), Moment(1_000)), 10)
    }

    #[test]
    fn spans_cover_eighths() {
        assert_eq!(
            scale().column_span(Moment(100), Moment(250)),
            Some(ColumnSpan { from: 8, to: 20 })
        );
        assert_eq!(
            scale().column_span(Moment(-50), Moment(2_000)),
            Some(ColumnSpan { from: 0, to: 80 })
        );
        assert_eq!(scale().column_span(Moment(1_001), Moment(2_000)), None);
        assert_eq!(scale().column_span(Moment(-9), Moment(-1)), None);
    }

    #[test]
    fn very_short_spans_are_still_visible() {
        for at in [0, 1, 500, 999, 1_000] {
            let cover = scale()
                .column_span(Moment(at), Moment(at))
                .expect("it lies in the window");
            assert_eq!(cover.to - cover.from, 1);
            assert!(cover.to <= 80);
        }
    }

    #[test]
    fn columns_and_instants_convert_both_ways() {
        for column in 0..10 {
            assert_eq!(
                scale().column_of(scale().moment_at_column(column)),
                Some(column)
            );
        }
        assert_eq!(scale().column_of(Moment(1_000)), Some(9));
        assert_eq!(scale().column_of(Moment(1_001)), None);
    }

    #[test]
    fn a_column_begins_at_its_edge() {
        for (length, columns) in [(1_000, 10), (999_983, 380), (7, 3)] {
            let scale = Scale::new(TimeWindow::new(Moment(0), Moment(length)), columns);
            for column in 1..columns {
                let edge = scale.column_start(column);
                assert_eq!(scale.column_of(edge), Some(column));
                assert_eq!(scale.column_of(edge - Nanos(1)), Some(column - 1));
            }
        }
    }

    #[test]
    fn no_columns_cover_nothing() {
        let none = Scale::new(TimeWindow::new(Moment(0), Moment(1)), 0);
        assert_eq!(none.column_span(Moment(0), Moment(1)), None);
        assert_eq!(none.column_of(Moment(0)), None);
        assert_eq!(none.moment_at_column(3), Moment(3));
    }
}
