//! Drawing of the ladder's rows: lifelines, arrows, brackets and idle periods.

use ratatui::layout::Rect;

use super::TIME_COLUMNS;
use crate::dissect::{ConversationView, LadderRow, Reach};
use crate::insight::ledger::PeriodCauses;
use crate::trace::{Direction, Exchange, ExchangeId, Phase};
use crate::tui::figures::format_millis;
use crate::tui::owner_selection::LitTime;
use crate::tui::screen_run::ScreenRun;
use crate::tui::text_layout::{display_width, first_that_fits, truncate_text};
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;
use crate::units::{Moment, Nanos};

/// Geometry of the ladder.
pub(super) struct LadderView<'a> {
    pub(super) run: &'a ScreenRun,
    /// The unfolded exchange.
    pub(super) exchange: Option<ExchangeId>,
    pub(super) conversation: ConversationView<'a>,
    pub(super) inner: Rect,
    /// Columns of the client's and of the server's lifeline.
    pub(super) left: u16,
    pub(super) right: u16,
    /// The time of the selected owner.
    pub(super) lit: Option<LitTime>,
    pub(super) focused: bool,
}

/// Which brackets of one side are open.
#[derive(Clone, Copy, Default)]
struct OpenBrackets {
    records: bool,
    parts: bool,
}

