//! Who talked with whom: a conversation a line, as many columns as there is room for. Only the
//! lines that are seen are worked out.

use ratatui::layout::Rect;

use super::canvas::{Canvas, scroll_mark};
use super::layout::Areas;
use super::timeline;
use crate::insight::ending;
use crate::trace::{Direction, Flow, FlowKey, Passed, Phase};
use crate::tui::State;
use crate::tui::conversations::{Order, duration, sent_again};
use crate::tui::fit::{cut, cut_middle, width};
use crate::tui::run::Run;
use crate::tui::state::Panel;
use crate::tui::theme::Role;
use crate::units::{Bytes, Moment, WallTime, grouped};

/// A column of figures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Figure {
    Packets,
    Sent,
    Received,
    SentAgain,
    Took,
}

impl Figure {
    /// In the order in which there is room for them.
    const ALL: [Self; 5] = [
        Self::Packets,
        Self::Sent,
        Self::Received,
        Self::SentAgain,
        Self::Took,
    ];

    const fn head(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::SentAgain => "again",
            Self::Took => "took",
        }
    }

    const fn columns(self) -> u16 {
        match self {
            Self::Packets | Self::Took => 9,
            Self::Sent => 10,
            Self::Received => 11,
            Self::SentAgain => 7,
        }
    }

    fn of(self, flow: &Flow) -> (String, Role) {
        let (sent, received) = (
            flow.counts(Direction::Sent),
            flow.counts(Direction::Received),
        );
        match self {
            Self::Packets => (grouped(sent.packets + received.packets), Role::Text),
            Self::Sent => (Bytes(sent.payload_bytes).to_string(), Role::Text),
            Self::Received => (Bytes(received.payload_bytes).to_string(), Role::Text),
            Self::SentAgain => match sent_again(flow) {
                0 => ("0".to_owned(), Role::Dim),
                again => (grouped(again), Role::Failure),
            },
            Self::Took => (
                duration(flow).map_or_else(|| "\u{2014}".to_owned(), |took| took.to_string()),
                Role::Dim,
            ),
        }
    }

    /// Whether the list is in its order.
    const fn orders(self, order: Order) -> bool {
        match order {
            Order::Size => matches!(self, Self::Sent | Self::Received),
            Order::SentAgain => matches!(self, Self::SentAgain),
            Order::Duration => matches!(self, Self::Took),
            Order::Time => false,
        }
    }
}

/// Columns before the ends: the cursor's mark, what went wrong, the transport.
const FRONT: u16 = 7;
/// Columns that the ends have at least, and with a strip.
const ENDS: u16 = 32;
const ENDS_BESIDE_A_STRIP: u16 = 58;

/// What stands where on a line.
struct Columns {
    ends: u16,
    figures: usize,
    strip: u16,
}

impl Columns {
    fn of(all: u16) -> Self {
        let mut ends = all.saturating_sub(FRONT);
        let mut figures = 0;
        for figure in Figure::ALL {
            let Some(left) = ends
                .checked_sub(figure.columns())
                .filter(|left| *left >= ENDS)
            else {
                break;
            };
            (ends, figures) = (left, figures + 1);
        }
        let strip = ends.saturating_sub(ENDS_BESIDE_A_STRIP);
        let strip = if figures < Figure::ALL.len() || strip < 12 {
            0
        } else {
            strip.min(64)
        };
        Self {
            ends: ends - strip,
            figures,
            strip,
        }
    }

    fn figures(&self) -> impl Iterator<Item = Figure> {
        Figure::ALL.into_iter().take(self.figures)
    }
}

/// Where the list is scrolled to.
struct Listing {
    first: usize,
    seen: usize,
    selected: Option<usize>,
}

impl Listing {
    /// The chosen one is in the middle where there is more on both sides.
    fn of(run: &Run, state: &State, inside: Rect) -> Self {
        let seen = usize::from(inside.height.saturating_sub(1));
        let listed = state.conversations.listed().len();
        let selected = state
            .sight
            .cursor
            .flow()
            .and_then(|key| state.conversations.place_of(run, key));
        let first = selected
            .map_or(0, |place| place.saturating_sub(seen / 2))
            .min(listed.saturating_sub(seen));
        Self {
            first,
            seen,
            selected,
        }
    }
}

