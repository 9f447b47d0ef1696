//! The stretches summed up: what was waited for, and how long.

use super::{IdleCause, IdlePeriod, idle_periods};
use crate::trace::{Clock, Exchange, Trace};
use crate::units::{Moment, Nanos};

/// How long nothing passed for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTotal {
    /// The cause, as it was the first time.
    pub cause: IdleCause,
    /// How long in all.
    pub total: Nanos,
    /// How much of it was the network's, where that can be told apart.
    pub network: Nanos,
    /// In how many stretches.
    pub periods: usize,
}

impl IdleTotal {
    /// Where these figures come from: the packets' times, and rules.
    pub const CLOCK: Clock = Clock::Inferred;

    /// What was not the network's.
    pub const fn without_network(&self) -> Nanos {
        self.total.saturating_sub(self.network)
    }
}

/// The least that is looked at: shorter stretches are the machines' own pace.
pub const MIN_IDLE: Nanos = Nanos::from_millis(1);

/// How much of an exchange's time nothing passed on its connection, by cause, the longest first;
/// `None` where no packet of it was seen. Stretches shorter than [`LEAST`] are not counted.
pub fn idle_totals(trace: &Trace, exchange: &Exchange) -> Option<Vec<IdleTotal>> {
    Some(sum_by_cause(idle_periods(trace, exchange, MIN_IDLE)?))
}

/// The same between two instants.
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
        let place = sums
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
        if let Some(sum) = sums.get_mut(place) {
            sum.total += took;
            sum.network += network;
            sum.periods += 1;
        }
    }
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.total));
    sums
}
