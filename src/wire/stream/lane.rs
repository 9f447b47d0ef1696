//! One direction of a byte sequence: how far it has come, and in what it is.

use super::http1::{Http1Lane, UpgradeToken};
use super::http2::Http2Lane;
use super::resync::Resync;
use super::sink::{FaultReason, MessageEnd, MessageHead, StreamFault, StreamUpgrade, UnitSink};
use super::socks5::Socks5Lane;
use super::text::TextLane;
use super::tls::TlsLane;
use super::unit::{ByteAxis, StreamProtocol, UnitKind, UnitPiece};
use crate::wire::Side;
use crate::wire::http1::{HeadBuffer, HeadError, IrregularLine};

/// One direction.
#[derive(Debug, Default)]
pub(super) struct StreamLane {
    /// Offset of the first byte that was not told.
    pub(super) at: u64,
    pub(super) state: LaneState,
    /// What was told that it speaks.
    pub(super) protocol: Option<StreamProtocol>,
    /// It is a plaintext of which nothing more can be read.
    pub(super) is_broken_off: bool,
}

/// What a direction is in.
#[derive(Debug)]
pub(super) enum LaneState {
    /// Something begins: the bytes by which it is not known yet, and the number of the request
    /// that asked for it.
    Detect(Vec<u8>, Option<u64>),
    Http1(Http1Lane),
    Http2(Box<Http2Lane>),
    Tls(Box<TlsLane>),
    Socks5(Socks5Lane),
    Text(TextLane),
    /// Behind a gap.
    Resync(Box<Resync>),
    Opaque,
}

impl Default for LaneState {
    fn default() -> Self {
        Self::Detect(Vec::new(), None)
    }
}

/// What a direction is in next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextState {
    Stay,
    /// Something else begins, that a request asked for.
    Detect(Option<u64>),
    /// A server has switched (RFC 9110 §7.8).
    Switched(UpgradeToken, Option<u64>),
    /// TLS begins.
    Tls,
    /// Records of TLS are looked for again.
    FindRecord([u8; 5]),
    /// Nothing is followed any more.
    Opaque,
}

/// What a protocol's code sees of its direction.
pub(super) struct LaneContext<'a> {
    pub(super) from: Side,
    pub(super) axis: ByteAxis,
    pub(super) at: &'a mut u64,
    pub(super) other_at: u64,
    pub(super) sink: &'a mut dyn UnitSink,
}

impl LaneContext<'_> {
    pub(super) const fn from(&self) -> Side {
        self.from
    }

    pub(super) const fn axis(&self) -> ByteAxis {
        self.axis
    }

    /// Offset of the first byte that was not told.
    pub(super) const fn at(&self) -> u64 {
        *self.at
    }

    /// How far the other direction has come.
    pub(super) const fn other_at(&self) -> u64 {
        self.other_at
    }

    /// Tells the next bytes.
    pub(super) fn tell(&mut self, kind: UnitKind, bytes: &[u8], is_last: bool) {
        let start = *self.at;
        *self.at = start.saturating_add(bytes.len() as u64);
        self.tell_at(start, kind, bytes, is_last);
    }

    /// Tells the next bytes, if there are any.
    pub(super) fn tell_some(&mut self, kind: UnitKind, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tell(kind, bytes, false);
        }
    }

    /// Tells bytes that were passed before.
    pub(super) fn tell_at(&mut self, start: u64, kind: UnitKind, bytes: &[u8], is_last: bool) {
        self.sink.unit(&UnitPiece {
            from: self.from,
            axis: self.axis,
            start,
            bytes,
            kind,
            is_last,
        });
    }

    pub(super) fn head(&mut self, head: MessageHead<'_>) {
        self.sink.head(head);
    }

    pub(super) fn message_end(&mut self, message: Option<u64>) {
        self.sink.message(MessageEnd {
            from: self.from,
            axis: self.axis,
            message,
        });
    }

    pub(super) fn fault_at(&mut self, start: u64, reason: FaultReason, head: &[u8]) {
        self.sink.fault(StreamFault {
            from: self.from,
            axis: self.axis,
            start,
            reason,
            head,
            line: None,
        });
    }

    /// A head violates the grammar in a line, and is read nevertheless.
    pub(super) fn irregular_head(&mut self, start: u64, head: &HeadBuffer, line: IrregularLine) {
        self.sink.fault(StreamFault {
            from: self.from,
            axis: self.axis,
            start,
            reason: FaultReason::Head(HeadError::Malformed(line.reason)),
            head: head.bytes(),
            line: Some(line),
        });
    }

    pub(super) fn upgrade(&mut self, protocol: StreamProtocol, request: Option<u64>) {
        self.sink.upgrade(StreamUpgrade {
            from: self.from,
            axis: self.axis,
            start: *self.at,
            protocol,
            request,
        });
    }
}
