//! The seven phases of an exchange.
//!
//! | phase | begins when | ends when | curl's variable for the end |
//! |---|---|---|---|
//! | dns | the name is queried | the first connection attempt may start | `time_namelookup` |
//! | connect | the first SYN is about to be sent | a connection is established | `time_connect` |
//! | proxy | the first byte goes to the proxy | the tunnel is open | (part of `time_appconnect`) |
//! | tls | `ClientHello` is about to be written | this side has finished | `time_appconnect` |
//! | send | the connection has the request | its last byte is written | `time_posttransfer` |
//! | wait | that byte is written | a byte of the final response is read | `time_starttransfer` |
//! | receive | that byte is read | the last byte of the message is read | `time_total` |
//!
//! Phases are contiguous except for this program's own work between them; their sum is within 2 %
//! of the exchange's total. A phase that did not happen (DNS for a literal address, TLS for `http`)
//! is absent, never zero.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ConnectionId;
use crate::units::{Moment, Nanos};

/// A phase of an exchange; the variants are in chronological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Name resolution.
    Dns,
    /// TCP (or Unix socket) connection, all happy-eyeballs attempts together (RFC 8305).
    Connect,
    /// Negotiating with a proxy until the tunnel is open (RFC 9110 §9.3.6, RFC 1928).
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
    /// All phases, in chronological order.
    pub const ALL: [Self; 7] = [
        Self::Dns,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::Send,
        Self::Wait,
        Self::Receive,
    ];

    /// The name in machine-readable output.
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

/// Bytes that had passed in both streams of a connection at an instant, as TCP carries them (below
/// TLS). It ties the start and end of a phase to the packets around it.
///
/// At the end of a phase that ended because something was read, `received` includes what was read.
/// The one exception is the boundary between `wait` and `receive`: there it is the start of the TLS
/// record, or without TLS of the read, that brought the response's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPosition {
    /// Connection of the streams.
    pub connection: ConnectionId,
    /// Bytes handed to the kernel so far.
    pub sent: u64,
    /// Bytes received from the kernel so far.
    pub received: u64,
}

/// When a phase began and ended on the app clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpan {
    /// When it began.
    pub began: Moment,
    /// Stream positions at that time.
    pub began_position: Option<StreamPosition>,
    /// When it ended; `None` while it is in progress.
    pub ended: Option<Moment>,
    /// Stream positions at that time.
    pub ended_position: Option<StreamPosition>,
}

impl PhaseSpan {
    /// Its duration; `None` while it is in progress.
    pub fn duration(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.began))
    }
}

/// The phases of an exchange that have begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phases([Option<PhaseSpan>; 7]);

impl Phases {
    /// Returns when a phase began and ended, if it has begun.
    pub const fn get(&self, phase: Phase) -> Option<&PhaseSpan> {
        self.0[phase as usize].as_ref()
    }

    /// Returns the phases that have begun, in chronological order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, &PhaseSpan)> {
        Phase::ALL
            .into_iter()
            .filter_map(|phase| self.get(phase).map(|span| (phase, span)))
    }

    /// Returns the phase in progress.
    pub fn current(&self) -> Option<Phase> {
        self.iter()
            .filter(|(_, span)| span.ended.is_none())
            .map(|(phase, _)| phase)
            .last()
    }

    /// Begins a phase, unless it has begun before.
    pub(super) fn begin(&mut self, phase: Phase, at: Moment, position: Option<StreamPosition>) {
        self.0[phase as usize].get_or_insert(PhaseSpan {
            began: at,
            began_position: position,
            ended: None,
            ended_position: None,
        });
    }

    /// Ends a phase that has begun, unless it has ended before.
    pub(super) fn end(&mut self, phase: Phase, at: Moment, position: Option<StreamPosition>) {
        if let Some(span) = &mut self.0[phase as usize]
            && span.ended.is_none()
        {
            span.ended = Some(at.max(span.began));
            span.ended_position = position;
        }
    }
}
