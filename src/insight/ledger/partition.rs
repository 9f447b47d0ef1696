//! Partition of an exchange's time into intervals, each with an owner and the evidence for it.
//!
//! A cursor moves from the exchange's start to its end and never back, so the intervals have no
//! gaps and no overlaps, and their durations add up to the exchange's to the nanosecond.

use std::collections::BTreeMap;

use super::owner::{Attribution, Cause, Owner};
use crate::trace::{Clock, LedgerEntry, packets_between};
use crate::units::{Moment, Nanos};

const PAUSE: Attribution = Attribution::new(Owner::Server, Cause::Pause);

/// Why an interval belongs to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) attribution: Attribution,
    /// Name of the rule.
    pub(super) rule: &'static str,
    /// The clock of the interval's edges.
    pub(super) clock: Clock,
    /// Maximum error of the interval's duration.
    pub(super) error: Nanos,
    /// First and last packet of the evidence, as indexes among the flow's packets.
    pub(super) packets: Option<(usize, usize)>,
}

/// Builds the entries of a ledger from intervals that follow each other.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    cursor: Moment,
    end: Moment,
    /// A pause of the server cannot be told from one in which nobody had asked it for anything.
    conceals_pauses: bool,
    /// The walk is over the server's view of the packets.
    has_ends_exchanged: bool,
    /// The latest interval, which may still grow.
    latest: Option<(Moment, Reason)>,
    /// The entries of the whole time, and of each of these windows.
    whole: Entries,
    windows: Vec<(Moment, Moment, Entries)>,
}

/// Entries under construction, by what they are about and their clock.
#[derive(Clone, Debug, Default)]
struct Entries(BTreeMap<(Attribution, u8), EntryBuilder>);

impl Partition {
    /// Creates a partition that also counts what lies in each of some windows.
    pub(super) fn new(start: Moment, end: Moment, windows: &[(Moment, Moment)]) -> Self {
        Self {
            cursor: start,
            end,
            conceals_pauses: false,
            has_ends_exchanged: false,
            latest: None,
            whole: Entries::default(),
            windows: windows
                .iter()
                .map(|(from, to)| (*from, *to, Entries::default()))
                .collect(),
        }
    }

    /// The end of the latest interval.
    pub(super) const fn cursor(&self) -> Moment {
        self.cursor
    }

    /// The end of the exchange.
    pub(super) const fn end(&self) -> Moment {
        self.end
    }

    /// Lets an exchange that goes on end later.
    pub(super) fn extend_to(&mut self, end: Moment) {
        self.end = self.end.max(end);
    }

    /// Leaves the server's pauses unexplained from here on: where requests cannot be told apart,
    /// it may not have been asked for anything.
    pub(super) const fn conceal_pauses(&mut self) {
        self.conceals_pauses = true;
    }

    /// Lets a walk over packets whose ends were exchanged give time to the right side.
    pub(super) const fn exchange_ends(&mut self, are_exchanged: bool) {
        self.has_ends_exchanged = are_exchanged;
    }

    /// Gives the time from the cursor until `at` to a reason. Nothing happens if `at` is not after
    /// the cursor. An interval shorter than its error joins the one before it.
    pub(super) fn until(&mut self, at: Moment, mut reason: Reason) {
        if self.has_ends_exchanged {
            reason.attribution = with_ends_exchanged(reason.attribution);
        }
        if self.conceals_pauses && reason.attribution == PAUSE {
            reason.attribution = Attribution::UNEXPLAINED;
        }
        let at = at.min(self.end);
        if at <= self.cursor {
            return;
        }
        let is_within_error = at.since(self.cursor) < reason.error;
        match &mut self.latest {
            Some((_, latest)) if latest.continues_with(&reason) => latest.extend(&reason),
            Some(_) if is_within_error => {}
            _ => {
                self.close_latest();
                self.latest = Some((self.cursor, reason));
            }
        }
        self.cursor = at;
    }

    /// Returns the entries of the whole time and of each window, the largest first.
    pub(super) fn finish(mut self) -> (Vec<LedgerEntry>, Vec<Vec<LedgerEntry>>) {
        self.close_latest();
        let windows = self.windows.into_iter();
        (
            self.whole.build(),
            windows.map(|(_, _, entries)| entries.build()).collect(),
        )
    }

    fn close_latest(&mut self) {
        let Some((start, reason)) = self.latest.take() else {
            return;
        };
        self.whole.add(start, self.cursor, reason);
        for (from, to, entries) in &mut self.windows {
            entries.add(start.max(*from), self.cursor.min(*to), reason);
        }
    }
}

impl Entries {
    fn add(&mut self, start: Moment, end: Moment, reason: Reason) {
        if start < end {
            self.0
                .entry((reason.attribution, reason.clock as u8))
                .or_insert_with(|| EntryBuilder::new(reason))
                .add(start, end, reason);
        }
    }

    fn build(self) -> Vec<LedgerEntry> {
        let mut entries: Vec<LedgerEntry> = self.0.into_values().map(EntryBuilder::build).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.duration));
        entries
    }
}

impl Reason {
    /// A reason whose interval lies between two packets.
    pub(super) const fn on_wire(
        attribution: Attribution,
        rule: &'static str,
        packets: (usize, usize),
    ) -> Self {
        Self {
            attribution,
            rule,
            clock: Clock::Wire,
            error: Nanos::ZERO,
            packets: Some(packets),
        }
    }

    fn continues_with(&self, next: &Self) -> bool {
        self.attribution == next.attribution && self.clock == next.clock
    }

    fn extend(&mut self, next: &Self) {
        self.error = self.error.max(next.error);
        self.packets = packets_between(self.packets, next.packets);
    }
}

/// Whose time it is, if what was taken for the server is the client. A client does not think or
/// pause: that is its own work.
fn with_ends_exchanged(attribution: Attribution) -> Attribution {
    let owner = match (attribution.owner, attribution.cause) {
        (Owner::Server, Cause::Think | Cause::Pause) => return Attribution::PROCESSING,
        (Owner::Client, Cause::Processing) => return PAUSE,
        (Owner::Server, _) => Owner::Client,
        (Owner::Client, _) => Owner::Server,
        (other, _) => other,
    };
    Attribution {
        owner,
        ..attribution
    }
}

#[derive(Clone, Debug)]
struct EntryBuilder {
    entry: LedgerEntry,
    /// Time by rule.
    rules: BTreeMap<&'static str, Nanos>,
}

impl EntryBuilder {
    const fn new(reason: Reason) -> Self {
        Self {
            entry: LedgerEntry {
                attribution: reason.attribution,
                clock: reason.clock,
                duration: Nanos::ZERO,
                error: Nanos::ZERO,
                rule: reason.rule,
                packets: None,
                intervals: Vec::new(),
                intervals_omitted: 0,
            },
            rules: BTreeMap::new(),
        }
    }

    fn add(&mut self, start: Moment, end: Moment, reason: Reason) {
        let entry = &mut self.entry;
        entry.duration += end.since(start);
        entry.error += reason.error;
        entry.packets = packets_between(entry.packets, reason.packets);
        entry.intervals.push((start, end));
        *self.rules.entry(reason.rule).or_default() += end.since(start);
        if entry.intervals.len() >= 2 * LedgerEntry::MAX_INTERVALS {
            self.entry.keep_longest();
        }
    }

    fn build(mut self) -> LedgerEntry {
        self.entry.keep_longest();
        self.entry.intervals.sort_unstable();
        let most = self.rules.iter().max_by_key(|(_, time)| **time);
        self.entry.rule = most.map_or(self.entry.rule, |(rule, _)| rule);
        self.entry
    }
}
