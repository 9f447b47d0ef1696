//! The logo: the name over the phases of a request.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::timeline::ColumnSpan;
use crate::trace::Phase;
use crate::tui::text_layout::display_width;
use crate::tui::theme::StyleRole;

/// Lines of the logo, including a blank one below it; with fewer it is a line of text.
pub(super) const HEIGHT: u16 = 7;

/// Draws the name, one letter in the colour of each phase, over the phases of a request: a legend
/// for the timeline.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    const SLOGAN: &str = "Watch one request cross every layer, live.";
    if area.height < HEIGHT {
        if area.height > 0 {
            canvas.text(
                (area.x + 1, area.y),
                &format!("tapline  {SLOGAN}"),
                area.width.saturating_sub(1),
                StyleRole::Accent,
            );
        }
        return;
    }
    let mut x = area.x + 1;
    for (letter, phase) in LETTERS.iter().zip(Phase::ALL) {
        for (y, line) in (area.y..).zip(letter) {
            canvas.text((x, y), line, 3, StyleRole::Phase(phase));
        }
        x += u16::try_from(display_width(letter[1])).unwrap_or(3) + 1;
    }
    canvas.text(
        (x + 2, area.y + 1),
        SLOGAN,
        area.right().saturating_sub(x + 2),
        StyleRole::Text,
    );
    draw_phases(
        canvas,
        Rect {
            x: area.x + 1,
            y: area.y + 4,
            width: area.width.saturating_sub(2),
            height: 2,
        },
    );
}

/// `t a p l i n e`, three lines each.
const LETTERS: [[&str; 3]; 7] = [
    [
        "\u{2584}\u{2588}\u{2584}",
        " \u{2588} ",
        " \u{2580}\u{2580}",
    ],
    [
        "   ",
        "\u{2584}\u{2580}\u{2588}",
        "\u{2580}\u{2584}\u{2588}",
    ],
    ["   ", "\u{2588}\u{2580}\u{2584}", "\u{2588}\u{2580} "],
    ["\u{2588}", "\u{2588}", "\u{2588}"],
    ["\u{2584}", "\u{2584}", "\u{2588}"],
    ["   ", "\u{2588}\u{2580}\u{2584}", "\u{2588} \u{2588}"],
    [
        "   ",
        "\u{2584}\u{2580}\u{2584}",
        "\u{2580}\u{2588}\u{2584}",
    ],
];

fn draw_phases(canvas: &mut Canvas<'_>, area: Rect) {
    const SHARES: [(Phase, u32); 6] = [
        (Phase::Dns, 14),
        (Phase::Connect, 13),
        (Phase::Tls, 18),
        (Phase::Send, 6),
        (Phase::Wait, 28),
        (Phase::Receive, 13),
    ];
    let all: u32 = SHARES.iter().map(|(_, share)| share).sum();
    let wide = u32::from(area.width) * 8;
    let mut begun = 0;
    let mut bars = Vec::new();
    for (phase, share) in SHARES {
        let cover = ColumnSpan {
            from: begun * wide / all,
            to: ((begun + share) * wide / all).max(begun * wide / all + 1),
        };
        bars.push((cover, canvas.style(StyleRole::Phase(phase))));
        let column = u16::try_from(cover.from.div_ceil(8)).unwrap_or(0);
        let room = u16::try_from((cover.to - cover.from) / 8).unwrap_or(0);
        if usize::from(room) > display_width(phase.label()) {
            canvas.text(
                (area.x + column, area.y + 1),
                phase.label(),
                room,
                StyleRole::Phase(phase),
            );
        }
        begun += share;
    }
    super::timeline::paint_bars(canvas.buf, (area.x, area.y), &bars);
}
