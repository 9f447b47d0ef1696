//! The progress line of a long transfer.

use unicode_width::UnicodeWidthStr as _;

use super::ReportOptions;
use super::styling::Styler;
use crate::trace::{BodyCount, Exchange, Phase};
use crate::units::{Bytes, Moment, Nanos};

/// The progress of the body being transferred: `↓ ████▌      256 MiB of 1.00 GiB  25 %  128 MiB/s
/// 6 s left`. `None` if there is none. The line has no line break and fits into
/// [`ReportOptions::width`] if that leaves room for the figures.
///
/// The rate is the mean since the body began. Unknown figures (if no length was announced) are left
/// out.
pub fn progress_line(exchange: &Exchange, now: Moment, options: &ReportOptions) -> Option<String> {
    let styler = Styler::new(options);
    let (phase, sign, count) = match exchange.phases.current()? {
        Phase::Send => (
            Phase::Send,
            styler.glyph("↑", "sent"),
            exchange.request_body,
        ),
        Phase::Receive => (
            Phase::Receive,
            styler.glyph("↓", "received"),
            exchange.response_body,
        ),
        _ => return None,
    };
    let span = exchange.phases.get(phase).filter(|_| count.at.is_some())?;
    let figures = progress_figures(&count, now.since(span.began));
    let room = options
        .width
        .saturating_sub(sign.width() + 1 + 1 + figures.width());
    let bar = count
        .expected
        .filter(|expected| *expected > 0 && room >= MIN_BAR_WIDTH)
        .map(|expected| {
            let room = room.min(MAX_BAR_WIDTH);
            let bar = styler.bar(proportion(count.transferred, expected, room * 8));
            format!("{bar}{} ", " ".repeat(room.saturating_sub(bar.width())))
        });
    Some(format!("{sign} {}{figures}", bar.unwrap_or_default()))
}

const MIN_BAR_WIDTH: usize = 8;
const MAX_BAR_WIDTH: usize = 40;

fn progress_figures(count: &BodyCount, elapsed: Nanos) -> String {
    let rate = per_second(count.transferred, elapsed);
    let mut parts = vec![match count.expected {
        Some(expected) => format!("{} of {}", Bytes(count.transferred), Bytes(expected)),
        None => Bytes(count.transferred).to_string(),
    }];
    parts.extend(
        count
            .expected
            .filter(|expected| *expected > 0)
            .map(|expected| format!("{} %", proportion(count.transferred, expected, 100))),
    );
    parts.extend(rate.map(|rate| format!("{}/s", Bytes(rate))));
    let left = count
        .expected
        .and_then(|expected| expected.checked_sub(count.transferred))
        .filter(|left| *left > 0);
    parts.extend(
        left.zip(rate.filter(|rate| *rate > 0))
            .map(|(left, rate)| format!("{} left", format_remaining(left.div_ceil(rate)))),
    );
    parts.join("  ")
}

fn per_second(bytes: u64, elapsed: Nanos) -> Option<u64> {
    let rate = (u128::from(bytes) * 1_000_000_000).checked_div(u128::from(elapsed.0))?;
    u64::try_from(rate).ok()
}

/// `part` of `all` in units of `1 / pieces`, at most `pieces` in case a body is longer than
/// announced.
fn proportion(part: u64, all: u64, pieces: usize) -> usize {
    let share = u128::from(part.min(all)) * pieces as u128 / u128::from(all.max(1));
    usize::try_from(share).unwrap_or(pieces)
}

/// Formats seconds as `6 s`, `2 min 05 s`, `1 h 02 min`.
fn format_remaining(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Event, EventKind, ExchangeCause, ExchangeId, Trace};

    const EXCHANGE: ExchangeId = ExchangeId(0);

    fn line(received: u64, expected: Option<u64>, at_seconds: i64, width: usize) -> Option<String> {
        let happened = [
            EventKind::ExchangeStarted {
                exchange: EXCHANGE,
                cause: ExchangeCause::Asked,
                method: "GET".into(),
                url: "http://h/".into(),
            },
            EventKind::PhaseBegan {
                exchange: EXCHANGE,
                phase: Phase::Receive,
                position: None,
            },
            EventKind::ResponseBody {
                exchange: EXCHANGE,
                received,
                decoded: received,
                expected,
            },
        ];
        let trace = Trace::from_events(happened.map(|what| Event {
            at: Moment(0),
            kind: what,
        }));
        let options = ReportOptions {
            width,
            ..ReportOptions::default()
        };
        progress_line(
            trace.exchanges().first()?,
            Moment(at_seconds * 1_000_000_000),
            &options,
        )
    }

    #[test]
    fn the_line_has_bytes_share_rate_and_time_left() {
        let shown = line(256 << 20, Some(1 << 30), 2, 70);
        assert_eq!(
            shown.as_deref(),
            Some("↓ █████▎                256 MiB of 1.00 GiB  25 %  128 MiB/s  6 s left")
        );
        assert_eq!(shown.map(|line| line.width()), Some(70));
    }

    #[test]
    fn without_room_the_bar_goes_first() {
        assert_eq!(
            line(1 << 20, Some(1 << 30), 1, 40).as_deref(),
            Some("↓ 1.00 MiB of 1.00 GiB  0 %  1.00 MiB/s  17 min 03 s left")
        );
    }

    #[test]
    fn unknown_figures_are_left_out() {
        assert_eq!(
            line(10_407, None, 1, 80).as_deref(),
            Some("↓ 10,407 B  10,407 B/s")
        );
        assert_eq!(line(10_407, None, 0, 80).as_deref(), Some("↓ 10,407 B"));
        assert_eq!(
            line(0, Some(0), 1, 80).as_deref(),
            Some("↓ 0 B of 0 B  0 B/s")
        );
        assert!(
            line(300, Some(100), 1, 80)
                .is_some_and(|line| line.ends_with("300 B of 100 B  100 %  300 B/s"))
        );
        assert!(line(1, Some(u64::MAX), 3600, 80).is_some());
    }

    #[test]
    fn there_is_no_line_without_a_body_in_progress() {
        let started = EventKind::ExchangeStarted {
            exchange: EXCHANGE,
            cause: ExchangeCause::Asked,
            method: "GET".into(),
            url: "http://h/".into(),
        };
        let waits = EventKind::PhaseBegan {
            exchange: EXCHANGE,
            phase: Phase::Wait,
            position: None,
        };
        let trace = Trace::from_events([started, waits].map(|what| Event {
            at: Moment(0),
            kind: what,
        }));
        assert_eq!(
            trace.exchanges().first().and_then(|exchange| progress_line(
                exchange,
                Moment(9),
                &ReportOptions::default()
            )),
            None
        );
    }
}
