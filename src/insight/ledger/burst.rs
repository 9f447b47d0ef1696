//! A burst: segments of one direction that follow each other without a silence.

use crate::units::{Nanos, WallTime};

/// Segments of a train, at least.
const MIN_TRAIN: u64 = 10;

/// Gaps between packets, by the base-2 logarithm of their length in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gaps {
    counts: [u32; 40],
    total: u32,
}

impl Gaps {
    pub(super) const NONE: Self = Self {
        counts: [0; 40],
        total: 0,
    };

    pub(super) fn add(&mut self, gap: Nanos) {
        let bucket = gap.0.max(1).ilog2().min(39) as usize;
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
    }

    pub(super) const fn total(&self) -> u32 {
        self.total
    }

    /// The median, at most twice too short.
    pub(super) fn median(&self) -> Nanos {
        Nanos(1 << self.median_bucket())
    }

    fn median_bucket(&self) -> usize {
        let mut seen = 0_u32;
        let median = self.counts.iter().position(|count| {
            seen = seen.saturating_add(*count);
            seen.saturating_mul(2) >= self.total
        });
        median.unwrap_or(0)
    }

    /// Lower bound of the time spent in gaps of more than four times the median.
    fn time_in_unusual(&self) -> u64 {
        let unusual = self.counts.iter().enumerate();
        unusual
            .skip(self.median_bucket() + 3)
            .map(|(bucket, count)| u64::from(*count) << bucket)
            .sum()
    }
}

/// Figures of a burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Burst {
    first: WallTime,
    last: WallTime,
    bytes: u64,
    /// Bytes of the first packet, which took no time after another.
    first_bytes: u32,
    /// Packets that are not the last of the burst and not full, and the time after them.
    short: u64,
    after_short: Nanos,
    latest_is_full: bool,
    /// Time that late originals were waited for.
    before_late: Nanos,
    gaps: Gaps,
}

impl Burst {
    pub(super) const fn begin(at: WallTime, bytes: u32, is_full: bool) -> Self {
        Self {
            first: at,
            last: at,
            bytes: bytes as u64,
            first_bytes: bytes,
            short: 0,
            after_short: Nanos::ZERO,
            latest_is_full: is_full,
            before_late: Nanos::ZERO,
            gaps: Gaps::NONE,
        }
    }

    pub(super) fn add(&mut self, at: WallTime, bytes: u32, is_full: bool) {
        let gap = at.since(self.last);
        self.gaps.add(gap);
        if !self.latest_is_full {
            self.short += 1;
            self.after_short += gap;
        }
        self.latest_is_full = is_full;
        self.bytes += u64::from(bytes);
        self.last = self.last.max(at);
    }

    pub(super) const fn last(&self) -> WallTime {
        self.last
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn duration(&self) -> Nanos {
        self.last.since(self.first)
    }

    /// Median time between two packets, at most twice too short; 0 for the first three.
    pub(super) fn spacing(&self) -> Nanos {
        if self.gaps.total() < 3 {
            return Nanos::ZERO;
        }
        self.gaps.median()
    }

    /// Time per byte after the first packet, in nanoseconds.
    pub(super) fn nanos_per_byte(&self) -> Option<f64> {
        let bytes = self
            .bytes
            .checked_sub(u64::from(self.first_bytes))
            .filter(|bytes| *bytes > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        Some(self.duration().0 as f64 / bytes as f64)
    }

    /// Counts the time before the latest packet as a wait for it, which others overtook.
    pub(super) fn wait_for_late(&mut self, since: WallTime) {
        if since >= self.first {
            self.before_late += self.last.since(since);
        }
    }

    /// Returns true if most of the time passed after packets that were not full: the sender had
    /// nothing more to send.
    pub(super) fn is_of_short_segments(&self) -> bool {
        self.after_short.0 * 2 > self.duration().0
    }

    /// Returns true if most of the time passed until packets that others had overtaken.
    pub(super) fn is_of_late_segments(&self) -> bool {
        self.before_late.0 * 2 > self.duration().0
    }

    /// Returns true for at least ten full segments, most of whose time is spent in gaps of the
    /// usual length: gaps of more than four times the median take less than a quarter of the time.
    pub(super) fn is_even_train(&self, full: u32) -> bool {
        self.bytes / u64::from(full.max(1)) >= MIN_TRAIN
            && self.short * 10 <= u64::from(self.gaps.total())
            && self.time_in_usual_gaps() * 4 >= self.duration().0 * 3
    }

    /// Upper bound of the time spent in gaps of up to four times the median.
    fn time_in_usual_gaps(&self) -> u64 {
        self.duration()
            .0
            .saturating_sub(self.gaps.time_in_unusual())
    }
}
