//! The cause of an idle period, by the packet that ended it and TCP's state before it.

use super::tcp_state::TcpState;
use crate::trace::{Direction, PacketEntry};
use crate::units::Nanos;
use crate::wire::TcpFlags;

/// Why no packets passed for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleCause {
    /// The network's round trip: waiting for the answer to a SYN.
    Handshake,
    /// Waiting for a retransmission of lost data.
    Retransmission {
        /// The side that retransmits.
        sender: Direction,
        /// Whether it was retransmitted after a timeout, and not after duplicate acknowledgments.
        timeout: bool,
    },
    /// Waiting for the receiver's window, which was full.
    Window {
        /// The side that had to wait.
        sender: Direction,
    },
    /// A sender waited for acknowledgments before it sent more.
    Acknowledgment {
        /// The side that had to wait.
        sender: Direction,
    },
    /// A small segment waited for a delayed acknowledgment.
    DelayedAck {
        /// The side that had to wait.
        sender: Direction,
    },
    /// The server had been asked and had not answered yet. One round trip of it, if known, was the
    /// network's.
    Server {
        /// The network's part.
        network: Option<Nanos>,
    },
    /// The server had answered, and the client was doing something else.
    Client,
}

/// Shorter delays are not delayed acknowledgments: implementations delay them by at least 40 ms.
const MIN_ACK_DELAY: Nanos = Nanos::from_millis(30);
/// A packet that follows an acknowledgment within this time was sent because of it.
const IMMEDIATELY: Nanos = Nanos::from_millis(2);

/// Packets examined to find what an acknowledgment led to.
const MAX_LOOKAHEAD: usize = 64;

/// Returns the cause of an idle period between two packets; `rest` are the packets after them.
/// `None` if it cannot be determined.
pub(super) fn cause_between(
    state: &TcpState<'_>,
    last: &PacketEntry,
    next: &PacketEntry,
    rest: &[PacketEntry],
) -> Option<IdleCause> {
    if !is_empty_segment(next) {
        return Some(cause_ended_by(state, last, next, next));
    }
    // An empty segment: an acknowledgment or a window update. What counts is what it let the other
    // side send.
    let sender = next.direction.opposite();
    let awaited = rest
        .iter()
        .take(MAX_LOOKAHEAD)
        .find(|packet| !is_empty_segment(packet));
    let sends_data =
        awaited.is_some_and(|awaited| awaited.direction == sender && awaited.payload_bytes > 0);
    // The update made room in a full window, and the sender used it.
    if is_window_full(state, sender, 1) && sends_data {
        return Some(IdleCause::Window { sender });
    }
    if state.sender(sender).bytes_in_flight() > 0
        && sends_data
        && sends_once_acknowledged(sender, next, rest)
    {
        // Without the round trip, what remains is how long the receiver sat on its acknowledgment.
        let delay = next
            .wall
            .since(last.wall)
            .saturating_sub(state.round_trip.unwrap_or_default());
        let is_delayed = is_small_segment(state, sender) && delay >= MIN_ACK_DELAY;
        return Some(if is_delayed {
            IdleCause::DelayedAck { sender }
        } else {
            IdleCause::Acknowledgment { sender }
        });
    }
    // No sender was waiting for this acknowledgment, so the awaited packet is a later one.
    Some(cause_ended_by(state, last, next, awaited?))
}

/// Returns true for segments without payload that neither open nor close the connection.
const fn is_empty_segment(packet: &PacketEntry) -> bool {
    packet.payload_bytes == 0
        && packet.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) == 0
}

/// Returns true if a side sends payload as soon as it is acknowledged.
fn sends_once_acknowledged(
    sender: Direction,
    acknowledgment: &PacketEntry,
    rest: &[PacketEntry],
) -> bool {
    let next = rest
        .iter()
        .take(MAX_LOOKAHEAD)
        .find(|packet| packet.direction == sender);
    next.is_some_and(|next| {
        next.payload_bytes > 0 && next.wall.since(acknowledgment.wall) <= IMMEDIATELY
    })
}

