//! The timeline view: a bar for every phase on one time axis.

mod bar;
mod lane_bars;
mod layout;
mod notes;
mod owner_bar;
mod packet_strip;
mod rows;
mod title;

use layout::TimelineRow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, draw_scrollbar};
use super::lit_columns::LitColumns;
use crate::insight::kernel_segments;
use crate::timeline::{AxisTicks, ColumnSpan, Scale, TimeWindow};
use crate::trace::Exchange;
use crate::tui::ScreenState;
use crate::tui::cursor::Cursor;
use crate::tui::figures::DurationFormat;
use crate::tui::owner_selection::LitTime;
use crate::tui::screen_run::ScreenRun;
use crate::tui::state::Panel;
use crate::tui::text_layout::first_that_fits;
use crate::tui::theme::StyleRole;
use crate::units::Moment;

pub(super) use bar::paint_patterns;
pub(in crate::tui) use layout::TimelineLayout;
pub(in crate::tui) use notes::body_progress_texts;
pub(super) use owner_bar::owner_pattern;
pub(super) use packet_strip::strip_cell;

/// Paints bars in a row, for the logo.
pub(super) fn paint_bars(buf: &mut Buffer, origin: (u16, u16), bars: &[(ColumnSpan, Style)]) {
    let segments: Vec<_> = bars
        .iter()
        .map(|&(cover, style)| bar::BarSegment::solid(cover, style))
        .collect();
    bar::paint_segments(buf, origin, &segments);
}

/// Inputs for drawing the timeline.
struct TimelineView<'a> {
    run: &'a ScreenRun,
    now: Moment,
    layout: TimelineLayout,
    window: TimeWindow,
    figures: DurationFormat,
    cursor: Cursor,
    /// The time of the selected owner.
    lit: Option<LitTime>,
    focused: bool,
}

/// Returns the area inside the borders of a panel.
pub(in crate::tui) const fn inside_borders(area: Rect, boxed: bool) -> Rect {
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
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    boxed: bool,
    state: &ScreenState,
    now: Moment,
) {
    let (run, now) = state.displayed_run(now);
    let cursor = state.view_state.cursor;
    let whole = run.full_window(now);
    let focused = state.view_state.panel == Panel::Timeline && boxed;
    if boxed {
        let title = title::title_parts(run, state, usize::from(area.width).saturating_sub(4));
        canvas.draw_box(area, &title, focused);
    }
    let inner = inside_borders(area, boxed);
    if inner.width == 0 || inner.height == 0 {
        return;
    }
    let owner = state.view_state.owner.map(|selection| selection.owner);
    let layout = TimelineLayout::new(run, (cursor, owner), now, inner);
    let window = state.view_state.zoom.window(whole);
    let timeline = TimelineView {
        run,
        now,
        layout,
        window,
        figures: DurationFormat::for_longest(whole.length()),
        cursor,
        lit: LitTime::new(run, cursor, owner),
        focused,
    };
    timeline.draw(canvas, state);
    if boxed {
        draw_scrollbar(
            canvas,
            area,
            timeline.layout.first,
            timeline.layout.seen,
            timeline.layout.rows.len(),
        );
    }
}

