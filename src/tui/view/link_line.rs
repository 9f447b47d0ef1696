//! The state of the lab's link in one line: its configuration and counters.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::trace::LinkCounts;
use crate::tui::link_panel::LinkState;
use crate::tui::text_layout::display_width;
use crate::tui::theme::StyleRole;
use crate::units::group_digits;

/// Columns between configuration and counters.
const GAP: usize = 3;

/// Draws as much as fits; the configuration has priority over the counters.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, link_state: &LinkState) {
    let room = usize::from(area.width).saturating_sub(2);
    let Some((set, done)) = longest_fitting_texts(link_state, room) else {
        return;
    };
    let used = canvas.text(
        (area.x + 1, area.y),
        "link ",
        area.width.saturating_sub(1),
        StyleRole::Accent,
    );
    canvas.text(
        (area.x + 1 + used, area.y),
        &set,
        area.width.saturating_sub(1 + used),
        StyleRole::Text,
    );
    let role = if link_state.counts.lost.max(link_state.counts.overflowed) > 0 {
        StyleRole::Warning
    } else {
        StyleRole::Dim
    };
    canvas.text_right(area.right().saturating_sub(1), area.y, &done, role);
}

/// Returns the longest wordings of both that fit.
fn longest_fitting_texts(link_state: &LinkState, room: usize) -> Option<(String, String)> {
    let full = link_state.current().to_string();
    let brief = full
        .split(" \u{b7} MTU ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let least = full.split(" \u{b7} ").next().unwrap_or_default().to_owned();
    let (long, short) = count_texts(&link_state.counts);
    let none = String::new();
    let wordings = [
        (&full, &long),
        (&full, &short),
        (&brief, &long),
        (&brief, &short),
        (&full, &none),
        (&brief, &none),
        (&least, &none),
    ];
    let fits = |(set, done): &(&String, &String)| {
        "link ".len()
            + display_width(set)
            + if done.is_empty() {
                0
            } else {
                GAP + display_width(done)
            }
            <= room
    };
    wordings
        .into_iter()
        .find(fits)
        .map(|(set, done)| (set.clone(), done.clone()))
}

/// Returns `1,203 packets passed, 12 lost`, and a shorter wording.
fn count_texts(counts: &LinkCounts) -> (String, String) {
    let lost = group_digits(counts.lost);
    let passed = group_digits(counts.passed);
    let overflowed = if counts.overflowed > 0 {
        format!(
            ", {} more dropped by a full queue",
            group_digits(counts.overflowed)
        )
    } else {
        String::new()
    };
    (
        format!("{passed} packets delivered, {lost} lost{overflowed}"),
        format!("{passed} delivered, {lost} lost"),
    )
}
