//! The list of conversations, one per line, with as many columns as fit. Only visible lines are
//! computed.

mod columns;

use ratatui::layout::Rect;

use self::columns::{Columns, MARK_COLUMNS};
use super::canvas::{Canvas, draw_scrollbar};
use super::layout::PanelAreas;
use super::timeline;
use crate::insight::connection_ending;
use crate::trace::{Flow, FlowKey, Phase, TrafficSum};
use crate::tui::ScreenState;
use crate::tui::conversations::ConversationOrder;
use crate::tui::screen_run::ScreenRun;
use crate::tui::state::Panel;
use crate::tui::text_layout::{display_width, truncate_middle, truncate_text};
use crate::tui::theme::StyleRole;
use crate::units::{Moment, WallTime, group_digits};

/// Scroll position of the list.
struct ConversationScroll {
    first: usize,
    seen: usize,
    selected: Option<usize>,
}

impl ConversationScroll {
    /// Centres the selected row if there is more on both sides.
    fn new(run: &ScreenRun, state: &ScreenState, inside: Rect) -> Self {
        let seen = usize::from(inside.height.saturating_sub(1));
        let listed = state.conversations.listed().len();
        let selected = state
            .view_state
            .cursor
            .flow()
            .and_then(|key| state.conversations.row_of(run, key));
        let first = selected
            .map_or(0, |index| index.saturating_sub(seen / 2))
            .min(listed.saturating_sub(seen));
        Self {
            first,
            seen,
            selected,
        }
    }
}

/// Returns the conversation on a line of the screen.
pub(in crate::tui) fn conversation_at(
    state: &ScreenState,
    areas: &PanelAreas,
    y: u16,
) -> Option<FlowKey> {
    let run = state
        .paused
        .as_ref()
        .map_or(&state.run, |paused| &paused.run);
    let inside = timeline::inside_borders(areas.main, areas.have_borders());
    let listing = ConversationScroll::new(run, state, inside);
    let line = usize::from(y.checked_sub(inside.y + 1)?);
    let index = state
        .conversations
        .listed()
        .get(listing.first + line)
        .filter(|_| line < listing.seen)?;
    run.trace.flows().get(*index as usize).map(|flow| flow.key)
}

/// Draws the list.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    boxed: bool,
    state: &ScreenState,
    now: Moment,
) {
    let (run, now) = state.displayed_run(now);
    let focused = state.view_state.panel != Panel::Explain;
    let inside = if boxed {
        canvas.draw_box(area, &list_title(state, run), focused)
    } else {
        area
    };
    let list = &state.conversations;
    if list.listed().is_empty() {
        canvas.text(
            (inside.x + 2, inside.y + u16::from(inside.height > 1)),
            empty_list_text(state, run),
            inside.width.saturating_sub(3),
            StyleRole::Dim,
        );
        return;
    }
    let columns = Columns::fitting(inside.width);
    let listing = ConversationScroll::new(run, state, inside);
    draw_head(canvas, inside, &columns, list.order);
    let table = Table {
        run,
        columns,
        window: strip_window(run, now),
    };
    for (y, (line, index)) in
        (inside.y + 1..inside.bottom()).zip(list.listed().iter().enumerate().skip(listing.first))
    {
        let Some(flow) = run.trace.flows().get(*index as usize) else {
            continue;
        };
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        if listing.selected == Some(line) {
            let style = canvas.styles.selected(focused);
            canvas.buf.set_style(row, style);
            canvas.text((row.x, y), "\u{25b8}", 1, StyleRole::Accent);
        }
        table.draw_row(canvas, row, flow);
    }
    if boxed {
        draw_scrollbar(
            canvas,
            area,
            listing.first,
            listing.seen,
            list.listed().len(),
        );
    }
}

fn list_title(state: &ScreenState, run: &ScreenRun) -> [(String, StyleRole); 2] {
    let listed = state.conversations.listed().len() as u64;
    let all = run.trace.flows().len() as u64;
    let gone = match run.trace.evicted().flows {
        0 => String::new(),
        gone => format!(", {} earlier ones no longer listed", group_digits(gone)),
    };
    let count = if state.conversations.is_filtered() {
        format!(
            "\u{2500} {} of {} with \u{201c}{}\u{201d} ",
            group_digits(listed),
            group_digits(all),
            truncate_text(&state.conversations.filter_text(), 24)
        )
    } else {
        format!("\u{2500} {}{gone} ", group_digits(all))
    };
    [
        (" Conversations ".to_owned(), StyleRole::Strong),
        (count, StyleRole::Dim),
    ]
}

fn empty_list_text(state: &ScreenState, run: &ScreenRun) -> &'static str {
    if state.conversations.is_filtered() {
        "No conversation contains these words; Esc shows all."
    } else if run.may_continue() {
        "No TCP or UDP packets so far."
    } else {
        "This capture contains no TCP or UDP packets."
    }
}

/// Returns the time range of the traffic strips.
fn strip_window(run: &ScreenRun, now: Moment) -> Option<(WallTime, WallTime)> {
    let clock = run.trace.clock();
    let end = if run.under_way {
        run.trace.latest()
    } else {
        now
    };
    Some((clock.wall_of(Moment::START)?, clock.wall_of(end)?))
}