impl TimelineView<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, state: &ScreenState) {
        let scale = self.layout.scale(self.window);
        let selected = state
            .view_state
            .cursor
            .lane(self.run)
            .and_then(|lane| crate::tui::cursor::row_position(&self.layout.rows, lane));
        let selected = selected
            .and_then(|index| self.layout.rows.get(index))
            .copied();
        owner_bar::draw(canvas, self);
        self.draw_grid(canvas, &scale, state.view_state.cursor.moment(self.run));
        for (y, row) in self.layout.visible() {
            rows::draw(canvas, self, &scale, y, row, Some(row) == selected);
        }
        self.draw_strip(canvas);
        self.light_up(canvas, &scale);
        self.draw_failure(canvas);
        self.draw_retired(canvas);
    }

    /// Dims all but the time of the selected owner.
    fn light_up(&self, canvas: &mut Canvas<'_>, scale: &Scale) {
        let Some(lit) = &self.lit else { return };
        let axis = self.layout.axis();
        let columns = LitColumns::new(lit, scale);
        let line = |y, height| Rect { y, height, ..axis };
        for (y, (id, _)) in self.layout.visible() {
            if id == lit.exchange {
                columns.apply(canvas, line(y, 1));
            } else {
                LitColumns::none(scale).apply(canvas, line(y, 1));
            }
        }
        columns.apply(canvas, line(self.layout.below_rows(), self.layout.strip));
    }

    /// Draws the ticks and their unit above, grid lines below them, and the line of the cursor.
    fn draw_grid(&self, canvas: &mut Canvas<'_>, scale: &Scale, cursor: Option<Moment>) {
        let axis = self.layout.axis();
        let ticks = AxisTicks::for_scale(scale);
        let bottom = self
            .layout
            .below_rows()
            .saturating_add(self.layout.strip)
            .min(axis.bottom());
        let unit = self.figures.unit.symbol();
        canvas.text_right(axis.x.saturating_sub(1), axis.y, unit, StyleRole::Dim);
        let last = ticks.ticks.len().saturating_sub(1);
        for (n, tick) in ticks.ticks.iter().enumerate() {
            let x = axis.x + tick.column;
            for y in axis.y + 1..bottom {
                canvas.text((x, y), "\u{250a}", 1, StyleRole::Grid);
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
                StyleRole::Dim,
            );
        }
        if let Some(column) = cursor.and_then(|at| scale.column_of(at)) {
            for y in axis.y + 1..bottom {
                canvas.text((axis.x + column, y), "\u{2502}", 1, StyleRole::Accent);
            }
            canvas.text((axis.x + column, axis.y), "\u{25be}", 1, StyleRole::Accent);
        }
    }

    /// Draws the packets, or the kernel's figures if none were captured.
    fn draw_strip(&self, canvas: &mut Canvas<'_>) {
        if self.layout.strip == 0 {
            return;
        }
        if self.run.trace.capture().packets > 0 || self.run.is_capturing() {
            packet_strip::draw(canvas, self.run, &self.layout, self.window);
        } else {
            let x = self.layout.inner.x + 1;
            let y = self.layout.below_rows();
            let axis = self.layout.axis();
            let said = first_that_fits(&self.tcp_info_texts(), usize::from(axis.width))
                .unwrap_or_default()
                .to_owned();
            canvas.text((x, y), "kernel", 8, StyleRole::Warning);
            canvas.text((axis.x, y), &said, axis.width, StyleRole::Dim);
        }
    }

    /// Returns wordings of the kernel's figures, the longest first.
    fn tcp_info_texts(&self) -> Vec<String> {
        let exchange = self.exchange();
        let connection = exchange
            .and_then(|exchange| exchange.connection)
            .and_then(|id| self.run.trace.connection(id));
        let counts = exchange.and_then(|exchange| kernel_segments(&self.run.trace, exchange));
        let Some((kernel, counts)) = connection
            .and_then(|connection| connection.tcp_info)
            .zip(counts)
        else {
            return Vec::new();
        };
        let said: Vec<String> = [
            kernel.rtt.map(|rtt| format!("rtt {rtt}")),
            counts.sent.retransmitted.map(|n| {
                if n == 0 {
                    "no retransmissions".to_owned()
                } else {
                    format!("{n} retransmitted")
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

    /// Returns the exchange that is unfolded.
    fn exchange(&self) -> Option<&Exchange> {
        self.cursor
            .exchange(self.run)
            .and_then(|id| self.run.trace.exchange(id))
    }

    /// Draws the number of retired exchanges, which have no rows, above the failure.
    fn draw_retired(&self, canvas: &mut Canvas<'_>) {
        let Some(said) = &self.layout.retired else {
            return;
        };
        let inner = self.layout.inner;
        let y = inner
            .bottom()
            .saturating_sub(u16::try_from(self.layout.failure.len() + 1).unwrap_or(1));
        canvas.text(
            (inner.x + 1, y),
            said,
            inner.width.saturating_sub(1),
            StyleRole::Dim,
        );
    }

    fn draw_failure(&self, canvas: &mut Canvas<'_>) {
        let inner = self.layout.inner;
        let first = inner
            .bottom()
            .saturating_sub(u16::try_from(self.layout.failure.len()).unwrap_or(0));
        let mut role = StyleRole::Failure;
        for (y, line) in (first..).zip(&self.layout.failure) {
            if line.starts_with('\u{2192}') {
                role = StyleRole::Warning;
            }
            canvas.text((inner.x + 1, y), line, inner.width.saturating_sub(1), role);
        }
    }
}
