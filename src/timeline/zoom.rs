//! The visible part of the time axis: zooming and panning.

use crate::units::{Moment, Nanos};

/// A window of the run's time axis, at least a nanosecond long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    from: Moment,
    to: Moment,
}

impl TimeWindow {
    /// Creates a window. If `to` is not later than `from`, the window is a nanosecond long.
    pub fn new(from: Moment, to: Moment) -> Self {
        let from = Moment(from.0.min(i64::MAX - 1));
        Self {
            from,
            to: to.max(Moment(from.0 + 1)),
        }
    }

    /// Its left edge.
    pub const fn from(&self) -> Moment {
        self.from
    }

    /// Its right edge.
    pub const fn to(&self) -> Moment {
        self.to
    }

    /// Its length.
    pub fn length(&self) -> Nanos {
        self.to.since(self.from)
    }

    /// Returns true if an instant lies in it, edges included.
    pub fn contains(&self, at: Moment) -> bool {
        self.from <= at && at <= self.to
    }

    /// The instant at a fraction of its length; 0 is the left edge, 1 the right.
    pub fn at_fraction(&self, fraction: f64) -> Moment {
        self.from + scale_duration(self.length(), fraction.clamp(0.0, 1.0))
    }

    /// The window moved into `bounds` at the same length, or `bounds` if it is longer than them.
    fn clamped_to(self, bounds: Self) -> Self {
        if self.length() >= bounds.length() {
            return bounds;
        }
        if self.from < bounds.from {
            return Self::new(bounds.from, bounds.from + self.length());
        }
        if self.to > bounds.to {
            return Self::new(bounds.to - self.length(), bounds.to);
        }
        self
    }
}

/// A zoom state: the whole run, or a window that the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zoom(Option<TimeWindow>);

impl Zoom {
    /// The shortest window that can be zoomed to.
    const MIN_LENGTH: Nanos = Nanos(100);

    /// The visible window, given the whole run's.
    pub fn window(self, whole: TimeWindow) -> TimeWindow {
        self.0.map_or(whole, |chosen| chosen.clamped_to(whole))
    }

    /// Returns true if only a part of the run is visible.
    pub const fn is_zoomed(self) -> bool {
        self.0.is_some()
    }

    /// Scales the window's length by `factor`; the instant `around` keeps its position on the
    /// screen.
    #[must_use]
    pub fn scaled(self, whole: TimeWindow, factor: f64, around: Moment) -> Self {
        let window = self.window(whole);
        let around = around.clamp(window.from, window.to);
        let length = scale_duration(window.length(), factor.max(0.0)).max(Self::MIN_LENGTH);
        if length >= whole.length() {
            return Self(None);
        }
        let left = scale_duration(
            length,
            duration_ratio(around.since(window.from), window.length()),
        );
        let from = around - left;
        Self(Some(TimeWindow::new(from, from + length).clamped_to(whole)))
    }

    /// Moves the window by a fraction of its length; positive moves right.
    #[must_use]
    pub fn panned(self, whole: TimeWindow, fraction: f64) -> Self {
        let Some(window) = self.0.map(|chosen| chosen.clamped_to(whole)) else {
            return self;
        };
        let by = scale_duration(window.length(), fraction.abs());
        let from = if fraction < 0.0 {
            window.from - by
        } else {
            window.from + by
        };
        Self(Some(
            TimeWindow::new(from, from + window.length()).clamped_to(whole),
        ))
    }

    /// Scrolls the window, if necessary, so that an instant is visible.
    #[must_use]
    pub fn scrolled_to(self, whole: TimeWindow, at: Moment) -> Self {
        let Some(window) = self.0.map(|chosen| chosen.clamped_to(whole)) else {
            return self;
        };
        if window.contains(at) {
            return self;
        }
        let from = at - scale_duration(window.length(), 0.5);
        Self(Some(
            TimeWindow::new(from, from + window.length()).clamped_to(whole),
        ))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is for drawing")]
fn duration_ratio(part: Nanos, whole: Nanos) -> f64 {
    part.0 as f64 / whole.0.max(1) as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "drawing needs no more than 52 bits, and a cast from f64 saturates"
)]
fn scale_duration(length: Nanos, factor: f64) -> Nanos {
    Nanos((length.0 as f64 * factor).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(from: i64, to: i64) -> TimeWindow {
        TimeWindow::new(Moment(from * 1_000_000), Moment(to * 1_000_000))
    }

    #[test]
    fn zooming_keeps_the_instant_where_it_is() {
        let whole = millis(0, 100);
        let zoom = Zoom::default().scaled(whole, 0.5, Moment(20_000_000));
        assert_eq!(zoom.window(whole), millis(10, 60));
        assert_eq!(zoom.scaled(whole, 2.0, Moment(20_000_000)), Zoom::default());
    }

    #[test]
    fn the_window_never_leaves_the_run() {
        let whole = millis(0, 100);
        let zoom = Zoom::default()
            .scaled(whole, 0.1, Moment(0))
            .panned(whole, -3.0);
        assert_eq!(zoom.window(whole), millis(0, 10));
        assert_eq!(zoom.panned(whole, 50.0).window(whole), millis(90, 100));
        assert_eq!(
            zoom.scrolled_to(whole, Moment(50_000_000)).window(whole),
            millis(45, 55)
        );
    }

    #[test]
    fn zooming_in_is_limited() {
        let whole = millis(0, 100);
        let mut zoom = Zoom::default();
        for _ in 0..1_000 {
            zoom = zoom.scaled(whole, 0.5, Moment(33_333_333));
        }
        assert_eq!(zoom.window(whole).length(), Zoom::MIN_LENGTH);
        assert!(zoom.window(whole).contains(Moment(33_333_333)));
    }

    #[test]
    fn edges_of_time_do_not_overflow() {
        let window = TimeWindow::new(Moment(i64::MAX), Moment(i64::MIN));
        assert_eq!(window.length(), Nanos(1));
        let all = TimeWindow::new(Moment(i64::MIN), Moment(i64::MAX));
        let zoom = Zoom::default()
            .scaled(all, 0.3, Moment(i64::MAX))
            .panned(all, 7.0)
            .scaled(all, 1.5, Moment(i64::MIN));
        assert!(zoom.window(all).length() > Nanos::ZERO);
    }
}
