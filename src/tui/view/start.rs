//! The screen one begins with: where to, and what is worth a look.

use ratatui::layout::{Position, Rect};

use super::address::{draw_field, draw_verdict};
use super::canvas::Canvas;
use super::{catalogue, link, logo};
use crate::tui::State;
use crate::tui::catalogue::{Catalogue, Row};
use crate::tui::fit::{width, wrap};
use crate::tui::theme::Role;

/// Columns the content takes at most.
const COLUMNS: u16 = 118;
/// From this height on there is a line of air between the parts.
const ROOMY: u16 = 20;
/// From this many lines for the catalogue on there is air between its groups.
const AIRY: u16 = 24;
/// Lines of the catalogue that are worth more than the logo.
const ENOUGH: u16 = 14;

/// Where the parts are.
pub(in crate::tui) struct StartAreas {
    logo: Rect,
    field: Rect,
    /// What is said of the field's text, or of what is chosen.
    said: Rect,
    list: Rect,
    /// What is not real here, and how the link is set.
    foot: Rect,
}

impl StartAreas {
    /// On a screen, of which the last line is for keys.
    pub(in crate::tui) fn of(screen: Rect, state: &State) -> Self {
        let area = Rect {
            height: screen.height.saturating_sub(1),
            ..screen
        };
        let columns = area.width.min(COLUMNS);
        let column = Rect {
            x: (area.width - columns) / 2,
            y: 0,
            width: columns,
            height: 0,
        };
        let roomy = area.height >= ROOMY;
        let foot_height = foot_height(state, columns).min(area.height.saturating_sub(6));
        let foot = Rect {
            y: area.bottom() - foot_height,
            height: foot_height,
            ..column
        };
        let said = said_height(state, area);
        // The title of the list, and a line of air above and below it.
        let fixed = 3 + said + 1 + 2 * u16::from(roomy) + foot_height;
        let wanted = u16::try_from(
            Catalogue::of(&state.settings.suggestions, "")
                .rows(false)
                .len(),
        )
        .unwrap_or(u16::MAX);
        let left_by_logo = area.height.saturating_sub(fixed + logo::HEIGHT);
        let above = if roomy && left_by_logo >= wanted.min(ENOUGH) {
            logo::HEIGHT
        } else {
            u16::from(area.height > 6) + u16::from(roomy)
        };
        let top = area
            .height
            .saturating_sub(fixed + above)
            .saturating_sub(wanted)
            .min(area.height.saturating_sub(22) / 4);

        let logo = Rect {
            y: top,
            height: above.min(area.height),
            ..column
        };
        let field = Rect {
            y: logo.bottom(),
            height: 3.min(area.bottom().saturating_sub(logo.bottom())),
            ..column
        };
        let said = Rect {
            y: field.bottom(),
            height: said.min(foot.y.saturating_sub(field.bottom())),
            ..column
        };
        let list_top = said.bottom().saturating_add(u16::from(roomy)).min(foot.y);
        let list = Rect {
            y: list_top,
            height: foot.y.saturating_sub(list_top).saturating_sub(1),
            ..column
        };
        Self {
            logo,
            field,
            said,
            list,
            foot,
        }
    }

    /// Lines of the catalogue that are seen.
    pub(in crate::tui) fn seen(&self) -> usize {
        usize::from(self.list.height.saturating_sub(1))
    }

    /// The catalogue's lines, and the first of them that is seen: what is chosen is in the middle
    /// where there is more on both sides.
    fn rows<'a>(&self, state: &'a State) -> (Vec<Row<'a>>, usize) {
        let rows = Catalogue::of(&state.settings.suggestions, &state.start.typed)
            .rows(self.list.height >= AIRY);
        let chosen = state
            .start
            .chosen
            .and_then(|place| rows.iter().position(|row| *row == Row::Offer(place)));
        let first = chosen
            .unwrap_or(0)
            .saturating_sub(self.seen() / 2)
            .min(rows.len().saturating_sub(self.seen()));
        (rows, first)
    }

    /// The offer at a place on the screen.
    pub(in crate::tui) fn offer_at(&self, state: &State, at: Position) -> Option<usize> {
        let line = usize::from(at.y.checked_sub(self.list.y + 1)?);
        let (rows, first) = self.rows(state);
        match rows.get(first + line)? {
            Row::Offer(place) if self.list.contains(at) => Some(*place),
            _ => None,
        }
    }
}

