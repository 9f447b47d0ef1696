//! Protocol detection by the first bytes of a direction. The result does not depend on how the
//! bytes are split.

use super::text::{OPENING, is_text, text_protocol};
use super::unit::StreamProtocol;
use crate::wire::http1::MAX_HEAD_BYTES;
use crate::wire::http2::{FRAME_HEADER, Frame, PREFACE};

/// Length of a TLS record header in bytes.
pub(super) const RECORD_HEADER: usize = 5;
/// Maximum length of a TLS record: 2^14 bytes, and the expansion by encryption (RFC 5246 §6.2.3).
const LONGEST_RECORD: usize = (1 << 14) + 2_048;

/// Facts about the other direction, and whether more bytes may follow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DetectHints {
    /// The other direction speaks HTTP/2.
    pub(super) http2: bool,
    /// The other direction has sent a SOCKS5 greeting.
    pub(super) socks5: bool,
    /// No bytes follow those that are there.
    pub(super) is_over: bool,
}

/// Whether bytes match a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fits {
    Yes,
    No,
    /// More bytes are needed.
    Perhaps,
}

/// Returns the protocol of a direction; `None` while more bytes are needed. `bytes` must not be
/// empty.
pub(super) fn detect(bytes: &[u8], mut hints: DetectHints) -> Option<StreamProtocol> {
    hints.is_over |= bytes.len() >= MAX_HEAD_BYTES;
    let bytes = bytes
        .get(..bytes.len().min(MAX_HEAD_BYTES))
        .unwrap_or(bytes);
    let candidates: [(Fits, StreamProtocol); 6] = [
        (tls(bytes), StreamProtocol::Tls),
        (socks5(bytes, hints), StreamProtocol::Socks5),
        (preface(bytes, hints), StreamProtocol::Http2),
        (http1_response(bytes), StreamProtocol::Http1),
        (http1_request(bytes, hints), StreamProtocol::Http1),
        (http2_settings(bytes, hints), StreamProtocol::Http2),
    ];
    for (fits, protocol) in candidates {
        match fits {
            Fits::Yes => return Some(protocol),
            Fits::Perhaps if !hints.is_over => return None,
            _ => {}
        }
    }
    other(bytes, hints)
}

/// Returns the length of a record's content from its header (RFC 8446 §5.1); `None` if it is not a
/// record header.
pub(super) fn record_length([kind, major, minor, high, low]: [u8; RECORD_HEADER]) -> Option<usize> {
    let length = usize::from(u16::from_be_bytes([high, low]));
    ((20..=24).contains(&kind) && major == 3 && minor <= 4 && length <= LONGEST_RECORD)
        .then_some(length)
}

fn tls(bytes: &[u8]) -> Fits {
    match bytes {
        [20..=24] | [20..=24, 3] => Fits::Perhaps,
        [20..=24, 3, 0..=4, ..] => match bytes.first_chunk() {
            Some(header) if record_length(*header).is_some() => Fits::Yes,
            Some(_) => Fits::No,
            None => Fits::Perhaps,
        },
        _ => Fits::No,
    }
}

/// Matches SOCKS5: a client offers one to a few methods (RFC 1928 §3), a proxy answers with one.
fn socks5(bytes: &[u8], hints: DetectHints) -> Fits {
    match bytes {
        [5] => Fits::Perhaps,
        [5, _, ..] if hints.socks5 => Fits::Yes,
        [5, 1..=16, ..] => Fits::Yes,
        _ => Fits::No,
    }
}

fn preface(bytes: &[u8], hints: DetectHints) -> Fits {
    /// Length of `PRI * HTTP/2`, with which nothing else begins.
    const ENOUGH: usize = 12;
    if bytes.starts_with(PREFACE)
        || (hints.is_over && bytes.len() >= ENOUGH && PREFACE.starts_with(bytes))
    {
        Fits::Yes
    } else if PREFACE.starts_with(bytes) {
        Fits::Perhaps
    } else {
        Fits::No
    }
}

fn http1_response(bytes: &[u8]) -> Fits {
    const VERSION: &[u8] = b"HTTP/1.";
    let Some(bytes) = without_empty_lines(bytes) else {
        return Fits::No;
    };
    if bytes.starts_with(VERSION) {
        Fits::Yes
    } else if VERSION.starts_with(bytes) {
        Fits::Perhaps
    } else {
        Fits::No
    }
}

