//! What the signs in a picture mean: those that are in it.

use super::lettering::Lettering;
use super::packets::shape;
use super::sheet::Sheet;

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Sign {
    /// A bar on the app clock.
    App,
    /// A bar on the wire clock.
    Wire,
    /// This machine's own share.
    Machine,
    /// A packet with payload.
    Payload,
    /// A packet without.
    Bare,
    /// SYN.
    Opens,
    /// FIN.
    Closes,
    /// RST.
    Reset,
    /// A packet that was sent again.
    SentAgain,
    /// Where it failed.
    Failed,
}

impl Sign {
    const fn says(self) -> &'static str {
        match self {
            Self::App => "as the program felt it",
            Self::Wire => "on the wire",
            Self::Machine => "this machine",
            Self::Payload => "packet with payload",
            Self::Bare => "without",
            Self::Opens => "SYN",
            Self::Closes => "FIN",
            Self::Reset => "RST",
            Self::SentAgain => "sent again",
            Self::Failed => "failed here",
        }
    }

    /// Draws the shape at a packet's tip.
    pub(in crate::report) fn draw(self, sheet: &mut Sheet, at: (f64, f64)) {
        let class = match self {
            Self::SentAgain | Self::Failed => "cross",
            Self::Reset => "reset",
            _ => "tip",
        };
        sheet.path(class, &shape(self, at));
    }

    /// Draws a sample, 18 pixels wide, around a height.
    fn sample(self, sheet: &mut Sheet, (x, y): (f64, f64)) {
        match self {
            Self::App => sheet.rect("bar sample", (x, y - 6.0), (18.0, 12.0)),
            Self::Wire => sheet.rect("bar sample wire", (x, y - 3.5), (18.0, 7.0)),
            Self::Machine => sheet.hatched((x, y - 3.5), (18.0, 7.0)),
            Self::Payload => sheet.line("stem sample", (x + 14.0, y - 7.0), (x + 14.0, y + 7.0)),
            Self::Bare => sheet.line("stem sample", (x + 14.0, y - 2.5), (x + 14.0, y + 2.5)),
            _ => self.draw(sheet, (x + 12.0, y)),
        }
    }
}

/// The signs that a picture has.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Legend(Vec<Sign>);

impl Legend {
    /// A sign that was drawn.
    pub(in crate::report) fn add(&mut self, sign: Sign) {
        if let Err(place) = self.0.binary_search(&sign) {
            self.0.insert(place, sign);
        }
    }

    /// Draws it at the sheet's height, over as many lines as it needs.
    pub(in crate::report) fn draw(&self, sheet: &mut Sheet) {
        const TEXT: Lettering = Lettering::of(11.0);
        if self.0.is_empty() {
            return;
        }
        let (mut x, mut y) = (Sheet::MARGIN, sheet.y + 10.0);
        for sign in &self.0 {
            let wide = 24.0 + TEXT.width(sign.says());
            if x + wide > Sheet::WIDTH - Sheet::MARGIN {
                (x, y) = (Sheet::MARGIN, y + 20.0);
            }
            sign.sample(sheet, (x, y));
            sheet.text("dim", TEXT, (x + 24.0, y + 4.0), sign.says());
            x += wide + 16.0;
        }
        sheet.y = y + 14.0;
    }
}
