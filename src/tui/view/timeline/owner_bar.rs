//! The bar of owners: whose time the exchange took, over its phases.

use ratatui::layout::Rect;

use super::TimelineView;
use super::bar::{BarSegment, paint_segments};
use super::layout::{LABELS, TimelineSelection};
use crate::insight::ledger::{Ledger, Owner, OwnerTotal};
use crate::timeline::ColumnSpan;
use crate::tui::owner_selection::LitTime;
use crate::tui::screen_run::ScreenRun;
use crate::tui::text_layout::{display_width, wrap};
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;
use crate::tui::view::lit_columns::draw_intervals;
use crate::units::format_percent;

/// Lines of the verdict, at most.
const MAX_VERDICT_LINES: usize = 2;

/// The bar's lines in an area.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnerBar {
    /// Whether there is a bar.
    has_bar: bool,
    /// Whether there is a line with the time of the selected owner.
    has_intervals: bool,
    /// The verdict, or a sentence about the selected owner, wrapped.
    verdict: Vec<String>,
}

impl OwnerBar {
    /// Lays out the bar of the unfolded exchange at the top of an area of which `room` lines may be
    /// used. The bar and the line of names are there from the start, so that rows below them stay
    /// where they are; the verdict is left out if there is no room for it. The time of a selected
    /// owner takes a line of the verdict.
    pub(super) fn new(
        run: &ScreenRun,
        (cursor, owner): TimelineSelection,
        inner: Rect,
        room: usize,
    ) -> Self {
        let exchange = cursor.exchange(run).and_then(|id| run.trace.exchange(id));
        let Some(exchange) = exchange else {
            return Self::default();
        };
        if room < 2 {
            return Self::default();
        }
        let ledger = run.ledger(exchange);
        let columns = usize::from(inner.width).saturating_sub(2);
        let lit = LitTime::new(run, cursor, owner);
        let has_intervals = lit.is_some() && room > 2;
        let lines_before = 2 + usize::from(has_intervals);
        let most = MAX_VERDICT_LINES - usize::from(has_intervals);
        let texts = match &lit {
            Some(lit) => owner_sentence(&ledger.whole, lit.owner)
                .into_iter()
                .collect(),
            // While the exchange goes on, the verdict would change with every packet.
            None if exchange.ended.is_none() => Vec::new(),
            None => ledger.whole.verdict_wordings(),
        };
        let most = most.min(room.saturating_sub(lines_before));
        let verdict = texts
            .iter()
            .map(|text| wrap(text, columns))
            .find(|lines| lines.len() <= most)
            .unwrap_or_default();
        Self {
            has_bar: true,
            has_intervals,
            verdict,
        }
    }

    /// Returns the number of lines.
    pub(super) fn height(&self) -> u16 {
        let lines =
            usize::from(self.has_bar) * 2 + usize::from(self.has_intervals) + self.verdict.len();
        u16::try_from(lines).unwrap_or(0)
    }
}

/// Draws the bar at the top of the panel's area.
pub(super) fn draw(canvas: &mut Canvas<'_>, timeline: &TimelineView<'_>) {
    let bar = &timeline.layout.owners;
    let Some(exchange) = timeline.exchange().filter(|_| bar.has_bar) else {
        return;
    };
    let ledger = timeline.run.ledger(exchange);
    let axis = timeline.layout.axis();
    let top = axis.y.saturating_sub(bar.height());
    let x = timeline.layout.inner.x + 1;
    canvas.text((x, top), "whose time", LABELS - 2, StyleRole::Strong);
    let totals = ledger.whole.owner_totals();
    draw_parts(canvas, timeline, &ledger.whole, &totals, top);
    draw_names(canvas, timeline, &ledger.whole, &totals, top + 1);
    let mut y = top + 2;
    if bar.has_intervals
        && let Some(lit) = &timeline.lit
    {
        let role = StyleRole::Owner(lit.owner);
        canvas.text((x, y), lit.owner.label(), LABELS - 2, role);
        let scale = timeline.layout.scale(timeline.window);
        draw_intervals(canvas, lit, &scale, (axis.x, y));
        y += 1;
    }
    for (y, line) in (y..).zip(&bar.verdict) {
        let width = timeline.layout.inner.width.saturating_sub(1);
        canvas.text((x, y), line, width, StyleRole::Text);
    }
}

