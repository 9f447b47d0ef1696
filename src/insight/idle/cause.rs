//! The cause of an idle period, by the packet that ended it and TCP's state before it.

use super::tcp_state::TcpState;
use crate::trace::{Direction, PacketEntry, TcpFlags};
use crate::units::Nanos;

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

impl IdleCause {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Retransmission { timeout: true, .. } => "retransmission_timeout",
            Self::Retransmission { timeout: false, .. } => "fast_retransmission",
            Self::Window { .. } => "window",
            Self::Acknowledgment { .. } => "acknowledgment",
            Self::DelayedAck { .. } => "delayed_ack",
            Self::Server { .. } => "server",
            Self::Client => "client",
        }
    }

    /// What was waited for, in two or three words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Handshake => "the handshake's round trip",
            Self::Retransmission { timeout: true, .. } => "retransmission timeouts",
            Self::Retransmission { timeout: false, .. } => "fast retransmissions",
            Self::Window { .. } => "a full receive window",
            Self::Acknowledgment { .. } => "acknowledgments",
            Self::DelayedAck { .. } => "delayed acknowledgments",
            Self::Server { .. } => "the server",
            Self::Client => "the client",
        }
    }

    /// What was waited for, as a clause that follows a duration.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Handshake => "waiting for the answer to the SYN: the network's round trip",
            Self::Retransmission { timeout: true, .. } => {
                "waiting for a retransmission timeout: a segment was lost"
            }
            Self::Retransmission { timeout: false, .. } => {
                "waiting for a fast retransmission: a segment was lost"
            }
            Self::Window {
                sender: Direction::Sent,
            } => "waiting for the server's receive window, which is full",
            Self::Window {
                sender: Direction::Received,
            } => "waiting for the client's receive window, which is full",
            Self::Acknowledgment {
                sender: Direction::Sent,
            } => "the client waits for acknowledgments before it sends more",
            Self::Acknowledgment {
                sender: Direction::Received,
            } => "the server waits for acknowledgments before it sends more",
            Self::DelayedAck { .. } => "a small segment waits for a delayed acknowledgment (Nagle)",
            Self::Server { .. } => "waiting for the server",
            Self::Client => "waiting for the client",
        }
    }
}

/// Shorter delays are not delayed acknowledgments: implementations delay them by at least 40 ms.
const MIN_ACK_DELAY: Nanos = Nanos::from_millis(30);
/// What follows an acknowledgment within this time was sent because of it.
const IMMEDIATELY: Nanos = Nanos::from_millis(2);

/// Packets examined to find what an acknowledgment led to.
const MAX_LOOKAHEAD: usize = 64;

/// The cause of an idle period between two packets; `rest` are the packets after them. `None` if it
/// cannot be told.
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
    let of = next.direction.opposite();
    let awaited = rest
        .iter()
        .take(MAX_LOOKAHEAD)
        .find(|packet| !is_empty_segment(packet));
    let says_more =
        awaited.is_some_and(|awaited| awaited.direction == of && awaited.payload_bytes > 0);
    if is_window_full(state, of, 1) && says_more {
        return Some(IdleCause::Window { sender: of });
    }
    if state.sender(of).bytes_in_flight() > 0
        && says_more
        && sends_once_acknowledged(of, next, rest)
    {
        let delay = next
            .wall
            .since(last.wall)
            .saturating_sub(state.round_trip.unwrap_or_default());
        let is_delayed = is_small_segment(state, of) && delay >= MIN_ACK_DELAY;
        return Some(if is_delayed {
            IdleCause::DelayedAck { sender: of }
        } else {
            IdleCause::Acknowledgment { sender: of }
        });
    }
    // No sender was waiting for this acknowledgment, so the packet that was awaited is still to
    // come.
    Some(cause_ended_by(state, last, next, awaited?))
}

/// Returns true for segments without payload that neither open nor close the connection.
const fn is_empty_segment(packet: &PacketEntry) -> bool {
    packet.payload_bytes == 0
        && packet.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) == 0
}

/// Returns true if a side sends payload as soon as it is acknowledged.
fn sends_once_acknowledged(
    of: Direction,
    acknowledgment: &PacketEntry,
    rest: &[PacketEntry],
) -> bool {
    let next = rest
        .iter()
        .take(MAX_LOOKAHEAD)
        .find(|packet| packet.direction == of);
    next.is_some_and(|next| {
        next.payload_bytes > 0 && next.wall.since(acknowledgment.wall) <= IMMEDIATELY
    })
}

/// Returns true if a side's latest segment was smaller than the MSS. Options may take up 12 bytes
/// of it or more.
fn is_small_segment(state: &TcpState<'_>, of: Direction) -> bool {
    const OPTIONS: u32 = 40;
    state
        .mss(of)
        .is_some_and(|mss| state.sender(of).latest_bytes + OPTIONS < mss)
}

/// The cause, by the packet that was awaited; `next` is the first packet after the idle period.
fn cause_ended_by(
    state: &TcpState<'_>,
    last: &PacketEntry,
    next: &PacketEntry,
    awaited: &PacketEntry,
) -> IdleCause {
    let by = awaited.direction;
    if awaited.retransmitted {
        return IdleCause::Retransmission {
            sender: by,
            timeout: state.sender(by).duplicates < 3,
        };
    }
    if awaited.flags.has(TcpFlags::SYN | TcpFlags::ACK) {
        return IdleCause::Handshake;
    }
    match by {
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
    let of = Direction::Received;
    if state.last_sender != Some(of) {
        return IdleCause::Server {
            network: network_share(state, last, next, awaited),
        };
    }
    // The server was in the middle of sending. What the client acknowledged reaches it half a round
    // trip later, and its next segment takes another half. Anything later than that was the
    // server's own pause.
    let turn = state
        .round_trip
        .map(|round_trip| Nanos(round_trip.0 + round_trip.0 / 4).max(IMMEDIATELY));
    let since = state
        .sender(of)
        .acknowledged_at
        .map(|at| awaited.wall.since(at));
    let in_turn = since.zip(turn).is_some_and(|(since, turn)| since <= turn);
    if in_turn && awaited.payload_bytes > 0 {
        return if is_window_full(state, of, awaited.payload_bytes.into()) {
            IdleCause::Window { sender: of }
        } else {
            IdleCause::Acknowledgment { sender: of }
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
    let spoke = state.sender(Direction::Sent).sent_at?;
    if awaited.wall.since(spoke) < Nanos(round_trip.0 - round_trip.0 / 8) {
        return Some(Nanos::ZERO);
    }
    let left = round_trip.saturating_sub(last.wall.since(spoke));
    Some(left.min(next.wall.since(last.wall)))
}

/// The cause if the client sends or closes.
fn cause_ended_by_client(state: &TcpState<'_>, awaited: &PacketEntry) -> IdleCause {
    let of = Direction::Sent;
    if state.last_sender == Some(of) && awaited.payload_bytes > 0 && is_window_full(state, of, 1) {
        return IdleCause::Window { sender: of };
    }
    IdleCause::Client
}

/// Returns true if the receiver's window has no room for that many more bytes.
fn is_window_full(state: &TcpState<'_>, of: Direction, more: u64) -> bool {
    let side = state.sender(of);
    side.window
        .is_some_and(|window| side.bytes_in_flight() + more > window)
}
