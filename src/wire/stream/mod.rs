//! What both directions of a connection say, understood once for all who want to know.
//!
//! ```text
//!                 ┌─► http1 ─► (CONNECT, Upgrade) ──┐
//! bytes ─► detect ┼─► http2                         ├─► detect …
//!    ▲            ├─► socks5 ───────────────────────┤
//!    │            ├─► text ─► (STARTTLS) ─► tls     │
//!    │            ├─► tls ─► plaintext, with keys ──┘      units, heads, messages ─► UnitSink
//!    │            └─► opaque
//!    └ behind a gap: resync
//! ```
//!
//! Bytes come in any pieces, and the two directions in any order in which they can have arrived: a
//! response not before its request. What is told is the same however they are cut and whoever
//! listens. Memory is bounded by the limits of heads, frames and records; bodies are never kept.

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

/// What the last bytes of a direction are of which nothing was told yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UntoldBytes {
    /// There are none.
    None,
    /// The beginning of a frame's or a record's header.
    Header,
    /// Something that is not recognised yet.
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

    /// A parser that opens TLS with the secrets of a key log.
    #[must_use]
    pub fn with_keys(keys: &'k KeyLog) -> Self {
        Self {
            keys: Some(keys),
            ..Self::default()
        }
    }

    /// A parser of a connection that is known to be HTTP/1.
    #[must_use]
    pub fn of_http1() -> Self {
        let lane = |role| LaneState::Http1(Http1Lane::sending(role));
        let layer = StreamLayer::new(Self::TRANSPORT);
        Self {
            layer: layer.speaking(lane(HeadRole::Request), lane(HeadRole::Response)),
            keys: None,
        }
    }

    /// A parser of a connection that is known to be HTTP/2; whether it reads field sections.
    #[must_use]
    pub fn of_http2(wants_fields: bool) -> Self {
        let lane = |preface| LaneState::Http2(Box::new(Http2Lane::new(preface, wants_fields)));
        Self {
            layer: StreamLayer::new(Self::TRANSPORT).speaking(lane(true), lane(false)),
            keys: None,
        }
    }

    /// The next bytes of a direction.
    pub fn push(&mut self, from: Side, bytes: &[u8], sink: &mut dyn UnitSink) {
        self.layer.push(from, bytes, self.keys, sink);
    }

    /// So many bytes of a direction are missing.
    pub fn push_gap(&mut self, from: Side, bytes: u64, sink: &mut dyn UnitSink) {
        if bytes > 0 {
            self.layer.push_gap(from, bytes, self.keys, sink);
        }
    }

    /// Nothing more comes from a direction.
    pub fn finish(&mut self, from: Side, sink: &mut dyn UnitSink) {
        self.layer.finish(from, self.keys, sink);
    }

    /// A direction begins anew, at offset 0; with `both` the other one does, too.
    pub fn restart(&mut self, from: Side, both: bool) {
        self.layer.restart(from, both);
    }

    /// Offset in a direction's stream of the first byte of which nothing was told.
    #[must_use]
    pub const fn told_to(&self, from: Side) -> u64 {
        self.layer.lane(from).at
    }

    /// What the bytes from [`told_to`](Self::told_to) on are.
    #[must_use]
    pub const fn untold(&self, from: Side) -> UntoldBytes {
        match &self.layer.lane(from).state {
            LaneState::Detect(..) | LaneState::Resync(_) | LaneState::Text(_) => {
                UntoldBytes::Unrecognised
            }
            LaneState::Http2(lane) if lane.is_within_header() => UntoldBytes::Header,
            LaneState::Tls(lane) if lane.is_within_header() => UntoldBytes::Header,
            _ => UntoldBytes::None,
        }
    }
}
