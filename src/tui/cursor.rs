//! The cursor that all panels share.

mod anchor;
mod packets;

use super::screen_run::ScreenRun;
use crate::dissect::ConversationView;
use crate::timeline::Lane;
use crate::trace::{ExchangeId, FlowKey, Phase};
use crate::units::Moment;

pub(super) use anchor::CursorAnchor;

/// The selection. Moving it in one panel moves it in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cursor {
    /// Nothing in particular: the run as a whole. The event list follows new events.
    #[default]
    Run,
    /// An event, by its index in the log.
    Event(usize),
    /// A row of the timeline.
    Lane(ExchangeId, Lane),
    /// A conversation.
    Flow(FlowKey),
    /// A packet, by its flow and its index in it.
    Packet(FlowKey, usize),
}

impl Cursor {
    /// Returns the timeline row to highlight.
    pub(super) fn lane(self, run: &ScreenRun) -> Option<(ExchangeId, Lane)> {
        match self {
            Self::Run | Self::Flow(_) => None,
            Self::Event(index) => run.event(index).and_then(|event| run.lane_of_event(event)),
            Self::Lane(id, lane) => Some((id, lane)),
            Self::Packet(flow, index) => packets::lane_of(run, &flow, index),
        }
    }

    /// Returns the event to highlight, by its index in the log.
    pub(super) fn event(self, run: &ScreenRun) -> Option<usize> {
        match self {
            Self::Run | Self::Flow(_) => None,
            Self::Event(index) => Some(index),
            Self::Lane(id, lane) => run.event_of(id, lane),
            Self::Packet(flow, index) => packets::event_of(run, &flow, index),
        }
    }

    /// Returns the instant to mark on the time axis.
    pub(super) fn moment(self, run: &ScreenRun) -> Option<Moment> {
        match self {
            Self::Run => None,
            Self::Event(index) => run.event(index).map(|event| event.at),
            Self::Lane(id, lane) => run.span_of(id, lane).map(|(began, _)| began),
            Self::Flow(flow) => packets::moment_of(run, &flow, 0),
            Self::Packet(flow, index) => packets::moment_of(run, &flow, index),
        }
    }

    /// Returns the packet to highlight, by its flow and its index in it: the first one that carried
    /// what is selected.
    pub(super) fn packet(self, run: &ScreenRun) -> Option<(FlowKey, usize)> {
        match self {
            Self::Run | Self::Flow(_) => None,
            Self::Packet(flow, index) => Some((flow, index)),
            Self::Event(_) | Self::Lane(..) => packets::packet_of_cursor(run, self),
        }
    }

    /// Returns the selected conversation.
    pub(super) const fn flow(self) -> Option<FlowKey> {
        match self {
            Self::Flow(flow) | Self::Packet(flow, _) => Some(flow),
            Self::Run | Self::Event(_) | Self::Lane(..) => None,
        }
    }

    /// Returns the exchange whose rows are unfolded.
    pub(super) fn exchange(self, run: &ScreenRun) -> Option<ExchangeId> {
        self.lane(run)
            .map(|(id, _)| id)
            .or_else(|| run.main_exchange().map(|exchange| exchange.id))
    }

    /// Returns the selected phase.
    pub(super) fn phase(self, run: &ScreenRun) -> Option<Phase> {
        self.lane(run).and_then(|(_, lane)| lane.phase())
    }

    /// Moves by `by` listed events, down if positive.
    #[must_use]
    pub(super) fn moved_by_events(self, run: &ScreenRun, by: isize) -> Self {
        let Some(last) = run.listed_events.len().checked_sub(1) else {
            return Self::Run;
        };
        let here = match self.event(run) {
            Some(index) => run.listed_events.partition_point(|&listed| listed < index),
            // Without a selection, up leads to the last row and down to the first.
            None if by < 0 => last + 1,
            None => {
                return run
                    .listed_events
                    .first()
                    .map_or(Self::Run, |&index| Self::Event(index));
            }
        };
        let there = here.saturating_add_signed(by).min(last);
        run.listed_events
            .get(there)
            .map_or(Self::Run, |&index| Self::Event(index))
    }

    /// Moves by `by` of `rows`, down if positive.
    #[must_use]
    pub(super) fn moved_by_rows(
        self,
        run: &ScreenRun,
        rows: &[(ExchangeId, Lane)],
        by: isize,
    ) -> Self {
        let Some(last) = rows.len().checked_sub(1) else {
            return Self::Run;
        };
        let here = self.lane(run).and_then(|lane| row_position(rows, lane));
        let there = match here {
            Some(here) => here.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => 0,
        };
        rows.get(there)
            .map_or(Self::Run, |&(id, lane)| Self::Lane(id, lane))
    }
}

/// Returns the position of a row among rows: its own, otherwise that of its phase, otherwise that
/// of its exchange.
pub(super) fn row_position(
    rows: &[(ExchangeId, Lane)],
    (id, lane): (ExchangeId, Lane),
) -> Option<usize> {
    let find = |wanted: Lane| rows.iter().position(|&row| row == (id, wanted));
    find(lane)
        .or_else(|| find(Lane::Phase(lane.phase()?)))
        .or_else(|| find(Lane::Folded))
}

/// Returns the conversation of the cursor's packet, otherwise that of its exchange.
pub(super) fn conversation_of_cursor(
    run: &ScreenRun,
    cursor: Cursor,
) -> Option<ConversationView<'_>> {
    let trace = &run.trace;
    if let Some(key) = cursor.flow() {
        let connection = trace.connection_of(&key);
        let dissection = run.dissections.get(&key);
        return Some(ConversationView {
            trace,
            flow: trace.flow(&key)?,
            connection,
            dissection,
        });
    }
    ConversationView::of_exchange(trace, trace.exchange(cursor.exchange(run)?)?)
}
