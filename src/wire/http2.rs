//! HTTP/2 frames by their headers (RFC 9113 §4.1).
//!
//! ```text
//! │ length 3 │ type 1 │ flags 1 │ stream 4 │ payload …
//! ```

/// Length of a frame's header in bytes.
pub const FRAME_HEADER: usize = 9;
/// The client's connection preface, which precedes its first frame (RFC 9113 §3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Type: see the constants.
    pub kind: u8,
    /// Flags: see the constants.
    pub flags: u8,
    /// Stream; 0 for the connection.
    pub stream: u32,
    /// Length of its payload in bytes.
    pub length: u32,
}

impl Frame {
    /// Body data.
    pub const DATA: u8 = 0;
    /// Start of a field section.
    pub const HEADERS: u8 = 1;
    /// Field section of a request whose response the server pushes.
    pub const PUSH_PROMISE: u8 = 5;
    /// Continuation of a field section.
    pub const CONTINUATION: u8 = 9;
    /// A frame type: a stream is ended at once (RFC 9113 §6.4).
    pub const RST_STREAM: u8 = 3;
    /// A frame type: more room in a flow-control window (RFC 9113 §6.9).
    pub const WINDOW_UPDATE: u8 = 8;
    /// Flag of DATA and HEADERS: the last frame of the stream.
    pub const END_STREAM: u8 = 0x1;
    /// Flag of HEADERS and CONTINUATION: the end of the field section.
    pub const END_HEADERS: u8 = 0x4;

    /// Parses a frame header.
    pub fn parse([high, middle, low, kind, flags, stream @ ..]: [u8; FRAME_HEADER]) -> Self {
        let length = u32::from_be_bytes([0, high, middle, low]);
        // The highest bit of the stream identifier is reserved.
        Self {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
            length,
        }
    }

    /// Returns true if the frame has this type and flag.
    pub const fn is(&self, kind: u8, flag: u8) -> bool {
        self.kind == kind && self.flags & flag == flag
    }
}

/// Returns the name of a frame type (RFC 9113 §6, RFC 7838 §4, RFC 9218 §7.1).
pub const fn frame_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "DATA",
        1 => "HEADERS",
        2 => "PRIORITY",
        3 => "RST_STREAM",
        4 => "SETTINGS",
        5 => "PUSH_PROMISE",
        6 => "PING",
        7 => "GOAWAY",
        8 => "WINDOW_UPDATE",
        9 => "CONTINUATION",
        10 => "ALTSVC",
        16 => "PRIORITY_UPDATE",
        _ => return None,
    })
}

/// Returns the fragment of a field section in a frame's payload, without padding, priority (RFC
/// 9113 §6.2) and promised stream (§6.6); `None` if the payload is too short for them.
pub fn section_in<'a>(frame: &Frame, payload: &'a [u8]) -> Option<&'a [u8]> {
    const PADDED: u8 = 0x8;
    const PRIORITY: u8 = 0x20;
    let (mut section, mut padding) = (payload, 0);
    if frame.kind != Frame::CONTINUATION && frame.flags & PADDED != 0 {
        let (length, rest) = section.split_first()?;
        (section, padding) = (rest, usize::from(*length));
    }
    if frame.kind == Frame::HEADERS && frame.flags & PRIORITY != 0 {
        section = section.get(5..)?;
    }
    if frame.kind == Frame::PUSH_PROMISE {
        section = section.get(4..)?;
    }
    section.get(..section.len().checked_sub(padding)?)
}
