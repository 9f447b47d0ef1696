//! Control protocol of the emulated link: changes and replies.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::trace::{LinkConfig, LinkCounts};
use crate::units::{BitRate, Fraction, Nanos};

/// Changes to the link's settings; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are those of `LinkConfig`")]
pub struct LinkChange {
    pub round_trip: Option<Nanos>,
    pub jitter: Option<Nanos>,
    pub loss: Option<Fraction>,
    pub reorder: Option<Fraction>,
    pub duplicate: Option<Fraction>,
    pub bandwidth: Option<BandwidthLimit>,
    pub mtu: Option<u16>,
    pub congestion: Option<String>,
}

/// Bandwidth limit of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BandwidthLimit {
    /// As fast as the machine allows.
    Unlimited,
    /// Bits per second in each direction.
    Rate(BitRate),
}

impl BandwidthLimit {
    const fn rate(self) -> Option<BitRate> {
        match self {
            Self::Unlimited => None,
            Self::Rate(rate) => Some(rate),
        }
    }
}

/// `10mbit`, `unlimited`.
impl FromStr for BandwidthLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            Ok(Self::Unlimited)
        } else {
            text.parse().map(Self::Rate)
        }
    }
}

/// A change that sets everything.
impl From<LinkConfig> for LinkChange {
    fn from(link: LinkConfig) -> Self {
        Self {
            round_trip: Some(link.round_trip),
            jitter: Some(link.jitter),
            loss: Some(link.loss),
            reorder: Some(link.reorder),
            duplicate: Some(link.duplicate),
            bandwidth: Some(
                link.bandwidth
                    .map_or(BandwidthLimit::Unlimited, BandwidthLimit::Rate),
            ),
            mtu: Some(link.mtu),
            congestion: Some(link.congestion),
        }
    }
}

impl LinkChange {
    /// The settings after the change.
    pub fn apply_to(self, link: LinkConfig) -> LinkConfig {
        LinkConfig {
            round_trip: self.round_trip.unwrap_or(link.round_trip),
            jitter: self.jitter.unwrap_or(link.jitter),
            loss: self.loss.unwrap_or(link.loss),
            reorder: self.reorder.unwrap_or(link.reorder),
            duplicate: self.duplicate.unwrap_or(link.duplicate),
            bandwidth: self.bandwidth.map_or(link.bandwidth, BandwidthLimit::rate),
            mtu: self.mtu.unwrap_or(link.mtu),
            congestion: self.congestion.unwrap_or(link.congestion),
            seed: link.seed,
        }
    }
}

/// A lab's reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LinkReply {
    /// The current state.
    Current {
        /// Settings of the link.
        link: LinkConfig,
        /// Packet counters.
        counts: LinkCounts,
    },
    /// The change was refused.
    Refused {
        /// The reason, as a sentence.
        error: String,
    },
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::lab::network) fn sample_link() -> LinkConfig {
        LinkConfig {
            bandwidth: Some(BitRate(1_000)),
            ..LinkConfig::delay_only(Nanos::from_millis(20), 3)
        }
    }

    #[test]
    fn settings_absent_from_a_change_stay() {
        assert_eq!(LinkChange::default().apply_to(sample_link()), sample_link());
        let other = LinkConfig {
            bandwidth: None,
            mtu: 1_280,
            ..sample_link()
        };
        assert_eq!(
            LinkChange::from(other.clone()).apply_to(sample_link()),
            other
        );
        let farther = LinkChange {
            round_trip: Some(Nanos::from_millis(80)),
            ..LinkChange::default()
        };
        assert_eq!(
            farther.apply_to(sample_link()).round_trip,
            Nanos::from_millis(80)
        );
    }
}
