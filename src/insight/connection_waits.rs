//! What an exchange's connection waited for: its ledger in the terms of before there was one, for
//! readers of `tcp.waited`.
//!
//! | owner and cause | told as |
//! |---|---|
//! | network `round_trip` while connecting | `handshake` |
//! | network `round_trip`, `queueing`; server `think`, `pause`; the proxy | `server` |
//! | network `timeout`, `unanswered` | `retransmission_timeout` |
//! | network `loss` | `fast_retransmission` |
//! | `window`, `flow_control` | `window` |
//! | network `congestion_window` | `acknowledgment` |
//! | `nagle` | `delayed_ack` |
//! | the client's other time | `client` |
//!
//! The link's own pace (`bandwidth`), name servers and what is unknown are no waits.

use super::exchange_packets::ExchangePackets;
use super::ledger::{Attribution, Cause, ExchangeLedger, LedgerEntry, Owner};
use crate::trace::{Clock, Exchange, Phase, Trace};
use crate::units::Nanos;

/// Time that an exchange's connection waited for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionWait {
    /// The name of what it waited for.
    pub cause: &'static str,
    /// The total duration.
    pub total: Nanos,
    /// The network's part of it.
    pub network: Nanos,
    /// The number of intervals.
    pub intervals: u64,
}

impl ConnectionWait {
    /// Inferred: from packet times and rules.
    pub const CLOCK: Clock = Clock::Inferred;
    /// Shorter waits are the machines' own pace.
    const LEAST: Nanos = Nanos::from_millis(1);
}

/// Returns what an exchange's connection waited for, at least a millisecond each, the longest
/// first; `None` if none of its packets was captured.
pub fn connection_waits(trace: &Trace, exchange: &Exchange) -> Option<Vec<ConnectionWait>> {
    ExchangePackets::of(trace, exchange)?;
    let ledger = ExchangeLedger::new(trace, exchange);
    let connecting = ledger.phase(Phase::Connect);
    let handshake: Vec<&LedgerEntry> = connecting
        .into_iter()
        .flat_map(|ledger| &ledger.entries)
        .filter(|entry| is_round_trip(entry))
        .collect();
    let mut waits = Vec::new();
    for entry in &handshake {
        add_wait(&mut waits, "handshake", entry);
    }
    for entry in &ledger.whole.entries {
        let Some(cause) = wait_name(entry.attribution) else {
            continue;
        };
        let known = handshake
            .iter()
            .find(|known| is_round_trip(entry) && known.clock == entry.clock);
        let rest = known.map_or_else(|| entry.clone(), |known| entry_without_part(entry, known));
        if rest.duration > Nanos::ZERO {
            add_wait(&mut waits, cause, &rest);
        }
    }
    waits.retain(|wait| wait.total >= ConnectionWait::LEAST);
    waits.sort_by_key(|wait| std::cmp::Reverse(wait.total));
    Some(waits)
}

fn is_round_trip(entry: &LedgerEntry) -> bool {
    entry.attribution.owner == Owner::Network && entry.attribution.cause == Cause::RoundTrip
}

const fn wait_name(attribution: Attribution) -> Option<&'static str> {
    Some(match (attribution.owner, attribution.cause) {
        (_, Cause::Window | Cause::FlowControl) => "window",
        (_, Cause::Nagle) => "delayed_ack",
        (Owner::Network, Cause::Timeout | Cause::Unanswered) => "retransmission_timeout",
        (Owner::Network, Cause::Loss) => "fast_retransmission",
        (Owner::Network, Cause::CongestionWindow) => "acknowledgment",
        (Owner::Network, Cause::RoundTrip | Cause::Queueing)
        | (Owner::Server | Owner::Proxy, _) => "server",
        (Owner::Client, _) => "client",
        _ => return None,
    })
}

/// What is left of an entry without a part of it.
fn entry_without_part(entry: &LedgerEntry, part: &LedgerEntry) -> LedgerEntry {
    let mut rest = entry.clone();
    rest.duration = rest.duration.saturating_sub(part.duration);
    rest.intervals
        .retain(|interval| !part.intervals.contains(interval));
    rest
}

fn add_wait(waits: &mut Vec<ConnectionWait>, cause: &'static str, entry: &LedgerEntry) {
    let index = waits
        .iter()
        .position(|wait| wait.cause == cause)
        .unwrap_or_else(|| {
            waits.push(ConnectionWait {
                cause,
                total: Nanos::ZERO,
                network: Nanos::ZERO,
                intervals: 0,
            });
            waits.len() - 1
        });
    if let Some(wait) = waits.get_mut(index) {
        wait.total += entry.duration;
        wait.intervals += (entry.intervals.len() as u64 + entry.intervals_omitted).max(1);
        if matches!(entry.attribution.cause, Cause::RoundTrip | Cause::Queueing) {
            wait.network += entry.duration;
        }
    }
}
