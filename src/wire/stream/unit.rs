//! Units: what ranges of a byte sequence are, and the sequence to which their offsets refer.

use crate::wire::Side;
use crate::wire::http2::Frame;

/// Byte sequence to which an offset refers. Each direction of a connection has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ByteAxis {
    /// Bytes that the transport delivers in order. TCP has only stream 0; QUIC has several.
    Transport {
        /// Number of the stream.
        stream: u64,
    },
    /// Application data of TLS records, joined. Depth 1 is the outermost TLS; a tunnel to a proxy
    /// over TLS can contain TLS.
    Plaintext {
        /// Number of TLS layers around it.
        depth: u8,
    },
    /// Body of a message without the framing between its pieces. Offsets of what is inside a body
    /// (SSE events, gRPC messages) refer to it.
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
        /// Number of application data bytes in it that were decrypted; known with its last piece.
        plain_bytes: u32,
    },
    /// An HTTP/1 head: start line, field lines and the empty line (RFC 9112 §2.1).
    Http1Head {
        /// Status code of a response; known with its last piece.
        status: Option<u16>,
    },
    /// An HTTP/1 body, or the data of one chunk.
    Http1Body,
    /// A chunk header: size and extensions, and the line end before it (RFC 9112 §7.1).
    Http1ChunkHeader,
    /// The trailer section of HTTP/1 with its empty line (RFC 9112 §7.1.2).
    Http1Trailers,
    /// HTTP/2's connection preface (RFC 9113 §3.4).
    Http2Preface,
    /// An HTTP/2 frame with its header (RFC 9113 §4.1).
    Http2Frame(Frame),
    /// Messages of SOCKS5, except credentials (RFC 1928, RFC 1929).
    Socks5Message,
    /// A user name or password of SOCKS5 (RFC 1929 §2).
    Socks5Credential,
    /// Bytes after a gap, up to the next recognized unit.
    Skipped,
    /// Lines of a text protocol that is not parsed.
    Text,
    /// Bytes of an unknown protocol.
    Opaque,
}

/// A piece of a unit. The pieces of a unit follow each other directly, except for gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPiece<'a> {
    /// Side of the bytes.
    pub from: Side,
    /// Byte sequence that contains it.
    pub axis: ByteAxis,
    /// Offset of its first byte.
    pub start: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Kind of the unit. Where later pieces have a more specific kind, that of the last one counts.
    pub kind: UnitKind,
    /// Whether the unit is complete. Skipped, text and opaque units have no end.
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
    /// A text protocol that is not parsed, with its name if that can be detected.
    Text(Option<&'static str>),
    /// An unknown protocol.
    Opaque,
}
