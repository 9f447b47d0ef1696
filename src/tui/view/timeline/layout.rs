//! Layout of the timeline: which rows it has, the room they take, and which of them are visible.

use ratatui::layout::Rect;

use super::owner_bar::OwnerBar;
use crate::insight::ledger::Owner;
use crate::insight::{server_timing, wire_phase};
use crate::timeline::{Lane, LaneOptions, Scale, exchange_lanes};
use crate::trace::{Exchange, ExchangeId, Phase, PhaseSpan};
use crate::tui::cursor::{Cursor, row_position};
use crate::tui::screen_run::ScreenRun;
use crate::tui::text_layout::wrap;
use crate::units::{Moment, Nanos, group_digits};

/// A row: its exchange and its lane.
pub(in crate::tui) type TimelineRow = (ExchangeId, Lane);

/// What is selected: an item, and an owner of time.
pub(in crate::tui) type TimelineSelection = (Cursor, Option<Owner>);

/// Columns left of the axis: cursor, name, duration, and a blank after each.
pub(super) const LABELS: u16 = 19;
/// Folded exchanges listed before and after the unfolded one; the list moves with the cursor.
const MAX_FOLDED_AROUND: usize = 100;
/// Minimum columns at which packets have three lines for each direction, if there is room for them.
const MIN_COLUMNS_FOR_TALL_STRIP: u16 = 150;
/// Lines for packets then.
const TALL_STRIP_LINES: u16 = 6;
/// Time after which a body in progress has a progress row.
const MIN_TIME_WITH_PROGRESS: Nanos = Nanos::from_millis(300);
/// Levels of detail, from everything to nothing but the phases, with the lines for packets. The
/// first that fits is used.
const DETAIL_LEVELS: [(LaneOptions, u16); 6] = [
    (
        LaneOptions {
            wire: true,
            queries: true,
            attempts: true,
            server_timing: true,
            progress: true,
        },
        2,
    ),
    (
        LaneOptions {
            wire: true,
            queries: false,
            attempts: true,
            server_timing: true,
            progress: true,
        },
        2,
    ),
    (
        LaneOptions {
            wire: false,
            queries: false,
            attempts: true,
            server_timing: true,
            progress: true,
        },
        2,
    ),
    (
        LaneOptions {
            wire: false,
            queries: false,
            attempts: true,
            server_timing: false,
            progress: true,
        },
        2,
    ),
    (
        LaneOptions {
            wire: false,
            queries: false,
            attempts: true,
            server_timing: false,
            progress: true,
        },
        1,
    ),
    (
        LaneOptions {
            wire: false,
            queries: false,
            attempts: false,
            server_timing: false,
            progress: true,
        },
        0,
    ),
];

/// The timeline's rows in an area.
pub(in crate::tui) struct TimelineLayout {
    /// All rows, of which some may not be visible.
    pub(in crate::tui) rows: Vec<TimelineRow>,
    /// The first visible row.
    pub(super) first: usize,
    /// Number of visible rows.
    pub(super) seen: usize,
    /// Lines for packets, or for the kernel's figures if there are none.
    pub(super) strip: u16,
    /// The failure in words, wrapped.
    pub(super) failure: Vec<String>,
    /// The number of retired exchanges, in words.
    pub(super) retired: Option<String>,
    /// Whether the wire clock has rows of its own; otherwise bars show it.
    pub(super) wire_rows: bool,
    /// The bar of owners, in the lines above the area.
    pub(super) owners: OwnerBar,
    /// Area inside the borders, below the bar of owners.
    pub(super) inner: Rect,
}

impl TimelineLayout {
    /// Returns the height that the timeline needs if there is room for `most`, including borders.
    pub(in crate::tui) fn wanted_height(
        run: &ScreenRun,
        selection: TimelineSelection,
        now: Moment,
        width: u16,
        most: u16,
    ) -> u16 {
        let inner = Rect {
            x: 0,
            y: 0,
            width: width.saturating_sub(2),
            height: most.saturating_sub(2),
        };
        let layout = Self::new(run, selection, now, inner);
        let lines = layout.rows.len().max(1)
            + usize::from(layout.strip)
            + usize::from(layout.owners.height())
            + layout.failure.len()
            + usize::from(layout.retired.is_some())
            + 3;
        u16::try_from(lines).unwrap_or(u16::MAX)
    }

