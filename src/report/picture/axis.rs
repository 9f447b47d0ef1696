//! The time axis: instants to pixels, round instants above, faint lines below them.

use super::canvas::{Pixels, SvgCanvas, as_f64};
use super::font::Font;
use crate::timeline::{AxisTicks, Scale, TimeWindow};
use crate::units::{Moment, Nanos};

/// A time axis across a picture. It begins with 0 at an instant of the run.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Axis {
    origin: Moment,
    window: TimeWindow,
    left: f64,
    width: f64,
}

/// Where something lies on an axis, in pixels.
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
    /// Height of the row with the labels.
    pub(in crate::report) const HEIGHT: f64 = 22.0;
    const LABEL: Font = Font::regular(11.0);
    /// The narrowest that something is drawn.
    const MIN_WIDTH: f64 = 1.5;

    /// An axis from `origin` on, for so long, and a little more so that what ends there is seen.
    pub(in crate::report) fn new(origin: Moment, length: Nanos, left: f64, width: f64) -> Self {
        let length = length + Nanos(length.0 / 80).max(Nanos(1_000));
        Self {
            origin,
            window: TimeWindow::new(Moment::START, Moment::START + length),
            left,
            width,
        }
    }

    /// Its left end.
    pub(in crate::report) const fn left(&self) -> f64 {
        self.left
    }

    /// Its right end.
    pub(in crate::report) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// How much time it covers.
    pub(in crate::report) fn length(&self) -> Nanos {
        self.window.length()
    }

    /// An instant of the run, counted from where the axis begins.
    pub(in crate::report) const fn relative(&self, at: Moment) -> Moment {
        Moment(at.0.saturating_sub(self.origin.0))
    }

    /// The instant of the run at which so many of `parts` equal parts of the axis have passed.
    pub(in crate::report) fn moment(&self, part: u16, parts: u16) -> Moment {
        let at = Scale::new(self.window, parts).moment_at_column(part);
        Moment(at.0.saturating_add(self.origin.0))
    }

    /// Where an instant lies; `None` outside.
    pub(in crate::report) fn at(&self, at: Moment) -> Option<f64> {
        let at = self.relative(at);
        self.window.contains(at).then(|| self.px(at))
    }

    /// What a span covers; `None` where nothing of it is on the axis. What is too short to see is
    /// still drawn.
    pub(in crate::report) fn pixel_span(&self, began: Moment, ended: Moment) -> Option<PixelSpan> {
        let (began, ended) = (self.relative(began), self.relative(ended));
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
        /// Parts of the axis that are told apart: many more than pixels.
        const PARTS: u16 = 8_000;
        let part = Scale::new(self.window, PARTS).eighths(at);
        self.left + self.width * f64::from(part) / (f64::from(PARTS) * 8.0)
    }

    /// Draws labels at a height, and lines from there down to `bottom`.
    pub(in crate::report) fn draw(&self, sheet: &mut SvgCanvas, top: f64, bottom: f64) {
        /// Pixels of a character, as far as choosing round instants goes.
        const COLUMN: f64 = 8.0;
        let ticks =
            AxisTicks::for_scale(&Scale::new(self.window, whole_columns(self.width / COLUMN)));
        let last = ticks.ticks.len().saturating_sub(1);
        sheet.open_group("axis", &self.data());
        for (n, tick) in ticks.ticks.iter().enumerate() {
            let x = self.px(tick.at);
            sheet.line("grid", (x, top + Self::HEIGHT - 4.0), (x, bottom));
            let label = if n == last {
                format!("{} {}", tick.label, ticks.unit.symbol())
            } else {
                tick.label.clone()
            };
            let half = Self::LABEL.width(&tick.label) / 2.0;
            let most = self.right() - Self::LABEL.width(&label);
            let at = (x - half).min(most).max(self.left - half);
            sheet.text("dim", Self::LABEL, (at, top + 12.0), &label);
        }
        sheet.close_group();
    }

    /// What a script needs to know of it, if one is there.
    fn data(&self) -> Vec<(&'static str, String)> {
        vec![
            ("data-left", Pixels(self.left).to_string()),
            ("data-width", Pixels(self.width).to_string()),
            ("data-length", self.window.length().0.to_string()),
        ]
    }
}

/// Whole columns.
fn whole_columns(wide: f64) -> u16 {
    (1..=2_000_u16)
        .take_while(|n| as_f64(usize::from(*n)) <= wide)
        .last()
        .unwrap_or(1)
}
