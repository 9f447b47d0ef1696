//! Where the time went: a bar for every phase on one axis.

mod bar;
mod notes;
mod plan;
mod rows;
mod strip;
mod title;

use plan::Row;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, scroll_mark};
use crate::insight::kernel_segments;
use crate::timeline::{Cover, Scale, Ticks, Window};
use crate::trace::Exchange;
use crate::tui::State;
use crate::tui::cursor::Cursor;
use crate::tui::figures::Figures;
use crate::tui::fit::first_that_fits;
use crate::tui::run::Run;
use crate::tui::state::Panel;
use crate::tui::theme::Role;
use crate::units::Moment;

pub(in crate::tui) use notes::progress;
pub(in crate::tui) use plan::Plan;
pub(super) use strip::cell as strip_cell;

/// Bars in a row, for the start screen's picture.
pub(super) fn paint_bars(buf: &mut Buffer, origin: (u16, u16), bars: &[(Cover, Style)]) {
    let pieces: Vec<_> = bars
        .iter()
        .map(|&(cover, style)| bar::Piece::solid(cover, style))
        .collect();
    bar::paint(buf, origin, &pieces);
}

/// What a picture of the timeline is drawn from.
struct Scene<'a> {
    run: &'a Run,
    now: Moment,
    plan: Plan,
    window: Window,
    figures: Figures,
    cursor: Cursor,
    focused: bool,
}

/// The part of the timeline's panel that its rows are drawn in.
pub(in crate::tui) const fn inside(area: Rect, boxed: bool) -> Rect {
    if !boxed {
        return area;
    }
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, boxed: bool, state: &State, now: Moment) {
    let (run, now) = state.shown(now);
    let cursor = state.sight.cursor;
    let whole = run.whole(now);
    let focused = state.sight.panel == Panel::Timeline && boxed;
    if boxed {
        let title = title::of(run, state, usize::from(area.width).saturating_sub(4));
        canvas.boxed(area, &title, focused);
    }
    let inner = inside(area, boxed);
    if inner.width == 0 || inner.height == 0 {
        return;
    }
    let plan = Plan::of(run, cursor, now, inner);
    let window = state.sight.zoom.window(whole);
    let scene = Scene {
        run,
        now,
        plan,
        window,
        figures: Figures::reaching(whole.length()),
        cursor,
        focused,
    };
    scene.draw(canvas, state);
    if boxed {
        scroll_mark(
            canvas,
            area,
            scene.plan.first,
            scene.plan.seen,
            scene.plan.rows.len(),
        );
    }
}

