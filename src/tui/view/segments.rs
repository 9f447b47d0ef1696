//! The segments view: plots of payload sizes and of sequence numbers over time, and a histogram of
//! sizes.

mod columns;
mod histogram;
mod marks;
mod plot;

use ratatui::layout::Rect;

use self::marks::PacketMarks;
use self::plot::{Plot, Series};
use super::canvas::Canvas;
use super::lit_columns::{LitColumns, draw_intervals};
use super::timeline;
use crate::dissect::ConversationView;
use crate::insight::{describe_flow_sizes, flow_segments};
use crate::timeline::{AxisTicks, Scale, TimeWindow};
use crate::trace::{Direction, Phase};
use crate::tui::ScreenState;
use crate::tui::cursor::conversation_of_cursor;
use crate::tui::figures::count;
use crate::tui::owner_selection::LitTime;
use crate::tui::state::Panel;
use crate::tui::text_layout::{display_width, wrap};
use crate::tui::theme::StyleRole;
use crate::units::{Bytes, Moment, Nanos, group_digits};

/// Columns left of the plots.
const LABELS: u16 = 12;
/// Minimum lines for a second plot, and for the histogram.
const MIN_LINES_FOR_TWO_PLOTS: u16 = 9;
const MIN_LINES_FOR_HISTOGRAM: u16 = 22;

/// Returns the instant at a column of the screen.
pub(in crate::tui) fn segments_moment_at(
    state: &ScreenState,
    area: Rect,
    boxed: bool,
    x: u16,
    now: Moment,
) -> Option<Moment> {
    let axis = plot_axis(timeline::inside_borders(area, boxed));
    let column = x
        .checked_sub(axis.x)
        .filter(|column| *column < axis.width)?;
    Some(Scale::new(visible_window(state, now), axis.width).moment_at_column(column))
}

/// Returns the visible time range: as zoomed, otherwise that of the packets.
fn visible_window(state: &ScreenState, now: Moment) -> TimeWindow {
    let (run, now) = state.displayed_run(now);
    let zoomed = state.view_state.zoom.window(run.full_window(now));
    let span = || {
        let conversation = conversation_of_cursor(run, state.view_state.cursor)?;
        let first = conversation.flow.packets().first()?;
        let last = conversation.flow.packets().last()?;
        let from = conversation.moment(first)?;
        let to = conversation.moment(last)?;
        let margin = Nanos(to.since(from).0 / 50 + 1);
        Some(TimeWindow::new(from - margin, to + margin))
    };
    if state.view_state.zoom.is_zoomed() {
        zoomed
    } else {
        span().unwrap_or(zoomed)
    }
}

const fn plot_axis(inner: Rect) -> Rect {
    let labels = if inner.width < LABELS {
        inner.width
    } else {
        LABELS
    };
    Rect {
        x: inner.x + labels,
        width: (inner.width - labels).saturating_sub(1),
        ..inner
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
    let (run, _) = state.displayed_run(now);
    let conversation = conversation_of_cursor(run, state.view_state.cursor);
    if boxed {
        let seen = conversation.map_or(0, |conversation| conversation.flow.packets().len());
        let first = conversation
            .map(|conversation| super::ladder::evicted_text(conversation.flow))
            .unwrap_or_default();
        let title = [
            (" Segments ".to_owned(), StyleRole::Strong),
            (
                format!("\u{2500} {}{first} ", count(seen, "packet")),
                StyleRole::Dim,
            ),
        ];
        canvas.draw_box(area, &title, state.view_state.panel != Panel::Explain);
    }
    let inner = timeline::inside_borders(area, boxed);
    let Some(conversation) = conversation.filter(|_| inner.width > 2 * LABELS && inner.height > 2)
    else {
        return super::ladder::draw_no_packets(canvas, inner, run);
    };
    let picture = SegmentsView {
        conversation,
        window: visible_window(state, now),
        cursor: state.view_state.cursor.moment(run),
        lit: state.lit_time(now),
    };
    picture.draw(canvas, inner);
}

struct SegmentsView<'a> {
    conversation: ConversationView<'a>,
    window: TimeWindow,
    cursor: Option<Moment>,
    /// The time of the selected owner.
    lit: Option<LitTime>,
}

