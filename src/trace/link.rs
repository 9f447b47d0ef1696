//! Configuration and counters of the lab's emulated link between client and servers.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::units::{BitRate, Fraction, Nanos};

/// Configuration of the emulated link. Delay and loss are the same in both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkConfig {
    /// Delay added to a round trip, half of it in each direction.
    #[serde(rename = "round_trip_ns")]
    pub round_trip: Nanos,
    /// Maximum deviation of a packet's delay from that, in each direction; uniformly distributed.
    #[serde(rename = "jitter_ns")]
    pub jitter: Nanos,
    /// Share of packets that are lost.
    #[serde(rename = "loss_millionths")]
    pub loss: Fraction,
    /// Share of packets that are held back, so that later ones overtake them.
    #[serde(rename = "reorder_millionths")]
    pub reorder: Fraction,
    /// Share of packets that are duplicated.
    #[serde(rename = "duplicate_millionths")]
    pub duplicate: Fraction,
    /// Rate limit in each direction; unlimited if absent.
    #[serde(
        rename = "bandwidth_bits_per_second",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub bandwidth: Option<BitRate>,
    /// Largest IP packet in bytes.
    pub mtu: u16,
    /// TCP congestion control of both ends, by the kernel's name for it.
    pub congestion: String,
    /// Seed of the random number generator: the same seed loses the same packets, counted in each
    /// direction.
    pub seed: u64,
}

impl LinkConfig {
    /// A link that only adds delay, with Ethernet's MTU.
    pub fn delay_only(round_trip: Nanos, seed: u64) -> Self {
        Self {
            round_trip,
            jitter: Nanos::ZERO,
            loss: Fraction::NONE,
            reorder: Fraction::NONE,
            duplicate: Fraction::NONE,
            bandwidth: None,
            mtu: 1_500,
            congestion: "cubic".to_owned(),
            seed,
        }
    }

    /// Delay added in one direction.
    pub const fn one_way(&self) -> Nanos {
        Nanos(self.round_trip.0 / 2)
    }
}

/// Only settings with an effect: `RTT 80.0 ms ± 5.00 ms · loss 1 % · 10 Mbit/s · MTU 1500 · cubic`.
impl fmt::Display for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RTT {}", self.round_trip)?;
        if self.jitter > Nanos::ZERO {
            write!(f, " ± {}", self.jitter)?;
        }
        for (name, share) in [
            ("loss", self.loss),
            ("reordered", self.reorder),
            ("duplicated", self.duplicate),
        ] {
            if share > Fraction::NONE {
                write!(f, " · {name} {share}")?;
            }
        }
        if let Some(bandwidth) = self.bandwidth {
            write!(f, " · {bandwidth}")?;
        }
        write!(f, " · MTU {} · {}", self.mtu, self.congestion)
    }
}

/// Packet counters of the link, over both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCounts {
    /// Delivered to the interface at the other end; a duplicated packet counts twice.
    pub passed: u64,
    /// Lost, as configured.
    pub lost: u64,
    /// Duplicated, as configured.
    pub duplicated: u64,
    /// Reordered, as configured.
    pub reordered: u64,
    /// Dropped because a queue was full: the link's, or that of the interface at its end.
    pub overflowed: u64,
    /// Dropped by one of the lab's firewalls.
    pub firewalled: u64,
}

impl Add for LinkCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            lost: self.lost + other.lost,
            duplicated: self.duplicated + other.duplicated,
            reordered: self.reordered + other.reordered,
            overflowed: self.overflowed + other.overflowed,
            firewalled: self.firewalled + other.firewalled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_formatted_on_one_line() {
        let plain = LinkConfig::delay_only(Nanos::from_millis(20), 1);
        assert_eq!(plain.to_string(), "RTT 20.0 ms · MTU 1500 · cubic");
        let bad = LinkConfig {
            jitter: Nanos::from_millis(5),
            loss: Fraction::from_millionths(10_000),
            bandwidth: Some(BitRate(10_000_000)),
            ..plain
        };
        assert_eq!(
            bad.to_string(),
            "RTT 20.0 ms ± 5.00 ms · loss 1 % · 10 Mbit/s · MTU 1500 · cubic"
        );
    }
}
