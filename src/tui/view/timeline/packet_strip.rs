//! The packets below the bars: when they passed, how much they carried, and special ones.

use ratatui::layout::Rect;

use super::super::canvas::Canvas;
use super::TimelineLayout;
use crate::timeline::{Scale, TimeWindow};
use crate::trace::Phase;
use crate::trace::{Direction, DirectionSum, Trace, TrafficSum};
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::wire::TcpFlags;

/// Maximum number of flows considered; a run has few, a file may contain thousands.
const MAX_FLOWS: usize = 64;
/// Blocks by height.
const HEIGHTS: [&str; 8] = [
    "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}", "\u{2588}",
];

/// Draws both directions, each on as many lines as there is room for; only the sent packets if
/// there is but one line.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    run: &ScreenRun,
    layout: &TimelineLayout,
    window: TimeWindow,
) {
    let columns = traffic_by_column(&run.trace, &layout.scale(window));
    let most = columns
        .iter()
        .flat_map(|passed| [passed.sent.payload_bytes, passed.received.payload_bytes])
        .max()
        .unwrap_or(0);
    let lines = (layout.strip / 2).max(1);
    let x = layout.inner.x;
    let axis = layout.axis();
    let top = layout.below_rows();
    canvas.text((x + 1, top + lines - 1), "packets", 8, StyleRole::Dim);
    let sides = [
        (Direction::Sent, "\u{2191}", StyleRole::Phase(Phase::Send)),
        (
            Direction::Received,
            "\u{2193}",
            StyleRole::Phase(Phase::Receive),
        ),
    ];
    let tops = (top..top.saturating_add(layout.strip)).step_by(usize::from(lines));
    for (y, (direction, arrow, role)) in tops.zip(sides) {
        let total: u64 = run
            .trace
            .flows()
            .iter()
            .map(|flow| flow.counts(direction).packets)
            .sum();
        canvas.text_right(
            axis.x - 1,
            y + lines - 1,
            &format!("{arrow} {total}"),
            StyleRole::Dim,
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

/// Draws a column: its height is the payload, the letter at its bottom marks a special packet.
fn draw_column(
    canvas: &mut Canvas<'_>,
    area: Rect,
    passed: &DirectionSum,
    most: u64,
    role: StyleRole,
) {
    let levels = usize::from(area.height) * 8;
    let height = if passed.payload_bytes == 0 {
        0
    } else {
        scaled_height(passed.payload_bytes, most, levels)
    };
    for (line, y) in (area.y..area.bottom()).rev().enumerate() {
        let filled = height.saturating_sub(line * 8).min(8);
        if let Some(block) = filled.checked_sub(1) {
            canvas.text((area.x, y), HEIGHTS[block], 1, role);
        }
    }
    if let Some((letter, role)) = packet_letter(passed, role) {
        canvas.text((area.x, area.bottom() - 1), letter, 1, role);
    }
}

/// Returns the traffic in each column.
fn traffic_by_column(trace: &Trace, scale: &Scale) -> Vec<TrafficSum> {
    let edges: Vec<_> = (0..=scale.columns())
        .map(|column| trace.clock().wall_of(scale.moment_at_column(column)))
        .collect();
    edges
        .windows(2)
        .map(|edge| match edge {
            [Some(from), Some(to)] => trace
                .flows()
                .iter()
                .take(MAX_FLOWS)
                .map(|flow| flow.traffic_between(*from, *to))
                .fold(TrafficSum::default(), TrafficSum::and),
            _ => TrafficSum::default(),
        })
        .collect()
}

/// Returns the letter of a packet: `S` for SYN, `F` for FIN, `R` for RST, `×` for retransmitted
/// bytes, `·` for packets without payload.
fn packet_letter(passed: &DirectionSum, role: StyleRole) -> Option<(&'static str, StyleRole)> {
    let has = |bits| passed.flags.has(bits);
    Some(match passed {
        _ if passed.packets == 0 => return None,
        _ if has(TcpFlags::RST) => ("R", StyleRole::Failure),
        _ if passed.retransmitted > 0 => ("\u{00d7}", StyleRole::Failure),
        _ if has(TcpFlags::SYN) => ("S", StyleRole::Strong),
        _ if has(TcpFlags::FIN) => ("F", StyleRole::Strong),
        _ if passed.payload_bytes == 0 => ("\u{00b7}", role),
        _ => return None,
    })
}

/// Returns a block whose height is the payload.
pub(in crate::tui::view) fn strip_cell(bytes: u64, most: u64) -> &'static str {
    HEIGHTS
        .get(scaled_height(bytes, most, HEIGHTS.len()) - 1)
        .copied()
        .unwrap_or_default()
}

/// Scales by the square root, so that small packets are visible beside large ones.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "one of a few heights"
)]
fn scaled_height(bytes: u64, most: u64, levels: usize) -> usize {
    let share = (bytes as f64 / most.max(1) as f64).sqrt();
    ((share * levels as f64).ceil() as usize).clamp(1, levels)
}
