//! Byte counts.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Nanos;

/// A number of bytes. Formatted exactly below 100,000, and in binary units (IEC 80000-13) above.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// The rate in bytes per second if these bytes took that long; `None` if no time passed.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "three figures are shown"
    )]
    pub fn per_second(self, took: Nanos) -> Option<Self> {
        (took.0 > 0).then(|| Self((self.0 as f64 / took.as_secs_f64()) as u64))
    }
}

/// Formats as `214 B`, `10,407 B`, `1.43 MiB`.
impl fmt::Display for Bytes {
    #[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 100_000 {
            return f.pad(&format!("{} B", group_digits(self.0)));
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 1023.5 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let decimals = if value < 9.995 {
            2
        } else {
            usize::from(value < 99.95)
        };
        f.pad(&format!("{value:.decimals$} {}", UNITS[unit]))
    }
}

/// Formats a count with digits in groups of three: `10,407`.
pub fn group_digits(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a count with its noun: `1 segment`, `6,000 segments`.
pub fn format_count(number: impl TryInto<u64>, noun: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        number => format!("{} {noun}s", group_digits(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_counts_read_well() {
        assert_eq!(Bytes(1_000).per_second(Nanos::ZERO), None);
        assert_eq!(
            Bytes(10_000_000)
                .per_second(Nanos(2_000_000_000))
                .unwrap_or_default()
                .to_string(),
            "4.77 MiB"
        );
        assert_eq!(
            format_count(1, "segment") + ", " + &format_count(6_000, "byte"),
            "1 segment, 6,000 bytes"
        );
    }

    #[test]
    fn small_sizes_are_exact_and_large_ones_readable() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (10_407, "10,407 B"),
            (99_999, "99,999 B"),
            (100_000, "97.7 KiB"),
            (1_048_575, "1.00 MiB"),
            (1_073_741_824, "1.00 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
    }
}
