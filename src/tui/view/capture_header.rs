//! The first lines over a capture of others: its name, how much is in it, over which time, what was
//! lost.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::header::{Piece, line};
use crate::tui::State;
use crate::tui::fit::cut_middle;
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::units::{Moment, grouped};

/// Draws one line or two.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, now: Moment) {
    let (run, _) = state.shown(now);
    let name = state
        .settings
        .opened
        .as_deref()
        .or(run.trace.capture().interface.as_deref())
        .unwrap_or("a capture");
    let room = usize::from(area.width).saturating_sub(38).max(8);
    let first = vec![
        ("tapline".to_owned(), Role::Accent),
        (cut_middle(name, room), Role::Strong),
    ];
    if area.height == 1 {
        return line(
            canvas,
            area,
            first,
            packets(run)
                .into_iter()
                .chain(standing(state, run))
                .collect(),
        );
    }
    line(
        canvas,
        Rect { height: 1, ..area },
        first,
        standing(state, run).into_iter().collect(),
    );
    if area.height > 1 {
        line(
            canvas,
            Rect {
                y: area.y + 1,
                height: 1,
                ..area
            },
            facts(run),
            lost(run).into_iter().collect(),
        );
    }
}

fn standing(state: &State, run: &Run) -> Option<Piece> {
    if state.held.is_some() {
        return Some(("\u{2016} paused".to_owned(), Role::Warning));
    }
    if let Some(trouble) = &run.trouble {
        return Some((format!("\u{2717} {trouble}"), Role::Failure));
    }
    run.may_go_on()
        .then(|| ("\u{25cf} reading".to_owned(), Role::Accent))
}

fn packets(run: &Run) -> Option<Piece> {
    let packets = run.trace.capture().packets;
    (packets > 0).then(|| (format!("{} packets", grouped(packets)), Role::Text))
}

fn facts(run: &Run) -> Vec<Piece> {
    let trace = &run.trace;
    let conversations = trace.flows().len() as u64;
    let others = trace.capture().others.total();
    let parts = [
        packets(run).map(|(text, _)| text),
        Some(format!(
            "{} conversation{}",
            grouped(conversations),
            if conversations == 1 { "" } else { "s" }
        )),
        (others > 0).then(|| format!("{} other frames", grouped(others))),
        Some(trace.latest().from_start().to_string()),
        trace.capture().link_type.clone(),
    ];
    let mut pieces: Vec<Piece> = Vec::new();
    for part in parts.into_iter().flatten() {
        let part = if pieces.is_empty() {
            part
        } else {
            format!("\u{00b7} {part}")
        };
        pieces.push((part, Role::Dim));
    }
    pieces
}

/// What the capture itself lost.
fn lost(run: &Run) -> Option<Piece> {
    match run.trace.capture().dropped {
        Some(0) => Some(("none lost".to_owned(), Role::Dim)),
        Some(lost) => Some((
            format!("{} lost by the capture", grouped(lost)),
            Role::Warning,
        )),
        None => None,
    }
}