/// Returns a sentence about what took most of an owner's time.
fn owner_sentence(ledger: &Ledger, owner: Owner) -> Option<String> {
    let causes = ledger.cause_totals();
    let main = causes
        .iter()
        .find(|cause| cause.attribution.owner == owner)?;
    let share = format_percent(main.total, ledger.total)?;
    Some(format!("{} ({share}).", main.sentence()))
}

/// The role of an owner's part: all but the selected one are dimmed.
fn part_role(timeline: &TimelineView<'_>, owner: Owner) -> StyleRole {
    match &timeline.lit {
        Some(lit) if lit.owner != owner => StyleRole::Frame,
        _ => StyleRole::Owner(owner),
    }
}

/// Draws the owners' parts in the order of their size.
fn draw_parts(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    ledger: &Ledger,
    totals: &[OwnerTotal],
    y: u16,
) {
    let axis = timeline.layout.axis();
    let eighths = u64::from(axis.width) * 8;
    let mut passed = 0_u64;
    let mut segments = Vec::new();
    for owned in totals {
        let from = share_of(passed, ledger.total.0, eighths);
        passed += owned.total.0;
        let to = share_of(passed, ledger.total.0, eighths);
        if from < to {
            segments.push(BarSegment {
                cover: ColumnSpan { from, to },
                style: canvas.style(part_role(timeline, owned.owner)),
                fill: owner_pattern(owned.owner),
            });
        }
    }
    paint_segments(canvas.buf, (axis.x, y), &segments);
}

fn share_of(part: u64, whole: u64, eighths: u64) -> u32 {
    let share = u128::from(part) * u128::from(eighths) / u128::from(whole.max(1));
    u32::try_from(share).unwrap_or(u32::MAX)
}

/// The pattern of an owner's part, which tells owners apart without colours.
pub(in crate::tui::view) const fn owner_pattern(owner: Owner) -> &'static str {
    match owner {
        Owner::Server => "\u{2588}",
        Owner::Network => "\u{2593}",
        Owner::Resolver => "\u{2592}",
        Owner::Proxy => "\u{259a}",
        Owner::Client => "\u{2591}",
        Owner::None | Owner::Unknown => "\u{00b7}",
    }
}

/// Writes each owner's name, time and share: under the bar; from the left edge if not all of them
/// fit there; without the times if that is still too wide.
fn draw_names(
    canvas: &mut Canvas<'_>,
    timeline: &TimelineView<'_>,
    ledger: &Ledger,
    totals: &[OwnerTotal],
    y: u16,
) {
    let axis = timeline.layout.axis();
    let left = timeline.layout.inner.x + 1;
    let full = owner_names(ledger, totals, true);
    let short = owner_names(ledger, totals, false);
    let (names, mut x) = if total_width(&full) <= axis.width {
        (full, axis.x)
    } else if total_width(&full) <= axis.right().saturating_sub(left) {
        (full, left)
    } else if total_width(&short) <= axis.width {
        (short, axis.x)
    } else {
        (short, left)
    };
    for (text, width, owner) in names {
        if x.saturating_add(width) > axis.right() {
            return;
        }
        canvas.text((x, y), &text, width, part_role(timeline, owner));
        if timeline.lit.as_ref().is_some_and(|lit| lit.owner == owner) {
            canvas.text((x - 1, y), "[", 1, StyleRole::Strong);
            canvas.text((x + width, y), "]", 1, StyleRole::Strong);
        }
        x = x.saturating_add(width).saturating_add(BETWEEN_NAMES);
    }
}

/// Columns between two names.
const BETWEEN_NAMES: u16 = 2;

/// Returns the owners' names with their shares, each with its width.
fn owner_names(
    ledger: &Ledger,
    totals: &[OwnerTotal],
    with_times: bool,
) -> Vec<(String, u16, Owner)> {
    totals
        .iter()
        .map(|owned| {
            let share = format_percent(owned.total, ledger.total).unwrap_or_default();
            let (pattern, label) = (owner_pattern(owned.owner), owned.owner.label());
            let text = if with_times {
                format!("{pattern} {label} {} \u{b7} {share}", owned.total)
            } else {
                format!("{pattern} {label} {share}")
            };
            let width = u16::try_from(display_width(&text)).unwrap_or(u16::MAX);
            (text, width, owned.owner)
        })
        .collect()
}

fn total_width(names: &[(String, u16, Owner)]) -> u16 {
    names
        .iter()
        .fold(0_u16, |sum, (_, width, _)| {
            sum.saturating_add(*width).saturating_add(BETWEEN_NAMES)
        })
        .saturating_sub(BETWEEN_NAMES)
}
