//! Receiver of what a [`StreamParser`](super::StreamParser) finds.

use thiserror::Error;

use super::unit::{ByteAxis, StreamProtocol, UnitKind, UnitPiece};
use crate::wire::Side;
use crate::wire::hpack::FieldFault;
use crate::wire::http1::{FieldLine, HeadError, IrregularLine, RequestHead, ResponseHead};
use crate::wire::tls::{ClientHello, ServerHello, Undecipherable};

/// Receives the findings of a parser, in stream order per direction. All methods except
/// [`unit`](Self::unit) do nothing by default.
pub trait UnitSink {
    /// Called for each piece of a unit.
    fn unit(&mut self, piece: &UnitPiece<'_>);

    /// Called for each complete head, after its last piece.
    fn head(&mut self, _head: MessageHead<'_>) {}

    /// Called at the end of a message.
    fn message(&mut self, _end: MessageEnd) {}

    /// Called when a direction starts to speak a protocol.
    fn upgrade(&mut self, _upgrade: StreamUpgrade) {}

    /// Called for each TLS hello.
    fn hello(&mut self, _from: Side, _axis: ByteAxis, _hello: &TlsHello) {}

    /// Called for missing bytes.
    fn gap(&mut self, _gap: &StreamGap) {}

    /// Called for bytes that cannot be parsed.
    fn fault(&mut self, _fault: StreamFault<'_>) {}

    /// Returns true if HTTP/2's field sections are to be decoded into heads. The units are the same
    /// either way.
    fn wants_fields(&self) -> bool {
        true
    }
}

/// Head of a message.
#[derive(Debug)]
pub struct MessageHead<'a> {
    /// Side of the message.
    pub from: Side,
    /// Byte sequence that contains it.
    pub axis: ByteAxis,
    /// Offset of its first byte; over HTTP/2 that of its first frame.
    pub start: u64,
    /// Number of the request on the connection, from 0, or of the request that a response answers.
    /// HTTP/1 only; `None` if it is not known which request a response answers.
    pub request: Option<u64>,
    /// Parsed content.
    pub content: HeadContent<'a>,
}

/// Content of a head.
#[derive(Debug)]
pub enum HeadContent<'a> {
    /// An HTTP/1 request.
    Request(&'a RequestHead),
    /// An HTTP/1 response.
    Response(&'a ResponseHead),
    /// A field section of HTTP/2 with its pseudo-header fields.
    Fields {
        /// The stream.
        stream: u32,
        /// The field lines in order.
        fields: Vec<FieldLine>,
    },
}

/// End of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Side of the message.
    pub from: Side,
    /// Byte sequence that contains it.
    pub axis: ByteAxis,
    /// HTTP/2's stream, or over HTTP/1 the number of the request, if known.
    pub message: Option<u64>,
}

/// Start of a protocol in a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamUpgrade {
    /// Side of its bytes.
    pub from: Side,
    /// Byte sequence that contains it.
    pub axis: ByteAxis,
    /// Offset of its first byte.
    pub start: u64,
    /// The protocol.
    pub protocol: StreamProtocol,
    /// Number of the HTTP/1 request that asked for it (RFC 9110 §7.8, §9.3.6). Over HTTP/2 that
    /// request is stream 1 (RFC 7540 §3.2).
    pub request: Option<u64>,
}

/// A TLS hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsHello {
    /// A client's.
    Client(ClientHello),
    /// A server's.
    Server(ServerHello),
}

/// Gap in a byte sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamGap {
    /// Side of the missing bytes.
    pub from: Side,
    /// Byte sequence that contains the gap.
    pub axis: ByteAxis,
    /// Offset of the first missing byte.
    pub start: u64,
    /// Number of missing bytes; 0 in a plaintext, where it is unknown.
    pub bytes: u64,
    /// Unit that continues after the gap; `None` if the parser has to resynchronize.
    pub within: Option<UnitKind>,
}

/// Bytes that cannot be parsed.
#[derive(Clone, Copy, Debug)]
pub struct StreamFault<'a> {
    /// Side of the bytes.
    pub from: Side,
    /// Byte sequence that contains them.
    pub axis: ByteAxis,
    /// Offset of the first byte affected.
    pub start: u64,
    /// Reason.
    pub reason: FaultReason,
    /// Bytes of the invalid head, if the fault is in a head.
    pub head: &'a [u8],
    /// The first invalid line of a head that was parsed nevertheless. The head is reported next,
    /// and the messages after it are parsed.
    pub line: Option<IrregularLine>,
}

/// Reason why bytes cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FaultReason {
    /// An HTTP/1 head that violates the grammar. Everything after it is opaque, unless
    /// [`line`](StreamFault::line) is known.
    #[error("{}", head_reason(.0))]
    Head(HeadError),
    /// A field section of HTTP/2 is larger than
    /// [`MAX_HEAD_BYTES`](crate::wire::http1::MAX_HEAD_BYTES); from here on only frames are parsed,
    /// heads are not.
    #[error("a field section of HTTP/2 is too large")]
    SectionTooLarge,
    /// A frame is too short for the field section in it; further heads are not decoded.
    #[error("a frame with a field section is malformed")]
    SectionMalformed,
    /// A field section cannot be decoded; further heads are not decoded.
    #[error("{0}")]
    Fields(FieldFault),
    /// A field section is missing, and with it its changes to the dynamic table (RFC 7541 §2.3.2);
    /// further heads are not decoded.
    #[error("a field section of HTTP/2 was not captured, so those after it cannot be read")]
    FieldsMissing,
    /// The boundary of the next HTTP/2 frame is unknown. Frames have no marker by which they could
    /// be recognized safely, so everything after it is opaque.
    #[error("where a frame of HTTP/2 begins is not known any more")]
    FrameLost,
    /// These bytes are not a TLS record.
    #[error("no TLS record begins here")]
    NoRecord,
    /// The records of the connection cannot be decrypted.
    #[error("{0}")]
    Sealed(Undecipherable),
    /// Records of this direction do not match the keys.
    #[error("{0}")]
    Unfit(Undecipherable),
    /// Records are missing, and with them the sequence number of the next one, which is part of its
    /// nonce (RFC 8446 §5.3).
    #[error("records are missing, so those after them cannot be opened")]
    RecordsMissing,
}

const fn head_reason(fault: &HeadError) -> &'static str {
    match fault {
        HeadError::TooLarge => "a head of HTTP/1 has no end",
        HeadError::Malformed(_) => "a head of HTTP/1 is malformed",
    }
}
