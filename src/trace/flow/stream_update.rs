//! Progress of one direction of a flow: bytes sent, bytes acknowledged, and the edge of the
//! receiver's window.

use super::{Direction, Flow, PacketEntry};

/// Progress of one direction's stream by one packet, in stream offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamUpdate {
    /// Bytes were sent.
    Sent {
        /// Offset of the first byte.
        from: u64,
        /// Offset after the last byte.
        to: u64,
        /// Whether it is a retransmission.
        retransmitted: bool,
    },
    /// The other side acknowledged all bytes up to an offset.
    Acknowledged {
        /// The acknowledged offset.
        to: u64,
        /// Right edge of the receive window; `None` where the window scale is not known.
        window_edge: Option<u64>,
    },
}

impl StreamUpdate {
    /// Reads the update from a packet. `end` is the highest offset sent before the packet, and is
    /// raised to the highest one including it.
    pub(super) fn from_packet(
        flow: &Flow,
        packet: &PacketEntry,
        direction: Direction,
        end: &mut u64,
    ) -> Option<Self> {
        if packet.direction != direction {
            let to = flow.acknowledged_offset(packet, *end)?;
            let room = flow
                .scaled_window(packet)
                .map(|window| to.saturating_add(window));
            return Some(Self::Acknowledged {
                to,
                window_edge: room,
            });
        }
        let to = packet.offset.saturating_add(packet.payload_bytes.into());
        *end = to.max(*end);
        (packet.payload_bytes > 0).then_some(Self::Sent {
            from: packet.offset,
            to,
            retransmitted: packet.retransmitted,
        })
    }
}
