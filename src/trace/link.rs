//! The way between client and servers, where it is ours to choose.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::units::{BitRate, Fraction, Nanos};

/// How the lab's link is set. Delay and losses are the same in both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkConfig {
    /// What the link adds to a round trip: half of it on the way there, half on the way back.
    #[serde(rename = "round_trip_ns")]
    pub round_trip: Nanos,
    /// By how much the delay of a packet may differ from that at most, in each direction; evenly
    /// spread.
    #[serde(rename = "jitter_ns")]
    pub jitter: Nanos,
    /// Packets lost.
    #[serde(rename = "loss_millionths")]
    pub loss: Fraction,
    /// Packets that are held back, so that those behind them overtake them.
    #[serde(rename = "reorder_millionths")]
    pub reorder: Fraction,
    /// Packets that arrive twice.
    #[serde(rename = "duplicate_millionths")]
    pub duplicate: Fraction,
    /// What the link carries in each direction; without it, whatever the machine can do.
    #[serde(
        rename = "bandwidth_bits_per_second",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub bandwidth: Option<BitRate>,
    /// The largest IP packet in bytes.
    pub mtu: u16,
    /// The congestion control of the TCP on both ends, as the kernel names it.
    pub congestion: String,
    /// What chance starts from: the same seed loses the same packets, counted in each direction.
    pub seed: u64,
}

impl LinkConfig {
    /// One that only delays, with Ethernet's MTU.
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

    /// The delay that one direction adds.
    pub const fn one_way(&self) -> Nanos {
        Nanos(self.round_trip.0 / 2)
    }
}

/// Only what does something: `RTT 80.0 ms ± 5.00 ms · loss 1 % · 10 Mbit/s · MTU 1500 · cubic`.
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

/// What the relay has done with the packets it was given, over both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCounts {
    /// Handed to the interface at the other end; one that was doubled counts twice.
    pub passed: u64,
    /// Lost as asked.
    pub lost: u64,
    /// Sent twice as asked.
    pub duplicated: u64,
    /// Held back as asked.
    pub reordered: u64,
    /// Lost because a queue was full: the link's, or that of the interface at its end.
    pub overflowed: u64,
    /// Dropped by a firewall of the lab's.
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
    fn it_is_told_in_a_line() {
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