/// The conversation on a line of the screen.
pub(in crate::tui) fn conversation_at(state: &State, areas: &Areas, y: u16) -> Option<FlowKey> {
    let run = state.held.as_ref().map_or(&state.run, |held| &held.run);
    let inside = timeline::inside(areas.main, areas.boxed());
    let listing = Listing::of(run, state, inside);
    let line = usize::from(y.checked_sub(inside.y + 1)?);
    let place = state
        .conversations
        .listed()
        .get(listing.first + line)
        .filter(|_| line < listing.seen)?;
    run.trace.flows().get(*place as usize).map(|flow| flow.key)
}

/// Draws the list.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, boxed: bool, state: &State, now: Moment) {
    let (run, now) = state.shown(now);
    let focused = state.sight.panel != Panel::Explain;
    let inside = if boxed {
        canvas.boxed(area, &title(state, run), focused)
    } else {
        area
    };
    let list = &state.conversations;
    if list.listed().is_empty() {
        canvas.text(
            (inside.x + 2, inside.y + u16::from(inside.height > 1)),
            nothing(state, run),
            inside.width.saturating_sub(3),
            Role::Dim,
        );
        return;
    }
    let columns = Columns::of(inside.width);
    let listing = Listing::of(run, state, inside);
    draw_head(canvas, inside, &columns, list.order);
    let table = Table {
        run,
        columns,
        window: window(run, now),
    };
    for (y, (line, place)) in
        (inside.y + 1..inside.bottom()).zip(list.listed().iter().enumerate().skip(listing.first))
    {
        let Some(flow) = run.trace.flows().get(*place as usize) else {
            continue;
        };
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        if listing.selected == Some(line) {
            let style = canvas.look.selected(focused);
            canvas.buf.set_style(row, style);
            canvas.text((row.x, y), "\u{25b8}", 1, Role::Accent);
        }
        table.draw_row(canvas, row, flow);
    }
    if boxed {
        scroll_mark(
            canvas,
            area,
            listing.first,
            listing.seen,
            list.listed().len(),
        );
    }
}

fn title(state: &State, run: &Run) -> [(String, Role); 2] {
    let (listed, all) = (
        state.conversations.listed().len() as u64,
        run.trace.flows().len() as u64,
    );
    let gone = match run.trace.forgotten().flows {
        0 => String::new(),
        gone => format!(", {} earlier ones no longer listed", grouped(gone)),
    };
    let count = if state.conversations.is_narrowed() {
        format!(
            "\u{2500} {} of {} with \u{201c}{}\u{201d} ",
            grouped(listed),
            grouped(all),
            cut(&state.conversations.narrowed_to(), 24)
        )
    } else {
        format!("\u{2500} {}{gone} ", grouped(all))
    };
    [
        (" Conversations ".to_owned(), Role::Strong),
        (count, Role::Dim),
    ]
}

fn nothing(state: &State, run: &Run) -> &'static str {
    if state.conversations.is_narrowed() {
        "No conversation has these words; Esc shows all."
    } else if run.may_go_on() {
        "No packet of TCP or UDP so far."
    } else {
        "There is no packet of TCP or UDP in this capture."
    }
}

/// The time that the strips span.
fn window(run: &Run, now: Moment) -> Option<(WallTime, WallTime)> {
    let clock = run.trace.clock();
    let end = if run.under_way {
        run.trace.latest()
    } else {
        now
    };
    Some((clock.wall_of(Moment::START)?, clock.wall_of(end)?))
}

fn draw_head(canvas: &mut Canvas<'_>, inside: Rect, columns: &Columns, order: Order) {
    let y = inside.y;
    let mut x = inside.x + FRONT;
    let ends = if order == Order::Time {
        "client \u{2192} server \u{25be} by time"
    } else {
        "client \u{2192} server"
    };
    canvas.text((x, y), ends, columns.ends, Role::Dim);
    x += columns.ends;
    for figure in columns.figures() {
        x += figure.columns();
        let orders = figure.orders(order);
        let text = if orders {
            format!("\u{25be} {}", figure.head())
        } else {
            figure.head().to_owned()
        };
        canvas.right(x, y, &text, if orders { Role::Accent } else { Role::Dim });
    }
    if columns.strip > 0 {
        canvas.text((x + 2, y), "over time", columns.strip - 2, Role::Dim);
    }
}

