//! Idle times, summed by cause.

use super::{IdleCause, IdlePeriod, idle_periods};
use crate::trace::{Clock, Exchange, Trace};
use crate::units::{Moment, Nanos};

/// The total idle time with one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTotal {
    /// The cause, with the details of its first period.
    pub cause: IdleCause,
    /// The total duration.
    pub total: Nanos,
    /// The network's part of it, if it can be distinguished.
    pub network: Nanos,
    /// The number of idle periods.
    pub periods: usize,
}

impl IdleTotal {
    /// Inferred: from packet times and rules.
    pub const CLOCK: Clock = Clock::Inferred;

    /// The total without the network's part.
    pub const fn without_network(&self) -> Nanos {
        self.total.saturating_sub(self.network)
    }
}

/// The shortest period that counts: shorter ones are the machines' own pace.
pub const MIN_IDLE: Nanos = Nanos::from_millis(1);

/// The idle time of an exchange's connection by cause, longest first; `None` if none of its packets
/// was captured. Periods shorter than [`MIN_IDLE`] are not counted.
pub fn idle_totals(trace: &Trace, exchange: &Exchange) -> Option<Vec<IdleTotal>> {
    Some(sum_by_cause(idle_periods(trace, exchange, MIN_IDLE)?))
}

/// Like [`idle_totals`], between two instants.
pub fn idle_totals_within(
    trace: &Trace,
    exchange: &Exchange,
    from: Moment,
    to: Moment,
) -> Option<Vec<IdleTotal>> {
    let within = |idle: IdlePeriod| IdlePeriod {
        began: idle.began.max(from),
        ended: idle.ended.min(to),
        ..idle
    };
    Some(sum_by_cause(
        idle_periods(trace, exchange, MIN_IDLE)?
            .into_iter()
            .map(within)
            .filter(|idle| idle.began < idle.ended),
    ))
}

fn sum_by_cause(idles: impl IntoIterator<Item = IdlePeriod>) -> Vec<IdleTotal> {
    let mut sums: Vec<IdleTotal> = Vec::new();
    for idle in idles {
        let took = idle.duration();
        let network = match idle.cause {
            IdleCause::Handshake => took,
            IdleCause::Server { network } => network.unwrap_or_default().min(took),
            _ => Nanos::ZERO,
        };
        let index = sums
            .iter()
            .position(|sum| sum.cause.name() == idle.cause.name())
            .unwrap_or_else(|| {
                sums.push(IdleTotal {
                    cause: idle.cause,
                    total: Nanos::ZERO,
                    network: Nanos::ZERO,
                    periods: 0,
                });
                sums.len() - 1
            });
        if let Some(sum) = sums.get_mut(index) {
            sum.total += took;
            sum.network += network;
            sum.periods += 1;
        }
    }
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.total));
    sums
}
