//! Protocols of lines that are not followed: their names, and TLS that begins within them
//! (STARTTLS: RFC 3207, RFC 2595, RFC 4217).

use super::lane::{LaneContext, NextState};
use super::unit::UnitKind;

/// Bytes of the opening by which a name is told.
pub(super) const OPENING: usize = 256;
/// Bytes by which a hello of TLS is known: a record's header and a message's type.
const HELLO: usize = 6;

/// Where a direction is.
#[derive(Debug)]
pub(super) struct TextLane {
    /// The byte before ended a line.
    is_line_start: bool,
    /// What may be the beginning of a hello.
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
    /// Takes at least one byte, unless TLS begins: then those that it begins with are left to
    /// whoever comes next.
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
        cx.tell(UnitKind::Text, text, false);
        (text.len(), NextState::Stay)
    }

    /// What waits, for whoever reads on.
    pub(super) fn into_waiting(self) -> Vec<u8> {
        self.waiting
    }

    /// Tells what waits: it was text.
    pub(super) fn flush(&mut self, cx: &mut LaneContext<'_>) {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            cx.tell(UnitKind::Text, &waiting, false);
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

/// Returns true if a byte stands in text: no control character but those that lay lines out.
pub(super) const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..=0x7e | 0x80..)
}

/// The name of the protocol that a direction opens with, where its first line tells.
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

/// By the end of a request line.
fn by_version(line: &[u8]) -> Option<&'static str> {
    let version = line.rsplit(|byte| *byte == b' ').next()?;
    match version {
        b"RTSP/1.0" => Some("RTSP"),
        b"SIP/2.0" => Some("SIP"),
        b"ICAP/1.0" => Some("ICAP"),
        // RFC 1945 §4.1: a simple request.
        [b'/', ..] if line.strip_prefix(b"GET ") == Some(version) => Some("HTTP/0.9"),
        _ => None,
    }
}

/// FTP (RFC 959 §4.2) and SMTP (RFC 5321 §4.2) greet with the same code, and servers name
/// themselves behind it.
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
