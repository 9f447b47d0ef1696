//! The run on the screen: its trace, and what of its log is listed.

use std::collections::HashMap;

use super::dissections::Dissections;
use crate::insight::redact::Masking;
use crate::insight::{Holding, Retirement};
use crate::timeline::{Lane, Window, round_end};
use crate::trace::{
    CaptureState, Event, Exchange, ExchangeId, Flow, FlowKey, PacketLimits, Phase, Trace, What,
};
use crate::units::{Moment, Nanos, Untrusted};

/// A run as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) trace: Trace,
    /// Lets exchanges go as they become many; `None` where all that a file has are held.
    retirement: Option<Retirement>,
    /// Places in the log of what the event list shows.
    pub(super) listed: Vec<usize>,
    /// What clients called the servers of flows.
    pub(super) names: HashMap<FlowKey, Untrusted>,
    /// What conversations say, as far as that was looked at.
    pub(super) dissections: Dissections,
    /// Whether events are still to come.
    pub(super) under_way: bool,
    /// Why it could not be started or went on no longer, where its events do not say so.
    pub(super) trouble: Option<String>,
}

impl Run {
    /// One that lists so many packets. Where it may go on for ever, exchanges that are over go as
    /// they become many.
    pub(super) fn within(limits: PacketLimits, is_endless: bool) -> Self {
        let retirement = is_endless.then(|| Retirement::new(Holding::SCREEN));
        Self {
            trace: Trace::within(limits),
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
    pub(super) const fn keep(&mut self, exchange: Option<ExchangeId>) {
        if let Some(retirement) = &mut self.retirement {
            retirement.keep(exchange);
        }
    }

    /// Takes in what happened, with what is secret in it masked: a screen is looked at by more than
    /// one. Of a body, which is shown, what is known to be secret in it; in what is written all
    /// of it is masked.
    pub(super) fn take(&mut self, mut event: Event, masking: &mut Masking) {
        masking.learn(&event.what);
        match &mut event.what {
            What::BodyPreview { text, .. } => *text = masking.redactor().words_of_others(text),
            _ => masking.redactor().mask_event(&mut event),
        }
        match event.what {
            What::RunStarted { .. } => {
                *self = Self {
                    under_way: true,
                    ..Self::within(self.trace.limits(), self.retirement.is_some())
                }
            }
            What::RunEnded => self.under_way = false,
            _ => {}
        }
        let listed = is_listed(&event.what);
        let (place, retired) = (self.trace.log().len(), self.trace.retired().exchanges);
        let flows = self.trace.forgotten().flows;
        self.trace.apply(event);
        if let Some(retirement) = &mut self.retirement {
            retirement.retire(&mut self.trace, |_, _| {});
        }
        if self.trace.log().len() < place || self.trace.retired().exchanges > retired {
            let events = self.trace.log().iter().enumerate();
            self.listed = events
                .filter(|(_, event)| is_listed(&event.what))
                .map(|(place, _)| place)
                .collect();
        } else if listed && self.trace.log().len() > place {
            self.listed.push(place);
        }
        if self.trace.forgotten().flows > flows {
            let trace = &self.trace;
            self.names.retain(|flow, _| trace.flow(flow).is_some());
            self.dissections.retain(|flow| trace.flow(flow).is_some());
        }
    }

    /// The time axis as a whole. While the run is under way its end is round, and grows in steps.
    pub(super) fn whole(&self, now: Moment) -> Window {
        if self.under_way {
            return Window::new(Moment::START, round_end(now));
        }
        let end = self
            .trace
            .exchanges()
            .iter()
            .filter_map(|exchange| exchange.ended)
            .max()
            .unwrap_or_else(|| self.trace.latest());
        Window::new(Moment::START, end + Nanos(end.from_start().0 / 64))
    }

    /// The instant up to which what goes on is drawn.
    pub(super) fn until(&self, now: Moment) -> Moment {
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
    pub(super) fn of_others(&self, opened: bool) -> Option<&[Flow]> {
        let flows = self.trace.flows();
        let known = opened || !self.under_way && !flows.is_empty();
        (known && self.trace.exchanges().is_empty()).then_some(flows)
    }

    /// Whether more may come of a capture, of which perhaps not even the beginning is there.
    pub(super) const fn may_go_on(&self) -> bool {
        self.trace.ended().is_none() && self.trouble.is_none()
    }

    /// The event at a place in the log.
    pub(super) fn event(&self, place: usize) -> Option<&Event> {
        self.trace.log().get(place)
    }

    /// Whether packets are seen.
    pub(super) fn sees_packets(&self) -> bool {
        self.trace.capture().state == CaptureState::On
    }

    /// The exchange and the row an event belongs to.
    pub(super) fn lane_of(&self, event: &Event) -> Option<(ExchangeId, Lane)> {
        let what = &event.what;
        let id = what.exchange().or_else(|| {
            let connection = self.trace.connection(what.connection()?)?;
            Some(connection.opened_by)
        })?;
        let exchange = self.trace.exchange(id)?;
        Some((id, lane_in(exchange, what)?))
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
            .listed
            .partition_point(|&place| self.event(place).is_some_and(|event| event.at < began));
        let after = self.listed.iter().skip(first).take(NEAR);
        let before = first
            .checked_sub(1)
            .and_then(|place| self.listed.get(place))
            .copied();
        after
            .copied()
            .find(|&place| self.belongs(place, id, lane))
            .or(before)
    }

    fn belongs(&self, place: usize, id: ExchangeId, lane: Lane) -> bool {
        self.event(place)
            .and_then(|event| self.lane_of(event))
            .is_some_and(|(of, its)| {
                let within =
                    matches!(lane, Lane::Phase(_) | Lane::Wire(_)) && its.phase() == lane.phase();
                of == id && (lane == Lane::Folded || its == lane || within)
            })
    }
}

/// How many lines after a row's beginning are looked through for one that belongs to it.
const NEAR: usize = 1_000;

/// What the list shows: everything but what another line says as well.
const fn is_listed(what: &What) -> bool {
    match what {
        What::PhaseBegan { phase, .. } => matches!(phase, Phase::Wait),
        What::PhaseEnded { .. }
        | What::RunStarted { .. }
        | What::RunEnded
        | What::BodyPreview { .. } => false,
        _ => true,
    }
}

fn lane_in(exchange: &Exchange, what: &What) -> Option<Lane> {
    Some(match what {
        What::PhaseBegan { phase, .. }
        | What::PhaseEnded { phase, .. }
        | What::Failed { phase, .. } => Lane::Phase(*phase),
        What::DnsQueried { query, .. }
        | What::DnsAnswered { query, .. }
        | What::DnsFailed { query, .. } => {
            let queries = &exchange.resolution.as_ref()?.queries;
            Lane::Query(queries.iter().position(|known| known.id == *query)?)
        }
        What::AttemptStarted { attempt, .. } | What::AttemptEnded { attempt, .. } => Lane::Attempt(
            exchange
                .attempts
                .iter()
                .position(|known| known.id == *attempt)?,
        ),
        What::Resolved { .. } => Lane::Phase(Phase::Dns),
        What::Connected { .. } => Lane::Phase(Phase::Connect),
        What::ProxyTalked { .. } => Lane::Phase(Phase::Proxy),
        What::TlsMessage { .. }
        | What::TlsCertificates { .. }
        | What::TlsVerified { .. }
        | What::TlsEstablished { .. } => Lane::Phase(Phase::Tls),
        What::RequestHead { .. } | What::RequestBody { .. } => Lane::Phase(Phase::Send),
        What::Informational { .. } => Lane::Phase(Phase::Wait),
        What::ResponseHead { .. }
        | What::ResponseBody { .. }
        | What::Trailers { .. }
        | What::BodyPreview { .. }
        | What::Redirected { .. } => Lane::Phase(Phase::Receive),
        What::ExchangeStarted { .. } | What::ExchangeEnded { .. } => Lane::Folded,
        _ => return None,
    })
}
