//! The part of the axis that is looked at.

use crate::units::{Moment, Nanos};

/// A stretch of the run's time axis, at least a nanosecond long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: Moment,
    to: Moment,
}

impl Window {
    /// From one instant to a later one. Where `to` is not later, the window is a nanosecond long.
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

    /// How long it is.
    pub fn length(&self) -> Nanos {
        self.to.since(self.from)
    }

    /// Whether an instant lies in it, edges included.
    pub fn contains(&self, at: Moment) -> bool {
        self.from <= at && at <= self.to
    }

    /// The instant at a fraction of its length; 0 is the left edge, 1 the right.
    pub fn at(&self, fraction: f64) -> Moment {
        self.from + scaled(self.length(), fraction.clamp(0.0, 1.0))
    }

    /// As long as it is, moved into `bounds`; `bounds` itself where it is longer than that.
    fn within(self, bounds: Self) -> Self {
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

/// The whole run, or a part of it that the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zoom(Option<Window>);

impl Zoom {
    /// The shortest window one may zoom to.
    const SHORTEST: Nanos = Nanos(100);

    /// The window to look at, where `whole` is all there is.
    pub fn window(self, whole: Window) -> Window {
        self.0.map_or(whole, |chosen| chosen.within(whole))
    }

    /// Whether only a part is looked at.
    pub const fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// Makes the window `factor` times as long, with the instant `around` staying where it is on
    /// the screen.
    #[must_use]
    pub fn scaled(self, whole: Window, factor: f64, around: Moment) -> Self {
        let window = self.window(whole);
        let around = around.clamp(window.from, window.to);
        let length = scaled(window.length(), factor.max(0.0)).max(Self::SHORTEST);
        if length >= whole.length() {
            return Self(None);
        }
        let left = scaled(length, share(around.since(window.from), window.length()));
        let from = around - left;
        Self(Some(Window::new(from, from + length).within(whole)))
    }

    /// Moves the window by a fraction of its own length, to the right where that is positive.
    #[must_use]
    pub fn moved(self, whole: Window, fraction: f64) -> Self {
        let Some(window) = self.0.map(|chosen| chosen.within(whole)) else {
            return self;
        };
        let by = scaled(window.length(), fraction.abs());
        let from = if fraction < 0.0 {
            window.from - by
        } else {
            window.from + by
        };
        Self(Some(
            Window::new(from, from + window.length()).within(whole),
        ))
    }

    /// Moves the window, if it has to, so that the instant is in it.
    #[must_use]
    pub fn showing(self, whole: Window, at: Moment) -> Self {
        let Some(window) = self.0.map(|chosen| chosen.within(whole)) else {
            return self;
        };
        if window.contains(at) {
            return self;
        }
        let from = at - scaled(window.length(), 0.5);
        Self(Some(
            Window::new(from, from + window.length()).within(whole),
        ))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is for drawing")]
fn share(part: Nanos, whole: Nanos) -> f64 {
    part.0 as f64 / whole.0.max(1) as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "drawing needs no more than 52 bits, and a cast from f64 saturates"
)]
fn scaled(length: Nanos, factor: f64) -> Nanos {
    Nanos((length.0 as f64 * factor).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(from: i64, to: i64) -> Window {
        Window::new(Moment(from * 1_000_000), Moment(to * 1_000_000))
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
            .moved(whole, -3.0);
        assert_eq!(zoom.window(whole), millis(0, 10));
        assert_eq!(zoom.moved(whole, 50.0).window(whole), millis(90, 100));
        assert_eq!(
            zoom.showing(whole, Moment(50_000_000)).window(whole),
            millis(45, 55)
        );
    }

    #[test]
    fn there_is_an_end_to_zooming_in() {
        let whole = millis(0, 100);
        let mut zoom = Zoom::default();
        for _ in 0..1_000 {
            zoom = zoom.scaled(whole, 0.5, Moment(33_333_333));
        }
        assert_eq!(zoom.window(whole).length(), Zoom::SHORTEST);
        assert!(zoom.window(whole).contains(Moment(33_333_333)));
    }

    #[test]
    fn edges_of_time_do_not_overflow() {
        let window = Window::new(Moment(i64::MAX), Moment(i64::MIN));
        assert_eq!(window.length(), Nanos(1));
        let all = Window::new(Moment(i64::MIN), Moment(i64::MAX));
        let zoom = Zoom::default()
            .scaled(all, 0.3, Moment(i64::MAX))
            .moved(all, 7.0)
            .scaled(all, 1.5, Moment(i64::MIN));
        assert!(zoom.window(all).length() > Nanos::ZERO);
    }
}