impl LadderView<'_> {
    /// Draws the names of the lifelines.
    pub(super) fn draw_ends(&self, canvas: &mut Canvas<'_>, exchange: Option<&Exchange>) {
        let y = self.inner.y;
        canvas.text_right(self.inner.x + TIME_COLUMNS, y, "ms", StyleRole::Dim);
        let key = self.conversation.flow.key;
        let other = if exchange.is_some_and(|exchange| exchange.phases.get(Phase::Proxy).is_some())
        {
            "proxy"
        } else {
            "server"
        };
        let wordings = [
            (
                format!("client {}", key.local),
                format!("{other} {}", key.remote),
            ),
            (key.local.to_string(), key.remote.to_string()),
        ];
        let room = usize::from(self.inner.right().saturating_sub(self.left));
        let shortest = ("client".to_owned(), other.to_owned());
        let (near, far) = wordings
            .into_iter()
            .find(|(near, far)| display_width(near) + display_width(far) + 2 <= room)
            .unwrap_or(shortest);
        canvas.text(
            (self.left, y),
            &near,
            self.inner.right().saturating_sub(self.left),
            StyleRole::Strong,
        );
        canvas.text_right(self.right + 1, y, &far, StyleRole::Strong);
    }

    pub(super) fn draw_rows(
        &self,
        canvas: &mut Canvas<'_>,
        rows: &[(u16, LadderRow)],
        selected: Option<usize>,
    ) {
        let mut open = self.open_above(rows);
        for &(y, row) in rows {
            match row {
                LadderRow::Idle { before, took } => {
                    self.draw_brackets(canvas, y, None, &mut open);
                    self.draw_idle(canvas, y, before, took);
                }
                LadderRow::Packet(index) => {
                    let is_selected = selected == Some(index);
                    if is_selected {
                        let style = canvas.styles.selected(self.focused);
                        canvas.buf.set_style(
                            Rect {
                                y,
                                height: 1,
                                ..self.inner
                            },
                            style,
                        );
                        canvas.text((self.inner.x, y), "\u{25b8}", 1, StyleRole::Accent);
                    }
                    self.draw_packet(canvas, y, index, &mut open);
                }
            }
            self.light_up(canvas, y, row);
        }
    }

    /// Dims a row that is not in the time of the selected owner, and draws a bracket beside one
    /// that is.
    fn light_up(&self, canvas: &mut Canvas<'_>, y: u16, row: LadderRow) {
        let Some(lit) = &self.lit else { return };
        let packet = |index| self.conversation.packet(index);
        let moment = |index| packet(index).and_then(|packet| self.conversation.moment(packet));
        let is_lit = match row {
            LadderRow::Packet(index) => moment(index).is_some_and(|at| lit.contains(at)),
            LadderRow::Idle { before, took } => self
                .conversation
                .idle_period(before, took)
                .is_some_and(|(from, to)| lit.overlaps(from, to)),
        };
        if is_lit {
            let role = StyleRole::Owner(lit.owner);
            canvas.text((self.inner.x + TIME_COLUMNS, y), "\u{2503}", 1, role);
        } else {
            for x in self.inner.left()..self.inner.right() {
                canvas.dim_cell((x, y));
            }
        }
    }

    /// Returns which brackets are open above the first visible rung.
    fn open_above(&self, rows: &[(u16, LadderRow)]) -> [OpenBrackets; 2] {
        let first = rows.iter().find_map(|(_, row)| {
            if let LadderRow::Packet(index) = row {
                Some(*index)
            } else {
                None
            }
        });
        [Direction::Sent, Direction::Received].map(|direction| {
            let before =
                first.and_then(|first| self.conversation.latest_payload_before(first, direction));
            before.map_or_else(OpenBrackets::default, |index| {
                let carried = self.conversation.packet_contents(index);
                OpenBrackets {
                    records: carried.records.goes_on,
                    parts: carried.parts.goes_on,
                }
            })
        })
    }

    fn draw_idle(&self, canvas: &mut Canvas<'_>, y: u16, before: usize, took: Nanos) {
        for x in [self.left, self.right] {
            canvas.text((x, y), "\u{250a}", 1, StyleRole::Frame);
        }
        let causes = self.causes_of_idle(before, took);
        let described = self
            .conversation
            .idle_descriptions(before, took, causes.as_ref());
        let wordings: Vec<String> = described
            .into_iter()
            .map(|cause| format!(": {cause}"))
            .chain([String::new()])
            .map(|cause| format!("\u{22ee} idle for {took}{cause}"))
            .collect();
        let room = self.right.saturating_sub(self.left + 3);
        let role = if causes.is_some_and(|causes| causes.is_loss()) {
            StyleRole::Failure
        } else {
            StyleRole::Dim
        };
        if let Some(way) = first_that_fits(&wordings, usize::from(room)) {
            canvas.text((self.left + 3, y), way, room, role);
        }
    }

    /// Returns the causes of an idle period by the ledger of the exchange in whose time it lies.
    fn causes_of_idle(&self, before: usize, took: Nanos) -> Option<PeriodCauses> {
        let (from, to) = self.conversation.idle_period(before, took)?;
        let exchange = self
            .conversation
            .exchange_within((from, to), self.exchange)?;
        Some(self.run.ledger(exchange).whole.causes_within(from, to))
    }

    fn draw_packet(
        &self,
        canvas: &mut Canvas<'_>,
        y: u16,
        index: usize,
        open: &mut [OpenBrackets; 2],
    ) {
        let Some(packet) = self.conversation.packet(index) else {
            return;
        };
        let carried = self.conversation.packet_contents(index);
        let mark = self.conversation.mark(index);
        if let Some(at) = self.conversation.moment(packet) {
            canvas.text_right(
                self.inner.x + TIME_COLUMNS,
                y,
                &format_time_within(at, usize::from(TIME_COLUMNS) - 1),
                StyleRole::Dim,
            );
        }
        if let Some(mark) = mark {
            canvas.text(
                (self.inner.x + TIME_COLUMNS + 1, y),
                mark.sign(),
                1,
                StyleRole::for_mark(mark),
            );
        }
        let reach = (packet.payload_bytes > 0).then_some((
            packet.direction,
            carried.records,
            carried.parts,
        ));
        self.draw_brackets(canvas, y, reach, open);
        let role = mark.map_or_else(
            || carried.phase.map_or(StyleRole::Dim, StyleRole::Phase),
            StyleRole::for_mark,
        );
        self.draw_shaft(canvas, y, packet.direction, role);
        let aside = self
            .conversation
            .note(index, packet)
            .map(|aside| (aside.to_string(), StyleRole::for_aside(aside)));
        let end = self.right.saturating_sub(3);
        let mut room = end.saturating_sub(self.left + 4);
        if let Some((says, role)) =
            aside.filter(|(says, _)| display_width(says) + 16 <= usize::from(room))
        {
            canvas.text_right(end, y, &format!(" {says} "), role);
            room = room.saturating_sub(u16::try_from(display_width(&says)).unwrap_or(0) + 3);
        }
        let header = if carried.names.is_empty() {
            room
        } else {
            (room * 2 / 5).min(36)
        };
        let words = self.conversation.header_words(index, packet);
        let words = first_that_fits(&words, usize::from(header)).map_or_else(
            || truncate_text(words.last().map_or("", String::as_str), usize::from(header)),
            str::to_owned,
        );
        let text = if mark.is_some() {
            role
        } else {
            StyleRole::Text
        };
        let x = self.left + 3;
        let taken = canvas.text((x, y), &format!(" {words} "), header + 2, text);
        if !carried.names.is_empty() {
            let from = taken.max(header);
            let left = room.saturating_sub(from);
            canvas.text(
                (x + from, y),
                &format!(
                    " {} ",
                    truncate_text(&carried.names, usize::from(left).saturating_sub(2))
                ),
                left,
                role,
            );
        }
    }

    /// Draws the lifelines, and the arrow between them.
    fn draw_shaft(&self, canvas: &mut Canvas<'_>, y: u16, direction: Direction, role: StyleRole) {
        for x in [self.left, self.right] {
            canvas.text((x, y), "\u{2502}", 1, StyleRole::Frame);
        }
        for x in self.left + 1..self.right {
            canvas.text((x, y), "\u{2500}", 1, role);
        }
        let (x, head) = match direction {
            Direction::Sent => (self.right.saturating_sub(1), "\u{25b6}"),
            Direction::Received => (self.left + 1, "\u{25c0}"),
        };
        canvas.text((x, y), head, 1, role);
    }

    /// Draws the brackets of both sides; `here` is what this packet carries, if anything.
    fn draw_brackets(
        &self,
        canvas: &mut Canvas<'_>,
        y: u16,
        here: Option<(Direction, Reach, Reach)>,
        open: &mut [OpenBrackets; 2],
    ) {
        for (side, direction) in open.iter_mut().zip([Direction::Sent, Direction::Received]) {
            let own = here.filter(|(of, ..)| *of == direction);
            let records = bracket_symbol(
                own.map(|(_, records, _)| records),
                &mut side.records,
                direction,
            );
            let parts = bracket_symbol(own.map(|(.., parts)| parts), &mut side.parts, direction);
            let (inner, outer) = match direction {
                Direction::Sent => (self.left - 1, self.left - 2),
                Direction::Received => (self.right + 1, self.right + 2),
            };
            let http = if direction == Direction::Sent {
                Phase::Send
            } else {
                Phase::Receive
            };
            canvas.text((inner, y), records, 1, StyleRole::Phase(Phase::Tls));
            canvas.text((outer, y), parts, 1, StyleRole::Phase(http));
        }
    }
}

