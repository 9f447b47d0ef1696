//! The run on the screen: its trace, and what of its log is listed.

use std::collections::HashMap;

use super::dissection_cache::DissectionCache;
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
    /// Lets exchanges go as they become many; `None` where all that a file has are held.
    retirement: Option<Retirement>,
    /// Places in the log of what the event list shows.
    pub(super) listed_events: Vec<usize>,
    /// What clients called the servers of flows.
    pub(super) names: HashMap<FlowKey, Untrusted>,
    /// What conversations say, as far as that was looked at.
    pub(super) dissections: DissectionCache,
    /// Whether events are still to come.
    pub(super) under_way: bool,
    /// Why it could not be started or went on no longer, where its events do not say so.
    pub(super) error: Option<String>,
}

impl ScreenRun {
    /// One that lists so many packets. Where it may go on for ever, exchanges that are over go as
    /// they become many.
    pub(super) fn with_limits(limits: PacketLimits, is_endless: bool) -> Self {
        let retirement = is_endless.then(|| Retirement::new(RetentionLimits::SCREEN));
        Self {
            trace: Trace::with_limits(limits),
            retirement,
            ..Self::default()
        }
    }

    /// Whether exchanges are about to go.
    pub(super) fn is_about_to_retire(&self) -> bool {
        self.retirement
            .as_ref()
            .is_some_and(|retirement| retirement.is_due(&self.trace))
    }

    /// Keeps an exchange that is looked at.
    pub(super) const fn keep_exchange(&mut self, exchange: Option<ExchangeId>) {
        if let Some(retirement) = &mut self.retirement {
            retirement.pin(exchange);
        }
    }

    /// Takes in what happened, with what is secret in it masked: a screen is looked at by more than
    /// one. Of a body, which is shown, what is known to be secret in it; in what is written all
    /// of it is masked.
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
        let (place, retired) = (self.trace.log().len(), self.trace.retired().exchanges);
        let flows = self.trace.evicted().flows;
        self.trace.apply(event);
        if let Some(retirement) = &mut self.retirement {
            retirement.retire(&mut self.trace, |_, _| {});
        }
        if self.trace.log().len() < place || self.trace.retired().exchanges > retired {
            let events = self.trace.log().iter().enumerate();
            self.listed_events = events
                .filter(|(_, event)| is_listed(&event.kind))
                .map(|(place, _)| place)
                .collect();
        } else if listed && self.trace.log().len() > place {
            self.listed_events.push(place);
        }
        if self.trace.evicted().flows > flows {
            let trace = &self.trace;
            self.names.retain(|flow, _| trace.flow(flow).is_some());
            self.dissections.retain(|flow| trace.flow(flow).is_some());
        }
    }

    /// The time axis as a whole. While the run is under way its end is round, and grows in steps.
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

    /// The instant up to which what goes on is drawn.
    pub(super) fn drawn_until(&self, now: Moment) -> Moment {
        if self.under_way {
            now
        } else {
            self.trace.latest()
        }
    }

    /// The exchange that is looked at when nothing is chosen: the one that failed, else the latest.
    pub(super) fn main_exchange(&self) -> Option<&Exchange> {
        let exchanges = self.trace.exchanges();
        exchanges
            .iter()
            .rev()
            .find(|exchange| exchange.failure.is_some())
            .or_else(|| exchanges.last())
    }

    /// The flows, where it is a capture of others' traffic; `None` where it is, or may become, a
    /// run of this program's.
    pub(super) fn capture_flows(&self, opened: bool) -> Option<&[Flow]> {
        let flows = self.trace.flows();
        let known = opened || !self.under_way && !flows.is_empty();
        (known && self.trace.exchanges().is_empty()).then_some(flows)
    }

    /// Whether more may come of a capture, of which perhaps not even the beginning is there.
    pub(super) const fn may_continue(&self) -> bool {
        self.trace.ended().is_none() && self.error.is_none()
    }

    /// The event at a place in the log.
    pub(super) fn event(&self, place: usize) -> Option<&Event> {
        self.trace.log().get(place)
    }

    /// Whether packets are seen.
    pub(super) fn is_capturing(&self) -> bool {
        self.trace.capture().state == CaptureState::On
    }

    /// The exchange and the row an event belongs to.
    pub(super) fn lane_of_event(&self, event: &Event) -> Option<(ExchangeId, Lane)> {
        let what = &event.kind;
        let id = what.exchange().or_else(|| {
            let connection = self.trace.connection(what.connection()?)?;
            Some(connection.opened_by)
        })?;
        let exchange = self.trace.exchange(id)?;
        Some((id, lane_of_kind(exchange, what)?))
    }

    /// When what a row shows began and ended; its end is `None` while it goes on.
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

    /// The listed event that stands for a row: the first after its beginning that belongs to it,
    /// else the last before.
    pub(super) fn event_of(&self, id: ExchangeId, lane: Lane) -> Option<usize> {
        let (began, _) = self.span_of(id, lane)?;
        let first = self
            .listed_events
            .partition_point(|&place| self.event(place).is_some_and(|event| event.at < began));
        let after = self
            .listed_events
            .iter()
            .skip(first)
            .take(MAX_EVENTS_SEARCHED);
        let before = first
            .checked_sub(1)
            .and_then(|place| self.listed_events.get(place))
            .copied();
        after
            .copied()
            .find(|&place| self.belongs_to_lane(place, id, lane))
            .or(before)
    }

    fn belongs_to_lane(&self, place: usize, id: ExchangeId, lane: Lane) -> bool {
        self.event(place)
            .and_then(|event| self.lane_of_event(event))
            .is_some_and(|(of, its)| {
                let within =
                    matches!(lane, Lane::Phase(_) | Lane::Wire(_)) && its.phase() == lane.phase();
                of == id && (lane == Lane::Folded || its == lane || within)
            })
    }
}

/// How many lines after a row's beginning are looked through for one that belongs to it.
const MAX_EVENTS_SEARCHED: usize = 1_000;

/// What the list shows: everything but what another line says as well.
const fn is_listed(what: &EventKind) -> bool {
    match what {
        EventKind::PhaseBegan { phase, .. } => matches!(phase, Phase::Wait),
        EventKind::PhaseEnded { .. }
        | EventKind::RunStarted { .. }
        | EventKind::RunEnded
        | EventKind::BodyPreview { .. } => false,
        _ => true,
    }
}

fn lane_of_kind(exchange: &Exchange, what: &EventKind) -> Option<Lane> {
    Some(match what {
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