/// Two lines where a sentence needs them, so that nothing moves from one offer to the next.
fn said_height(state: &State, area: Rect) -> u16 {
    let columns = usize::from(area.width.min(COLUMNS)).saturating_sub(4);
    let long = state
        .settings
        .suggestions
        .iter()
        .any(|offer| width(&offer.shows) > columns);
    1 + u16::from(long && area.height >= ROOMY)
}

fn notice(state: &State, columns: u16) -> Vec<String> {
    let mut lines = state
        .settings
        .notice
        .as_ref()
        .map(|notice| wrap(notice, usize::from(columns).saturating_sub(4)))
        .unwrap_or_default();
    lines.truncate(2);
    lines
}

fn foot_height(state: &State, columns: u16) -> u16 {
    u16::try_from(notice(state, columns).len()).unwrap_or(0) + u16::from(state.linkage.is_some())
}

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, screen: Rect, state: &State) {
    let areas = StartAreas::of(screen, state);
    logo::draw(canvas, areas.logo);
    if areas.field.height >= 3 && areas.field.width >= 20 {
        let inner = canvas.boxed(
            areas.field,
            &[(" Where to? ".to_owned(), Role::Strong)],
            true,
        );
        draw_field(canvas, inner, &state.start.address, &state.settings.masking);
        if state.start.taken {
            let long = u16::try_from(width(&state.start.address.text()))
                .unwrap_or(u16::MAX)
                .min(inner.width.saturating_sub(3));
            let style = canvas.look.selected(true);
            canvas.buf.set_style(
                Rect {
                    x: inner.x + 1,
                    width: long,
                    ..inner
                },
                style,
            );
        }
        draw_said(canvas, areas.said, state);
    } else {
        draw_field(
            canvas,
            Rect {
                height: areas.field.height.min(1),
                ..areas.field
            },
            &state.start.address,
            &state.settings.masking,
        );
    }
    let (rows, first) = areas.rows(state);
    catalogue::draw(canvas, areas.list, state, &rows, first);
    draw_foot(canvas, areas.foot, state);
}

/// The sentence of what is chosen: in the list there may be no room for all of it. Else what Enter
/// does.
fn draw_said(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let inner = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let Some(offer) = state
        .start
        .chosen
        .and_then(|place| state.settings.suggestions.get(place))
    else {
        if state.has_catalogue() && state.start.address.text().is_empty() {
            let says = "Type where to go, or a word to look for below; \u{2191}\u{2193} choose.";
            canvas.text(
                (inner.x + 1, inner.y),
                says,
                inner.width.saturating_sub(2),
                Role::Dim,
            );
            return;
        }
        return draw_verdict(canvas, inner, &state.start.address);
    };
    for (y, line) in (inner.y..inner.bottom()).zip(wrap(
        &offer.shows,
        usize::from(inner.width).saturating_sub(2),
    )) {
        canvas.text(
            (inner.x + 1, y),
            &line,
            inner.width.saturating_sub(2),
            Role::Text,
        );
    }
}

fn draw_foot(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let mut y = area.y;
    for line in notice(state, area.width)
        .iter()
        .take(usize::from(area.height))
    {
        canvas.text((area.x + 1, y), "!", 1, Role::Warning);
        canvas.text(
            (area.x + 3, y),
            line,
            area.width.saturating_sub(4),
            Role::Warning,
        );
        y += 1;
    }
    if let Some(linkage) = state.linkage.as_ref().filter(|_| y < area.bottom()) {
        link::draw(
            canvas,
            Rect {
                y,
                height: 1,
                ..area
            },
            linkage,
        );
    }
}
