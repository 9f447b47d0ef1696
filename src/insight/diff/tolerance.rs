//! Tolerances for regressions.

use std::fmt;
use std::str::FromStr;

use crate::units::{Nanos, parse_scaled_decimal};

/// Tolerated slowdown: relative to the earlier duration, or absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffTolerance {
    /// In millionths of the earlier duration.
    Relative(u64),
    /// A duration.
    Absolute(Nanos),
}

/// No tolerance.
impl Default for DiffTolerance {
    fn default() -> Self {
        Self::Absolute(Nanos::ZERO)
    }
}

impl DiffTolerance {
    /// The increase that is tolerated for an earlier duration.
    pub fn allowance(self, before: Nanos) -> Nanos {
        match self {
            Self::Absolute(time) => time,
            Self::Relative(millionths) => {
                let tolerated = u128::from(before.0) * u128::from(millionths) / 1_000_000;
                Nanos(u64::try_from(tolerated).unwrap_or(u64::MAX))
            }
        }
    }
}

/// A text that is not a valid tolerance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a tolerance; expected a percentage or a duration, such as 10% or 20ms")]
pub struct ToleranceError(String);

/// Parses `10%`, `2.5 %`, `20ms`.
impl FromStr for DiffTolerance {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Self, ToleranceError> {
        let bad = || ToleranceError(text.to_owned());
        match text.trim().strip_suffix('%') {
            Some(number) => parse_scaled_decimal(number.trim_end(), 10_000)
                .map(Self::Relative)
                .ok_or_else(bad),
            None => text.parse().map(Self::Absolute).map_err(|_| bad()),
        }
    }
}

/// Formats as `10 %`, `20.0 ms`.
impl fmt::Display for DiffTolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(time) => time.fmt(f),
            Self::Relative(millionths) => {
                let text = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
                write!(f, "{} %", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}
