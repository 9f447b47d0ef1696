//! Segments: their sizes against time with the line of the MSS, how far the stream has come, and
//! how many there are of which size.

mod columns;
mod marks;
mod plot;

use ratatui::layout::Rect;

use self::marks::Marks;
use self::plot::{Plot, Series};
use super::canvas::Canvas;
use super::timeline;
use crate::dissect::Talk;
use crate::insight::{Sizes, segments_of, sizes_sentence_of};
use crate::timeline::{Scale, Ticks, Window};
use crate::trace::{Direction, Phase};
use crate::tui::State;
use crate::tui::figures::count;
use crate::tui::fit::{width, wrap};
use crate::tui::state::Panel;
use crate::tui::talk::talk_at;
use crate::tui::theme::Role;
use crate::units::{Bytes, Moment, Nanos, grouped};

/// Columns left of the plots.
const LABELS: u16 = 12;
/// Lines below which there is one plot alone, and from which on there is the histogram too.
const TWO_PLOTS: u16 = 9;
const HISTOGRAM: u16 = 22;
/// Size ranges in the histogram.
const RANGES: u32 = 6;

/// The instant under a column of the screen, for the pointer.
pub(in crate::tui) fn moment_at(
    state: &State,
    area: Rect,
    boxed: bool,
    x: u16,
    now: Moment,
) -> Option<Moment> {
    let axis = axis(timeline::inside(area, boxed));
    let column = x
        .checked_sub(axis.x)
        .filter(|column| *column < axis.width)?;
    Some(Scale::new(window(state, now), axis.width).moment(column))
}

/// The stretch that is looked at; unless it was chosen by zooming, that of the packets there are.
fn window(state: &State, now: Moment) -> Window {
    let (run, now) = state.shown(now);
    let zoomed = state.sight.zoom.window(run.whole(now));
    let span = || {
        let talk = talk_at(run, state.sight.cursor)?;
        let (first, last) = (talk.flow.packets().first()?, talk.flow.packets().last()?);
        let (from, to) = (talk.moment(first)?, talk.moment(last)?);
        let margin = Nanos(to.since(from).0 / 50 + 1);
        Some(Window::new(from - margin, to + margin))
    };
    if state.sight.zoom.is_on() {
        zoomed
    } else {
        span().unwrap_or(zoomed)
    }
}

const fn axis(inner: Rect) -> Rect {
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
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, boxed: bool, state: &State, now: Moment) {
    let (run, _) = state.shown(now);
    let talk = talk_at(run, state.sight.cursor);
    if boxed {
        let seen = talk.map_or(0, |talk| talk.flow.packets().len());
        let first = talk
            .map(|talk| super::ladder::forgotten(talk.flow))
            .unwrap_or_default();
        let title = [
            (" Segments ".to_owned(), Role::Strong),
            (
                format!("\u{2500} {}{first} ", count(seen, "packet")),
                Role::Dim,
            ),
        ];
        canvas.boxed(area, &title, state.sight.panel != Panel::Explain);
    }
    let inner = timeline::inside(area, boxed);
    let Some(talk) = talk.filter(|_| inner.width > 2 * LABELS && inner.height > 2) else {
        return super::ladder::draw_nothing(canvas, inner, run);
    };
    let picture = Picture {
        talk,
        window: window(state, now),
        cursor: state.sight.cursor.moment(run),
    };
    picture.draw(canvas, inner);
}

struct Picture<'a> {
    talk: Talk<'a>,
    window: Window,
    cursor: Option<Moment>,
}

impl Picture<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, inner: Rect) {
        let mut rest = self.say(canvas, inner);
        let histogram = if rest.height >= HISTOGRAM {
            u16::try_from(RANGES).unwrap_or(6) + 2
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
        let upper = if rest.height < TWO_PLOTS {
            rest.height
        } else {
            rest.height / 2
        };
        self.draw_sizes(
            canvas,
            Rect {
                height: upper,
                ..rest
            },
        );
        self.draw_sequence(
            canvas,
            Rect {
                y: rest.y + upper,
                height: rest.height - upper,
                ..rest
            },
        );
        self.draw_ticks(canvas, ticks);
        self.draw_histogram(
            canvas,
            Rect {
                y: ticks.bottom(),
                height: histogram,
                ..rest
            },
        );
    }