impl Scene<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, state: &State) {
        let scale = self.plan.scale(self.window);
        let selected = state
            .sight
            .cursor
            .lane(self.run)
            .and_then(|lane| crate::tui::cursor::place_of(&self.plan.rows, lane));
        let selected = selected
            .and_then(|place| self.plan.rows.get(place))
            .copied();
        self.draw_grid(canvas, &scale, state.sight.cursor.moment(self.run));
        for (y, row) in self.plan.visible() {
            rows::draw(canvas, self, &scale, y, row, Some(row) == selected);
        }
        self.draw_strip(canvas);
        self.draw_failure(canvas);
        self.draw_retired(canvas);
    }

    /// The round instants and their unit above, faint lines below them, and the line of the cursor.
    fn draw_grid(&self, canvas: &mut Canvas<'_>, scale: &Scale, cursor: Option<Moment>) {
        let axis = self.plan.axis();
        let ticks = Ticks::of(scale);
        let bottom = self
            .plan
            .below_rows()
            .saturating_add(self.plan.strip)
            .min(axis.bottom());
        let unit = self.figures.unit.symbol();
        canvas.right(axis.x.saturating_sub(1), axis.y, unit, Role::Dim);
        let last = ticks.ticks.len().saturating_sub(1);
        for (n, tick) in ticks.ticks.iter().enumerate() {
            let x = axis.x + tick.column;
            for y in axis.y + 1..bottom {
                canvas.text((x, y), "\u{250a}", 1, Role::Grid);
            }
            let label = if n == last {
                format!("{} {}", tick.label, ticks.unit.symbol())
            } else {
                tick.label.clone()
            };
            let wide = u16::try_from(label.chars().count()).unwrap_or(0);
            let half = u16::try_from(tick.label.len() / 2).unwrap_or(0);
            let most = axis.right().saturating_sub(wide).max(axis.x);
            canvas.text(
                (x.saturating_sub(half).clamp(axis.x, most), axis.y),
                &label,
                wide,
                Role::Dim,
            );
        }
        if let Some(column) = cursor.and_then(|at| scale.column(at)) {
            for y in axis.y + 1..bottom {
                canvas.text((axis.x + column, y), "\u{2502}", 1, Role::Accent);
            }
            canvas.text((axis.x + column, axis.y), "\u{25be}", 1, Role::Accent);
        }
    }

    /// The packets, or what the kernel counted where none were seen.
    fn draw_strip(&self, canvas: &mut Canvas<'_>) {
        if self.plan.strip == 0 {
            return;
        }
        if self.run.trace.capture().packets > 0 || self.run.sees_packets() {
            strip::draw(canvas, self.run, &self.plan, self.window);
        } else {
            let (x, y) = (self.plan.inner.x + 1, self.plan.below_rows());
            let axis = self.plan.axis();
            let said = first_that_fits(&self.kernel(), usize::from(axis.width))
                .unwrap_or_default()
                .to_owned();
            canvas.text((x, y), "kernel", 8, Role::Warning);
            canvas.text((axis.x, y), &said, axis.width, Role::Dim);
        }
    }

    /// What the kernel counted, the longest way to say it first.
    fn kernel(&self) -> Vec<String> {
        let exchange = self.exchange();
        let connection = exchange
            .and_then(|exchange| exchange.connection)
            .and_then(|id| self.run.trace.connection(id));
        let counts = exchange.and_then(|exchange| kernel_segments(&self.run.trace, exchange));
        let Some((kernel, counts)) = connection
            .and_then(|connection| connection.kernel)
            .zip(counts)
        else {
            return Vec::new();
        };
        let said: Vec<String> = [
            kernel.rtt.map(|rtt| format!("rtt {rtt}")),
            counts.sent.retransmitted.map(|n| {
                if n == 0 {
                    "none sent again".to_owned()
                } else {
                    format!("{n} sent again")
                }
            }),
            counts
                .sent
                .packets
                .zip(counts.received.packets)
                .map(|(out, back)| format!("segments \u{2191} {out} \u{2193} {back}")),
            counts.mss.map(|mss| format!("MSS {mss}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        (1..=said.len())
            .rev()
            .map(|parts| {
                said.iter()
                    .take(parts)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" \u{00b7} ")
            })
            .collect()
    }

    /// The exchange that is unfolded.
    fn exchange(&self) -> Option<&Exchange> {
        self.cursor
            .exchange(self.run)
            .and_then(|id| self.run.trace.exchange(id))
    }

    /// How many exchanges have no rows, above what went wrong.
    fn draw_retired(&self, canvas: &mut Canvas<'_>) {
        let Some(said) = &self.plan.retired else {
            return;
        };
        let inner = self.plan.inner;
        let y = inner
            .bottom()
            .saturating_sub(u16::try_from(self.plan.failure.len() + 1).unwrap_or(1));
        canvas.text(
            (inner.x + 1, y),
            said,
            inner.width.saturating_sub(1),
            Role::Dim,
        );
    }

    fn draw_failure(&self, canvas: &mut Canvas<'_>) {
        let inner = self.plan.inner;
        let first = inner
            .bottom()
            .saturating_sub(u16::try_from(self.plan.failure.len()).unwrap_or(0));
        let mut role = Role::Failure;
        for (y, line) in (first..).zip(&self.plan.failure) {
            if line.starts_with('\u{2192}') {
                role = Role::Warning;
            }
            canvas.text((inner.x + 1, y), line, inner.width.saturating_sub(1), role);
        }
    }
}
