//! Time that was spent, by owner and cause.

use std::cmp::Reverse;

use super::{Attribution, Clock};
use crate::units::{Moment, Nanos};

/// One line of a ledger: all intervals of one owner and cause on one clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The owner, the cause and what narrows it down.
    pub attribution: Attribution,
    /// The clock that the intervals' edges were read from.
    pub clock: Clock,
    /// Sum of the intervals.
    pub duration: Nanos,
    /// Maximum error of the sum.
    pub error: Nanos,
    /// Name of the rule that found most of it.
    pub rule: &'static str,
    /// First and last packet of the evidence: of an exchange's ledger as indexes among the flow's
    /// packets, of a run's as numbers among the run's.
    pub packets: Option<(usize, usize)>,
    /// The longest intervals, in order of time.
    pub intervals: Vec<(Moment, Moment)>,
    /// Number of shorter intervals that are not listed.
    pub intervals_omitted: u64,
}

impl LedgerEntry {
    /// Number of intervals that are listed of an entry, the longest ones.
    pub const MAX_INTERVALS: usize = 256;

    /// Drops the shorter ones of too many intervals, of equal ones the later. What is left is in no
    /// particular order.
    pub(crate) fn keep_longest(&mut self) {
        if let Some(beyond) = self.intervals.len().checked_sub(Self::MAX_INTERVALS) {
            self.intervals
                .sort_unstable_by_key(|(start, end)| (Reverse(end.since(*start)), *start));
            self.intervals.truncate(Self::MAX_INTERVALS);
            self.intervals_omitted += beyond as u64;
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.attribution, self.clock) == (other.attribution, other.clock)
    }
}

/// Returns the first and the last packet of both.
pub(crate) fn packets_between(
    one: Option<(usize, usize)>,
    other: Option<(usize, usize)>,
) -> Option<(usize, usize)> {
    match (one, other) {
        (Some((first, last)), Some((begin, end))) => Some((first.min(begin), last.max(end))),
        (one, other) => one.or(other),
    }
}

/// Time spent in several exchanges, in bounded memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeSpent {
    /// The entries, each with its time by rule.
    entries: Vec<(LedgerEntry, Vec<(&'static str, Nanos)>)>,
}

impl TimeSpent {
    /// Adds an entry, whose packets are numbers among the run's.
    pub fn add(&mut self, entry: &LedgerEntry) {
        let rules = [(entry.rule, entry.duration)];
        self.add_with_rules(entry, &rules);
    }

    /// Adds all time of another one.
    pub fn add_all(&mut self, other: &Self) {
        for (entry, rules) in &other.entries {
            self.add_with_rules(entry, rules);
        }
    }

    /// Returns the entries, the largest first.
    pub fn entries(&self) -> Vec<LedgerEntry> {
        let mut entries: Vec<LedgerEntry> = self
            .entries
            .iter()
            .map(|(entry, rules)| {
                let mut entry = entry.clone();
                entry.keep_longest();
                entry.intervals.sort_unstable();
                let most = rules.iter().max_by_key(|(rule, time)| (*time, *rule));
                entry.rule = most.map_or(entry.rule, |(rule, _)| rule);
                entry
            })
            .collect();
        entries.sort_by_key(|entry| {
            (
                Reverse(entry.duration),
                entry.attribution,
                entry.clock as u8,
            )
        });
        entries
    }

    fn add_with_rules(&mut self, entry: &LedgerEntry, rules: &[(&'static str, Nanos)]) {
        let known = self
            .entries
            .iter_mut()
            .find(|(known, _)| known.is_same(entry));
        let Some((known, known_rules)) = known else {
            self.entries.push((entry.clone(), rules.to_vec()));
            return;
        };
        known.duration += entry.duration;
        known.error += entry.error;
        known.packets = packets_between(known.packets, entry.packets);
        known.intervals.extend_from_slice(&entry.intervals);
        known.intervals_omitted += entry.intervals_omitted;
        if known.intervals.len() >= 2 * LedgerEntry::MAX_INTERVALS {
            known.keep_longest();
        }
        for (rule, time) in rules {
            match known_rules.iter_mut().find(|(known, _)| known == rule) {
                Some((_, sum)) => *sum += *time,
                None => known_rules.push((rule, *time)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(start: i64, end: i64, rule: &'static str, packets: (usize, usize)) -> LedgerEntry {
        LedgerEntry {
            attribution: Attribution::THINK,
            clock: Clock::Wire,
            duration: Nanos(start.abs_diff(end)),
            error: Nanos(1),
            rule,
            packets: Some(packets),
            intervals: vec![(Moment(start), Moment(end))],
            intervals_omitted: 0,
        }
    }

    #[test]
    fn entries_of_one_owner_and_cause_are_added_up() {
        let mut spent = TimeSpent::default();
        spent.add(&entry(0, 10, "a", (4, 7)));
        spent.add(&entry(20, 26, "b", (1, 2)));
        let mut other = TimeSpent::default();
        other.add(&entry(30, 36, "b", (9, 12)));
        spent.add_all(&other);
        let [sum] = &spent.entries()[..] else {
            panic!("one entry")
        };
        assert_eq!(
            (sum.duration, sum.error, sum.rule, sum.packets),
            (Nanos(22), Nanos(3), "b", Some((1, 12)))
        );
        assert_eq!(sum.intervals.len(), 3);
    }

    #[test]
    fn only_the_longest_intervals_are_kept() {
        let mut spent = TimeSpent::default();
        for number in 1..=1_000 {
            spent.add(&entry(number * 2_000, number * 2_001, "a", (0, 1)));
        }
        let [sum] = &spent.entries()[..] else {
            panic!("one entry")
        };
        assert_eq!(sum.duration, Nanos((1..=1_000).sum()));
        assert_eq!(sum.intervals.len(), LedgerEntry::MAX_INTERVALS);
        assert_eq!(sum.intervals_omitted, 1_000 - 256);
        assert!(
            sum.intervals
                .iter()
                .all(|(start, end)| end.since(*start) > Nanos(744))
        );
        assert!(sum.intervals.is_sorted());
    }
}
