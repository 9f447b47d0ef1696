//! The clock of one side of a connection, as TCP timestamps show it (RFC 7323 §3.2): how much
//! longer a segment was under way than the fastest one of its direction.
//!
//! ```text
//! sent (TSval)      ├── least time under way ──┤ fastest segment arrives
//! sent (TSval)      ├── least time under way ──┼── in queues ──┤ another one arrives
//! ```
//!
//! A segment is stamped when TCP sends it, so the wait for a window or for the application is not
//! in the time under way.

use crate::trace::PacketEntry;
use crate::units::{Nanos, WallTime};

/// Ticks in use, in nanoseconds: that of today's systems, and of others, which only a long
/// observation tells apart from a growing queue. RFC 7323 §5.4 allows 1 ms to 1 s.
const TICKS: [i128; 3] = [1_000_000, 4_000_000, 10_000_000];
/// An observation of at least this length tells the tick to a tenth.
const LONG_OBSERVATION: Nanos = Nanos::from_millis(5_000);
/// After a longer silence the clock's low 16 bits may have wrapped more than once.
const MAX_SILENCE: Nanos = Nanos::from_millis(30_000);

/// The clock of one side, as seen where its segments arrive.
#[derive(Clone, Debug, Default)]
pub(super) struct SenderClock {
    /// Arrival and timestamp of the first segment and of the latest one.
    first: Option<(WallTime, u16)>,
    latest: Option<(WallTime, u16)>,
    /// Ticks from the first segment to the latest one.
    ticks: i64,
    /// The least difference between arrival and timestamp, both since the first segment, for each
    /// length of a tick.
    least: [i128; TICKS.len()],
    /// The greatest one.
    greatest: [i128; TICKS.len()],
    /// The count of ticks was lost in a long silence.
    is_lost: bool,
}

impl SenderClock {
    /// Reads the timestamp of the next segment to arrive. A reset has none.
    pub(super) fn read(&mut self, packet: &PacketEntry) {
        let Some(bits) = packet.timestamp_bits() else {
            return;
        };
        let (began, _) = *self.first.get_or_insert((packet.wall, bits));
        if let Some((before, known)) = self.latest.replace((packet.wall, bits)) {
            self.is_lost |= packet.wall.since(before) > MAX_SILENCE;
            // Segments that overtook each other go back by a few ticks.
            self.ticks += i64::from(bits.wrapping_sub(known).cast_signed());
        }
        let passed = elapsed(began, packet.wall);
        for (place, tick) in TICKS.into_iter().enumerate() {
            let under_way = passed - i128::from(self.ticks) * tick;
            self.least[place] = self.least[place].min(under_way);
            self.greatest[place] = self.greatest[place].max(under_way);
        }
    }

    /// Returns how much longer a segment was under way than the fastest one, to about a tick;
    /// `None` without timestamps, or if the length of a tick is not borne out.
    pub(super) fn time_in_queues(&self, packet: &PacketEntry) -> Option<Nanos> {
        let place = self.tick()?;
        let (tick, least) = (TICKS[place], self.least[place]);
        let (arrived, bits) = self.first?;
        let passed = elapsed(arrived, packet.wall);
        // The wrap of 16 bits that comes nearest to the time that has passed.
        let low = i128::from(packet.timestamp_bits()?.wrapping_sub(bits));
        let wraps = (passed.checked_div(tick)? - low + (1 << 15)).div_euclid(1 << 16);
        let ticks = low + (wraps << 16);
        let beyond = passed - ticks * tick - least;
        Some(Nanos(u64::try_from(beyond.max(0)).unwrap_or(u64::MAX)))
    }

    /// Returns by how much the times under way have differed; 0 if it is not known.
    pub(super) fn spread(&self) -> Nanos {
        let spread = self
            .tick()
            .map_or(0, |place| self.greatest[place] - self.least[place]);
        Nanos(u64::try_from(spread).unwrap_or(0))
    }

    /// Which of the ticks it is. Time in queues makes a tick look longer than it is, so what is a
    /// little less than the next longer one in use still counts as a millisecond.
    fn tick(&self) -> Option<usize> {
        let ((began, _), (ended, _)) = (self.first?, self.latest?);
        let seen = elapsed(began, ended).checked_div(i128::from(self.ticks))?;
        let is_long = ended.since(began) >= LONG_OBSERVATION;
        let fits = |tick: i128| {
            if tick == TICKS[0] {
                (tick * 4 / 5..tick * 18 / 5).contains(&seen)
            } else {
                is_long && (tick * 9 / 10..tick * 11 / 10).contains(&seen)
            }
        };
        TICKS
            .into_iter()
            .position(|tick| !self.is_lost && fits(tick))
    }
}

fn elapsed(from: WallTime, to: WallTime) -> i128 {
    i128::from(to.0) - i128::from(from.0)
}
