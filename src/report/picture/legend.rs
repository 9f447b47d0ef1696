//! The legend: the symbols that a picture contains.

use super::canvas::SvgCanvas;
use super::font::Font;
use super::packets::symbol_path;

/// A symbol in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Symbol {
    /// A bar on the app clock.
    App,
    /// A bar on the wire clock.
    Wire,
    /// Time on this machine.
    Machine,
    /// A packet with payload.
    Payload,
    /// A packet without payload.
    NoPayload,
    /// A TCP SYN.
    Syn,
    /// A TCP FIN.
    Fin,
    /// A TCP RST.
    Rst,
    /// A retransmitted packet.
    Retransmitted,
    /// The point of failure.
    Failed,
}

impl Symbol {
    const fn label(self) -> &'static str {
        match self {
            Self::App => "program's clock",
            Self::Wire => "wire clock",
            Self::Machine => "this machine",
            Self::Payload => "packet with payload",
            Self::NoPayload => "without payload",
            Self::Syn => "SYN",
            Self::Fin => "FIN",
            Self::Rst => "RST",
            Self::Retransmitted => "retransmitted",
            Self::Failed => "failed here",
        }
    }

    /// Draws the symbol at the tip of a packet.
    pub(in crate::report) fn draw(self, canvas: &mut SvgCanvas, at: (f64, f64)) {
        let class = match self {
            Self::Retransmitted | Self::Failed => "cross",
            Self::Rst => "reset",
            _ => "tip",
        };
        canvas.path(class, &symbol_path(self, at));
    }

    /// Draws a sample, 18 pixels wide, centred at a height.
    fn draw_sample(self, canvas: &mut SvgCanvas, (x, y): (f64, f64)) {
        match self {
            Self::App => canvas.rect("bar sample", (x, y - 6.0), (18.0, 12.0)),
            Self::Wire => canvas.rect("bar sample wire", (x, y - 3.5), (18.0, 7.0)),
            Self::Machine => canvas.hatched_rect((x, y - 3.5), (18.0, 7.0)),
            Self::Payload => canvas.line("stem sample", (x + 14.0, y - 7.0), (x + 14.0, y + 7.0)),
            Self::NoPayload => canvas.line("stem sample", (x + 14.0, y - 2.5), (x + 14.0, y + 2.5)),
            _ => self.draw(canvas, (x + 12.0, y)),
        }
    }
}

/// The symbols used in a picture, without duplicates.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Legend(Vec<Symbol>);

impl Legend {
    /// Records that a symbol was drawn.
    pub(in crate::report) fn add(&mut self, sign: Symbol) {
        if let Err(place) = self.0.binary_search(&sign) {
            self.0.insert(place, sign);
        }
    }

    /// Draws the legend at the canvas's current height, on as many lines as needed.
    pub(in crate::report) fn draw(&self, canvas: &mut SvgCanvas) {
        const TEXT: Font = Font::regular(11.0);
        if self.0.is_empty() {
            return;
        }
        let mut x = SvgCanvas::MARGIN;
        let mut y = canvas.y + 10.0;
        for sign in &self.0 {
            let wide = 24.0 + TEXT.width(sign.label());
            if x + wide > SvgCanvas::WIDTH - SvgCanvas::MARGIN {
                (x, y) = (SvgCanvas::MARGIN, y + 20.0);
            }
            sign.draw_sample(canvas, (x, y));
            canvas.text("dim", TEXT, (x + 24.0, y + 4.0), sign.label());
            x += wide + 16.0;
        }
        canvas.y = y + 14.0;
    }
}