struct Table<'a> {
    run: &'a Run,
    columns: Columns,
    window: Option<(WallTime, WallTime)>,
}

impl Table<'_> {
    fn draw_row(&self, canvas: &mut Canvas<'_>, row: Rect, flow: &Flow) {
        let mut x = row.x + 1;
        if ending(flow).is_some_and(crate::insight::Ending::is_bad)
            || !flow.undelivered().is_empty()
        {
            canvas.text((x, row.y), "\u{2717}", 1, Role::Failure);
        }
        x += 2;
        canvas.text(
            (x, row.y),
            if flow.key.tcp { "tcp" } else { "udp" },
            3,
            Role::Dim,
        );
        x = row.x + FRONT;
        self.draw_ends(
            canvas,
            Rect {
                x,
                width: self.columns.ends.saturating_sub(1),
                ..row
            },
            flow,
        );
        x += self.columns.ends;
        for figure in self.columns.figures() {
            x += figure.columns();
            let (text, role) = figure.of(flow);
            canvas.right(x, row.y, &text, role);
        }
        if self.columns.strip > 0 {
            self.draw_strip(
                canvas,
                Rect {
                    x: x + 2,
                    width: self.columns.strip - 2,
                    ..row
                },
                flow,
            );
        }
    }

    /// The client, the server, and what it is called.
    fn draw_ends(&self, canvas: &mut Canvas<'_>, area: Rect, flow: &Flow) {
        let (client, server) = (flow.key.local.to_string(), flow.key.remote.to_string());
        let name = self
            .run
            .names
            .get(&flow.key)
            .map(|name| format!("{}:{}", name.escaped(), flow.key.remote.port()));
        let room = usize::from(area.width);
        let far = width(name.as_deref().unwrap_or(&server)).min(room / 2);
        let client = cut_middle(&client, room.saturating_sub(far + 3));
        let mut x = area.x;
        x += canvas.text(
            (x, area.y),
            &client,
            area.right().saturating_sub(x),
            Role::Text,
        );
        x += canvas.text(
            (x, area.y),
            " \u{2192} ",
            area.right().saturating_sub(x),
            Role::Dim,
        );
        let left = |x: u16| usize::from(area.right().saturating_sub(x));
        let Some(name) = name else {
            canvas.text(
                (x, area.y),
                &cut_middle(&server, left(x)),
                area.width,
                Role::Text,
            );
            return;
        };
        x += canvas.text(
            (x, area.y),
            &cut_middle(&name, left(x)),
            area.width,
            Role::Strong,
        ) + 1;
        let address = flow.key.remote.ip().to_string();
        if width(&address) <= left(x) {
            canvas.text((x, area.y), &address, area.width, Role::Dim);
        }
    }

    /// What passed over the time of the capture.
    fn draw_strip(&self, canvas: &mut Canvas<'_>, area: Rect, flow: &Flow) {
        let Some((start, end)) = self.window else {
            return;
        };
        let passed: Vec<Passed> = (0..u64::from(area.width))
            .map(|column| {
                let edge = |column: u64| {
                    WallTime(
                        start.0
                            + part(
                                end.0.saturating_sub(start.0).saturating_add(1),
                                column,
                                area.width.into(),
                            ),
                    )
                };
                flow.passed(edge(column), edge(column + 1))
            })
            .collect();
        let bytes = |passed: &Passed| {
            passed
                .sent
                .payload_bytes
                .saturating_add(passed.received.payload_bytes)
        };
        let most = passed.iter().map(bytes).max().unwrap_or(0);
        for (x, passed) in (area.x..).zip(&passed) {
            let role = if passed.sent.retransmitted + passed.received.retransmitted > 0 {
                Role::Failure
            } else if passed.sent.payload_bytes > passed.received.payload_bytes {
                Role::Phase(Phase::Send)
            } else {
                Role::Phase(Phase::Receive)
            };
            match bytes(passed) {
                0 if passed.sent.packets + passed.received.packets == 0 => {}
                0 => _ = canvas.text((x, area.y), "\u{00b7}", 1, role),
                bytes => _ = canvas.text((x, area.y), timeline::strip_cell(bytes, most), 1, role),
            }
        }
    }
}

/// So many of the parts of a whole.
fn part(whole: u64, parts: u64, of: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(parts) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}
