//! State of one direction of a byte sequence: its offset and its protocol.

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

/// State of one direction.
#[derive(Debug, Default)]
pub(super) struct StreamLane {
    /// Offset of the first byte that was not reported yet.
    pub(super) at: u64,
    pub(super) state: LaneState,
    /// Protocol that was reported last.
    pub(super) protocol: Option<StreamProtocol>,
    /// Whether it is a plaintext of which nothing more can be decrypted.
    pub(super) is_broken_off: bool,
}

/// Parser of a direction.
#[derive(Debug)]
pub(super) enum LaneState {
    /// Detection of a protocol: the bytes so far, and the number of the request that asked for it.
    Detect(Vec<u8>, Option<u64>),
    Http1(Http1Lane),
    Http2(Box<Http2Lane>),
    Tls(Box<TlsLane>),
    Socks5(Socks5Lane),
    Text(TextLane),
    /// Resynchronization after a gap.
    Resync(Box<Resync>),
    Opaque,
}

impl Default for LaneState {
    fn default() -> Self {
        Self::Detect(Vec::new(), None)
    }
}

/// Transition of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextState {
    Stay,
    /// To the detection of a protocol that a request asked for.
    Detect(Option<u64>),
    /// To the protocol that a server switched to (RFC 9110 §7.8).
    Switched(UpgradeToken, Option<u64>),
    /// To TLS.
    Tls,
    /// To the search for a TLS record.
    FindRecord([u8; 5]),
    /// To an unknown protocol.
    Opaque,
}

/// Access of a protocol's parser to its direction.
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

    /// Returns the offset of the first byte that was not reported yet.
    pub(super) const fn at(&self) -> u64 {
        *self.at
    }

    /// Returns the offset of the other direction.
    pub(super) const fn other_at(&self) -> u64 {
        self.other_at
    }

    /// Reports the next bytes.
    pub(super) fn emit(&mut self, kind: UnitKind, bytes: &[u8], is_last: bool) {
        let start = *self.at;
        *self.at = start.saturating_add(bytes.len() as u64);
        self.emit_at(start, kind, bytes, is_last);
    }

    /// Reports the next bytes, if there are any.
    pub(super) fn emit_nonempty(&mut self, kind: UnitKind, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.emit(kind, bytes, false);
        }
    }

    /// Reports bytes that were skipped before.
    pub(super) fn emit_at(&mut self, start: u64, kind: UnitKind, bytes: &[u8], is_last: bool) {
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
