//! Bit rates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parse_scaled_decimal;

/// A rate in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BitRate(pub u64);

const UNITS: [(&str, u64); 4] = [
    ("gbit", 1_000_000_000),
    ("mbit", 1_000_000),
    ("kbit", 1_000),
    ("bit", 1),
];

/// Parses `10mbit`, `1.5 gbit`, `64kbit`; units are decimal.
impl FromStr for BitRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let found = UNITS
            .iter()
            .find_map(|(unit, scale)| Some((lower.strip_suffix(unit)?.trim_end(), scale)));
        let rate = found
            .and_then(|(number, scale)| parse_scaled_decimal(number, *scale))
            .filter(|rate| *rate > 0);
        rate.map(Self)
            .ok_or_else(|| "expected a rate such as 10mbit, 1.5gbit or 64kbit".to_owned())
    }
}

/// Formats as `10 Mbit/s`, `1.5 Gbit/s`, `64 kbit/s`.
impl fmt::Display for BitRate {
    #[expect(clippy::cast_precision_loss, reason = "three decimals are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["Gbit/s", "Mbit/s", "kbit/s", "bit/s"];
        let unit_index = UNITS
            .iter()
            .position(|(_, scale)| self.0 >= *scale)
            .unwrap_or(UNITS.len() - 1);
        let text = format!("{:.3}", self.0 as f64 / UNITS[unit_index].1 as f64);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.pad(&format!("{text} {}", names[unit_index]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_shown() {
        for (text, rate, shown) in [
            ("10mbit", 10_000_000, "10 Mbit/s"),
            ("1.5 Gbit", 1_500_000_000, "1.5 Gbit/s"),
            ("64kbit", 64_000, "64 kbit/s"),
            ("9600bit", 9_600, "9.6 kbit/s"),
            ("1bit", 1, "1 bit/s"),
        ] {
            assert_eq!(text.parse(), Ok(BitRate(rate)));
            assert_eq!(BitRate(rate).to_string(), shown);
        }
        for text in ["", "10", "0mbit", "-1mbit", "mbit", "10mb"] {
            assert!(text.parse::<BitRate>().is_err(), "{text}");
        }
    }
}
