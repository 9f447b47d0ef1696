//! Pictures of a run as SVG, shared by the `svg` and `html` reports.
//!
//! The layout is computed in pixels before drawing: labels that do not fit are shortened, moved or
//! left out, and nothing overlaps. Classes name the kind of an item; the style sheet
//! (`assets/report/picture.css`) defines its appearance.

mod axis;
mod canvas;
mod conversations;
mod exchange_lanes;
mod failure;
mod font;
mod heading;
mod histogram;
mod labels;
mod ladder;
mod lanes;
mod legend;
mod packets;

pub(super) use axis::Axis;
pub(super) use canvas::{Pixels, SvgCanvas, as_f64};
pub(super) use font::Font;
pub(super) use heading::{Heading, describe_picture};
pub(super) use legend::Legend;

use crate::dissect::ConversationView;
use crate::insight::redact::Redactor;
use crate::insight::{Transfer, group_into_transfers};
use crate::trace::{Exchange, ExchangeCause, Trace};
use crate::units::{Moment, Nanos};

/// The inputs of every part of a picture.
#[derive(Clone, Copy)]
pub(super) struct PictureContext<'a> {
    pub(super) trace: &'a Trace,
    pub(super) redactor: Redactor<'a>,
}

/// Width of the labels to the left of the axis.
const LABEL_WIDTH: f64 = 150.0;
/// Maximum number of exchanges drawn; a note counts the others.
pub(super) const MAX_EXCHANGES: usize = 50;

impl PictureContext<'_> {
    /// The end of an exchange, or the latest event if it has not ended.
    fn end(&self, exchange: &Exchange) -> Moment {
        exchange
            .ended
            .unwrap_or(self.trace.latest())
            .max(exchange.started)
    }

    /// Draws an exchange with one lane per phase and its packets below. Symbols used are added to
    /// the legend.
    pub(super) fn draw_exchange(
        &self,
        canvas: &mut SvgCanvas,
        exchange: &Exchange,
        legend: &mut Legend,
    ) {
        let axis = main_axis(exchange.started, self.end(exchange).since(exchange.started));
        let top = canvas.y;
        let rows = lanes::exchange_rows(self, exchange);
        let strip = packets::PacketStrip::new(self, &axis, std::slice::from_ref(exchange));
        let bottom = top
            + Axis::HEIGHT
            + rows.iter().map(lanes::LaneRow::height).sum::<f64>()
            + strip.height();
        axis.draw(canvas, top, bottom);
        canvas.y += Axis::HEIGHT;
        for row in &rows {
            lanes::draw(self, canvas, &axis, exchange, row, legend);
        }
        strip.draw(self, canvas, &axis, legend);
        failure::draw_mark(
            self,
            canvas,
            &axis,
            exchange,
            top + Axis::HEIGHT - 4.0,
            bottom,
        );
        canvas.y = bottom + 8.0;
        // A web page shows the failure as text.
        if !canvas.is_interactive() {
            failure::draw(self, canvas, exchange);
        }
    }

    /// Draws several exchanges, one lane each.
    pub(super) fn draw_exchanges(&self, canvas: &mut SvgCanvas, legend: &mut Legend) {
        let all: Vec<Transfer<'_>> = group_into_transfers(self.trace).collect();
        let repeated = all.len() > 1
            && all.iter().any(|run| {
                run.hops()
                    .first()
                    .is_some_and(|hop| hop.cause == ExchangeCause::Repeat)
            });
        exchange_lanes::draw(self, canvas, &all, repeated, legend);
        let failed = self
            .trace
            .exchanges()
            .iter()
            .rev()
            .find(|exchange| exchange.failure.is_some());
        if let Some(failed) = failed.filter(|_| !canvas.is_interactive()) {
            failure::draw(self, canvas, failed);
        }
    }

    /// Draws a sequence diagram with at most `at_most` rows.
    pub(super) fn draw_ladder(
        &self,
        canvas: &mut SvgCanvas,
        talk: &ConversationView<'_>,
        at_most: usize,
    ) {
        ladder::draw(self, canvas, talk, at_most);
    }

    /// Draws a histogram of run times.
    #[expect(clippy::unused_self, reason = "it is drawn as the others are")]
    pub(super) fn draw_histogram(&self, canvas: &mut SvgCanvas, totals: &[Nanos]) {
        histogram::draw(canvas, totals);
    }

    /// Draws the conversations of a capture, one lane each.
    pub(super) fn draw_conversations(
        &self,
        canvas: &mut SvgCanvas,
        names: &crate::insight::ServerNames,
    ) {
        conversations::draw(self, canvas, names);
    }
}

fn main_axis(origin: Moment, length: Nanos) -> Axis {
    let left = SvgCanvas::MARGIN + LABEL_WIDTH;
    Axis::new(
        origin,
        length,
        left,
        SvgCanvas::WIDTH - SvgCanvas::MARGIN - left,
    )
}
