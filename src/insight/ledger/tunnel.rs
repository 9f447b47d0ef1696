//! The round trip within a proxy's tunnel (`CONNECT`, SOCKS), which no acknowledgment times: those
//! come from the proxy.

use crate::trace::{Direction, PacketEntry};
use crate::units::{Nanos, WallTime};

/// Turns within a tunnel that are needed to tell a round trip from a server's own time.
const MIN_TURNS: usize = 2;

/// A tunnel through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TunnelPath {
    /// The shortest of its turns, which is usually one of the TLS handshake; `None` if there are
    /// too few to tell.
    pub(super) round_trip: Option<Nanos>,
}

impl TunnelPath {
    /// Estimates the round trip from the packets after the tunnel was opened. What comes sooner
    /// than the way to the proxy and back allows answers something else.
    pub(super) fn estimate<'p>(
        packets: impl Iterator<Item = &'p PacketEntry>,
        to_proxy: Nanos,
    ) -> Self {
        let possible = Nanos(to_proxy.0 - to_proxy.0 / 8);
        let mut asked = None::<WallTime>;
        let mut turns = 0_usize;
        let mut least = None::<Nanos>;
        for packet in packets.filter(|packet| packet.payload_bytes > 0) {
            match packet.direction {
                // Of a turn that is sent again, which packet was answered cannot be told.
                Direction::Sent if packet.retransmitted => asked = None,
                Direction::Sent => asked = Some(packet.wall),
                Direction::Received => {
                    let turn = asked.map(|asked| packet.wall.since(asked));
                    if let Some(turn) = turn.filter(|turn| *turn >= possible) {
                        asked = None;
                        least = Some(least.map_or(turn, |least| least.min(turn)));
                        turns += 1;
                    }
                }
            }
        }
        Self {
            round_trip: least.filter(|_| turns >= MIN_TURNS),
        }
    }
}
