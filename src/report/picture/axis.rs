//! The time axis: mapping instants to pixels, labels, and grid lines.

use super::canvas::{Pixels, SvgCanvas, as_f64};
use super::font::Font;
use crate::timeline::{AxisTicks, Scale, TimeWindow};
use crate::units::{Moment, Nanos};

/// A time axis across a picture. Its zero is an instant of the run.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Axis {
    origin: Moment,
    window: TimeWindow,
    left: f64,
    width: f64,
}

/// A horizontal range in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct PixelSpan {
    pub(in crate::report) x: f64,
    pub(in crate::report) width: f64,
}

impl PixelSpan {
    pub(in crate::report) fn end(self) -> f64 {
        self.x + self.width
    }
}

impl Axis {
    /// Height of the label row.
    pub(in crate::report) const HEIGHT: f64 = 22.0;
    const LABEL: Font = Font::regular(11.0);
    /// Minimum width of a drawn range.
    const MIN_WIDTH: f64 = 1.5;

    /// Creates an axis from `origin`, slightly longer than `length` so that what ends there is
    /// visible.
    pub(in crate::report) fn new(origin: Moment, length: Nanos, left: f64, width: f64) -> Self {
        let length = length + Nanos(length.0 / 80).max(Nanos(1_000));
        Self {
            origin,
            window: TimeWindow::new(Moment::START, Moment::START + length),
            left,
            width,
        }
    }

    /// The x coordinate of the left end.
    pub(in crate::report) const fn left(&self) -> f64 {
        self.left
    }

    /// The x coordinate of the right end.
    pub(in crate::report) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// The time that it covers.
    pub(in crate::report) fn length(&self) -> Nanos {
        self.window.length()
    }

    /// An instant relative to the origin.
    pub(in crate::report) const fn relative(&self, at: Moment) -> Moment {
        Moment(at.0.saturating_sub(self.origin.0))
    }

    /// The instant at `part` of `parts` equal parts of the axis.
    pub(in crate::report) fn moment(&self, part: u16, parts: u16) -> Moment {
        let at = Scale::new(self.window, parts).moment_at_column(part);
        Moment(at.0.saturating_add(self.origin.0))
    }

    /// The x coordinate of an instant; `None` if it is outside.
    pub(in crate::report) fn at(&self, at: Moment) -> Option<f64> {
        let at = self.relative(at);
        self.window.contains(at).then(|| self.px(at))
    }

    /// The pixels of a time range; `None` if it is outside. A very short range still gets the
    /// minimum width.
    pub(in crate::report) fn pixel_span(&self, began: Moment, ended: Moment) -> Option<PixelSpan> {
        let began = self.relative(began);
        let ended = self.relative(ended);
        if ended < began || ended < self.window.from() || began > self.window.to() {
            return None;
        }
        let x = self.px(began).min(self.right() - Self::MIN_WIDTH);
        Some(PixelSpan {
            x,
            width: (self.px(ended) - x).max(Self::MIN_WIDTH),
        })
    }

    fn px(&self, at: Moment) -> f64 {
        /// Resolution of the axis, much finer than pixels.
        const PARTS: u16 = 8_000;
        let part = Scale::new(self.window, PARTS).eighths(at);
        self.left + self.width * f64::from(part) / (f64::from(PARTS) * 8.0)
    }

    /// Draws the labels at `top`, and grid lines down to `bottom`.
    pub(in crate::report) fn draw(&self, canvas: &mut SvgCanvas, top: f64, bottom: f64) {
        /// Approximate width of a character, used to choose the ticks.
        const COLUMN: f64 = 8.0;
        let ticks =
            AxisTicks::for_scale(&Scale::new(self.window, whole_columns(self.width / COLUMN)));
        let last = ticks.ticks.len().saturating_sub(1);
        canvas.open_group("axis", &self.data());
        for (n, tick) in ticks.ticks.iter().enumerate() {
            let x = self.px(tick.at);
            canvas.line("grid", (x, top + Self::HEIGHT - 4.0), (x, bottom));
            let label = if n == last {
                format!("{} {}", tick.label, ticks.unit.symbol())
            } else {
                tick.label.clone()
            };
            let half = Self::LABEL.width(&tick.label) / 2.0;
            let most = self.right() - Self::LABEL.width(&label);
            let at = (x - half).min(most).max(self.left - half);
            canvas.text("dim", Self::LABEL, (at, top + 12.0), &label);
        }
        canvas.close_group();
    }

    /// Data attributes for the script.
    fn data(&self) -> Vec<(&'static str, String)> {
        vec![
            ("data-left", Pixels(self.left).to_string()),
            ("data-width", Pixels(self.width).to_string()),
            ("data-length", self.window.length().0.to_string()),
        ]
    }
}

/// The number of whole columns.
fn whole_columns(wide: f64) -> u16 {
    (1..=2_000_u16)
        .take_while(|n| as_f64(usize::from(*n)) <= wide)
        .last()
        .unwrap_or(1)
}
