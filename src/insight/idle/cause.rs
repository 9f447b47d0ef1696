//! Why nothing passed, by the packet that ended it and what was under way.

use super::tcp_state::TcpState;
use crate::trace::{Direction, PacketEntry, TcpFlags};
use crate::units::Nanos;

/// Why nothing passed for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleCause {
    /// The network's round trip: the answer to a SYN was under way.
    Handshake,
    /// Something was lost and is sent again.
    Retransmission {
        /// Who sends it again.
        sender: Direction,
        /// After a timeout, not because acknowledgments told of it.
        timeout: bool,
    },
    /// The receiver's window was full.
    Window {
        /// Who had to wait.
        sender: Direction,
    },
    /// A sender waited until what it had sent was acknowledged.
    Acknowledgment {
        /// Who had to wait.
        sender: Direction,
    },
    /// A small segment waited for an acknowledgment that was delayed.
    DelayedAck {
        /// Who had to wait.
        sender: Direction,
    },
    /// The server was asked and had not answered yet. One round trip of it, where that is known,
    /// was the network's.
    Server {
        /// The network's share.
        network: Option<Nanos>,
    },
    /// The client had been answered and did something else.
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
            Self::Retransmission { timeout: false, .. } => "losses made good",
            Self::Window { .. } => "a full window",
            Self::Acknowledgment { .. } => "acknowledgments",
            Self::DelayedAck { .. } => "delayed acknowledgments",
            Self::Server { .. } => "the server",
            Self::Client => "this side",
        }
    }

    /// What was waited for, to follow a duration.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Handshake => "waiting for the answer to the SYN: the network's round trip",
            Self::Retransmission { timeout: true, .. } => {
                "waiting for a timeout: something was lost and is sent again"
            }
            Self::Retransmission { timeout: false, .. } => {
                "waiting until a loss was told and made good"
            }
            Self::Window {
                sender: Direction::Sent,
            } => "waiting for room: the server's window is full",
            Self::Window {
                sender: Direction::Received,
            } => "waiting for room: the client's window is full",
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

/// Less than this is no delay of an acknowledgment: the least that systems wait is 40 ms.
const MIN_ACK_DELAY: Nanos = Nanos::from_millis(30);
/// What follows an acknowledgment sooner than this was sent because of it.
const IMMEDIATELY: Nanos = Nanos::from_millis(2);

/// How many packets are looked at for what an acknowledgment led to.
const MAX_LOOKAHEAD: usize = 64;

/// Why nothing passed between two packets. `rest` is what follows. `None` where nothing can be
/// said.
pub(super) fn cause_between(
    state: &TcpState<'_>,
    last: &PacketEntry,
    next: &PacketEntry,
    rest: &[PacketEntry],
) -> Option<IdleCause> {
    if !is_empty_segment(next) {
        return Some(cause_ended_by(state, last, next, next));
    }
    // A packet that carries nothing: an acknowledgment, or news of the window.
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
    // Nobody had waited for it: what was waited for is still to come.
    Some(cause_ended_by(state, last, next, awaited?))
}

/// Carries nothing, and opens and closes nothing.
const fn is_empty_segment(packet: &PacketEntry) -> bool {
    packet.payload_bytes == 0
        && packet.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) == 0
}

/// Whether a side sends payload as soon as it is acknowledged.
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

/// Whether a side's latest segment was not filled. Options may take 12 bytes of it and more.
fn is_small_segment(state: &TcpState<'_>, of: Direction) -> bool {
    const OPTIONS: u32 = 40;
    state
        .mss(of)
        .is_some_and(|mss| state.sender(of).latest_bytes + OPTIONS < mss)
}

/// By what was waited for; `next` is what passed first.
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

/// The server says something, or closes.
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
    // It was speaking. What the client acknowledged reached it half a round trip later, and what it
    // sent then took another half.
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

/// How much of a wait for the server was the network's: the first round trip after the client
/// spoke. What comes sooner than that answers something said before, whose round trip was counted
/// then.
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

/// The client says something, or closes.
fn cause_ended_by_client(state: &TcpState<'_>, awaited: &PacketEntry) -> IdleCause {
    let of = Direction::Sent;
    if state.last_sender == Some(of) && awaited.payload_bytes > 0 && is_window_full(state, of, 1) {
        return IdleCause::Window { sender: of };
    }
    IdleCause::Client
}

/// Whether the window of the receiver has no room for so many bytes more.
fn is_window_full(state: &TcpState<'_>, of: Direction, more: u64) -> bool {
    let side = state.sender(of);
    side.window
        .is_some_and(|window| side.bytes_in_flight() + more > window)
}