    /// Lays out the rows in an area inside the borders.
    pub(in crate::tui) fn new(
        run: &ScreenRun,
        (cursor, owner): TimelineSelection,
        now: Moment,
        inner: Rect,
    ) -> Self {
        let failure = failure_lines(run, cursor, inner);
        // The bar takes what the phases without their details leave.
        let least = timeline_rows(run, cursor, now, DETAIL_LEVELS[5].0).len();
        let taken = 1 + least + failure.len();
        let room = usize::from(inner.height).saturating_sub(taken);
        // It goes before the packets only if there is no room for both.
        let with_packets = room.saturating_sub(usize::from(strip_lines(run).min(1)));
        let room = if with_packets < 2 { room } else { with_packets };
        let owners = OwnerBar::new(run, (cursor, owner), inner, room);
        let inner = Rect {
            y: inner.y.saturating_add(owners.height()),
            height: inner.height.saturating_sub(owners.height()),
            ..inner
        };
        let retired = retired_line(run).filter(|_| usize::from(inner.height) > failure.len() + 4);
        let room = usize::from(inner.height)
            .saturating_sub(1 + failure.len() + usize::from(retired.is_some()));
        let most_strip = strip_lines(run);
        let tall = (inner.width >= MIN_COLUMNS_FOR_TALL_STRIP && most_strip == 2)
            .then_some((DETAIL_LEVELS[0].0, TALL_STRIP_LINES));
        let levels = DETAIL_LEVELS
            .into_iter()
            .map(|(detail, strip)| (detail, strip.min(most_strip)));
        let fitting = tall.into_iter().chain(levels).find_map(|(detail, strip)| {
            let rows = timeline_rows(run, cursor, now, detail);
            (rows.len() + usize::from(strip) <= room).then_some((rows, strip, detail.wire))
        });
        let (rows, strip, wire_rows) = fitting.unwrap_or_else(|| {
            (
                timeline_rows(run, cursor, now, DETAIL_LEVELS[5].0),
                0,
                false,
            )
        });
        let seen = rows.len().min(room.saturating_sub(usize::from(strip)));
        let first = first_seen(&rows, cursor, run, seen);
        Self {
            rows,
            first,
            seen,
            strip,
            failure,
            retired,
            wire_rows,
            owners,
            inner,
        }
    }

    /// Returns the visible rows, with their lines.
    pub(super) fn visible(&self) -> impl Iterator<Item = (u16, TimelineRow)> {
        let top = self.inner.y.saturating_add(1);
        self.rows
            .iter()
            .skip(self.first)
            .take(self.seen)
            .zip(top..)
            .map(|(&row, y)| (y, row))
    }

    /// Returns the row on a line of the screen.
    pub(in crate::tui) fn row_at(&self, y: u16) -> Option<TimelineRow> {
        self.visible()
            .find(|&(line, _)| line == y)
            .map(|(_, row)| row)
    }

    /// Returns the area of the axis.
    pub(super) const fn axis(&self) -> Rect {
        let labels = if self.inner.width < LABELS {
            self.inner.width
        } else {
            LABELS
        };
        Rect {
            x: self.inner.x + labels,
            y: self.inner.y,
            width: (self.inner.width - labels).saturating_sub(1),
            height: self.inner.height,
        }
    }

    /// Returns the time scale over the columns of the axis.
    pub(in crate::tui) const fn scale(&self, window: crate::timeline::TimeWindow) -> Scale {
        Scale::new(window, self.axis().width)
    }

    /// Returns the instant at a column of the screen.
    pub(in crate::tui) fn moment_at(
        &self,
        x: u16,
        window: crate::timeline::TimeWindow,
    ) -> Option<Moment> {
        let axis = self.axis();
        let column = x
            .checked_sub(axis.x)
            .filter(|&column| column < axis.width)?;
        Some(self.scale(window).moment_at_column(column))
    }

    /// Returns the first line below the rows.
    pub(super) fn below_rows(&self) -> u16 {
        self.inner
            .y
            .saturating_add(1)
            .saturating_add(u16::try_from(self.seen).unwrap_or(u16::MAX))
    }
}

/// Returns the rows of all exchanges near the cursor: a single exchange with its lanes, or several
/// folded ones of which the selected one is unfolded.
pub(in crate::tui) fn timeline_rows(
    run: &ScreenRun,
    cursor: Cursor,
    now: Moment,
    detail: LaneOptions,
) -> Vec<TimelineRow> {
    let exchanges = run.trace.exchanges();
    let chosen = cursor.exchange(run);
    let unfolded = |exchange: &Exchange| {
        lanes_of(run, exchange, now, detail)
            .into_iter()
            .map(move |lane| (exchange.id, lane))
            .collect()
    };
    if let [only] = exchanges {
        return unfolded(only);
    }
    let index = chosen.map_or(0, |id| {
        exchanges.partition_point(|exchange| exchange.id < id)
    });
    let near = exchanges
        .iter()
        .skip(index.saturating_sub(MAX_FOLDED_AROUND))
        .take(2 * MAX_FOLDED_AROUND + 1);
    near.flat_map(|exchange| {
        let mut rows = vec![(exchange.id, Lane::Folded)];
        if Some(exchange.id) == chosen {
            rows.extend::<Vec<TimelineRow>>(unfolded(exchange));
        }
        rows
    })
    .collect()
}

