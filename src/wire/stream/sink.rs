//! The listener of a [`StreamParser`](super::StreamParser).

use thiserror::Error;

use super::unit::{ByteAxis, StreamProtocol, UnitKind, UnitPiece};
use crate::wire::Side;
use crate::wire::hpack::FieldFault;
use crate::wire::http1::{FieldLine, HeadError, IrregularLine, RequestHead, ResponseHead};
use crate::wire::tls::{ClientHello, ServerHello, Undecipherable};

/// Receives what a parser finds, in the order of each direction. Every method but
/// [`unit`](Self::unit) has a default that does nothing.
pub trait UnitSink {
    /// A piece of a unit passed.
    fn unit(&mut self, piece: &UnitPiece<'_>);

    /// A head is complete. Its last piece was told before.
    fn head(&mut self, _head: MessageHead<'_>) {}

    /// The last byte of a message passed.
    fn message(&mut self, _end: MessageEnd) {}

    /// A direction speaks a protocol from an offset on.
    fn upgrade(&mut self, _upgrade: StreamUpgrade) {}

    /// A hello of TLS was read.
    fn hello(&mut self, _from: Side, _axis: ByteAxis, _hello: &TlsHello) {}

    /// Bytes are missing.
    fn gap(&mut self, _gap: &StreamGap) {}

    /// Something cannot be read.
    fn fault(&mut self, _fault: StreamFault<'_>) {}

    /// Returns whether HTTP/2's field sections are decoded into heads. The units are the same
    /// either way.
    fn wants_fields(&self) -> bool {
        true
    }
}

/// Head of a message.
#[derive(Debug)]
pub struct MessageHead<'a> {
    /// Who sent it.
    pub from: Side,
    /// The sequence in which it lies.
    pub axis: ByteAxis,
    /// Offset of its first byte; over HTTP/2 of the frame that it begins with.
    pub start: u64,
    /// The request's number on the connection, from 0, of a request or of what answers it: over
    /// HTTP/1 alone, and `None` where it is not known which request a response answers.
    pub request: Option<u64>,
    /// What it says.
    pub content: HeadContent<'a>,
}

/// Content of a head.
#[derive(Debug)]
pub enum HeadContent<'a> {
    /// A request of HTTP/1.
    Request(&'a RequestHead),
    /// A response of HTTP/1.
    Response(&'a ResponseHead),
    /// A field section of HTTP/2 with its pseudo-fields.
    Fields {
        /// Its stream.
        stream: u32,
        /// Its lines in order.
        fields: Vec<FieldLine>,
    },
}

/// End of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Who sent it.
    pub from: Side,
    /// The sequence in which it lies.
    pub axis: ByteAxis,
    /// HTTP/2's stream, or over HTTP/1 the request's number, where that is known.
    pub message: Option<u64>,
}

/// Beginning of a protocol in a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamUpgrade {
    /// Who speaks it.
    pub from: Side,
    /// The sequence in which it lies.
    pub axis: ByteAxis,
    /// Offset of its first byte.
    pub start: u64,
    /// The protocol.
    pub protocol: StreamProtocol,
    /// The number of the HTTP/1 request that asked for it (RFC 9110 §7.8, §9.3.6). Over HTTP/2 that
    /// request is stream 1 (RFC 7540 §3.2).
    pub request: Option<u64>,
}

/// Hello of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsHello {
    /// A client's.
    Client(ClientHello),
    /// A server's.
    Server(ServerHello),
}

/// Gap in a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamGap {
    /// Whose bytes are missing.
    pub from: Side,
    /// The sequence in which they are missing.
    pub axis: ByteAxis,
    /// Offset of the first of them.
    pub start: u64,
    /// How many are missing; 0 in a plaintext, where it is not known.
    pub bytes: u64,
    /// The unit that goes on behind them; `None` where the place in the protocol is lost.
    pub within: Option<UnitKind>,
}

/// Something that cannot be read, and where.
#[derive(Clone, Copy, Debug)]
pub struct StreamFault<'a> {
    /// Whose bytes they are.
    pub from: Side,
    /// The sequence in which they lie.
    pub axis: ByteAxis,
    /// Offset from which on it holds.
    pub start: u64,
    /// What is wrong.
    pub reason: FaultReason,
    /// The head as far as it came, where it is one that is wrong.
    pub head: &'a [u8],
    /// Where such a head violates the grammar but is read nevertheless: the line that does. The head
    /// is told next, and the messages after it are followed.
    pub line: Option<IrregularLine>,
}

/// What is wrong with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FaultReason {
    /// A head of HTTP/1 violates the grammar. What follows it is opaque, unless
    /// [`line`](StreamFault::line) says where.
    #[error("{}", head_reason(.0))]
    Head(HeadError),
    /// A field section of HTTP/2 is larger than [`MAX_HEAD_BYTES`](crate::wire::http1::MAX_HEAD_BYTES);
    /// frames are still followed, heads are not.
    #[error("a field section of HTTP/2 is too large")]
    SectionTooLarge,
    /// A frame is too short for the field section that it should hold; heads are not followed.
    #[error("a frame with a field section is malformed")]
    SectionMalformed,
    /// A field section cannot be decoded; heads are not followed.
    #[error("{0}")]
    Fields(FieldFault),
    /// A field section is missing, and what it put into the table (RFC 7541 §2.3.2) with it; heads
    /// are not followed.
    #[error("a field section of HTTP/2 was not captured, so those after it cannot be read")]
    FieldsMissing,
    /// Where the next frame of HTTP/2 begins is not known. Frames have no mark by which they could
    /// be recognised safely, so what follows is opaque.
    #[error("where a frame of HTTP/2 begins is not known any more")]
    FrameLost,
    /// No TLS record begins here.
    #[error("no TLS record begins here")]
    NoRecord,
    /// What is in the records of the connection cannot be read.
    #[error("{0}")]
    Sealed(Undecipherable),
    /// Records of this direction do not fit the keys.
    #[error("{0}")]
    Unfit(Undecipherable),
    /// Records are missing, and with them the number of the next one, from which its nonce is made
    /// (RFC 8446 §5.3).
    #[error("records are missing, so those after them cannot be opened")]
    RecordsMissing,
}

const fn head_reason(fault: &HeadError) -> &'static str {
    match fault {
        HeadError::TooLarge => "a head of HTTP/1 has no end",
        HeadError::Malformed(_) => "a head of HTTP/1 is malformed",
    }
}
