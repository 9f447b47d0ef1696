//! The link's options.

use clap::Args;

use crate::lab::network::{BandwidthLimit, LinkChange};
use crate::trace::LinkConfig;
use crate::units::{Fraction, Nanos};

/// How the lab's link is set.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct LinkArgs {
    /// What the link adds to a round trip, such as 80ms [default: 20ms]
    #[arg(long, value_name = "TIME", help_heading = "Link")]
    rtt: Option<Nanos>,
    /// By how much a packet's delay may differ in each direction, such as 5ms
    #[arg(long, value_name = "TIME", help_heading = "Link")]
    jitter: Option<Nanos>,
    /// Packets lost in each direction, such as 1%
    #[arg(long, value_name = "SHARE", help_heading = "Link")]
    loss: Option<Fraction>,
    /// Packets held back, so that those behind overtake them
    #[arg(long, value_name = "SHARE", help_heading = "Link")]
    reorder: Option<Fraction>,
    /// Packets that arrive twice
    #[arg(long, value_name = "SHARE", help_heading = "Link")]
    duplicate: Option<Fraction>,
    /// What the link carries in each direction, such as 10mbit; 'unlimited' for what the machine
    /// can do
    #[arg(long, value_name = "RATE", help_heading = "Link")]
    bandwidth: Option<BandwidthLimit>,
    /// The largest IP packet in bytes, 1280 to 9000 [default: 1500]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(1_280..=9_000), help_heading = "Link")]
    mtu: Option<u16>,
    /// The congestion control of the TCP on both ends, as the kernel names it [default: cubic]
    #[arg(long, value_name = "NAME", help_heading = "Link")]
    congestion: Option<String>,
}

impl LinkArgs {
    /// A new lab's link. The same seed loses the same packets.
    pub(in crate::cli) fn into_link(self, seed: u64) -> LinkConfig {
        let plain = LinkConfig::delay_only(Nanos::from_millis(20), seed);
        self.into_change().apply_to(plain)
    }

    /// What is asked for of a link that is there.
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
