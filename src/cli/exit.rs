//! Exit codes.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// 0: done.
    Done,
    /// 1: a fault of this program or of its surroundings (a report that cannot be written).
    Fault,
    /// 2: the command line cannot be followed.
    Usage,
    /// 3: the probe failed.
    ProbeFailed,
    /// 4: a budget was missed.
    BudgetMissed,
    /// 4: a run is worse than the one it was compared with.
    Regression,
    /// 128 + the signal's number: 130 for an interrupt.
    Signal(u8),
    /// As the program ended that was run in the lab.
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
