//! How far a direction of a flow has come: what was sent, what of it was acknowledged, up to where
//! the receiver had room.

use super::{Direction, Flow, PacketEntry};

/// What a packet says of a direction's stream, in its offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamUpdate {
    /// Bytes passed.
    Sent {
        /// Offset of the first.
        from: u64,
        /// Offset behind the last.
        to: u64,
        /// They had passed before, or were lost before.
        retransmitted: bool,
    },
    /// The other side has all bytes up to an offset, and room for more.
    Acknowledged {
        /// The offset.
        to: u64,
        /// Up to where it has room; `None` where its window's scale is not known.
        window_edge: Option<u64>,
    },
}

impl StreamUpdate {
    /// What a packet says; `end` is how far the direction's bytes had come before it, and is then
    /// how far they have with it.
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
