//! What the signs in a picture mean: those that are in it.

use super::canvas::SvgCanvas;
use super::font::Font;
use super::packets::symbol_path;

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Symbol {
    /// A bar on the app clock.
    App,
    /// A bar on the wire clock.
    Wire,
    /// This machine's own share.
    Machine,
    /// A packet with payload.
    Payload,
    /// A packet without.
    NoPayload,
    /// SYN.
    Syn,
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// A packet that was sent again.
    Retransmitted,
    /// Where it failed.
    Failed,
}

impl Symbol {
    const fn label(self) -> &'static str {
        match self {
            Self::App => "as the program felt it",
            Self::Wire => "on the wire",
            Self::Machine => "this machine",
            Self::Payload => "packet with payload",
            Self::NoPayload => "without",
            Self::Syn => "SYN",
            Self::Fin => "FIN",
            Self::Rst => "RST",
            Self::Retransmitted => "sent again",
            Self::Failed => "failed here",
        }
    }

    /// Draws the shape at a packet's tip.
    pub(in crate::report) fn draw(self, sheet: &mut SvgCanvas, at: (f64, f64)) {
        let class = match self {
            Self::Retransmitted | Self::Failed => "cross",
            Self::Rst => "reset",
            _ => "tip",
        };
        sheet.path(class, &symbol_path(self, at));
    }

    /// Draws a sample, 18 pixels wide, around a height.
    fn draw_sample(self, sheet: &mut SvgCanvas, (x, y): (f64, f64)) {
        match self {
            Self::App => sheet.rect("bar sample", (x, y - 6.0), (18.0, 12.0)),
            Self::Wire => sheet.rect("bar sample wire", (x, y - 3.5), (18.0, 7.0)),
            Self::Machine => sheet.hatched_rect((x, y - 3.5), (18.0, 7.0)),
            Self::Payload => sheet.line("stem sample", (x + 14.0, y - 7.0), (x + 14.0, y + 7.0)),
            Self::NoPayload => sheet.line("stem sample", (x + 14.0, y - 2.5), (x + 14.0, y + 2.5)),
            _ => self.draw(sheet, (x + 12.0, y)),
        }
    }
}

/// The signs that a picture has.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Legend(Vec<Symbol>);

impl Legend {
    /// A sign that was drawn.
    pub(in crate::report) fn add(&mut self, sign: Symbol) {
        if let Err(place) = self.0.binary_search(&sign) {
            self.0.insert(place, sign);
        }
    }

    /// Draws it at the sheet's height, over as many lines as it needs.
    pub(in crate::report) fn draw(&self, sheet: &mut SvgCanvas) {
        const TEXT: Font = Font::regular(11.0);
        if self.0.is_empty() {
            return;
        }
        let (mut x, mut y) = (SvgCanvas::MARGIN, sheet.y + 10.0);
        for sign in &self.0 {
            let wide = 24.0 + TEXT.width(sign.label());
            if x + wide > SvgCanvas::WIDTH - SvgCanvas::MARGIN {
                (x, y) = (SvgCanvas::MARGIN, y + 20.0);
            }
            sign.draw_sample(sheet, (x, y));
            sheet.text("dim", TEXT, (x + 24.0, y + 4.0), sign.label());
            x += wide + 16.0;
        }
        sheet.y = y + 14.0;
    }
}
