//! How much slower a run may be.

use std::fmt;
use std::str::FromStr;

use crate::units::{Nanos, scaled};

/// How much slower is tolerated: a share of what it was, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// In millionths.
    Share(u64),
    /// So much.
    Time(Nanos),
}

/// Nothing.
impl Default for Tolerance {
    fn default() -> Self {
        Self::Time(Nanos::ZERO)
    }
}

impl Tolerance {
    /// What is tolerated of a figure.
    pub fn of(self, before: Nanos) -> Nanos {
        match self {
            Self::Time(time) => time,
            Self::Share(millionths) => {
                let tolerated = u128::from(before.0) * u128::from(millionths) / 1_000_000;
                Nanos(u64::try_from(tolerated).unwrap_or(u64::MAX))
            }
        }
    }
}

/// Text that is no tolerance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no tolerance; a share or a time is wanted: 10%, 20ms")]
pub struct BadTolerance(String);

/// `10%`, `2.5 %`, `20ms`.
impl FromStr for Tolerance {
    type Err = BadTolerance;

    fn from_str(text: &str) -> Result<Self, BadTolerance> {
        let bad = || BadTolerance(text.to_owned());
        match text.trim().strip_suffix('%') {
            Some(number) => scaled(number.trim_end(), 10_000)
                .map(Self::Share)
                .ok_or_else(bad),
            None => text.parse().map(Self::Time).map_err(|_| bad()),
        }
    }
}

/// `10 %`, `20.0 ms`.
impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => time.fmt(f),
            Self::Share(millionths) => {
                let text = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
                write!(f, "{} %", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}
