//! The header over a capture: its name, its size and duration, and what was lost.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::header::{StyledText, draw_line};
use crate::tui::ScreenState;
use crate::tui::screen_run::ScreenRun;
use crate::tui::text_layout::truncate_middle;
use crate::tui::theme::StyleRole;
use crate::units::{Moment, group_digits};

/// Draws one or two lines.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState, now: Moment) {
    let (run, _) = state.displayed_run(now);
    let name = state
        .settings
        .opened
        .as_deref()
        .or(run.trace.capture().interface.as_deref())
        .unwrap_or("a capture");
    let room = usize::from(area.width).saturating_sub(38).max(8);
    let first = vec![
        ("tapline".to_owned(), StyleRole::Accent),
        (truncate_middle(name, room), StyleRole::Strong),
    ];
    if area.height == 1 {
        return draw_line(
            canvas,
            area,
            first,
            packet_count_text(run)
                .into_iter()
                .chain(status_text(state, run))
                .collect(),
        );
    }
    draw_line(
        canvas,
        Rect { height: 1, ..area },
        first,
        status_text(state, run).into_iter().collect(),
    );
    if area.height > 1 {
        draw_line(
            canvas,
            Rect {
                y: area.y + 1,
                height: 1,
                ..area
            },
            summary_texts(run),
            lost_packets_text(run).into_iter().collect(),
        );
    }
}

fn status_text(state: &ScreenState, run: &ScreenRun) -> Option<StyledText> {
    if state.paused.is_some() {
        return Some(("\u{2016} paused".to_owned(), StyleRole::Warning));
    }
    if let Some(trouble) = &run.error {
        return Some((format!("\u{2717} {trouble}"), StyleRole::Failure));
    }
    run.may_continue()
        .then(|| ("\u{25cf} reading".to_owned(), StyleRole::Accent))
}

fn packet_count_text(run: &ScreenRun) -> Option<StyledText> {
    let packets = run.trace.capture().packets;
    (packets > 0).then(|| {
        (
            format!("{} packets", group_digits(packets)),
            StyleRole::Text,
        )
    })
}

fn summary_texts(run: &ScreenRun) -> Vec<StyledText> {
    let trace = &run.trace;
    let conversations = trace.flows().len() as u64;
    let others = trace.capture().other_frames.total();
    let parts = [
        packet_count_text(run).map(|(text, _)| text),
        Some(format!(
            "{} conversation{}",
            group_digits(conversations),
            if conversations == 1 { "" } else { "s" }
        )),
        (others > 0).then(|| format!("{} other frames", group_digits(others))),
        Some(trace.latest().from_start().to_string()),
        trace.capture().link_type.clone(),
    ];
    let mut texts: Vec<StyledText> = Vec::new();
    for part in parts.into_iter().flatten() {
        let part = if texts.is_empty() {
            part
        } else {
            format!("\u{00b7} {part}")
        };
        texts.push((part, StyleRole::Dim));
    }
    texts
}

/// Returns the number of packets that the capture lost.
fn lost_packets_text(run: &ScreenRun) -> Option<StyledText> {
    match run.trace.capture().dropped {
        Some(0) => Some(("none dropped".to_owned(), StyleRole::Dim)),
        Some(lost) => Some((
            format!("{} dropped by the capture", group_digits(lost)),
            StyleRole::Warning,
        )),
        None => None,
    }
}
