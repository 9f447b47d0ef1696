//! What a ledger says of a period in which no packet passed.

use super::Ledger;
use super::owner::{Attribution, Cause, Owner};
use crate::units::{Moment, Nanos};

/// The causes of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodCauses {
    /// The time of each, the largest first.
    shares: Vec<(Attribution, Nanos)>,
    length: Nanos,
}

/// A cause with at least this share of a period is named without its time, in percent.
const ALMOST_ALL_PERCENT: u64 = 95;
/// What took less than this share of a period is not named, in percent.
const NAMED_PERCENT: u64 = 5;
/// Below this share of a period that lies in an exchange, the exchange does not explain it, in
/// percent.
const EXPLAINED_PERCENT: u64 = 50;

impl Ledger {
    /// Returns the causes of the time from `from` to `to`, by the intervals that are listed.
    pub fn causes_within(&self, from: Moment, to: Moment) -> PeriodCauses {
        let mut shares = Vec::<(Attribution, Nanos)>::new();
        for entry in &self.entries {
            let first = entry.intervals.partition_point(|(_, end)| *end <= from);
            let within = entry.intervals.iter().skip(first);
            let time: Nanos = within
                .take_while(|(start, _)| *start < to)
                .map(|(start, end)| (*end).min(to).since((*start).max(from)))
                .sum();
            let known = shares.iter_mut().find(|(of, _)| *of == entry.attribution);
            match known {
                Some((_, total)) => *total += time,
                None if time > Nanos::ZERO => shares.push((entry.attribution, time)),
                None => {}
            }
        }
        PeriodCauses::new(shares, to.since(from))
    }
}

impl PeriodCauses {
    /// Creates the causes of a period from the time of each.
    pub fn new(mut shares: Vec<(Attribution, Nanos)>, length: Nanos) -> Self {
        shares.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        Self { shares, length }
    }

    /// Returns true if bytes were lost.
    pub fn is_loss(&self) -> bool {
        self.shares.first().is_some_and(|(main, _)| {
            main.owner == Owner::Network && matches!(main.cause, Cause::Loss | Cause::Timeout)
        })
    }

    /// Returns wordings of the causes, in order of preference: each with its time, unless there is
    /// only one; their owners; the main one. Empty if they do not explain the period.
    pub fn descriptions(&self) -> Vec<String> {
        let explained: Nanos = self.shares.iter().map(|(_, time)| *time).sum();
        let Some((main, most)) = self
            .shares
            .first()
            .filter(|_| self.is_share(explained, EXPLAINED_PERCENT))
        else {
            return Vec::new();
        };
        if self.is_share(*most, ALMOST_ALL_PERCENT) {
            return vec![main.single_clause().to_owned()];
        }
        let named = self
            .shares
            .iter()
            .filter(|(_, time)| self.is_share(*time, NAMED_PERCENT));
        let causes: Vec<String> = named
            .clone()
            .map(|(cause, time)| format!("{time} of {}", cause.single_clause()))
            .collect();
        let mut owners = Vec::<(Owner, Nanos)>::new();
        for (cause, time) in named {
            match owners.iter_mut().find(|(owner, _)| *owner == cause.owner) {
                Some((_, total)) => *total += *time,
                None => owners.push((cause.owner, *time)),
            }
        }
        let owners: Vec<String> = owners
            .iter()
            .map(|(owner, time)| format!("{} {time}", owner.label()))
            .collect();
        let first = causes.first().cloned();
        [causes.join(", "), owners.join(", ")]
            .into_iter()
            .chain(first)
            .collect()
    }

    fn is_share(&self, time: Nanos, percent: u64) -> bool {
        time.0.saturating_mul(100) >= self.length.0.saturating_mul(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Attribution = Attribution::ROUND_TRIP;
    const THINK: Attribution = Attribution::THINK;
    const TIMEOUT: Attribution = Attribution::network(Cause::Timeout);

    fn described(shares: &[(Attribution, u64)], length: u64) -> Vec<String> {
        let millis = |ms: u64| Nanos::from_millis(ms);
        let shares = shares.iter().map(|(of, ms)| (*of, millis(*ms))).collect();
        PeriodCauses::new(shares, millis(length)).descriptions()
    }

    #[test]
    fn a_cause_of_almost_all_stands_alone_and_several_have_their_times() {
        assert_eq!(described(&[(ROUND_TRIP, 39)], 40), ["a round trip"]);
        assert_eq!(
            described(&[(ROUND_TRIP, 40), (THINK, 160)], 200),
            [
                "160 ms of the server's thinking, 40.0 ms of a round trip",
                "server 160 ms, network 40.0 ms",
                "160 ms of the server's thinking"
            ]
        );
        assert_eq!(
            described(&[(TIMEOUT, 90), (THINK, 2), (ROUND_TRIP, 8)], 100),
            [
                "90.0 ms of a retransmission timeout, 8.00 ms of a round trip",
                "network 98.0 ms",
                "90.0 ms of a retransmission timeout"
            ],
            "what is less than a twentieth is not named"
        );
    }

    #[test]
    fn a_period_that_lies_mostly_in_no_exchange_is_not_explained() {
        assert_eq!(described(&[], 40), [""; 0]);
        assert_eq!(described(&[(ROUND_TRIP, 19)], 40), [""; 0]);
        assert_eq!(described(&[(ROUND_TRIP, 20)], 40).len(), 3);
    }
}
