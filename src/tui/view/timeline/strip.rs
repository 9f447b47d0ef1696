//! The packets under the bars: when they passed, how much they carried, and what was special about
//! them.

use ratatui::layout::Rect;

use super::super::canvas::Canvas;
use super::Plan;
use crate::timeline::{Scale, Window};
use crate::trace::Phase;
use crate::trace::{Direction, Passed, PassedOneWay, TcpFlags, Trace};
use crate::tui::run::Run;
use crate::tui::theme::Role;

/// Flows looked at; a run has few, a file may hold thousands.
const MOST_FLOWS: usize = 64;
/// Heights of a column, by how much passed.
const HEIGHTS: [&str; 8] = [
    "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}", "\u{2588}",
];

/// Draws both directions, each on as many lines as there is room for; only what was sent where
/// there is but one line.
pub(super) fn draw(canvas: &mut Canvas<'_>, run: &Run, plan: &Plan, window: Window) {
    let columns = columns_of(&run.trace, &plan.scale(window));
    let most = columns
        .iter()
        .flat_map(|passed| [passed.sent.payload_bytes, passed.received.payload_bytes])
        .max()
        .unwrap_or(0);
    let lines = (plan.strip / 2).max(1);
    let (x, axis, top) = (plan.inner.x, plan.axis(), plan.below_rows());
    canvas.text((x + 1, top + lines - 1), "packets", 8, Role::Dim);
    let sides = [
        (Direction::Sent, "\u{2191}", Role::Phase(Phase::Send)),
        (Direction::Received, "\u{2193}", Role::Phase(Phase::Receive)),
    ];
    let tops = (top..top.saturating_add(plan.strip)).step_by(usize::from(lines));
    for (y, (direction, arrow, role)) in tops.zip(sides) {
        let total: u64 = run
            .trace
            .flows()
            .iter()
            .map(|flow| flow.counts(direction).packets)
            .sum();
        canvas.right(
            axis.x - 1,
            y + lines - 1,
            &format!("{arrow} {total}"),
            Role::Dim,
        );
        for (column, passed) in (axis.x..).zip(&columns) {
            draw_column(
                canvas,
                Rect {
                    x: column,
                    y,
                    width: 1,
                    height: lines,
                },
                passed.one_way(direction),
                most,
                role,
            );
        }
    }
}

/// A column: its height is what passed, the letter below it what was special.
fn draw_column(canvas: &mut Canvas<'_>, area: Rect, passed: &PassedOneWay, most: u64, role: Role) {
    let levels = usize::from(area.height) * 8;
    let height = if passed.payload_bytes == 0 {
        0
    } else {
        height(passed.payload_bytes, most, levels)
    };
    for (line, y) in (area.y..area.bottom()).rev().enumerate() {
        let filled = height.saturating_sub(line * 8).min(8);
        if let Some(block) = filled.checked_sub(1) {
            canvas.text((area.x, y), HEIGHTS[block], 1, role);
        }
    }
    if let Some((letter, role)) = letter(passed, role) {
        canvas.text((area.x, area.bottom() - 1), letter, 1, role);
    }
}

/// What passed in each column.
fn columns_of(trace: &Trace, scale: &Scale) -> Vec<Passed> {
    let edges: Vec<_> = (0..=scale.columns())
        .map(|column| trace.clock().wall_of(scale.moment(column)))
        .collect();
    edges
        .windows(2)
        .map(|edge| match edge {
            [Some(from), Some(to)] => trace
                .flows()
                .iter()
                .take(MOST_FLOWS)
                .map(|flow| flow.passed(*from, *to))
                .fold(Passed::default(), Passed::and),
            _ => Passed::default(),
        })
        .collect()
}

/// `S` for SYN, `F` for FIN, `R` for RST, `×` for bytes sent again, `·` for packets without
/// payload.
fn letter(passed: &PassedOneWay, role: Role) -> Option<(&'static str, Role)> {
    let has = |bits| passed.flags.has(bits);
    Some(match passed {
        _ if passed.packets == 0 => return None,
        _ if has(TcpFlags::RST) => ("R", Role::Failure),
        _ if passed.retransmitted > 0 => ("\u{00d7}", Role::Failure),
        _ if has(TcpFlags::SYN) => ("S", Role::Strong),
        _ if has(TcpFlags::FIN) => ("F", Role::Strong),
        _ if passed.payload_bytes == 0 => ("\u{00b7}", role),
        _ => return None,
    })
}

/// One cell: its height is what passed.
pub(in crate::tui::view) fn cell(bytes: u64, most: u64) -> &'static str {
    HEIGHTS
        .get(height(bytes, most, HEIGHTS.len()) - 1)
        .copied()
        .unwrap_or_default()
}

/// The square root of the share, so that small packets are seen beside large ones.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "one of a few heights"
)]
fn height(bytes: u64, most: u64, levels: usize) -> usize {
    let share = (bytes as f64 / most.max(1) as f64).sqrt();
    ((share * levels as f64).ceil() as usize).clamp(1, levels)
}