/// Matches a request line (RFC 9112 §3) including its version, because other protocols also begin
/// lines with words in capital letters.
fn http1_request(bytes: &[u8], hints: DetectHints) -> Fits {
    let Some(bytes) = without_empty_lines(bytes) else {
        return Fits::No;
    };
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let method_end = line.iter().position(|byte| *byte == b' ');
    let method = line.get(..method_end.unwrap_or(line.len())).unwrap_or(line);
    let is_line = method.len() <= LONGEST_METHOD
        && method.iter().copied().all(is_token)
        && line.iter().all(|byte| *byte >= b' ');
    if !is_line {
        return Fits::No;
    }
    if end.is_none() && !hints.is_over {
        return Fits::Perhaps;
    }
    let rest = method_end
        .and_then(|at| line.get(at + 1..))
        .unwrap_or_default();
    let is_whole = end.is_some() && ends_with_version(rest);
    if !method.is_empty() && (is_whole || (end.is_none() && is_broken_off(method, rest))) {
        Fits::Yes
    } else {
        Fits::No
    }
}

/// Maximum length of a method: registered ones have up to 17 letters.
const LONGEST_METHOD: usize = 20;

fn ends_with_version(rest: &[u8]) -> bool {
    let version = rest.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    rest.len() > version.len() && matches!(version, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _])
}

/// Returns true if a truncated line is recognizable as HTTP/1.
fn is_broken_off(method: &[u8], rest: &[u8]) -> bool {
    METHODS.contains(&method)
        && (rest.starts_with(b"/") || rest.starts_with(b"http") || method == b"CONNECT")
}

/// Methods in use (RFC 9110 §9, RFC 5789, RFC 4918).
pub(super) const METHODS: [&[u8]; 14] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"MKCOL",
    b"REPORT",
    b"COPY",
    b"MOVE",
];

/// Returns true for a `tchar` (RFC 9110 §5.6.2).
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~'
        )
}

/// Removes empty lines before a start line, which a receiver ignores (RFC 9112 §2.2); `None` if
/// there are too many.
fn without_empty_lines(bytes: &[u8]) -> Option<&[u8]> {
    const MOST: usize = 64;
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let begin = begin.unwrap_or(bytes.len());
    (begin <= MOST).then(|| bytes.get(begin..)).flatten()
}

/// Matches the first frame of an HTTP/2 server: SETTINGS on stream 0 without ACK (RFC 9113 §3.4,
/// §6.5). Its nine bytes may occur in other protocols, so the settings are checked as well, unless
/// the client speaks HTTP/2.
fn http2_settings(bytes: &[u8], hints: DetectHints) -> Fits {
    const MOST_SETTINGS: u32 = 600;
    let Some(header) = bytes.first_chunk::<FRAME_HEADER>() else {
        let may_be = |(place, byte): (usize, &u8)| match place {
            0 | 4..=8 => *byte == 0,
            1 => *byte <= 2,
            3 => *byte == 4,
            _ => true,
        };
        return if bytes.iter().enumerate().all(may_be) {
            Fits::Perhaps
        } else {
            Fits::No
        };
    };
    let frame = Frame::parse(*header);
    let is_settings = frame.kind == 4 && frame.flags == 0 && header.get(5..) == Some(&[0; 4]);
    if !is_settings || !frame.length.is_multiple_of(6) || frame.length > MOST_SETTINGS {
        return Fits::No;
    }
    if hints.http2 {
        return Fits::Yes;
    }
    let rest = bytes.get(FRAME_HEADER..).unwrap_or_default();
    let fits = if frame.length > 0 {
        rest.first_chunk()
            .map(|id| is_setting(u16::from_be_bytes(*id)))
    } else {
        rest.first_chunk()
            .map(|next| is_usual_frame(Frame::parse(*next)))
    };
    match fits {
        Some(true) => Fits::Yes,
        Some(false) => Fits::No,
        None if hints.is_over => Fits::Yes,
        None => Fits::Perhaps,
    }
}

/// Returns true for a setting that is registered, or reserved to be ignored (like those of RFC 8701
/// for TLS).
const fn is_setting(id: u16) -> bool {
    matches!(id, 1..=16) || id & 0x0f0f == 0x0a0a
}

