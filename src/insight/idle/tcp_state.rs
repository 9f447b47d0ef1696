//! TCP's state as reconstructed from packets: bytes in flight, acknowledgments, receive windows.

use crate::trace::{Direction, Flow, PacketEntry};
use crate::units::{Nanos, WallTime};
use crate::wire::TcpFlags;

/// The state of both sides.
pub(super) struct TcpState<'a> {
    flow: &'a Flow,
    sent: SenderState,
    received: SenderState,
    /// Time from SYN to SYN-ACK.
    pub(super) round_trip: Option<Nanos>,
    syn_at: Option<WallTime>,
    /// The direction of the latest payload.
    pub(super) last_sender: Option<Direction>,
}

/// State of one sender: the bytes sent and the bytes acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SenderState {
    /// Offset after the highest byte sent.
    pub(super) end: u64,
    /// Offset up to which the other side has acknowledged.
    pub(super) acknowledged: u64,
    /// The window that the other side has advertised; `None` before it did.
    pub(super) window: Option<u64>,
    /// When its latest payload passed.
    pub(super) sent_at: Option<WallTime>,
    /// Bytes of its latest payload.
    pub(super) latest_bytes: u32,
    /// Duplicate acknowledgments in a row (RFC 5681 §2).
    pub(super) duplicates: u32,
    /// When the other side last acknowledged new data.
    pub(super) acknowledged_at: Option<WallTime>,
}

impl SenderState {
    /// Bytes sent but not acknowledged.
    pub(super) const fn bytes_in_flight(&self) -> u64 {
        self.end.saturating_sub(self.acknowledged)
    }
}

impl<'a> TcpState<'a> {
    pub(super) fn new(flow: &'a Flow) -> Self {
        Self {
            flow,
            sent: SenderState::default(),
            received: SenderState::default(),
            round_trip: None,
            syn_at: None,
            last_sender: None,
        }
    }

    pub(super) const fn sender(&self, direction: Direction) -> &SenderState {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    /// The maximum segment size of a direction, as announced by the other side.
    pub(super) fn mss(&self, direction: Direction) -> Option<u32> {
        self.flow.announced_mss(direction.opposite()).map(u32::from)
    }

    /// Updates the state with the next packet.
    pub(super) fn observe(&mut self, packet: &PacketEntry) {
        self.time_handshake(packet);
        if packet.flags.has(TcpFlags::ACK) {
            self.acknowledge(packet);
        }
        if packet.payload_bytes == 0 {
            return;
        }
        let side = self.sender_mut(packet.direction);
        side.end = side.end.max(
            packet
                .offset
                .saturating_add(u64::from(packet.payload_bytes)),
        );
        side.sent_at = Some(packet.wall);
        side.latest_bytes = packet.payload_bytes;
        self.last_sender = Some(packet.direction);
    }

    fn acknowledge(&mut self, packet: &PacketEntry) {
        let window = self.flow.scaled_window(packet);
        let offset = self
            .flow
            .acknowledged_offset(packet, self.sender(packet.direction.opposite()).end);
        let sender = self.sender_mut(packet.direction.opposite());
        let Some(offset) = offset else { return };
        if offset > sender.acknowledged {
            sender.acknowledged = offset;
            sender.acknowledged_at = Some(packet.wall);
            sender.duplicates = 0;
        } else if packet.payload_bytes == 0
            && sender.bytes_in_flight() > 0
            && sender.window == window
        {
            // RFC 5681 §2: no data, data in flight, and the same window, or it would be a window
            // update.
            sender.duplicates += 1;
        }
        sender.window = window;
    }

    fn time_handshake(&mut self, packet: &PacketEntry) {
        // Only the first SYN-ACK is timed; later ones are retransmissions.
        if packet.flags.has(TcpFlags::SYN | TcpFlags::ACK) {
            self.round_trip = self
                .round_trip
                .or_else(|| self.syn_at.map(|opened| packet.wall.since(opened)));
        } else if packet.flags.has(TcpFlags::SYN) {
            self.syn_at = Some(packet.wall);
        }
    }

    const fn sender_mut(&mut self, direction: Direction) -> &mut SenderState {
        match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        }
    }
}
