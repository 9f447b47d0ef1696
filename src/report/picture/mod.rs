//! Pictures of a run as SVG: what the `svg` and `html` reports have in common.
//!
//! Everything is placed by pixels, measured before it is drawn: words that do not fit are said
//! shorter, moved or left out, and nothing lies on anything else. Classes name what a thing is, and
//! the style sheet (`assets/report/picture.css`) says what that looks like.

mod axis;
mod canvas;
mod conversations;
mod exchange_lanes;
mod failure;
mod font;
mod heading;
mod histogram;
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

/// What every part of a picture needs.
#[derive(Clone, Copy)]
pub(super) struct PictureContext<'a> {
    pub(super) trace: &'a Trace,
    pub(super) redactor: Redactor<'a>,
}

/// Columns left of the axis: a name and a figure.
const LABEL_WIDTH: f64 = 150.0;
/// Exchanges that are drawn; of more there is a note.
pub(super) const MAX_EXCHANGES: usize = 50;

impl PictureContext<'_> {
    /// When an exchange was over, or what is known of it ends.
    fn end(&self, exchange: &Exchange) -> Moment {
        exchange
            .ended
            .unwrap_or(self.trace.latest())
            .max(exchange.started)
    }

    /// Draws an exchange with a lane for each phase, and its packets below; what it needs of the
    /// legend is added to that.
    pub(super) fn draw_exchange(
        &self,
        sheet: &mut SvgCanvas,
        exchange: &Exchange,
        legend: &mut Legend,
    ) {
        let axis = main_axis(exchange.started, self.end(exchange).since(exchange.started));
        let top = sheet.y;
        let rows = lanes::exchange_rows(self, exchange);
        let strip = packets::PacketStrip::new(self, &axis, std::slice::from_ref(exchange));
        let bottom = top
            + Axis::HEIGHT
            + rows.iter().map(lanes::LaneRow::height).sum::<f64>()
            + strip.height();
        axis.draw(sheet, top, bottom);
        sheet.y += Axis::HEIGHT;
        for row in &rows {
            lanes::draw(self, sheet, &axis, exchange, row, legend);
        }
        strip.draw(self, sheet, &axis, legend);
        failure::draw_mark(
            self,
            sheet,
            &axis,
            exchange,
            top + Axis::HEIGHT - 4.0,
            bottom,
        );
        sheet.y = bottom + 8.0;
        // A page says it in words.
        if !sheet.is_interactive() {
            failure::draw(self, sheet, exchange);
        }
    }

    /// Draws each of several exchanges in a lane of its own.
    pub(super) fn draw_exchanges(&self, sheet: &mut SvgCanvas, legend: &mut Legend) {
        let all: Vec<Transfer<'_>> = group_into_transfers(self.trace).collect();
        let repeated = all.len() > 1
            && all.iter().any(|run| {
                run.hops()
                    .first()
                    .is_some_and(|hop| hop.cause == ExchangeCause::Repeat)
            });
        exchange_lanes::draw(self, sheet, &all, repeated, legend);
        let failed = self
            .trace
            .exchanges()
            .iter()
            .rev()
            .find(|exchange| exchange.failure.is_some());
        if let Some(failed) = failed.filter(|_| !sheet.is_interactive()) {
            failure::draw(self, sheet, failed);
        }
    }

    /// Draws the ladder of a talk, with no more than so many rungs.
    pub(super) fn draw_ladder(
        &self,
        sheet: &mut SvgCanvas,
        talk: &ConversationView<'_>,
        at_most: usize,
    ) {
        ladder::draw(self, sheet, talk, at_most);
    }

    /// Draws how many of some runs took how long.
    #[expect(clippy::unused_self, reason = "it is drawn as the others are")]
    pub(super) fn draw_histogram(&self, sheet: &mut SvgCanvas, totals: &[Nanos]) {
        histogram::draw(sheet, totals);
    }

    /// Draws the conversations of a capture of others, each in a lane.
    pub(super) fn draw_conversations(
        &self,
        sheet: &mut SvgCanvas,
        names: &crate::insight::ServerNames,
    ) {
        conversations::draw(self, sheet, names);
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
