//! The run on the screen: its trace, and which events of its log are listed.

use std::collections::HashMap;
use std::rc::Rc;

use super::dissection_cache::DissectionCache;
use super::ledger_cache::LedgerCache;
use crate::insight::ledger::{ExchangeLedger, Ledger};
use crate::insight::redact::RedactionPolicy;
use crate::insight::{RetentionLimits, Retirement};
use crate::timeline::{Lane, TimeWindow, round_axis_end};
use crate::trace::{
    CaptureState, Event, EventKind, Exchange, ExchangeId, Flow, FlowKey, PacketLimits, Phase, Trace,
};
use crate::units::{Moment, Nanos, Untrusted};

/// A run as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct ScreenRun {
    pub(super) trace: Trace,
    /// Retires exchanges as they become many; `None` where all exchanges of a file are held.
    retirement: Option<Retirement>,
    /// Log indices of the events in the event list.
    pub(super) listed_events: Vec<usize>,
    /// Server names of flows, as clients sent them.
    pub(super) names: HashMap<FlowKey, Untrusted>,
    /// Dissections of the conversations that were looked at.
    pub(super) dissections: DissectionCache,
    ledgers: LedgerCache,
    /// Whether more events are expected.
    pub(super) under_way: bool,
    /// Why it could not be started or was cut off, if its events do not say so.
    pub(super) error: Option<String>,
}

impl ScreenRun {
    /// Creates a run with limits on listed packets. If it may be endless, finished exchanges are
    /// retired as they become many.
    pub(super) fn with_limits(limits: PacketLimits, is_endless: bool) -> Self {
        let retirement = is_endless.then(|| Retirement::new(RetentionLimits::SCREEN));
        Self {
            trace: Trace::with_limits(limits),
            retirement,
            ..Self::default()
        }
    }

    /// Returns the ledger of an exchange.
    pub(super) fn ledger(&self, exchange: &Exchange) -> Rc<ExchangeLedger> {
        self.ledgers.get(&self.trace, exchange)
    }

    /// Returns the ledger of all exchanges and the waits between them, once the run is over.
    pub(super) fn finished_ledger(&self) -> Option<Rc<Ledger>> {
        let trace = (!self.under_way).then_some(&self.trace)?;
        self.ledgers.of_run(trace)
    }

    /// Returns true if exchanges are about to be retired.
    pub(super) fn is_about_to_retire(&self) -> bool {
        self.retirement
            .as_ref()
            .is_some_and(|retirement| retirement.is_due(&self.trace))
    }

    /// Keeps the exchange that is looked at from being retired.
    pub(super) const fn keep_exchange(&mut self, exchange: Option<ExchangeId>) {
        if let Some(retirement) = &mut self.retirement {
            retirement.pin(exchange);
        }
    }

    /// Applies an event with its secrets masked, since a screen may be seen by others. In a
    /// displayed body only known secrets are masked; in saved files all of it is.
    pub(super) fn apply_event(&mut self, mut event: Event, masking: &mut RedactionPolicy) {
        masking.learn(&event.kind);
        match &mut event.kind {
            EventKind::BodyPreview { text, .. } => *text = masking.redactor().remote_text(text),
            _ => masking.redactor().mask_event(&mut event),
        }
        match event.kind {
            EventKind::RunStarted { .. } => {
                *self = Self {
                    under_way: true,
                    ..Self::with_limits(self.trace.limits(), self.retirement.is_some())
                }
            }
            EventKind::RunEnded => self.under_way = false,
            _ => {}
        }
        let listed = is_listed(&event.kind);
        let index = self.trace.log().len();
        let retired = self.trace.retired().exchanges;
        let flows = self.trace.evicted().flows;
        self.trace.apply(event);
        if let Some(retirement) = &mut self.retirement {
            retirement.retire(&mut self.trace, |_, _| {});
        }
        if self.trace.log().len() < index || self.trace.retired().exchanges > retired {
            let events = self.trace.log().iter().enumerate();
            self.listed_events = events
                .filter(|(_, event)| is_listed(&event.kind))
                .map(|(index, _)| index)
                .collect();
        } else if listed && self.trace.log().len() > index {
            self.listed_events.push(index);
        }
        if self.trace.evicted().flows > flows {
            let trace = &self.trace;
            self.names.retain(|flow, _| trace.flow(flow).is_some());
            self.dissections.retain(|flow| trace.flow(flow).is_some());
        }
    }

    /// Returns the whole time axis. During a run its end is a round number, so that it grows in
    /// steps.
    pub(super) fn full_window(&self, now: Moment) -> TimeWindow {
        if self.under_way {
            return TimeWindow::new(Moment::START, round_axis_end(now));
        }
        let end = self
            .trace
            .exchanges()
            .iter()
            .filter_map(|exchange| exchange.ended)
            .max()
            .unwrap_or_else(|| self.trace.latest());
        TimeWindow::new(Moment::START, end + Nanos(end.from_start().0 / 64))
    }

    /// Returns the instant up to which phases in progress are drawn.
    pub(super) fn drawn_until(&self, now: Moment) -> Moment {
        if self.under_way {
            now
        } else {
            self.trace.latest()
        }
    }

    /// Returns the exchange to show when nothing is selected: the one that failed, otherwise the
    /// latest.
    pub(super) fn main_exchange(&self) -> Option<&Exchange> {
        let exchanges = self.trace.exchanges();
        exchanges
            .iter()
            .rev()
            .find(|exchange| exchange.failure.is_some())
            .or_else(|| exchanges.last())
    }

