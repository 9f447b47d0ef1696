//! Exit codes and usage errors.

use std::fmt;
use std::process::ExitCode;

use crate::insight::redact::Redactor;

/// The result of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// 0: success.
    Done,
    /// 1: an internal error, or an environment error such as a report that cannot be written.
    Fault,
    /// 2: invalid command line.
    Usage,
    /// 3: the probe failed.
    ProbeFailed,
    /// 4: a budget was not met.
    BudgetMissed,
    /// 4: a regression was found.
    Regression,
    /// 128 + the signal's number: 130 for an interrupt.
    Signal(u8),
    /// The exit code of the program that was run in the lab.
    Program(u8),
}

impl Exit {
    /// The code of [`Exit::Fault`].
    pub(super) const FAULT: u8 = 1;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Fault => Self::from(Exit::FAULT),
            Exit::Usage => Self::from(2),
            Exit::ProbeFailed => Self::from(3),
            Exit::BudgetMissed | Exit::Regression => Self::from(4),
            Exit::Program(code) => Self::from(code),
            Exit::Signal(number) => Self::from(128_u8.saturating_add(number)),
        }
    }
}

/// An error in the command line, as a sentence. The exit code is 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsageError(String);

impl UsageError {
    /// Creates an error. The sentence may quote user input, so secrets in it are masked.
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(Redactor::default().sentence(&sentence.into()))
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
