//! The progress line of a long transfer, on standard error if that is a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::report::{self, ReportOptions};
use crate::trace::Trace;
use crate::units::Moment;

/// Transfers that finish before this get no progress line.
const START_DELAY: Duration = Duration::from_millis(500);
/// Minimum interval between two updates.
const REDRAW_INTERVAL: Duration = Duration::from_millis(200);

/// Draws the progress line when due.
pub(super) struct BodyProgressLine {
    shown: bool,
    began: Instant,
    drawn: Instant,
    terminal: bool,
}

impl BodyProgressLine {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self {
            shown: false,
            began: now,
            drawn: now,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Returns how long the caller may wait for an event before the next update is due; `None` if
    /// no line is drawn.
    pub(super) const fn redraw_interval(&self) -> Option<Duration> {
        if self.terminal {
            Some(REDRAW_INTERVAL)
        } else {
            None
        }
    }

    /// Draws the line if an update is due.
    pub(super) fn draw(&mut self, trace: &Trace, options: &ReportOptions) {
        if !self.terminal
            || self.began.elapsed() < START_DELAY
            || self.drawn.elapsed() < REDRAW_INTERVAL
        {
            return;
        }
        self.drawn = Instant::now();
        let now = Moment::START + self.began.elapsed().into();
        let latest = trace.exchanges().last();
        if let Some(line) = latest
            .and_then(|exchange| report::progress_line(exchange, now.max(trace.latest()), options))
        {
            self.shown = true;
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
        }
    }

    /// Erases the line.
    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