fn lanes_of(run: &ScreenRun, exchange: &Exchange, now: Moment, detail: LaneOptions) -> Vec<Lane> {
    let detail = LaneOptions {
        progress: detail.progress && is_long(run, exchange, now),
        server_timing: detail.server_timing
            && server_timing(exchange)
                .iter()
                .any(|metric| metric.duration.is_some()),
        ..detail
    };
    let mut lanes = exchange_lanes(exchange, detail, |phase| {
        wire_phase(&run.trace, exchange, phase).is_some()
    });
    if run.under_way && exchange.ended.is_none() {
        lanes.extend(expected_phases(exchange).map(Lane::Phase));
    }
    lanes
}

/// Returns true if a body has been in progress for long enough to show how far it is.
fn is_long(run: &ScreenRun, exchange: &Exchange, now: Moment) -> bool {
    run.under_way
        && exchange.phases.get(Phase::Receive).is_some_and(|span| {
            span.ended.is_none() && now.since(span.began) >= MIN_TIME_WITH_PROGRESS
        })
}

/// Returns the phases that will follow if all goes well, so that rows do not jump when they begin.
fn expected_phases(exchange: &Exchange) -> impl Iterator<Item = Phase> {
    let latest = exchange.phases.iter().map(|(phase, _)| phase).last();
    let url = exchange.url.raw();
    let scheme_is = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let secure = scheme_is("https:");
    let named = !is_address_literal(url);
    Phase::ALL.into_iter().filter(move |&phase| {
        let expected = match phase {
            Phase::Dns => named,
            Phase::Proxy => false,
            Phase::Tls => secure,
            Phase::Connect | Phase::Send | Phase::Wait | Phase::Receive => true,
        };
        expected && Some(phase) > latest
    })
}

/// Returns true if the host is an address, which needs no name resolution.
fn is_address_literal(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| !matches!(url.host(), Some(url::Host::Domain(_))))
}

/// Returns the first visible row. The row under the cursor is centred if there is more on both
/// sides.
fn first_seen(rows: &[TimelineRow], cursor: Cursor, run: &ScreenRun, seen: usize) -> usize {
    let most = rows.len().saturating_sub(seen);
    let row = cursor
        .lane(run)
        .or_else(|| cursor.exchange(run).map(|id| (id, Lane::Folded)));
    row.and_then(|row| row_position(rows, row))
        .map_or(0, |index| index.saturating_sub(seen / 2).min(most))
}

fn strip_lines(run: &ScreenRun) -> u16 {
    if run.trace.capture().packets > 0 || (run.under_way && run.is_capturing()) {
        2
    } else {
        u16::from(
            run.trace
                .connections()
                .iter()
                .any(|connection| connection.tcp_info.is_some()),
        )
    }
}

/// Returns how many exchanges were retired and have no rows.
fn retired_line(run: &ScreenRun) -> Option<String> {
    match run.trace.retired().exchanges {
        0 => None,
        1 => Some("1 earlier request is only in the statistics".to_owned()),
        many => Some(format!(
            "{} earlier requests are only in the statistics",
            group_digits(many)
        )),
    }
}

/// Returns the failure of the unfolded exchange and what to try.
fn failure_lines(run: &ScreenRun, cursor: Cursor, inner: Rect) -> Vec<String> {
    let exchange = cursor.exchange(run).and_then(|id| run.trace.exchange(id));
    let Some((phase, failure)) = exchange.and_then(|exchange| exchange.failure.as_ref()) else {
        return Vec::new();
    };
    let columns = usize::from(inner.width).saturating_sub(4);
    let took = exchange
        .and_then(|exchange| exchange.phases.get(*phase))
        .and_then(PhaseSpan::duration);
    let after = took
        .map(|took| format!(" after {took}"))
        .unwrap_or_default();
    let mut lines = Vec::new();
    for (sign, text) in [
        (
            "\u{2717} ",
            format!(
                "{} failed{after}: {}",
                phase.label(),
                failure.message.escaped()
            ),
        ),
        ("\u{2192} ", failure.hint.clone()),
    ] {
        for (n, line) in wrap(&text, columns).into_iter().take(3).enumerate() {
            lines.push(format!("{}{line}", if n == 0 { sign } else { "  " }));
        }
    }
    lines.truncate(usize::from(inner.height / 3));
    lines
}