fn is_usual_frame(frame: Frame) -> bool {
    const MOST_FRAME: u32 = 1 << 14;
    let on_connection = matches!(frame.kind, 4 | 6 | 7);
    let on_stream = matches!(frame.kind, 0..=3 | 5 | 9);
    frame.length <= MOST_FRAME
        && (frame.kind == 8
            || (on_connection && frame.stream == 0)
            || (on_stream && frame.stream > 0))
}

/// Distinguishes text, once enough of it is there, from anything else.
fn other(bytes: &[u8], hints: DetectHints) -> Option<StreamProtocol> {
    let opening = bytes.get(..bytes.len().min(OPENING)).unwrap_or(bytes);
    let end = opening.iter().position(|byte| *byte == b'\n');
    let line = opening
        .get(..end.unwrap_or(opening.len()))
        .unwrap_or(opening);
    if !line.iter().copied().all(is_text) {
        return Some(StreamProtocol::Opaque);
    }
    let is_enough = end.is_some() || opening.len() == OPENING || hints.is_over;
    is_enough.then(|| StreamProtocol::Text(text_protocol(opening)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OVER: DetectHints = DetectHints {
        http2: false,
        socks5: false,
        is_over: true,
    };

    #[test]
    fn no_claim_is_false() {
        use StreamProtocol::{Http1, Http2, Opaque, Socks5, Text, Tls};
        for (opening, protocol) in [
            (&b"GET / HTTP/1.1\r\n"[..], Http1),
            (b"\r\nM-SEARCH * HTTP/1.1\r\n", Http1),
            (b"HTTP/1.1 200 OK\r\n", Http1),
            (b"GET /so", Http1),
            (b"GET /a b c HTTP/1.1\r\n", Http1),
            (PREFACE, Http2),
            (&[0, 0, 0, 4, 0, 0, 0, 0, 0], Http2),
            (&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100], Http2),
            (&[22, 3, 1, 0, 5, 1], Tls),
            (&[5, 1, 0], Socks5),
            (b"USER anonymous\r\n", Text(None)),
            (b"220 ftp\r\n", Text(Some("FTP"))),
            (b"RFB 003.008\n", Text(Some("RFB"))),
            (b"HELP\r\n", Text(None)),
            (b"OPTIONS rtsp://h/ RTSP/1.0\r\n", Text(Some("RTSP"))),
            (b"GET key\r\n", Text(None)),
            (b"GET /a\r\n", Text(Some("HTTP/0.9"))),
            // A length of four bytes, and a message that is not a frame.
            (
                &[0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 2, 3, 0xff, 0, 0, 0, 0, 0],
                Opaque,
            ),
            (&[22, 3, 9, 0, 5, 1], Opaque),
            (&[5, 0, 11, 3], Opaque),
            (&[0], Opaque),
        ] {
            assert_eq!(detect(opening, OVER), Some(protocol), "{opening:?}");
        }
    }

    #[test]
    fn a_server_is_believed_where_the_client_speaks_the_protocol() {
        let hints = DetectHints {
            http2: true,
            socks5: true,
            is_over: false,
        };
        assert_eq!(
            detect(&[0, 0, 0, 4, 0, 0, 0, 0, 0], hints),
            Some(StreamProtocol::Http2)
        );
        assert_eq!(detect(&[5, 0], hints), Some(StreamProtocol::Socks5));
    }

    fn openings() -> impl Strategy<Value = Vec<u8>> {
        let begin = prop::sample::select(vec![
            &b"GET / HTTP/1.1\r\n"[..],
            b"HTTP/1.",
            PREFACE,
            &[22, 3, 1, 0, 5],
            &[5, 1],
            b"220 ftp\r\n",
            b"",
            b"\r\n\r\n",
            &[0, 0, 6, 4, 0, 0, 0, 0, 0],
        ]);
        (
            begin,
            0..30_usize,
            proptest::collection::vec(any::<u8>(), 0..300),
        )
            .prop_map(|(begin, kept, rest)| [begin.get(..kept).unwrap_or(begin), &rest].concat())
    }

    proptest! {
        #[test]
        fn detection_does_not_depend_on_later_bytes(bytes in openings()) {
            let known: Vec<_> = (1..=bytes.len())
                .map(|end| detect(&bytes[..end], DetectHints::default()))
                .skip_while(Option::is_none)
                .collect();
            prop_assert!(known.windows(2).all(|pair| pair[0] == pair[1]), "{known:?}");
            prop_assert!(bytes.is_empty() || detect(&bytes, OVER).is_some());
        }
    }
}
