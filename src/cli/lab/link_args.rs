//! Command-line options of the lab's link.

use clap::Args;

use crate::lab::network::{BandwidthLimit, LinkChange};
use crate::trace::LinkConfig;
use crate::units::{Fraction, Nanos};

/// Settings of the lab's link.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct LinkArgs {
    /// Round-trip time added by the link, such as 80ms [default: 20ms]
    #[arg(long, value_name = "TIME", help_heading = "Link")]
    rtt: Option<Nanos>,
    /// Random variation of the delay in each direction, such as 5ms
    #[arg(long, value_name = "TIME", help_heading = "Link")]
    jitter: Option<Nanos>,
    /// Packets to drop in each direction, such as 1%
    #[arg(long, value_name = "SHARE", help_heading = "Link")]
    loss: Option<Fraction>,
    /// Packets to delay so that later ones overtake them
    #[arg(long, value_name = "SHARE", help_heading = "Link")]
    reorder: Option<Fraction>,
    /// Packets to deliver twice
    #[arg(long, value_name = "SHARE", help_heading = "Link")]
    duplicate: Option<Fraction>,
    /// Bandwidth in each direction, such as 10mbit; 'unlimited' for as much as the machine can
    /// carry
    #[arg(long, value_name = "RATE", help_heading = "Link")]
    bandwidth: Option<BandwidthLimit>,
    /// Maximum transmission unit (MTU) in bytes, 1280 to 9000 [default: 1500]
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = clap::value_parser!(u16).range(1_280..=9_000),
        help_heading = "Link"
    )]
    mtu: Option<u16>,
    /// TCP congestion control on both ends, by its kernel name [default: cubic]
    #[arg(long, value_name = "NAME", help_heading = "Link")]
    congestion: Option<String>,
}

impl LinkArgs {
    /// The link of a new lab. The same seed drops the same packets.
    pub(in crate::cli) fn into_link(self, seed: u64) -> LinkConfig {
        let plain = LinkConfig::delay_only(Nanos::from_millis(20), seed);
        self.into_change().apply_to(plain)
    }

    /// The change to an existing link.
    pub(in crate::cli) fn into_change(self) -> LinkChange {
        LinkChange {
            round_trip: self.rtt,
            jitter: self.jitter,
            loss: self.loss,
            reorder: self.reorder,
            duplicate: self.duplicate,
            bandwidth: self.bandwidth,
            mtu: self.mtu,
            congestion: self.congestion,
        }
    }
}
