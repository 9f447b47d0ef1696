//! The line at the bottom: hints on the keys that matter now, or a notice.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::tui::ScreenState;
use crate::tui::keymap::{Action, BINDINGS, Binding};
use crate::tui::state::{InputMode, View};
use crate::tui::text_input::TextInput;
use crate::tui::text_layout::display_width;
use crate::tui::theme::StyleRole;

/// Draws the line.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState) {
    if area.height == 0 {
        return;
    }
    if let Some(notice) = &state.notice {
        canvas.text(
            (area.x + 1, area.y),
            notice,
            area.width.saturating_sub(2),
            StyleRole::Warning,
        );
        return;
    }
    let hints: Vec<(&str, &str)> = match &state.mode {
        InputMode::Panels if state.paused.is_some() => {
            vec![("space", "resume"), ("?", "help"), ("q", "quit")]
        }
        InputMode::Panels => panel_hints(state),
        InputMode::Filter(field) => return draw_filter(canvas, area, field),
        InputMode::Help(_) => vec![("\u{2191}\u{2193}", "scroll"), ("esc", "close")],
        InputMode::Edit(_) => vec![("enter", "run"), ("esc", "close"), ("ctrl-u", "clear")],
        InputMode::Start => start_hints(state),
    };
    let hints = if state.link_panel.is_some() {
        LINK_PANEL_HINTS.to_vec()
    } else {
        hints
    };
    draw_hints(canvas, area, &hints);
}

const LINK_PANEL_HINTS: [(&str, &str); 4] = [
    ("\u{2191}\u{2193}", "select"),
    ("\u{2190}\u{2192}", "less, more"),
    ("enter", "apply"),
    ("esc", "close"),
];

/// Returns the hints of a panel. During a run the key that cancels it comes first, in the lab then
/// the one that returns to the suggestions.
fn panel_hints(state: &ScreenState) -> Vec<(&'static str, &'static str)> {
    let cancel = state.is_busy().then_some(("ctrl-c", "cancel"));
    let back = BINDINGS
        .iter()
        .filter(|binding| binding.action == Action::Back && state.has_catalogue());
    let others = BINDINGS
        .iter()
        .filter(|binding| binding.action != Action::Back && binding.applies(state));
    // In the list of conversations Enter opens the ladder.
    let is_list = state.view() == View::Conversations;
    let hint = |binding: &Binding| {
        if is_list && binding.action == Action::Explain {
            ("enter", "ladder")
        } else {
            binding.hint
        }
    };
    let bound = back
        .chain(others)
        .map(hint)
        .filter(|(key, _)| !key.is_empty());
    let moving =
        |(key, _): &(&str, &str)| state.view_state.zoom.is_zoomed() || *key != "\u{2190}\u{2192}";
    cancel.into_iter().chain(bound.filter(moving)).collect()
}

fn start_hints(state: &ScreenState) -> Vec<(&'static str, &'static str)> {
    let mut hints = vec![("enter", "run"), ("\u{2191}\u{2193}", "select")];
    if state.start_screen.replaced_on_typing {
        hints.push(("\u{2190}", "edit"));
    }
    if state.link_state.is_some() {
        hints.push(("F2", "link"));
    }
    let escape = match () {
        () if !state.start_screen.typed.is_empty() => "show all",
        () if state.has_requested_run() => "back to the run",
        () => "quit",
    };
    hints.push(("esc", escape));
    if escape != "quit" {
        hints.push(("ctrl-c", "quit"));
    }
    hints
}

/// Draws the filter words while they are typed.
fn draw_filter(canvas: &mut Canvas<'_>, area: Rect, field: &TextInput) {
    let (before, after) = field.split_at_cursor();
    let hints = [("enter", "apply"), ("esc", "show all")];
    let room = usize::from(area.width).saturating_sub(4);
    let mut x = area.x + 1;
    x += canvas.text((x, area.y), "/", 1, StyleRole::Accent) + 1;
    let text = format!("{before}\u{2588}{after}");
    x += canvas.text(
        (x, area.y),
        &text,
        u16::try_from(room).unwrap_or(u16::MAX),
        StyleRole::Strong,
    ) + 3;
    let rest = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    if rest.width > 24 {
        draw_hints(canvas, rest, &hints);
    }
}

/// Draws as many hints as fit; the last two, help and quit, have priority.
fn draw_hints(canvas: &mut Canvas<'_>, area: Rect, hints: &[(&str, &str)]) {
    let wide = |(key, word): &(&str, &str)| display_width(key) + display_width(word) + 3;
    let room = usize::from(area.width).saturating_sub(1);
    let (front, back) = hints.split_at(hints.len().saturating_sub(2));
    let kept: usize = back.iter().map(wide).sum();
    let mut used = kept;
    let fitting = front.iter().take_while(|hint| {
        used += wide(hint);
        used <= room
    });
    let mut x = area.x + 1;
    for (key, word) in fitting.chain(back) {
        x += canvas.text(
            (x, area.y),
            key,
            area.right().saturating_sub(x),
            StyleRole::Accent,
        ) + 1;
        x += canvas.text(
            (x, area.y),
            word,
            area.right().saturating_sub(x),
            StyleRole::Dim,
        ) + 2;
    }
}
