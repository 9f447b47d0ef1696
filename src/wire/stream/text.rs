//! Text protocols that are not parsed: detection of their names, and of TLS that begins within them
//! (STARTTLS: RFC 3207, RFC 2595, RFC 4217).

use super::lane::{LaneContext, NextState};
use super::unit::UnitKind;

/// Number of bytes examined to detect a name.
pub(super) const OPENING: usize = 256;
/// Number of bytes needed to recognize a TLS hello: a record header and the message type.
const HELLO: usize = 6;

/// State of a direction.
#[derive(Debug)]
pub(super) struct TextLane {
    /// Whether the previous byte ended a line.
    is_line_start: bool,
    /// Bytes that may be the beginning of a hello.
    waiting: Vec<u8>,
}

impl Default for TextLane {
    fn default() -> Self {
        Self {
            is_line_start: true,
            waiting: Vec::new(),
        }
    }
}

impl TextLane {
    /// Consumes at least one byte, unless TLS begins; then its bytes are left for the TLS parser.
    pub(super) fn take(&mut self, bytes: &[u8], cx: &mut LaneContext<'_>) -> (usize, NextState) {
        if !self.waiting.is_empty() || (self.is_line_start && bytes.first() == Some(&22)) {
            return self.take_hello(bytes, cx);
        }
        let place = |at: &usize| bytes.get(at.wrapping_sub(1)) == Some(&b'\n');
        let hello = bytes
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, byte)| **byte == 22)
            .map(|(at, _)| at)
            .find(place);
        let text = bytes.get(..hello.unwrap_or(bytes.len())).unwrap_or(bytes);
        self.is_line_start = text.last() == Some(&b'\n');
        cx.emit(UnitKind::Text, text, false);
        (text.len(), NextState::Stay)
    }

    /// Returns the buffered bytes for the next parser.
    pub(super) fn into_waiting(self) -> Vec<u8> {
        self.waiting
    }

    /// Emits the buffered bytes as text.
    pub(super) fn flush(&mut self, cx: &mut LaneContext<'_>) {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            cx.emit(UnitKind::Text, &waiting, false);
        }
        self.is_line_start = false;
    }

    fn take_hello(&mut self, bytes: &[u8], cx: &mut LaneContext<'_>) -> (usize, NextState) {
        let taken = bytes.len().min(HELLO.saturating_sub(self.waiting.len()));
        self.waiting
            .extend_from_slice(bytes.get(..taken).unwrap_or_default());
        if self.waiting.len() < HELLO {
            return (taken, NextState::Stay);
        }
        if matches!(self.waiting.as_slice(), [22, 3, 0..=4, _, _, 1 | 2]) {
            return (taken, NextState::Tls);
        }
        self.flush(cx);
        (taken, NextState::Stay)
    }
}

/// Returns true for bytes that occur in text: no control character except those for layout.
pub(super) const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..=0x7e | 0x80..)
}

/// Returns the name of the protocol, if the first line of a direction identifies it.
pub(super) fn text_protocol(opening: &[u8]) -> Option<&'static str> {
    const NAMES: [(&[u8], &str); 14] = [
        (b"SSH-", "SSH"),
        (b"RFB 003.", "RFB"),
        (b"+OK ", "POP3"),
        (b"* OK ", "IMAP"),
        (b"* PREAUTH ", "IMAP"),
        (b"EHLO ", "SMTP"),
        (b"HELO ", "SMTP"),
        (b"LHLO ", "LMTP"),
        (b"CAP LS", "IRC"),
        (b"NICK ", "IRC"),
        (b"SIP/2.0 ", "SIP"),
        (b"RTSP/1.0 ", "RTSP"),
        (b"@RSYNCD:", "rsync"),
        (b"ICAP/1.0 ", "ICAP"),
    ];
    let end = opening.iter().position(|byte| *byte == b'\n');
    let line = opening
        .get(..end.unwrap_or(opening.len()))
        .unwrap_or(opening);
    let line = line.trim_ascii_end();
    let named = NAMES.iter().find(|(begin, _)| line.starts_with(begin));
    named
        .map(|(_, name)| *name)
        .or_else(|| by_version(line))
        .or_else(|| by_greeting(line))
}

/// Detects the protocol by the end of a request line.
fn by_version(line: &[u8]) -> Option<&'static str> {
    let version = line.rsplit(|byte| *byte == b' ').next()?;
    match version {
        b"RTSP/1.0" => Some("RTSP"),
        b"SIP/2.0" => Some("SIP"),
        b"ICAP/1.0" => Some("ICAP"),
        // A simple request of HTTP/0.9 (RFC 1945 §4.1).
        [b'/', ..] if line.strip_prefix(b"GET ") == Some(version) => Some("HTTP/0.9"),
        _ => None,
    }
}

/// Detects FTP (RFC 959 §4.2) and SMTP (RFC 5321 §4.2): both greet with the same code, so the name
/// after it decides.
fn by_greeting(line: &[u8]) -> Option<&'static str> {
    let text = line.strip_prefix(b"220")?;
    let text = text
        .strip_prefix(b" ")
        .or_else(|| text.strip_prefix(b"-"))?;
    let says = |word: &[u8]| {
        text.windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    };
    if says(b"SMTP") {
        Some("SMTP")
    } else if says(b"FTP") {
        Some("FTP")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_name_their_protocols_and_nothing_else() {
        for (line, name) in [
            (&b"SSH-2.0-OpenSSH_9.6\r\n"[..], Some("SSH")),
            (b"RFB 003.008\n", Some("RFB")),
            (b"220 mail ESMTP\r\n", Some("SMTP")),
            (b"220-Welcome to my ftp\r\n", Some("FTP")),
            (b"220 ready\r\n", None),
            (b"GET /a\r\n", Some("HTTP/0.9")),
            (b"GET key\r\n", None),
            (b"OPTIONS rtsp://h/ RTSP/1.0\r\n", Some("RTSP")),
            (b"USER anonymous\r\n", None),
            (b"", None),
        ] {
            assert_eq!(text_protocol(line), name);
        }
    }
}
