//! How far a suite is, on standard error where that is a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthChar as _;

use crate::report::{EndpointStatus, SuiteEndpoint};
use crate::units::group_digits;

/// Between two lines.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// The line, and what it says.
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

    /// How long may be waited for an event before the line is due again; `None` where there is no
    /// line to draw.
    pub(super) const fn redraw_interval(&self) -> Option<Duration> {
        if self.terminal {
            Some(REDRAW_INTERVAL)
        } else {
            None
        }
    }

    /// One more has ended.
    pub(super) fn record_result(&mut self, endpoint: &SuiteEndpoint) {
        self.done += 1;
        if endpoint.status() > EndpointStatus::NotRun {
            self.problems.push(endpoint.name.escaped().into_owned());
        }
    }

    /// Draws the line if it is due.
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

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    /// The latest of those that are not as they should be come first: the line may be too short for
    /// all.
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

/// As much of a line as so many columns hold.
fn truncate_to_width(line: &str, columns: usize) -> String {
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= columns
    };
    line.chars().take_while(fits).collect()
}
