//! Timestamps in RFC 3339 format.

use jiff::Timestamp;

use crate::trace::Trace;
use crate::units::{Moment, WallTime};

/// The wall-clock time of an instant, from paired clock readings or else from the run's start time.
pub(super) fn wall_time_of(trace: &Trace, at: Moment) -> Option<WallTime> {
    let from_start = || {
        trace
            .started_at()
            .map(|start| WallTime(start.0.saturating_add_signed(at.0)))
    };
    trace.clock().wall_of(at).or_else(from_start)
}

/// With nanoseconds; `None` beyond the year 9999.
pub(super) fn rfc3339_nanos(wall: WallTime) -> Option<String> {
    Timestamp::from_nanosecond(i128::from(wall.0))
        .ok()
        .map(|time| format!("{time:.9}"))
}

/// With microseconds, the precision that most programs can read; `None` beyond the year 9999.
pub(super) fn rfc3339_micros(wall: WallTime) -> Option<String> {
    Timestamp::from_nanosecond(i128::from(wall.0))
        .ok()
        .map(|time| format!("{time:.6}"))
}

/// With seconds and without a zone, which is UTC; `None` beyond the year 9999.
pub(super) fn without_zone(wall: WallTime) -> Option<String> {
    Timestamp::from_nanosecond(i128::from(wall.0))
        .ok()
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// From seconds since 1970; `None` outside the years -9999 to 9999.
pub(super) fn rfc3339_seconds(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds)
        .ok()
        .map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_their_precision() {
        assert_eq!(
            rfc3339_nanos(WallTime(1_795_176_000_000_000_420)).as_deref(),
            Some("2026-11-20T12:00:00.000000420Z")
        );
        assert_eq!(
            rfc3339_micros(WallTime(1_795_176_000_000_001_420)).as_deref(),
            Some("2026-11-20T12:00:00.000001Z")
        );
        assert_eq!(
            without_zone(WallTime(1_795_176_000_999_999_999)).as_deref(),
            Some("2026-11-20T12:00:00")
        );
        assert_eq!(
            rfc3339_seconds(1_794_139_200).as_deref(),
            Some("2026-11-08T12:00:00Z")
        );
        assert_eq!(rfc3339_seconds(-1).as_deref(), Some("1969-12-31T23:59:59Z"));
        assert_eq!(rfc3339_seconds(i64::MAX), None);
        assert!(rfc3339_nanos(WallTime(u64::MAX)).is_some());
    }
}