    /// What the sizes say; the room that is left below.
    fn say(&self, canvas: &mut Canvas<'_>, inner: Rect) -> Rect {
        let said =
            sizes_sentence_of(self.talk.flow).unwrap_or_else(|| "No payload was seen.".to_owned());
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
                Role::Text,
            );
        }
        Rect {
            y: inner.y + taken,
            height: inner.height - taken,
            ..inner
        }
    }

    /// The direction that carried more.
    fn main_direction(&self) -> Direction {
        let bytes = |direction| self.talk.flow.counts(direction).payload_bytes;
        if bytes(Direction::Sent) > bytes(Direction::Received) {
            Direction::Sent
        } else {
            Direction::Received
        }
    }

    /// Payload of each segment when it passed.
    fn draw_sizes(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let flow = self.talk.flow;
        let mss = segments_of(self.talk.flow).mss.map(u64::from);
        let largest = [Direction::Sent, Direction::Received]
            .map(|direction| u64::from(flow.counts(direction).max_payload));
        let most = largest.into_iter().chain(mss).max().unwrap_or(1);
        let series = [
            Series {
                name: "out",
                role: Role::Phase(Phase::Send),
            },
            Series {
                name: "in",
                role: Role::Phase(Phase::Receive),
            },
            Series {
                name: "sent again",
                role: Role::Failure,
            },
        ];
        // Where there are few, each stands on a stem of its own.
        let segments = [Direction::Sent, Direction::Received]
            .map(|direction| flow.counts(direction).data_segments);
        let few = segments.into_iter().sum::<u64>() <= u64::from(area.width);
        let line = mss.map(|mss| (mss, format!("MSS {}", grouped(mss))));
        let plot = Plot {
            area,
            axis: axis(area),
            title: "payload",
            most: most + most / 16,
            unit: |bytes| grouped(bytes),
            series: &series,
            line,
        };
        plot.draw(
            canvas,
            self.cursor_column(area),
            |dots, scale| {
                let mut mark = |x, size: u32, kind| {
                    let size = u64::from(size);
                    dots.stem(x, (if few { 0 } else { size }, size), plot.most, kind);
                };
                self.marks(scale)
                    .into_iter()
                    .for_each(|mut marks| marks.sizes(&mut mark));
            },
            self.window,
        );
    }

    /// Bytes sent, acknowledged, and allowed, of the direction that carried more.
    fn draw_sequence(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.height < 3 {
            return;
        }
        let (flow, direction) = (self.talk.flow, self.main_direction());
        let (most, edge) = marks::extent(flow, direction);
        // The window's edge is shown where it is near enough to leave the rest some room.
        let near = edge <= most.saturating_mul(3);
        let most = if near { most.max(edge) } else { most };
        let series = [
            Series {
                name: if near {
                    "window's edge"
                } else {
                    "window's edge: above"
                },
                role: Role::Dim,
            },
            Series {
                name: "acknowledged",
                role: Role::Success,
            },
            Series {
                name: "sent",
                role: Role::Phase(if direction == Direction::Sent {
                    Phase::Send
                } else {
                    Phase::Receive
                }),
            },
            Series {
                name: "sent again",
                role: Role::Failure,
            },
        ];
        let title = if direction == Direction::Sent {
            "bytes out"
        } else {
            "bytes in"
        };
        let plot = Plot {
            area,
            axis: axis(area),
            title,
            most: most + most / 8,
            unit: |bytes| Bytes(bytes).to_string(),
            series: &series,
            line: None,
        };
        plot.draw(
            canvas,
            self.cursor_column(area),
            |dots, scale| {
                self.marks(scale)
                    .into_iter()
                    .for_each(|mut marks| marks.sequence(dots, direction, plot.most));
            },
            self.window,
        );
    }

    fn marks(&self, scale: &Scale) -> Option<Marks<'_>> {
        Marks::of(self.talk.flow, self.talk.trace.clock(), scale)
    }

    fn cursor_column(&self, area: Rect) -> Option<u16> {
        Scale::new(self.window, axis(area).width).column(self.cursor?)
    }

    fn draw_ticks(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let axis = axis(area);
        let ticks = Ticks::of(&Scale::new(self.window, axis.width));
        let last = ticks.ticks.len().saturating_sub(1);
        for (n, tick) in ticks.ticks.iter().enumerate() {
            let label = if n == last {
                format!("{} {}", tick.label, ticks.unit.symbol())
            } else {
                tick.label.clone()
            };
            let wide = u16::try_from(width(&label)).unwrap_or(0);
            let most = axis.right().saturating_sub(wide).max(axis.x);
            canvas.text(
                (axis.x + tick.column.min(most - axis.x), area.y),
                &label,
                wide,
                Role::Dim,
            );
        }
    }

    /// How many segments there are of which size, in both directions.
    fn draw_histogram(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.height < 3 {
            return;
        }
        let half = area.width / 2;
        for (direction, name, role, x) in [
            (
                Direction::Sent,
                "sizes out",
                Role::Phase(Phase::Send),
                area.x,
            ),
            (
                Direction::Received,
                "sizes in",
                Role::Phase(Phase::Receive),
                area.x + half,
            ),
        ] {
            let ranges = Sizes::of(self.talk.flow, direction).ranges(RANGES);
            let most = ranges
                .iter()
                .map(|range| range.segments)
                .max()
                .unwrap_or(0)
                .max(1);
            canvas.text(
                (x + 1, area.y + 1),
                name,
                half.saturating_sub(1),
                Role::Strong,
            );
            for (y, range) in (area.y + 2..area.bottom()).zip(ranges.iter().rev()) {
                let label = if range.from == range.to {
                    grouped(range.to.into())
                } else {
                    format!(
                        "{}\u{2013}{}",
                        grouped(range.from.into()),
                        grouped(range.to.into())
                    )
                };
                canvas.right(x + 16, y, &label, Role::Dim);
                let room = half.saturating_sub(28);
                let long = u16::try_from(u64::from(room) * range.segments / most).unwrap_or(room);
                let long = long.max(u16::from(range.segments > 0));
                canvas.text(
                    (x + 17, y),
                    &"\u{2588}".repeat(usize::from(long)),
                    long,
                    role,
                );
                canvas.text((x + 18 + long, y), &grouped(range.segments), 9, Role::Text);
            }
        }
    }
}
