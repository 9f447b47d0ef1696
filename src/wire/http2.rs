//! HTTP/2 frames by their headers (RFC 9113 §4.1).
//!
//! ```text
//! │ length 3 │ type 1 │ flags 1 │ stream 4 │ payload …
//! ```

/// Bytes of a frame's header.
pub const FRAME_HEADER: usize = 9;
/// What a client sends before its first frame (RFC 9113 §3.4).
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
    /// Bytes of its payload.
    pub length: u32,
}

impl Frame {
    /// A piece of a body.
    pub const DATA: u8 = 0;
    /// The beginning of a field section.
    pub const HEADERS: u8 = 1;
    /// A field section of a request that the server expects.
    pub const PUSH_PROMISE: u8 = 5;
    /// More of a field section.
    pub const CONTINUATION: u8 = 9;
    /// Nothing more on the stream (DATA, HEADERS).
    pub const END_STREAM: u8 = 0x1;
    /// Nothing more of the field section (HEADERS, CONTINUATION).
    pub const END_HEADERS: u8 = 0x4;

    /// By its first nine bytes.
    pub fn of([high, middle, low, kind, flags, stream @ ..]: [u8; FRAME_HEADER]) -> Self {
        let length = u32::from_be_bytes([0, high, middle, low]);
        // The highest bit is reserved.
        Self {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
            length,
        }
    }

    /// Whether it is of a kind and has a flag.
    pub const fn is(&self, kind: u8, flag: u8) -> bool {
        self.kind == kind && self.flags & flag == flag
    }
}

/// A frame type's name (RFC 9113 §6, RFC 7838 §4, RFC 9218 §7.1).
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

/// What passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameBoundary {
    /// A frame's header is complete.
    Began(Frame),
    /// A frame's last byte.
    Ended(Frame),
}

/// Follows one direction of a connection.
#[derive(Debug, Default)]
pub struct FrameReader {
    preface_left: usize,
    header: [u8; FRAME_HEADER],
    filled: usize,
    current: Option<(Frame, usize)>,
}

impl FrameReader {
    /// For what a client sends.
    pub fn of_client() -> Self {
        Self {
            preface_left: PREFACE.len(),
            ..Self::default()
        }
    }

    /// For what a server sends.
    pub fn of_server() -> Self {
        Self::default()
    }

    /// Takes the next bytes and tells what passes with them.
    pub fn read(&mut self, mut bytes: &[u8], mut tell: impl FnMut(FrameBoundary)) {
        let preface = bytes.len().min(self.preface_left);
        self.preface_left -= preface;
        bytes = bytes.get(preface..).unwrap_or_default();
        while !bytes.is_empty() {
            bytes = match self.current.take() {
                None => self.read_header(bytes, &mut tell),
                Some((frame, left)) => self.pass(frame, left, bytes, &mut tell),
            };
        }
    }

    fn read_header<'a>(
        &mut self,
        bytes: &'a [u8],
        tell: &mut impl FnMut(FrameBoundary),
    ) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(FRAME_HEADER - self.filled));
        if let Some(place) = self.header.get_mut(self.filled..self.filled + taken.len()) {
            place.copy_from_slice(taken);
        }
        self.filled += taken.len();
        if self.filled == FRAME_HEADER {
            self.filled = 0;
            let frame = Frame::of(self.header);
            tell(FrameBoundary::Began(frame));
            self.pass(
                frame,
                usize::try_from(frame.length).unwrap_or(usize::MAX),
                &[],
                tell,
            );
        }
        rest
    }

    fn pass<'a>(
        &mut self,
        frame: Frame,
        left: usize,
        bytes: &'a [u8],
        tell: &mut impl FnMut(FrameBoundary),
    ) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(left));
        if taken.len() == left {
            tell(FrameBoundary::Ended(frame));
        } else {
            self.current = Some((frame, left - taken.len()));
        }
        rest
    }
}

/// The piece of a field section in a frame's payload, without padding (RFC 9113 §6.2), priority,
/// and a promised stream (§6.6); `None` where the payload is too short for them.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or(0);
        let mut bytes = length.to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    fn read(mut reader: FrameReader, bytes: &[u8]) -> Vec<FrameBoundary> {
        let mut passed = Vec::new();
        reader.read(bytes, |one| passed.push(one));
        passed
    }

    #[test]
    fn frames_are_told_when_they_begin_and_end() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(4, 0, 0, &[]));
        bytes.extend(frame(Frame::HEADERS, 5, 1, &[1, 2, 3]));
        let settings = Frame {
            kind: 4,
            flags: 0,
            stream: 0,
            length: 0,
        };
        let headers = Frame {
            kind: 1,
            flags: 5,
            stream: 1,
            length: 3,
        };
        let all = [
            FrameBoundary::Began(settings),
            FrameBoundary::Ended(settings),
            FrameBoundary::Began(headers),
            FrameBoundary::Ended(headers),
        ];
        assert_eq!(read(FrameReader::of_client(), &bytes), all);
        assert_eq!(
            read(FrameReader::of_client(), &bytes[..bytes.len() - 1]),
            all[..3]
        );
        assert!(headers.is(Frame::HEADERS, Frame::END_STREAM | Frame::END_HEADERS));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_tell_the_same(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            cut in 0usize..400,
        ) {
            let cut = cut.min(bytes.len());
            let mut reader = FrameReader::of_server();
            let mut pieces = Vec::new();
            reader.read(&bytes[..cut], |one| pieces.push(one));
            reader.read(&bytes[cut..], |one| pieces.push(one));
            prop_assert_eq!(read(FrameReader::of_server(), &bytes), pieces);
        }
    }
}
