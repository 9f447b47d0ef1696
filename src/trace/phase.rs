//! The seven phases of an exchange.
//!
//! | phase | begins | ends | curl's mark at its end |
//! |---|---|---|---|
//! | dns | the name is asked for | the first connection attempt may start | `time_namelookup` |
//! | connect | the first SYN is about to be sent | a connection is established | `time_connect` |
//! | proxy | the first byte to the proxy | the tunnel stands | (part of `time_appconnect`) |
//! | tls | `ClientHello` is about to be written | the handshake is complete on this side | `time_appconnect` |
//! | send | the request is handed to the connection | its last byte is written | `time_posttransfer` |
//! | wait | the request's last byte is written | the first byte of the final response's head is read | `time_starttransfer` |
//! | receive | that first byte | the last byte of the message | `time_total` |
//!
//! Phases are contiguous but for this program's own work between them; their sum is within 2 % of
//! the exchange's total. A phase that did not happen (DNS for a literal address, TLS for `http`) is
//! absent, never zero.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ConnectionId;
use crate::units::{Moment, Nanos};

/// One phase of an exchange, in the order they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Name resolution.
    Dns,
    /// TCP (or Unix socket) connection, all happy-eyeballs attempts together (RFC 8305).
    Connect,
    /// Talking to a proxy until it has opened the way (RFC 9110 §9.3.6, RFC 1928).
    Proxy,
    /// TLS handshake (RFC 8446 §2, RFC 5246 §7.3).
    Tls,
    /// Writing the request.
    Send,
    /// Waiting for the first byte of the final response.
    Wait,
    /// Reading the response.
    Receive,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 7] = [
        Self::Dns,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::Send,
        Self::Wait,
        Self::Receive,
    ];

    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
        }
    }

    /// The name on a screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Connect => "TCP",
            Self::Proxy => "Proxy",
            Self::Tls => "TLS",
            Self::Send => "Send",
            Self::Wait => "Wait",
            Self::Receive => "Receive",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How far the two byte streams of a connection, as TCP carries them (under TLS), had come at an
/// instant. It ties a phase's edge to the packets that carried the bytes around it.
///
/// Where a phase ends because something was read, `received` counts what was read. The one
/// exception is the edge between `wait` and `receive`: there it is where the TLS record, or without
/// TLS the read, began that brought the response's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPosition {
    /// The connection whose streams are meant.
    pub connection: ConnectionId,
    /// Bytes handed to the kernel so far.
    pub sent: u64,
    /// Bytes taken from the kernel so far.
    pub received: u64,
}

/// When a phase began and ended on the app clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpan {
    /// When it began.
    pub began: Moment,
    /// How far the connection's streams were then.
    pub began_position: Option<StreamPosition>,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Moment>,
    /// How far the connection's streams were then.
    pub ended_position: Option<StreamPosition>,
}

impl PhaseSpan {
    /// How long it took; `None` while it goes on.
    pub fn duration(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.began))
    }
}

/// The phases of one exchange that have begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phases([Option<PhaseSpan>; 7]);

impl Phases {
    /// The span of one phase, if it has begun.
    pub const fn get(&self, phase: Phase) -> Option<&PhaseSpan> {
        self.0[phase as usize].as_ref()
    }

    /// The phases that have begun, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, &PhaseSpan)> {
        Phase::ALL
            .into_iter()
            .filter_map(|phase| self.get(phase).map(|span| (phase, span)))
    }

    /// The phase that is under way.
    pub fn current(&self) -> Option<Phase> {
        self.iter()
            .filter(|(_, span)| span.ended.is_none())
            .map(|(phase, _)| phase)
            .last()
    }

    /// Begins a phase. A phase begins once; a second beginning is ignored.
    pub(super) fn begin(&mut self, phase: Phase, at: Moment, position: Option<StreamPosition>) {
        self.0[phase as usize].get_or_insert(PhaseSpan {
            began: at,
            began_position: position,
            ended: None,
            ended_position: None,
        });
    }

    /// Ends a phase that has begun. It ends once; a second end is ignored.
    pub(super) fn end(&mut self, phase: Phase, at: Moment, position: Option<StreamPosition>) {
        if let Some(span) = &mut self.0[phase as usize]
            && span.ended.is_none()
        {
            span.ended = Some(at.max(span.began));
            span.ended_position = position;
        }
    }
}
