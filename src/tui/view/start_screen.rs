//! Drawing of the start screen.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::url_field::{draw_field, draw_validation};
use super::{catalogue, link_line, logo};
use crate::tui::ScreenState;
use crate::tui::catalogue::{Catalogue, CatalogueRow};
use crate::tui::text_layout::{display_width, wrap};
use crate::tui::theme::StyleRole;

/// Maximum columns of the content.
const MAX_COLUMNS: u16 = 118;
/// Minimum lines at which there are blank lines between the parts.
const MIN_LINES_WITH_SPACING: u16 = 20;
/// Minimum lines of the list at which there are blank lines between its groups.
const MIN_LINES_WITH_GROUP_GAPS: u16 = 24;
/// Lines of the list that have priority over the logo.
const ENOUGH_SUGGESTIONS: u16 = 14;

/// Areas of the parts.
pub(in crate::tui) struct StartAreas {
    logo: Rect,
    field: Rect,
    /// Description of the chosen suggestion, or validation of the text.
    description: Rect,
    list: Rect,
    /// The notice, and the state of the link.
    footer: Rect,
}

impl StartAreas {
    /// Lays out the screen, whose last line is for key hints.
    pub(in crate::tui) fn new(screen: Rect, state: &ScreenState) -> Self {
        let area = Rect {
            height: screen.height.saturating_sub(1),
            ..screen
        };
        let columns = area.width.min(MAX_COLUMNS);
        let column = Rect {
            x: (area.width - columns) / 2,
            y: 0,
            width: columns,
            height: 0,
        };
        let roomy = area.height >= MIN_LINES_WITH_SPACING;
        let foot_height = footer_height(state, columns).min(area.height.saturating_sub(6));
        let foot = Rect {
            y: area.bottom() - foot_height,
            height: foot_height,
            ..column
        };
        let said = description_height(state, area);
        // The title of the list, and a blank line above and below it.
        let fixed = 3 + said + 1 + 2 * u16::from(roomy) + foot_height;
        let wanted = u16::try_from(
            Catalogue::filtered(&state.settings.suggestions, "")
                .rows(false)
                .len(),
        )
        .unwrap_or(u16::MAX);
        let left_by_logo = area.height.saturating_sub(fixed + logo::HEIGHT);
        let above = if roomy && left_by_logo >= wanted.min(ENOUGH_SUGGESTIONS) {
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
            description: said,
            list,
            footer: foot,
        }
    }

    /// Returns the number of visible rows of the list.
    pub(in crate::tui) fn visible_rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(1))
    }

    /// Returns the rows of the list, and the first visible one. The chosen row is centred if there
    /// is more on both sides.
    fn rows<'a>(&self, state: &'a ScreenState) -> (Vec<CatalogueRow<'a>>, usize) {
        let rows = Catalogue::filtered(&state.settings.suggestions, &state.start_screen.typed)
            .rows(self.list.height >= MIN_LINES_WITH_GROUP_GAPS);
        let chosen = state.start_screen.chosen.and_then(|index| {
            rows.iter()
                .position(|row| *row == CatalogueRow::Suggestion(index))
        });
        let first = chosen
            .unwrap_or(0)
            .saturating_sub(self.visible_rows() / 2)
            .min(rows.len().saturating_sub(self.visible_rows()));
        (rows, first)
    }

    /// Returns the suggestion at a position on the screen.
    pub(in crate::tui) fn suggestion_at(&self, state: &ScreenState, at: Position) -> Option<usize> {
        let line = usize::from(at.y.checked_sub(self.list.y + 1)?);
        let (rows, first) = self.rows(state);
        match rows.get(first + line)? {
            CatalogueRow::Suggestion(index) if self.list.contains(at) => Some(*index),
            _ => None,
        }
    }
}

/// Returns the height of the description: two lines if any description needs them, so that nothing
/// moves from one suggestion to the next.
fn description_height(state: &ScreenState, area: Rect) -> u16 {
    let columns = usize::from(area.width.min(MAX_COLUMNS)).saturating_sub(4);
    let long = state
        .settings
        .suggestions
        .iter()
        .any(|suggestion| display_width(&suggestion.description) > columns);
    1 + u16::from(long && area.height >= MIN_LINES_WITH_SPACING)
}

fn notice_lines(state: &ScreenState, columns: u16) -> Vec<String> {
    let mut lines = state
        .settings
        .notice
        .as_ref()
        .map(|notice| wrap(notice, usize::from(columns).saturating_sub(4)))
        .unwrap_or_default();
    lines.truncate(2);
    lines
}

fn footer_height(state: &ScreenState, columns: u16) -> u16 {
    u16::try_from(notice_lines(state, columns).len()).unwrap_or(0)
        + u16::from(state.link_state.is_some())
}

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, screen: Rect, state: &ScreenState) {
    let areas = StartAreas::new(screen, state);
    logo::draw(canvas, areas.logo);
    if areas.field.height >= 3 && areas.field.width >= 20 {
        let inner = canvas.draw_box(
            areas.field,
            &[(" Where to? ".to_owned(), StyleRole::Strong)],
            true,
        );
        draw_field(
            canvas,
            inner,
            &state.start_screen.input,
            &state.settings.masking,
        );
        if state.start_screen.replaced_on_typing {
            let long = u16::try_from(display_width(&state.start_screen.input.text()))
                .unwrap_or(u16::MAX)
                .min(inner.width.saturating_sub(3));
            let style = canvas.styles.selected(true);
            canvas.buf.set_style(
                Rect {
                    x: inner.x + 1,
                    width: long,
                    ..inner
                },
                style,
            );
        }
        draw_description(canvas, areas.description, state);
    } else {
        draw_field(
            canvas,
            Rect {
                height: areas.field.height.min(1),
                ..areas.field
            },
            &state.start_screen.input,
            &state.settings.masking,
        );
    }
    let (rows, first) = areas.rows(state);
    catalogue::draw(canvas, areas.list, state, &rows, first);
    draw_footer(canvas, areas.footer, state);
}

/// Draws the description of the chosen suggestion, for which the list may have no room. Without one
/// draws what Enter does.
fn draw_description(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState) {
    let inner = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let Some(suggestion) = state
        .start_screen
        .chosen
        .and_then(|index| state.settings.suggestions.get(index))
    else {
        if state.has_catalogue() && state.start_screen.input.text().is_empty() {
            let says = "Type a URL, or a word to search for below; \u{2191}\u{2193} select.";
            canvas.text(
                (inner.x + 1, inner.y),
                says,
                inner.width.saturating_sub(2),
                StyleRole::Dim,
            );
            return;
        }
        return draw_validation(canvas, inner, &state.start_screen.input);
    };
    for (y, line) in (inner.y..inner.bottom()).zip(wrap(
        &suggestion.description,
        usize::from(inner.width).saturating_sub(2),
    )) {
        canvas.text(
            (inner.x + 1, y),
            &line,
            inner.width.saturating_sub(2),
            StyleRole::Text,
        );
    }
}

fn draw_footer(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState) {
    let mut y = area.y;
    for line in notice_lines(state, area.width)
        .iter()
        .take(usize::from(area.height))
    {
        canvas.text((area.x + 1, y), "!", 1, StyleRole::Warning);
        canvas.text(
            (area.x + 3, y),
            line,
            area.width.saturating_sub(4),
            StyleRole::Warning,
        );
        y += 1;
    }
    if let Some(link_state) = state.link_state.as_ref().filter(|_| y < area.bottom()) {
        link_line::draw(
            canvas,
            Rect {
                y,
                height: 1,
                ..area
            },
            link_state,
        );
    }
}
