//! Units: what stretches of a byte sequence are, and in which sequence they lie.

use crate::wire::Side;
use crate::wire::http2::Frame;

/// The byte sequence in which an offset counts. Each direction of a connection has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ByteAxis {
    /// What the transport delivers in order. TCP has stream 0 alone; QUIC has one for each of its
    /// streams.
    Transport {
        /// The stream's number.
        stream: u64,
    },
    /// The application data of TLS records, put together. 1 is the outermost TLS; a tunnel to a
    /// proxy over TLS can have TLS within it.
    Plaintext {
        /// How many layers of TLS lie around it.
        depth: u8,
    },
    /// The body of a message without what frames or chunks put between its pieces. What lies in a
    /// body (events of SSE, messages of gRPC) has its offsets here.
    Body {
        /// HTTP/2's stream, or the number of the request over HTTP/1.
        message: u64,
    },
}

/// Kind of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// A TLS record with its header (RFC 8446 §5.1).
    TlsRecord {
        /// The content type in its header.
        content_type: u8,
        /// Bytes of application data in it that could be read; known with its last piece.
        plain_bytes: u32,
    },
    /// Start line, field lines and the empty line of HTTP/1 (RFC 9112 §2.1).
    Http1Head {
        /// A response's status code; known with its last piece.
        status: Option<u16>,
    },
    /// A body of HTTP/1, or one chunk's share of it.
    Http1Body,
    /// A chunk's size and extensions, and the end of the line before it (RFC 9112 §7.1).
    Http1ChunkHeader,
    /// The trailer section of HTTP/1 with its empty line (RFC 9112 §7.1.2).
    Http1Trailers,
    /// What a client of HTTP/2 says before its first frame (RFC 9113 §3.4).
    Http2Preface,
    /// A frame of HTTP/2 with its header (RFC 9113 §4.1).
    Http2Frame(Frame),
    /// What the two sides of SOCKS5 tell each other, but for secrets (RFC 1928, RFC 1929).
    Socks5Message,
    /// A user name or password of SOCKS5 (RFC 1929 §2).
    Socks5Credential,
    /// Bytes behind a gap, up to where the next unit was recognised.
    Skipped,
    /// Lines of a protocol that is not followed.
    Text,
    /// Bytes of a protocol that is not known.
    Opaque,
}

/// A piece of a unit, as it passes. A unit's pieces follow each other without anything between
/// them, but for a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPiece<'a> {
    /// Who sent it.
    pub from: Side,
    /// The sequence in which it lies.
    pub axis: ByteAxis,
    /// Offset of its first byte.
    pub start: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What it is a piece of. Where a kind says more in later pieces, the last one counts.
    pub kind: UnitKind,
    /// The unit is complete with it. What is skipped, text and what is opaque have no such end.
    pub is_last: bool,
}

/// Application protocol of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamProtocol {
    /// TLS (RFC 8446, RFC 5246).
    Tls,
    /// HTTP/1.0 or HTTP/1.1 (RFC 9112).
    Http1,
    /// HTTP/2 (RFC 9113).
    Http2,
    /// SOCKS5 (RFC 1928).
    Socks5,
    /// Lines of text that are not followed; the protocol's name, where its opening tells.
    Text(Option<&'static str>),
    /// Anything else.
    Opaque,
}