/// Returns true if a side's latest segment was smaller than the MSS, even with all options.
fn is_small_segment(state: &TcpState<'_>, sender: Direction) -> bool {
    // The maximum: the MSS does not account for options (RFC 9293 §3.7.1).
    const OPTIONS: u32 = 40;
    state
        .mss(sender)
        .is_some_and(|mss| state.sender(sender).latest_bytes + OPTIONS < mss)
}

/// The cause, by the packet that was awaited; `next` is the first packet after the idle period.
fn cause_ended_by(
    state: &TcpState<'_>,
    last: &PacketEntry,
    next: &PacketEntry,
    awaited: &PacketEntry,
) -> IdleCause {
    let sender = awaited.direction;
    if awaited.retransmitted {
        return IdleCause::Retransmission {
            sender,
            // Fast retransmit takes three duplicate acknowledgments (RFC 5681 §3.2).
            timeout: state.sender(sender).duplicates < 3,
        };
    }
    if awaited.flags.has(TcpFlags::SYN | TcpFlags::ACK) {
        return IdleCause::Handshake;
    }
    match sender {
        Direction::Received => cause_ended_by_server(state, last, next, awaited),
        Direction::Sent => cause_ended_by_client(state, awaited),
    }
}

/// The cause if the server sends or closes.
fn cause_ended_by_server(
    state: &TcpState<'_>,
    last: &PacketEntry,
    next: &PacketEntry,
    awaited: &PacketEntry,
) -> IdleCause {
    let sender = Direction::Received;
    if state.last_sender != Some(sender) {
        return IdleCause::Server {
            network: network_share(state, last, next, awaited),
        };
    }
    // The server was in the middle of sending. What the client acknowledged reaches it half a round
    // trip later, and its next segment takes another half. Anything later than that was the
    // server's own pause.
    let turn = state
        .round_trip
        // Round trips vary: a quarter more than the handshake's still counts as one.
        .map(|round_trip| Nanos(round_trip.0 + round_trip.0 / 4).max(IMMEDIATELY));
    let since = state
        .sender(sender)
        .acknowledged_at
        .map(|at| awaited.wall.since(at));
    let in_turn = since.zip(turn).is_some_and(|(since, turn)| since <= turn);
    if in_turn && awaited.payload_bytes > 0 {
        return if is_window_full(state, sender, awaited.payload_bytes.into()) {
            IdleCause::Window { sender }
        } else {
            IdleCause::Acknowledgment { sender }
        };
    }
    IdleCause::Server { network: None }
}

/// The network's part of a wait for the server: the first round trip after the client sent. A
/// packet that comes sooner answers something earlier, whose round trip has already been counted.
fn network_share(
    state: &TcpState<'_>,
    last: &PacketEntry,
    next: &PacketEntry,
    awaited: &PacketEntry,
) -> Option<Nanos> {
    let round_trip = state.round_trip?;
    let sent_at = state.sender(Direction::Sent).sent_at?;
    // An eighth less than the handshake's round trip can still be an answer; anything sooner was on
    // its way before the client sent.
    if awaited.wall.since(sent_at) < Nanos(round_trip.0 - round_trip.0 / 8) {
        return Some(Nanos::ZERO);
    }
    // Only the part of the round trip that falls into this idle period: acknowledgments may have
    // split the wait into several periods.
    let left = round_trip.saturating_sub(last.wall.since(sent_at));
    Some(left.min(next.wall.since(last.wall)))
}

/// The cause if the client sends or closes.
fn cause_ended_by_client(state: &TcpState<'_>, awaited: &PacketEntry) -> IdleCause {
    let sender = Direction::Sent;
    if state.last_sender == Some(sender)
        && awaited.payload_bytes > 0
        && is_window_full(state, sender, 1)
    {
        return IdleCause::Window { sender };
    }
    IdleCause::Client
}

/// Returns true if the receiver's window has no room for that many more bytes.
fn is_window_full(state: &TcpState<'_>, sender: Direction, more: u64) -> bool {
    let side = state.sender(sender);
    side.window
        .is_some_and(|window| side.bytes_in_flight() + more > window)
}