fn draw_head(canvas: &mut Canvas<'_>, inside: Rect, columns: &Columns, order: ConversationOrder) {
    let y = inside.y;
    let mut x = inside.x + MARK_COLUMNS;
    let ends = if order == ConversationOrder::Time {
        "client \u{2192} server \u{25be} by time"
    } else {
        "client \u{2192} server"
    };
    canvas.text((x, y), ends, columns.ends, StyleRole::Dim);
    x += columns.ends;
    for figure in columns.figures() {
        x += figure.columns();
        let orders = figure.is_sorted_by(order);
        let text = if orders {
            format!("\u{25be} {}", figure.heading())
        } else {
            figure.heading().to_owned()
        };
        canvas.text_right(
            x,
            y,
            &text,
            if orders {
                StyleRole::Accent
            } else {
                StyleRole::Dim
            },
        );
    }
    if columns.strip > 0 {
        canvas.text((x + 2, y), "over time", columns.strip - 2, StyleRole::Dim);
    }
}

struct Table<'a> {
    run: &'a ScreenRun,
    columns: Columns,
    window: Option<(WallTime, WallTime)>,
}

impl Table<'_> {
    fn draw_row(&self, canvas: &mut Canvas<'_>, row: Rect, flow: &Flow) {
        let mut x = row.x + 1;
        if connection_ending(flow).is_some_and(crate::insight::ConnectionEnding::is_bad)
            || !flow.delivery_errors().is_empty()
        {
            canvas.text((x, row.y), "\u{2717}", 1, StyleRole::Failure);
        }
        x += 2;
        canvas.text((x, row.y), flow.key.transport.id(), 3, StyleRole::Dim);
        x = row.x + MARK_COLUMNS;
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
            let (text, role) = figure.value(flow);
            canvas.text_right(x, row.y, &text, role);
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

    /// Draws client, server, and server name.
    fn draw_ends(&self, canvas: &mut Canvas<'_>, area: Rect, flow: &Flow) {
        let client = flow.key.local.to_string();
        let server = flow.key.remote.to_string();
        let name = self
            .run
            .names
            .get(&flow.key)
            .map(|name| format!("{}:{}", name.escaped(), flow.key.remote.port()));
        let room = usize::from(area.width);
        let far = display_width(name.as_deref().unwrap_or(&server)).min(room / 2);
        let client = truncate_middle(&client, room.saturating_sub(far + 3));
        let mut x = area.x;
        x += canvas.text(
            (x, area.y),
            &client,
            area.right().saturating_sub(x),
            StyleRole::Text,
        );
        x += canvas.text(
            (x, area.y),
            " \u{2192} ",
            area.right().saturating_sub(x),
            StyleRole::Dim,
        );
        let left = |x: u16| usize::from(area.right().saturating_sub(x));
        let Some(name) = name else {
            canvas.text(
                (x, area.y),
                &truncate_middle(&server, left(x)),
                area.width,
                StyleRole::Text,
            );
            return;
        };
        x += canvas.text(
            (x, area.y),
            &truncate_middle(&name, left(x)),
            area.width,
            StyleRole::Strong,
        ) + 1;
        let address = flow.key.remote.ip().to_string();
        if display_width(&address) <= left(x) {
            canvas.text((x, area.y), &address, area.width, StyleRole::Dim);
        }
    }

    /// Draws the traffic over the time of the capture.
    fn draw_strip(&self, canvas: &mut Canvas<'_>, area: Rect, flow: &Flow) {
        let Some((start, end)) = self.window else {
            return;
        };
        let passed: Vec<TrafficSum> = (0..u64::from(area.width))
            .map(|column| {
                let edge = |column: u64| {
                    WallTime(
                        start.0
                            + fraction_of(
                                end.0.saturating_sub(start.0).saturating_add(1),
                                column,
                                area.width.into(),
                            ),
                    )
                };
                flow.traffic_between(edge(column), edge(column + 1))
            })
            .collect();
        let bytes = |passed: &TrafficSum| {
            passed
                .sent
                .payload_bytes
                .saturating_add(passed.received.payload_bytes)
        };
        let most = passed.iter().map(bytes).max().unwrap_or(0);
        for (x, passed) in (area.x..).zip(&passed) {
            let role = if passed.sent.retransmitted + passed.received.retransmitted > 0 {
                StyleRole::Failure
            } else if passed.sent.payload_bytes > passed.received.payload_bytes {
                StyleRole::Phase(Phase::Send)
            } else {
                StyleRole::Phase(Phase::Receive)
            };
            match bytes(passed) {
                0 if passed.sent.packets + passed.received.packets == 0 => {}
                0 => _ = canvas.text((x, area.y), "\u{00b7}", 1, role),
                bytes => _ = canvas.text((x, area.y), timeline::strip_cell(bytes, most), 1, role),
            }
        }
    }
}

/// Returns `parts` of `of` equal parts of a whole.
fn fraction_of(whole: u64, parts: u64, of: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(parts) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}
