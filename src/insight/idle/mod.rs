//! Idle periods, in which no packets passed on a connection, and their causes, inferred from the
//! packets around them.
//!
//! - *handshake*: between SYN and SYN-ACK; the network's round trip.
//! - *retransmission*: the next segment has been sent before. It is retransmitted after a timeout
//!   (RFC 6298) or after duplicate acknowledgments (RFC 5681 §3.2).
//! - *window*: the bytes in flight fill the receiver's advertised window (RFC 9293 §3.8.6).
//! - *acknowledgment*: the sender continues a round trip after its latest bytes were acknowledged;
//!   it was not allowed more in flight (RFC 5681 §3.1).
//! - *delayed ack*: a small segment waits, by Nagle's algorithm, for the acknowledgment of the one
//!   before it, which is delayed (RFC 9293 §3.7.4, RFC 1122 §4.2.3.2).
//! - *server*: the client was the last to send data.
//! - *client*: the server was the last to send data, or the client continues by itself.
//!
//! TCP does not say why it waits, so all of this is inferred. The round-trip time is that of the
//! handshake.

mod cause;
mod tcp_state;

use std::ops::Range;

use crate::trace::{Flow, PacketEntry};
use crate::units::Nanos;

pub use cause::IdleCause;
use tcp_state::TcpState;

/// The causes of a flow's idle periods of at least `least`, each with the index of the packet after
/// it.
pub fn idle_causes(flow: &Flow, least: Nanos) -> impl Iterator<Item = (usize, IdleCause)> {
    let mut state = TcpState::new(flow);
    let packets = flow.packets();
    packets
        .iter()
        .enumerate()
        .filter_map(move |(index, packet)| {
            let cause = state.cause_of(packets, index, least);
            state.observe(packet);
            cause.map(|cause| (index, cause))
        })
}

impl TcpState<'_> {
    /// The cause of the idle period before a packet, if there was one of at least `least`.
    fn cause_of(&self, packets: &[PacketEntry], index: usize, least: Nanos) -> Option<IdleCause> {
        let before = packets.get(index.checked_sub(1)?)?;
        let packet = packets.get(index)?;
        let is_idle = packet.wall.since(before.wall) >= least;
        is_idle
            .then(|| {
                cause::cause_between(
                    self,
                    before,
                    packet,
                    packets.get(index + 1..).unwrap_or_default(),
                )
            })
            .flatten()
    }
}

/// Like [`idle_causes`], for a small `range` among many packets. TCP's state before them is
/// reconstructed from the handshake and at most some thousands of packets right before, so the cost
/// does not depend on the length of the capture.
pub fn idle_causes_within(
    flow: &Flow,
    least: Nanos,
    range: Range<usize>,
) -> impl Iterator<Item = (usize, IdleCause)> {
    const BEFORE: usize = 4_096;
    const HANDSHAKE: usize = 16;
    let packets = flow.packets();
    let mut state = TcpState::new(flow);
    let near = range.start.saturating_sub(BEFORE);
    let before = (0..near.min(HANDSHAKE)).chain(near..range.start.min(packets.len()));
    before
        .filter_map(|index| packets.get(index))
        .for_each(|packet| state.observe(packet));
    range.filter_map(move |index| {
        let cause = state.cause_of(packets, index, least);
        state.observe(packets.get(index)?);
        cause.map(|cause| (index, cause))
    })
}

#[cfg(test)]
mod tests;
