//! The screen one begins with: where to, and what is worth a look.

use ratatui::layout::Rect;

use super::address::{draw_field, draw_verdict};
use super::canvas::Canvas;
use crate::timeline::Cover;
use crate::trace::Phase;
use crate::tui::State;
use crate::tui::address::Address;
use crate::tui::fit::width;
use crate::tui::theme::Role;

/// Columns the content takes at most.
const COLUMNS: u16 = 118;
/// Lines above the field where there is room for all.
const ABOVE: u16 = 7;

/// Where the parts are.
pub(in crate::tui) struct StartAreas {
    logo: Rect,
    field: Rect,
    list: Rect,
}

impl StartAreas {
    pub(in crate::tui) fn of(area: Rect) -> Self {
        let width = area.width.min(COLUMNS);
        let x = area.x + (area.width - width) / 2;
        let top = area.height.saturating_sub(22) / 4;
        let above = if area.height >= 20 { ABOVE } else { u16::from(area.height > 6) };
        let nothing = Rect { x, y: area.y, width, height: 0 };
        let logo = Rect { y: area.y + top, height: above.min(area.height), ..nothing };
        let field = Rect { y: logo.bottom(), height: 4.min(area.bottom().saturating_sub(logo.bottom())), ..nothing };
        let list_top = field.bottom().saturating_add(u16::from(area.height >= 20));
        let list = Rect { y: list_top.min(area.bottom()), height: area.bottom().saturating_sub(list_top.saturating_add(1)), ..nothing };
        Self { logo, field, list }
    }

    /// The suggestion on a line of the screen.
    pub(in crate::tui) fn suggestion_at(&self, x: u16, y: u16, count: usize, chosen: Option<usize>) -> Option<usize> {
        let list = self.list;
        if !list.contains((x, y).into()) || y == list.y {
            return None;
        }
        let place = self.first(count, chosen) + usize::from(y - list.y - 1);
        (place < count).then_some(place)
    }

    fn seen(&self) -> usize {
        usize::from(self.list.height.saturating_sub(1))
    }

    fn first(&self, count: usize, chosen: Option<usize>) -> usize {
        chosen.unwrap_or(0).saturating_sub(self.seen() / 2).min(count.saturating_sub(self.seen()))
    }
}

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, address: &Address, chosen: Option<usize>) {
    let areas = StartAreas::of(area);
    draw_logo(canvas, areas.logo);
    let field = areas.field;
    if field.height >= 4 && field.width >= 20 {
        let inner = canvas.boxed(Rect { height: 3, ..field }, &[(" Where to? ".to_owned(), Role::Strong)], true);
        draw_field(canvas, inner, address);
        let below = Rect { x: field.x + 1, y: field.y + 3, width: field.width.saturating_sub(2), height: 1 };
        match chosen.and_then(|n| state.settings.suggestions.get(n)) {
            // In the list there may be no room for all of it.
            Some(offer) => drop(canvas.text((below.x + 1, below.y), &offer.shows, below.width.saturating_sub(2), Role::Text)),
            None => draw_verdict(canvas, below, address),
        }
    } else {
        draw_field(canvas, Rect { height: field.height.min(1), ..field }, address);
    }
    draw_suggestions(canvas, &areas, state, chosen);
}

/// The name, a letter in the colour of each phase, over a request's phases: the legend of what is to come.
fn draw_logo(canvas: &mut Canvas<'_>, area: Rect) {
    const SLOGAN: &str = "Watch one request cross every layer, live.";
    if area.height < ABOVE {
        if area.height > 0 {
            canvas.text((area.x + 1, area.y), &format!("tapline  {SLOGAN}"), area.width.saturating_sub(1), Role::Accent);
        }
        return;
    }
    let mut x = area.x + 1;
    for (letter, phase) in LETTERS.iter().zip(Phase::ALL) {
        for (y, line) in (area.y..).zip(letter) {
            canvas.text((x, y), line, 3, Role::Phase(phase));
        }
        x += u16::try_from(width(letter[1])).unwrap_or(3) + 1;
    }
    canvas.text((x + 2, area.y + 1), SLOGAN, area.right().saturating_sub(x + 2), Role::Text);
    draw_phases(canvas, Rect { x: area.x + 1, y: area.y + 4, width: area.width.saturating_sub(2), height: 2 });
}

/// `t a p l i n e`, three lines each.
const LETTERS: [[&str; 3]; 7] = [
    ["\u{2584}\u{2588}\u{2584}", " \u{2588} ", " \u{2580}\u{2580}"],
    ["   ", "\u{2584}\u{2580}\u{2588}", "\u{2580}\u{2584}\u{2588}"],
    ["   ", "\u{2588}\u{2580}\u{2584}", "\u{2588}\u{2580} "],
    ["\u{2588}", "\u{2588}", "\u{2588}"],
    ["\u{2584}", "\u{2584}", "\u{2588}"],
    ["   ", "\u{2588}\u{2580}\u{2584}", "\u{2588} \u{2588}"],
    ["   ", "\u{2584}\u{2580}\u{2584}", "\u{2580}\u{2588}\u{2584}"],
];

fn draw_phases(canvas: &mut Canvas<'_>, area: Rect) {
    const SHARES: [(Phase, u32); 6] =
        [(Phase::Dns, 14), (Phase::Connect, 13), (Phase::Tls, 18), (Phase::Send, 6), (Phase::Wait, 28), (Phase::Receive, 13)];
    let all: u32 = SHARES.iter().map(|(_, share)| share).sum();
    let wide = u32::from(area.width) * 8;
    let mut begun = 0;
    let mut bars = Vec::new();
    for (phase, share) in SHARES {
        let cover = Cover { from: begun * wide / all, to: ((begun + share) * wide / all).max(begun * wide / all + 1) };
        bars.push((cover, canvas.style(Role::Phase(phase))));
        let column = u16::try_from(cover.from.div_ceil(8)).unwrap_or(0);
        let room = u16::try_from((cover.to - cover.from) / 8).unwrap_or(0);
        if usize::from(room) > width(phase.label()) {
            canvas.text((area.x + column, area.y + 1), phase.label(), room, Role::Phase(phase));
        }
        begun += share;
    }
    super::timeline::paint_bars(canvas.buf, (area.x, area.y), &bars);
}

fn draw_suggestions(canvas: &mut Canvas<'_>, areas: &StartAreas, state: &State, chosen: Option<usize>) {
    let (list, offers) = (areas.list, &state.settings.suggestions);
    if offers.is_empty() || list.height < 2 {
        return;
    }
    canvas.text((list.x + 1, list.y), "Worth a look, without a network", list.width.saturating_sub(1), Role::Dim);
    let widest = offers.iter().map(|offer| width(&offer.url)).max().unwrap_or(0).min(usize::from(list.width) / 2);
    let column = u16::try_from(widest).unwrap_or(0) + 3;
    for (y, (place, offer)) in (list.y + 1..list.bottom()).zip(offers.iter().enumerate().skip(areas.first(offers.len(), chosen))) {
        let selected = chosen == Some(place);
        if selected {
            let style = canvas.look.selected(true);
            canvas.buf.set_style(Rect { y, height: 1, ..list }, style);
            canvas.text((list.x, y), "\u{25b8}", 1, Role::Accent);
        }
        canvas.text((list.x + 1, y), &offer.url, column - 2, Role::Accent);
        canvas.text((list.x + column, y), &offer.shows, list.right().saturating_sub(list.x + column), Role::Text);
    }
}