    /// Returns the flows if this is a capture of other programs' traffic; `None` if it is, or may
    /// become, a run of this program.
    pub(super) fn capture_flows(&self, opened: bool) -> Option<&[Flow]> {
        let flows = self.trace.flows();
        let known = opened || !self.under_way && !flows.is_empty();
        (known && self.trace.exchanges().is_empty()).then_some(flows)
    }

    /// Returns true if more events of a capture are expected, of which there may be none yet.
    pub(super) const fn may_continue(&self) -> bool {
        self.trace.ended().is_none() && self.error.is_none()
    }

    /// Returns an event of the log.
    pub(super) fn event(&self, index: usize) -> Option<&Event> {
        self.trace.log().get(index)
    }

    /// Returns true if packets are being captured.
    pub(super) fn is_capturing(&self) -> bool {
        self.trace.capture().state == CaptureState::On
    }

    /// Returns the exchange and the row that an event belongs to.
    pub(super) fn lane_of_event(&self, event: &Event) -> Option<(ExchangeId, Lane)> {
        let kind = &event.kind;
        let id = kind.exchange().or_else(|| {
            let connection = self.trace.connection(kind.connection()?)?;
            Some(connection.opened_by)
        })?;
        let exchange = self.trace.exchange(id)?;
        Some((id, lane_of_kind(exchange, kind)?))
    }

    /// Returns when what a row shows began and ended; the end is `None` while it is in progress.
    pub(super) fn span_of(&self, id: ExchangeId, lane: Lane) -> Option<(Moment, Option<Moment>)> {
        let exchange = self.trace.exchange(id)?;
        match lane {
            Lane::Folded => Some((exchange.started, exchange.ended)),
            Lane::Query(n) => {
                let query = exchange.resolution.as_ref()?.queries.get(n)?;
                Some((query.asked, query.ended))
            }
            Lane::Attempt(n) => exchange
                .attempts
                .get(n)
                .map(|attempt| (attempt.started, attempt.ended)),
            _ => lane
                .phase()
                .and_then(|phase| exchange.phases.get(phase))
                .map(|span| (span.began, span.ended)),
        }
    }

    /// Returns the listed event that represents a row: the first after its beginning that belongs
    /// to it, otherwise the last before.
    pub(super) fn event_of(&self, id: ExchangeId, lane: Lane) -> Option<usize> {
        let (began, _) = self.span_of(id, lane)?;
        let first = self
            .listed_events
            .partition_point(|&index| self.event(index).is_some_and(|event| event.at < began));
        let after = self
            .listed_events
            .iter()
            .skip(first)
            .take(MAX_EVENTS_SEARCHED);
        let before = first
            .checked_sub(1)
            .and_then(|index| self.listed_events.get(index))
            .copied();
        after
            .copied()
            .find(|&index| self.belongs_to_lane(index, id, lane))
            .or(before)
    }

    fn belongs_to_lane(&self, index: usize, id: ExchangeId, lane: Lane) -> bool {
        self.event(index)
            .and_then(|event| self.lane_of_event(event))
            .is_some_and(|(of, its)| {
                let within =
                    matches!(lane, Lane::Phase(_) | Lane::Wire(_)) && its.phase() == lane.phase();
                of == id && (lane == Lane::Folded || its == lane || within)
            })
    }
}

/// Number of events after a row's beginning that are searched for one that belongs to it.
const MAX_EVENTS_SEARCHED: usize = 1_000;

/// Returns true if an event is listed: all are but those that repeat what another one says.
const fn is_listed(kind: &EventKind) -> bool {
    match kind {
        EventKind::PhaseBegan { phase, .. } => matches!(phase, Phase::Wait),
        EventKind::PhaseEnded { .. }
        | EventKind::RunStarted { .. }
        | EventKind::RunEnded
        | EventKind::BodyPreview { .. } => false,
        _ => true,
    }
}

fn lane_of_kind(exchange: &Exchange, kind: &EventKind) -> Option<Lane> {
    Some(match kind {
        EventKind::PhaseBegan { phase, .. }
        | EventKind::PhaseEnded { phase, .. }
        | EventKind::Failed { phase, .. } => Lane::Phase(*phase),
        EventKind::DnsQueried { query, .. }
        | EventKind::DnsAnswered { query, .. }
        | EventKind::DnsFailed { query, .. } => {
            let queries = &exchange.resolution.as_ref()?.queries;
            Lane::Query(queries.iter().position(|known| known.id == *query)?)
        }
        EventKind::AttemptStarted { attempt, .. } | EventKind::AttemptEnded { attempt, .. } => {
            Lane::Attempt(
                exchange
                    .attempts
                    .iter()
                    .position(|known| known.id == *attempt)?,
            )
        }
        EventKind::Resolved { .. } => Lane::Phase(Phase::Dns),
        EventKind::Connected { .. } => Lane::Phase(Phase::Connect),
        EventKind::ProxyTalked { .. } => Lane::Phase(Phase::Proxy),
        EventKind::TlsMessage { .. }
        | EventKind::TlsCertificates { .. }
        | EventKind::TlsVerified { .. }
        | EventKind::TlsEstablished { .. } => Lane::Phase(Phase::Tls),
        EventKind::RequestHead { .. } | EventKind::RequestBody { .. } => Lane::Phase(Phase::Send),
        EventKind::Informational { .. } => Lane::Phase(Phase::Wait),
        EventKind::ResponseHead { .. }
        | EventKind::ResponseBody { .. }
        | EventKind::Trailers { .. }
        | EventKind::BodyPreview { .. }
        | EventKind::Redirected { .. } => Lane::Phase(Phase::Receive),
        EventKind::ExchangeStarted { .. } | EventKind::ExchangeEnded { .. } => Lane::Folded,
        _ => return None,
    })
}
