//! Retirement of finished exchanges, so that a run of any length fits into memory.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::{Trace, canonical_address};
use crate::trace::{
    ConnectionId, Endpoint, EventKind, Exchange, ExchangeCause, ExchangeId, Flow, RetiredHops,
    RetiredRun,
};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::Transport;

impl Trace {
    /// Removes the exchanges of runs, and the connections, packets and events that belong to no
    /// other exchange. The times of the runs are kept ([`Trace::retired`]). Later events about a
    /// removed exchange are ignored. `runs` must be in the order in which they began; `hops` are
    /// of runs that are held, and lie between exchanges that are.
    pub fn retire(&mut self, runs: Vec<RetiredRun>, hops: Vec<RetiredHops>) {
        let mut ranges: Vec<RangeInclusive<ExchangeId>> =
            runs.iter().map(|run| run.first..=run.last).collect();
        ranges.extend(hops.iter().map(|hops| hops.first..=hops.last));
        ranges.sort_unstable_by_key(|range| range.start().0);
        let Some(last) = ranges.last().map(|range| *range.end()) else {
            return;
        };
        let held = self.exchanges.len();
        self.remove_exchanges(&ranges);
        self.retired.exchanges += (held - self.exchanges.len()) as u64;
        for run in runs {
            self.retired.remove_hops(&run);
            self.retired.add(run);
        }
        for hops in hops {
            self.retired.add_hops(hops);
        }
        let begins = self
            .exchanges
            .iter()
            .filter(|exchange| exchange.id.0 > last.0)
            .map(|exchange| exchange.started)
            .min();
        let latest = begins.unwrap_or(self.latest);
        self.retire_connections();
        self.retire_events();
        self.retire_flows(self.clock.wall_of(latest));
    }

    /// Removes the exchanges of the ranges, and keeps the failure of the latest of them that was
    /// not retried.
    fn remove_exchanges(&mut self, ranges: &[RangeInclusive<ExchangeId>]) {
        let mut ranges = ranges.iter().peekable();
        let mut goes = |exchange: &Exchange| {
            while ranges
                .next_if(|range| range.end().0 < exchange.id.0)
                .is_some()
            {}
            ranges
                .peek()
                .is_some_and(|range| range.start().0 <= exchange.id.0)
        };
        let going: Vec<bool> = self.exchanges.iter().map(&mut goes).collect();
        let is_retried = |place: usize| {
            let next = self.exchanges.get(place + 1);
            next.is_some_and(|next| next.cause == ExchangeCause::Retry)
        };
        let mut gone = going.iter().enumerate().rev().filter(|(_, goes)| **goes);
        let failed = gone.find_map(|(place, _)| {
            let exchange = self.exchanges.get(place)?;
            let failure = exchange.failure.as_ref().filter(|_| !is_retried(place))?;
            Some((exchange.id, failure.clone()))
        });
        if let Some((id, failure)) = failed
            && self
                .retired
                .failure
                .as_ref()
                .is_none_or(|(known, _)| known.0 < id.0)
        {
            self.retired.failure = Some((id, failure));
        }
        let mut going = going.into_iter();
        self.exchanges.retain(|_| !going.next().unwrap_or(false));
    }

    fn retire_connections(&mut self) {
        let used: HashSet<ConnectionId> = self
            .exchanges
            .iter()
            .filter_map(|exchange| exchange.connection)
            .collect();
        let mut connections = std::mem::take(&mut self.connections);
        connections.retain(|connection| {
            used.contains(&connection.id) || self.exchange(connection.opened_by).is_some()
        });
        self.connections = connections;
    }

    fn retire_events(&mut self) {
        let delays: HashSet<Moment> = self
            .exchanges
            .iter()
            .filter_map(|exchange| Some(exchange.release.delay?.0))
            .chain(self.delay.map(|(at, _, _)| at))
            .collect();
        let mut log = std::mem::take(&mut self.log);
        log.retain(|event| {
            let is_held = match event.kind {
                EventKind::Delayed { .. } => delays.contains(&event.at),
                _ => true,
            };
            is_held
                && event
                    .kind
                    .exchange()
                    .is_none_or(|id| self.exchange(id).is_some())
                && event
                    .kind
                    .connection()
                    .is_none_or(|id| self.connection(id).is_some())
        });
        self.log = log;
    }

