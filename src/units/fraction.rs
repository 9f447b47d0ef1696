//! Fractions of a whole, such as a loss rate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parse_scaled_decimal;

/// A fraction of a whole in millionths: 0 to 1,000,000.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "u32", into = "u32")]
pub struct Fraction(u32);

/// Converts from millionths; values above the whole are clamped to it.
impl From<u32> for Fraction {
    fn from(millionths: u32) -> Self {
        Self::from_millionths(millionths)
    }
}

/// Converts to millionths.
impl From<Fraction> for u32 {
    fn from(share: Fraction) -> Self {
        share.0
    }
}

impl Fraction {
    /// Zero.
    pub const NONE: Self = Self(0);
    const WHOLE: u32 = 1_000_000;

    /// Converts from millionths; values above the whole are clamped to it.
    pub const fn from_millionths(millionths: u32) -> Self {
        Self(if millionths > Self::WHOLE {
            Self::WHOLE
        } else {
            millionths
        })
    }

    /// The fraction in millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

/// Parses `1%`, `0.25 %`.
impl FromStr for Fraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "expected a percentage from 0% to 100%, such as 1% or 0.25%".to_owned();
        let number = text.trim().strip_suffix('%').ok_or_else(wanted)?;
        let millionths = parse_scaled_decimal(number.trim_end(), u64::from(Self::WHOLE) / 100)
            .ok_or_else(wanted)?;
        u32::try_from(millionths)
            .ok()
            .filter(|share| *share <= Self::WHOLE)
            .map(Self)
            .ok_or_else(wanted)
    }
}

/// Formats as `1 %`, `0.25 %`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000);
        f.pad(&format!(
            "{} %",
            text.trim_end_matches('0').trim_end_matches('.')
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_and_shown() {
        for (text, millionths, shown) in [
            ("0%", 0, "0 %"),
            ("1%", 10_000, "1 %"),
            ("0.25 %", 2_500, "0.25 %"),
            ("100%", 1_000_000, "100 %"),
            ("0.0001%", 1, "0.0001 %"),
        ] {
            assert_eq!(text.parse(), Ok(Fraction::from_millionths(millionths)));
            assert_eq!(Fraction::from_millionths(millionths).to_string(), shown);
        }
        assert_eq!(
            serde_json::from_str::<Fraction>("4000000").ok(),
            Some(Fraction(Fraction::WHOLE)),
            "a file may say anything"
        );
        for text in ["", "1", "101%", "-1%", "%", "0.00001%"] {
            assert!(text.parse::<Fraction>().is_err(), "{text}");
        }
    }
}