/// Returns the symbol of a bracket on a line, and updates whether it is open below.
const fn bracket_symbol(
    here: Option<Reach>,
    open: &mut bool,
    direction: Direction,
) -> &'static str {
    let Some(Reach {
        from_before,
        goes_on,
    }) = here
    else {
        return if *open { "\u{2502}" } else { " " };
    };
    *open = goes_on;
    match (from_before, goes_on, direction) {
        (false, false, _) => " ",
        (false, true, Direction::Sent) => "\u{250c}",
        (true, true, Direction::Sent) => "\u{251c}",
        (true, false, Direction::Sent) => "\u{2514}",
        (false, true, Direction::Received) => "\u{2510}",
        (true, true, Direction::Received) => "\u{2524}",
        (true, false, Direction::Received) => "\u{2518}",
    }
}

/// Formats an instant in milliseconds; if that takes too many columns, without decimals, then in
/// seconds, then in days.
fn format_time_within(at: Moment, columns: usize) -> String {
    let seconds = at.0 / 1_000_000_000;
    let words = [
        format_millis(at, false),
        (at.0 / 1_000_000).to_string(),
        format!("{seconds} s"),
        format!("{} d", seconds / 86_400),
    ];
    first_that_fits(&words, columns)
        .map_or_else(|| truncate_text(&words[0], columns), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_a_capture_of_days_fits_its_columns() {
        let millis = |millis: i64| format_time_within(Moment(millis * 1_000_000), 8);
        assert_eq!(millis(99_999), "99999.00");
        assert_eq!(millis(2_001_577), "2001577");
        assert_eq!(millis(99_999_999), "99999999");
        assert_eq!(millis(100_000_000), "100000 s");
        assert_eq!(millis(1_000_000_000), "11 d");
        assert_eq!(format_time_within(Moment(i64::MAX), 8), "106751 d");
        assert_eq!(format_time_within(Moment(i64::MIN), 8).chars().count(), 8);
    }
}
