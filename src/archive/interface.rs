//! Descriptions of capture interfaces.

use crate::units::{Untrusted, WallTime};
use crate::wire::LinkType;

/// An interface.
#[derive(Clone, Debug)]
pub(super) struct CaptureInterface {
    /// Its name, if the file has one.
    pub(super) name: Option<Untrusted>,
    /// The number of its link type.
    pub(super) link_type: u16,
    /// Unit and offset of its timestamps.
    pub(super) timestamps: TimestampUnit,
    /// The most bytes captured of a packet; 0 for no limit.
    pub(super) snap_length: u32,
}

impl CaptureInterface {
    /// The link layer; `None` if it is not supported.
    pub(super) fn link(&self) -> Option<LinkType> {
        LinkType::from_number(i32::from(self.link_type))
    }

    /// The link type for display.
    pub(super) fn link_name(&self) -> String {
        self.link().map_or_else(
            || format!("LINKTYPE {}", self.link_type),
            |link| link.name().to_owned(),
        )
    }
}

/// The unit of an interface's timestamps, and their offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimestampUnit {
    length: TickLength,
    /// Seconds to add.
    offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TickLength {
    /// A number of nanoseconds.
    Nanos(u64),
    /// A fraction of a nanosecond, given its inverse.
    PerNano(u64),
    /// A fraction of a second, 2 to the power of minus this.
    Binary(u8),
}

impl TimestampUnit {
    pub(super) const NANOS: Self = Self {
        length: TickLength::Nanos(1),
        offset: 0,
    };

    /// From the option `if_tsresol`: a negative power of ten, or of two if the highest bit is set.
    pub(super) const fn from_resolution(resolution: u8, offset: i64) -> Self {
        let power = resolution & 0x7f;
        let length = match (resolution & 0x80 != 0, power) {
            (true, _) => TickLength::Binary(power),
            (false, 0..=9) => TickLength::Nanos(10_u64.pow(9 - power as u32)),
            // No 64-bit count of such short units reaches the present.
            (false, 29..) => TickLength::PerNano(u64::MAX),
            (false, _) => TickLength::PerNano(10_u64.saturating_pow(power as u32 - 9)),
        };
        Self { length, offset }
    }

    /// Converts a timestamp, as precisely as nanoseconds since 1970 allow.
    pub(super) fn to_wall_time(self, count: u64) -> WallTime {
        const SECOND: i128 = 1_000_000_000;
        let nanos = match self.length {
            TickLength::Nanos(nanos) if self.offset == 0 => {
                return WallTime(count.saturating_mul(nanos));
            }
            TickLength::Nanos(nanos) => i128::from(count) * i128::from(nanos),
            TickLength::PerNano(per_nano) => i128::from(count / per_nano),
            // 64 bits of count and 30 bits of a second fit into an `i128`.
            TickLength::Binary(power) => (i128::from(count) * SECOND) >> power.min(127),
        };
        let moved = nanos.saturating_add(i128::from(self.offset) * SECOND);
        WallTime(u64::try_from(moved.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_times_in_every_resolution() {
        let second = WallTime(1_700_000_000_500_000_000);
        for (resolution, count) in [
            (6, 1_700_000_000_500_000),
            (9, 1_700_000_000_500_000_000),
            (0, 1_700_000_000),
            (3, 1_700_000_000_500),
            (10, 17_000_000_005_000_000_000),
            (0x94, 1_700_000_000 << 20 | 1 << 19),
            (0x80, 1_700_000_000),
        ] {
            let expected = if matches!(resolution, 0 | 0x80) {
                WallTime(1_700_000_000_000_000_000)
            } else {
                second
            };
            assert_eq!(
                TimestampUnit::from_resolution(resolution, 0).to_wall_time(count),
                expected,
                "resolution {resolution:#x}"
            );
        }
    }

    #[test]
    fn an_offset_moves_times_and_none_of_them_leaves_the_axis() {
        assert_eq!(
            TimestampUnit::from_resolution(6, 100).to_wall_time(2_000_000),
            WallTime(102_000_000_000)
        );
        assert_eq!(
            TimestampUnit::from_resolution(6, -100).to_wall_time(2_000_000),
            WallTime(0)
        );
        for resolution in 0..=u8::MAX {
            for offset in [0, 1, i64::MIN, i64::MAX] {
                let _ = TimestampUnit::from_resolution(resolution, offset).to_wall_time(u64::MAX);
            }
        }
        assert_eq!(
            TimestampUnit::from_resolution(6, 0).to_wall_time(u64::MAX),
            WallTime(u64::MAX)
        );
    }
}