    /// Keeps the flows that belong to exchanges which are held, and those with packets since the
    /// latest runs began.
    fn retire_flows(&mut self, latest: Option<WallTime>) {
        if self.flows.list().is_empty() {
            return;
        }
        let mut flows = std::mem::take(&mut self.flows);
        let retained = RetainedEndpoints::from_trace(self);
        flows.retain(|flow| {
            let ended = flow.span().map(|(_, last)| last);
            let is_late = latest.zip(ended).is_some_and(|(latest, ended)| {
                ended.0.saturating_add(RetainedEndpoints::CLOCK_SLACK.0) >= latest.0
            });
            is_late || retained.uses(flow)
        });
        self.flows = flows;
    }
}

/// Endpoints and time ranges of all that is held, by which flows are matched to it.
struct RetainedEndpoints {
    /// Endpoints of connections and connection attempts, with their time ranges, since ports are
    /// reused.
    connections: HashMap<(SocketAddr, SocketAddr), Vec<(WallTime, WallTime)>>,
    /// Name servers that were queried, with the time ranges of the queries.
    name_servers: Vec<(SocketAddr, WallTime, WallTime)>,
}

impl RetainedEndpoints {
    /// Tolerance for errors in the mapping between the clocks.
    const CLOCK_SLACK: Nanos = Nanos::from_millis(100);

    fn from_trace(trace: &Trace) -> Self {
        let end = |end: &Endpoint| end.ip().map(canonical_address);
        let between = |from: Moment, to: Option<Moment>| {
            let to = to.map_or(Some(WallTime(u64::MAX)), |to| trace.clock.wall_of(to))?;
            Some((
                WallTime(
                    trace
                        .clock
                        .wall_of(from)?
                        .0
                        .saturating_sub(Self::CLOCK_SLACK.0),
                ),
                WallTime(to.0.saturating_add(Self::CLOCK_SLACK.0)),
            ))
        };
        let mut ends: HashMap<_, Vec<_>> = HashMap::new();
        for connection in &trace.connections {
            if let (Some(local), Some(remote), Some(when)) = (
                end(&connection.local),
                end(&connection.remote),
                between(connection.established, connection.closed),
            ) {
                ends.entry((local, remote)).or_default().push(when);
            }
        }
        for attempt in trace
            .exchanges
            .iter()
            .flat_map(|exchange| &exchange.attempts)
        {
            if let (Some(local), Some(remote), Some(when)) = (
                attempt.local.as_ref().and_then(end),
                end(&attempt.remote),
                between(attempt.started, attempt.ended),
            ) {
                ends.entry((local, remote)).or_default().push(when);
            }
        }
        let queries = trace
            .exchanges
            .iter()
            .filter_map(|exchange| exchange.resolution.as_ref())
            .flat_map(|resolution| &resolution.queries);
        let asked = queries.filter_map(|query| {
            let (from, to) = between(query.asked, query.ended.or(Some(query.asked)))?;
            Some((canonical_address(query.server.address), from, to))
        });
        let asked = asked.collect();
        Self {
            connections: ends,
            name_servers: asked,
        }
    }

    fn uses(&self, flow: &Flow) -> bool {
        let local = flow.key.local;
        let remote = flow.key.remote;
        let Some((first, last)) = flow.span() else {
            return false;
        };
        let then = |(from, to): &(WallTime, WallTime)| first <= *to && *from <= last;
        let ends = [(local, remote), (remote, local)];
        if flow.key.transport == Transport::Tcp
            && ends
                .iter()
                .filter_map(|ends| self.connections.get(ends))
                .flatten()
                .any(then)
        {
            return true;
        }
        self.name_servers.iter().any(|(server, from, to)| {
            [local, remote].contains(server) && first <= *to && *from <= last
        })
    }
}