impl SegmentsView<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, inner: Rect) {
        let mut rest = self.draw_summary(canvas, inner);
        let histogram = if rest.height >= MIN_LINES_FOR_HISTOGRAM {
            u16::try_from(histogram::RANGES).unwrap_or(6) + 2
        } else {
            0
        };
        rest.height -= histogram;
        let ticks = Rect {
            y: rest.bottom().saturating_sub(1),
            height: 1,
            ..rest
        };
        rest.height = rest.height.saturating_sub(1);
        rest = self.draw_lit_time(canvas, rest);
        let upper = if rest.height < MIN_LINES_FOR_TWO_PLOTS {
            rest.height
        } else {
            rest.height / 2
        };
        let sizes = Rect {
            height: upper,
            ..rest
        };
        let sequence = Rect {
            y: rest.y + upper,
            height: rest.height - upper,
            ..rest
        };
        self.draw_sizes(canvas, sizes);
        self.draw_sequence(canvas, sequence);
        self.light_up(canvas, sizes);
        self.light_up(canvas, sequence);
        self.draw_ticks(canvas, ticks);
        histogram::draw_histogram(
            canvas,
            Rect {
                y: ticks.bottom(),
                height: histogram,
                ..rest
            },
            self.conversation.flow,
        );
    }

    /// Draws the time of the selected owner in the last line of an area. Returns the area above it.
    fn draw_lit_time(&self, canvas: &mut Canvas<'_>, area: Rect) -> Rect {
        let Some(lit) = self.lit.as_ref().filter(|_| area.height > 3) else {
            return area;
        };
        let axis = plot_axis(area);
        let y = area.bottom() - 1;
        let role = StyleRole::Owner(lit.owner);
        let label = lit.owner.label();
        canvas.text((area.x + 1, y), label, LABELS - 1, role);
        let scale = Scale::new(self.window, axis.width);
        draw_intervals(canvas, lit, &scale, (axis.x, y));
        Rect {
            height: area.height - 1,
            ..area
        }
    }

    /// Dims all of a plot but the time of the selected owner; the legend stays.
    fn light_up(&self, canvas: &mut Canvas<'_>, plot: Rect) {
        let Some(lit) = self.lit.as_ref().filter(|_| plot.height > 0) else {
            return;
        };
        let axis = plot_axis(Rect {
            y: plot.y + 1,
            height: plot.height - 1,
            ..plot
        });
        let scale = Scale::new(self.window, axis.width);
        LitColumns::new(lit, &scale).apply(canvas, axis);
    }

    /// Draws a sentence about the sizes. Returns the area below it.
    fn draw_summary(&self, canvas: &mut Canvas<'_>, inner: Rect) -> Rect {
        let said = describe_flow_sizes(self.conversation.flow)
            .unwrap_or_else(|| "No payload was captured.".to_owned());
        let said = said
            .chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .chain(said.chars().skip(1))
            .collect::<String>();
        let lines = wrap(&said, usize::from(inner.width.saturating_sub(2)));
        let most = usize::from(inner.height / 4).max(1);
        let taken = u16::try_from(lines.len().min(most)).unwrap_or(1);
        for (y, line) in (inner.y..inner.y + taken).zip(&lines) {
            canvas.text(
                (inner.x + 1, y),
                line,
                inner.width.saturating_sub(1),
                StyleRole::Text,
            );
        }
        Rect {
            y: inner.y + taken,
            height: inner.height - taken,
            ..inner
        }
    }

    /// Returns the direction with more payload.
    fn main_direction(&self) -> Direction {
        let bytes = |direction| self.conversation.flow.counts(direction).payload_bytes;
        if bytes(Direction::Sent) > bytes(Direction::Received) {
            Direction::Sent
        } else {
            Direction::Received
        }
    }

    /// Plots the payload of each segment over time.
    fn draw_sizes(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let flow = self.conversation.flow;
        let mss = flow_segments(self.conversation.flow).mss.map(u64::from);
        let largest = [Direction::Sent, Direction::Received]
            .map(|direction| u64::from(flow.counts(direction).max_payload));
        let most = largest.into_iter().chain(mss).max().unwrap_or(1);
        let series = [
            Series {
                name: "out",
                role: StyleRole::Phase(Phase::Send),
            },
            Series {
                name: "in",
                role: StyleRole::Phase(Phase::Receive),
            },
            Series {
                name: "retransmitted",
                role: StyleRole::Failure,
            },
        ];
        // If there are few segments, each is drawn with a stem.
        let segments = [Direction::Sent, Direction::Received]
            .map(|direction| flow.counts(direction).data_segments);
        let few = segments.into_iter().sum::<u64>() <= u64::from(area.width);
        let line = mss.map(|mss| (mss, format!("MSS {}", group_digits(mss))));
        let plot = Plot {
            area,
            axis: plot_axis(area),
            title: "payload",
            max_value: most + most / 16,
            format: |bytes| group_digits(bytes),
            series: &series,
            marked_value: line,
        };
        plot.draw(
            canvas,
            self.cursor_column(area),
            |dots, scale| {
                let mut mark = |x, size: u32, kind| {
                    let size = u64::from(size);
                    dots.set_vertical_line(
                        x,
                        (if few { 0 } else { size }, size),
                        plot.max_value,
                        kind,
                    );
                };
                self.packet_marks(scale)
                    .into_iter()
                    .for_each(|mut marks| marks.mark_sizes(&mut mark));
            },
            self.window,
        );
    }

    /// Plots the bytes sent and acknowledged and the window's edge, of the direction with more
    /// payload.
    fn draw_sequence(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.height < 3 {
            return;
        }
        let flow = self.conversation.flow;
        let direction = self.main_direction();
        let (most, edge) = marks::max_offsets(flow, direction);
        // The window's edge is shown if it is near enough to leave room for the rest.
        let near = edge <= most.saturating_mul(3);
        let most = if near { most.max(edge) } else { most };
        let series = [
            Series {
                name: if near {
                    "window edge"
                } else {
                    "window edge: above"
                },
                role: StyleRole::Dim,
            },
            Series {
                name: "acknowledged",
                role: StyleRole::Success,
            },
            Series {
                name: "sent",
                role: StyleRole::Phase(if direction == Direction::Sent {
                    Phase::Send
                } else {
                    Phase::Receive
                }),
            },
            Series {
                name: "retransmitted",
                role: StyleRole::Failure,
            },
        ];
        let title = if direction == Direction::Sent {
            "bytes out"
        } else {
            "bytes in"
        };
        let plot = Plot {
            area,
            axis: plot_axis(area),
            title,
            max_value: most + most / 8,
            format: |bytes| Bytes(bytes).to_string(),
            series: &series,
            marked_value: None,
        };
        plot.draw(
            canvas,
            self.cursor_column(area),
            |dots, scale| {
                self.packet_marks(scale)
                    .into_iter()
                    .for_each(|mut marks| marks.draw_sequence(dots, direction, plot.max_value));
            },
            self.window,
        );
    }

    fn packet_marks(&self, scale: &Scale) -> Option<PacketMarks<'_>> {
        PacketMarks::new(
            self.conversation.flow,
            self.conversation.trace.clock(),
            scale,
        )
    }

    fn cursor_column(&self, area: Rect) -> Option<u16> {
        Scale::new(self.window, plot_axis(area).width).column_of(self.cursor?)
    }

    fn draw_ticks(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let axis = plot_axis(area);
        let ticks = AxisTicks::for_scale(&Scale::new(self.window, axis.width));
        let last = ticks.ticks.len().saturating_sub(1);
        for (n, tick) in ticks.ticks.iter().enumerate() {
            let label = if n == last {
                format!("{} {}", tick.label, ticks.unit.symbol())
            } else {
                tick.label.clone()
            };
            let wide = u16::try_from(display_width(&label)).unwrap_or(0);
            let most = axis.right().saturating_sub(wide).max(axis.x);
            canvas.text(
                (axis.x + tick.column.min(most - axis.x), area.y),
                &label,
                wide,
                StyleRole::Dim,
            );
        }
    }
}
