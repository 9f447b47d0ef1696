//! Parser for both directions of a connection, shared by all rooms that need its units.
//!
//! ```text
//!                 ┌─► http1 ─► (CONNECT, Upgrade) ──┐
//! bytes ─► detect ┼─► http2                         ├─► detect …
//!    ▲            ├─► socks5 ───────────────────────┤
//!    │            ├─► text ─► (STARTTLS) ─► tls     │
//!    │            ├─► tls ─► plaintext, with keys ──┘      units, heads, messages ─► UnitSink
//!    │            └─► opaque
//!    └ after a gap: resync
//! ```
//!
//! Bytes may be split in any way, and the two directions may be interleaved in any order in which
//! they can have arrived: a response not before its request. The result depends neither on how the
//! bytes are split nor on the sink. Memory is bounded by the limits of heads, frames and records;
//! bodies are never buffered.

mod detect;
mod exchanges;
mod http1;
mod http2;
mod lane;
mod layer;
mod resync;
mod sink;
mod socks5;
#[cfg(test)]
mod tests;
mod text;
mod tls;
mod unit;

use http1::{HeadRole, Http1Lane};
use http2::Http2Lane;
use lane::LaneState;
use layer::StreamLayer;

use super::tls::KeyLog;
use crate::wire::Side;

pub use sink::{
    FaultReason, HeadContent, MessageEnd, MessageHead, StreamFault, StreamGap, StreamUpgrade,
    TlsHello, UnitSink,
};
pub use unit::{ByteAxis, StreamProtocol, UnitKind, UnitPiece};

/// Incremental parser of both directions of a connection.
#[derive(Debug)]
pub struct StreamParser<'k> {
    layer: StreamLayer,
    keys: Option<&'k KeyLog>,
}

/// Kind of the latest bytes of a direction that were not reported yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreportedBytes {
    /// There are none.
    None,
    /// The beginning of a frame or record header.
    Header,
    /// Something that is not recognized yet.
    Unrecognised,
}

impl Default for StreamParser<'_> {
    fn default() -> Self {
        Self {
            layer: StreamLayer::new(Self::TRANSPORT),
            keys: None,
        }
    }
}

impl<'k> StreamParser<'k> {
    const TRANSPORT: ByteAxis = ByteAxis::Transport { stream: 0 };

    /// Creates a parser that decrypts TLS with the secrets of a key log.
    #[must_use]
    pub fn with_keys(keys: &'k KeyLog) -> Self {
        Self {
            keys: Some(keys),
            ..Self::default()
        }
    }

    /// Creates a parser for a connection that is known to be HTTP/1.
    #[must_use]
    pub fn new_http1() -> Self {
        let lane = |role| LaneState::Http1(Http1Lane::sending(role));
        let layer = StreamLayer::new(Self::TRANSPORT);
        Self {
            layer: layer.with_lanes(lane(HeadRole::Request), lane(HeadRole::Response)),
            keys: None,
        }
    }

    /// Creates a parser for a connection that is known to be HTTP/2, with or without decoding its
    /// heads.
    #[must_use]
    pub fn new_http2(wants_fields: bool) -> Self {
        let lane = |preface| LaneState::Http2(Box::new(Http2Lane::new(preface, wants_fields)));
        Self {
            layer: StreamLayer::new(Self::TRANSPORT).with_lanes(lane(true), lane(false)),
            keys: None,
        }
    }

    /// Parses the next bytes of a direction.
    pub fn push(&mut self, from: Side, bytes: &[u8], sink: &mut dyn UnitSink) {
        self.layer.push(from, bytes, self.keys, sink);
    }

    /// Skips missing bytes of a direction.
    pub fn push_gap(&mut self, from: Side, bytes: u64, sink: &mut dyn UnitSink) {
        if bytes > 0 {
            self.layer.push_gap(from, bytes, self.keys, sink);
        }
    }

    /// Ends a direction.
    pub fn finish(&mut self, from: Side, sink: &mut dyn UnitSink) {
        self.layer.finish(from, self.keys, sink);
    }

    /// Restarts a direction at offset 0; with `both` also the state that the two share.
    pub fn restart(&mut self, from: Side, both: bool) {
        self.layer.restart(from, both);
    }

    /// Returns the offset of the first byte in a direction's stream that was not reported yet.
    #[must_use]
    pub const fn reported_to(&self, from: Side) -> u64 {
        self.layer.lane(from).at
    }

    /// Returns the kind of the bytes from [`reported_to`](Self::reported_to) on.
    #[must_use]
    pub const fn unreported(&self, from: Side) -> UnreportedBytes {
        match &self.layer.lane(from).state {
            LaneState::Detect(..) | LaneState::Resync(_) | LaneState::Text(_) => {
                UnreportedBytes::Unrecognised
            }
            LaneState::Http2(lane) if lane.is_within_header() => UnreportedBytes::Header,
            LaneState::Tls(lane) if lane.is_within_header() => UnreportedBytes::Header,
            _ => UnreportedBytes::None,
        }
    }
}
