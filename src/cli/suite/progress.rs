//! The progress line of a suite, on standard error if that is a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthChar as _;

use crate::report::{EndpointStatus, SuiteEndpoint};
use crate::units::group_digits;

/// Minimum interval between two updates.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// The progress line and its content.
pub(super) struct SuiteProgressLine {
    terminal: bool,
    shown: bool,
    drawn: Instant,
    all: usize,
    done: usize,
    problems: Vec<String>,
}

impl SuiteProgressLine {
    pub(super) fn start(all: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            terminal,
            shown: false,
            drawn: Instant::now(),
            all,
            done: 0,
            problems: Vec::new(),
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

    /// Counts an endpoint that has ended.
    pub(super) fn record_result(&mut self, endpoint: &SuiteEndpoint) {
        self.done += 1;
        if endpoint.status() > EndpointStatus::NotRun {
            self.problems.push(endpoint.name.escaped().into_owned());
        }
    }

    /// Draws the line if an update is due.
    pub(super) fn draw(&mut self) {
        if !self.terminal || self.drawn.elapsed() < REDRAW_INTERVAL {
            return;
        }
        self.drawn = Instant::now();
        self.shown = true;
        let width = crossterm::terminal::size().map_or(80, |(width, _)| usize::from(width));
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[K{}",
            truncate_to_width(&self.line(), width.saturating_sub(1))
        );
    }

    /// Erases the line.
    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    /// Formats the line. The latest problems come first, since the line may be too short for all.
    fn line(&self) -> String {
        let done = format!(
            "{} of {} done",
            group_digits(self.done as u64),
            group_digits(self.all as u64)
        );
        if self.problems.is_empty() {
            return done;
        }
        let names: Vec<&str> = self
            .problems
            .iter()
            .rev()
            .take(20)
            .map(String::as_str)
            .collect();
        format!(
            "{done}, {} failed or missed: {}",
            group_digits(self.problems.len() as u64),
            names.join(", ")
        )
    }
}

/// The beginning of a line that fits into the given columns.
fn truncate_to_width(line: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    line.chars().take_while(fits).collect()
}
