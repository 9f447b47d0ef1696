//! The packets under the bars: when they passed, how much they carried, and what was special about them.

use ratatui::style::Style;

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
const HEIGHTS: [&str; 8] = ["\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}", "\u{2588}"];

/// Draws both directions on a line each, or both on one where there is no room.
pub(super) fn draw(canvas: &mut Canvas<'_>, run: &Run, plan: &Plan, window: Window) {
    let columns = columns_of(&run.trace, &plan.scale(window));
    let most = columns.iter().flat_map(|passed| [passed.sent.payload_bytes, passed.received.payload_bytes]).max().unwrap_or(0);
    let y = plan.below_rows();
    let (x, axis) = (plan.inner.x, plan.axis());
    canvas.text((x + 1, y), "packets", 8, Role::Dim);
    let sides = [(Direction::Sent, "\u{2191}", Role::Phase(Phase::Send)), (Direction::Received, "\u{2193}", Role::Phase(Phase::Receive))];
    for (line, (direction, arrow, role)) in (y..).zip(sides).take(usize::from(plan.strip)) {
        let total: u64 = run.trace.flows().iter().map(|flow| flow.counts(direction).packets).sum();
        canvas.right(axis.x - 1, line, &format!("{arrow} {total}"), Role::Dim);
        let (usual, bad, mark) = (canvas.style(role), canvas.style(Role::Failure), canvas.style(Role::Strong));
        for (column, passed) in (axis.x..).zip(&columns) {
            if let Some((symbol, style)) = symbol(passed.one_way(direction), most, (usual, mark, bad))
                && let Some(cell) = canvas.buf.cell_mut((column, line))
            {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

/// What passed in each column.
fn columns_of(trace: &Trace, scale: &Scale) -> Vec<Passed> {
    let edges: Vec<_> = (0..=scale.columns()).map(|column| trace.clock().wall_of(scale.moment(column))).collect();
    edges
        .windows(2)
        .map(|edge| match edge {
            [Some(from), Some(to)] => {
                trace.flows().iter().take(MOST_FLOWS).map(|flow| flow.passed(*from, *to)).fold(Passed::default(), Passed::and)
            }
            _ => Passed::default(),
        })
        .collect()
}

/// `S` for SYN, `F` for FIN, `R` for RST, `×` for bytes sent again, `·` for packets without payload, else a height.
fn symbol(passed: &PassedOneWay, most: u64, (plain, mark, bad): (Style, Style, Style)) -> Option<(&'static str, Style)> {
    let has = |bits| passed.flags.has(bits);
    Some(match passed {
        _ if passed.packets == 0 => return None,
        _ if has(TcpFlags::RST) => ("R", bad),
        _ if passed.retransmitted > 0 => ("\u{00d7}", bad),
        _ if has(TcpFlags::SYN) => ("S", mark),
        _ if has(TcpFlags::FIN) => ("F", mark),
        _ if passed.payload_bytes == 0 => ("\u{00b7}", plain),
        _ => (HEIGHTS[height(passed.payload_bytes, most)], plain),
    })
}

/// The square root of the share, so that small packets are seen beside large ones.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one of eight heights")]
fn height(bytes: u64, most: u64) -> usize {
    let share = (bytes as f64 / most.max(1) as f64).sqrt();
    ((share * 8.0).ceil() as usize).clamp(1, 8) - 1
}
