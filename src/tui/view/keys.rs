//! The line at the bottom: the keys that matter now, or what the user shall know first.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::tui::State;
use crate::tui::address::Address;
use crate::tui::fit::width;
use crate::tui::keymap::{Action, BINDINGS, Binding};
use crate::tui::state::{Front, View};
use crate::tui::theme::Role;

/// Draws the line.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    if area.height == 0 {
        return;
    }
    if let Some(notice) = &state.notice {
        canvas.text(
            (area.x + 1, area.y),
            notice,
            area.width.saturating_sub(2),
            Role::Warning,
        );
        return;
    }
    let hints: Vec<(&str, &str)> = match &state.front {
        Front::Panels if state.held.is_some() => {
            vec![("space", "go on"), ("?", "help"), ("q", "quit")]
        }
        Front::Panels => panel_hints(state),
        Front::Filter(field) => return draw_filter(canvas, area, field),
        Front::Help(_) => vec![("\u{2191}\u{2193}", "scroll"), ("esc", "close")],
        Front::Edit(_) => vec![("enter", "run"), ("esc", "close"), ("ctrl-u", "clear")],
        Front::Start => start_hints(state),
    };
    let hints = if state.link_panel.is_some() {
        LINK_PANEL.to_vec()
    } else {
        hints
    };
    draw_hints(canvas, area, &hints);
}

const LINK_PANEL: [(&str, &str); 4] = [
    ("\u{2191}\u{2193}", "setting"),
    ("\u{2190}\u{2192}", "less, more"),
    ("enter", "take what is typed"),
    ("esc", "close"),
];

/// While a run is under way the key that ends it comes first; in the lab then the way back to the
/// catalogue.
fn panel_hints(state: &State) -> Vec<(&'static str, &'static str)> {
    let cancel = state.is_busy().then_some(("ctrl-c", "cancel"));
    let back = BINDINGS
        .iter()
        .filter(|binding| binding.action == Action::Back && state.has_catalogue());
    let others = BINDINGS
        .iter()
        .filter(|binding| binding.action != Action::Back && binding.applies(state));
    // In the list of conversations there is a better word for it.
    let is_list = state.view() == View::Conversations;
    let hint = |binding: &Binding| {
        if is_list && binding.action == Action::Read {
            ("enter", "ladder")
        } else {
            binding.hint
        }
    };
    let bound = back
        .chain(others)
        .map(hint)
        .filter(|(key, _)| !key.is_empty());
    let moving = |(key, _): &(&str, &str)| state.sight.zoom.is_on() || *key != "\u{2190}\u{2192}";
    cancel.into_iter().chain(bound.filter(moving)).collect()
}

fn start_hints(state: &State) -> Vec<(&'static str, &'static str)> {
    let mut hints = vec![("enter", "run"), ("\u{2191}\u{2193}", "choose")];
    if state.start.taken {
        hints.push(("\u{2190}", "edit"));
    }
    if state.linkage.is_some() {
        hints.push(("F2", "link"));
    }
    let escape = match () {
        () if !state.start.typed.is_empty() => "show all",
        () if state.has_run() => "back to the run",
        () => "quit",
    };
    hints.push(("esc", escape));
    if escape != "quit" {
        hints.push(("ctrl-c", "quit"));
    }
    hints
}

/// The words that narrow the list, while they are typed.
fn draw_filter(canvas: &mut Canvas<'_>, area: Rect, field: &Address) {
    let (before, after) = field.parts();
    let hints = [("enter", "keep"), ("esc", "show all")];
    let room = usize::from(area.width).saturating_sub(4);
    let mut x = area.x + 1;
    x += canvas.text((x, area.y), "/", 1, Role::Accent) + 1;
    let text = format!("{before}\u{2588}{after}");
    x += canvas.text(
        (x, area.y),
        &text,
        u16::try_from(room).unwrap_or(u16::MAX),
        Role::Strong,
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

/// As many as fit; the last two, help and quit, always if anything does.
fn draw_hints(canvas: &mut Canvas<'_>, area: Rect, hints: &[(&str, &str)]) {
    let wide = |(key, word): &(&str, &str)| width(key) + width(word) + 3;
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
            Role::Accent,
        ) + 1;
        x += canvas.text((x, area.y), word, area.right().saturating_sub(x), Role::Dim) + 2;
    }
}
