//! Validation of bytes that may be an HTTP/1 head.

use crate::wire::http1::HeadBuffer;

use super::super::detect::{METHODS, is_token};

/// Maximum length in bytes of a head after a gap; longer ones are not recognized.
const MOST_FOUND: usize = 64 * 1024;
/// Start of a response.
const VERSION: &[u8] = b"HTTP/1.";

/// Verdict on a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CandidateFit {
    /// It is a head.
    Sound,
    /// More bytes are needed.
    Open,
    /// It is not a head, and none begins in its first `resume` bytes.
    Unsound { resume: usize },
}

/// State of a validation; each byte is examined once.
#[derive(Debug, Default)]
pub(super) struct HeadCandidate {
    /// Start of the line that is not complete.
    line: usize,
    /// Number of bytes searched for the end of that line.
    searched: usize,
}

impl HeadCandidate {
    /// Examines further bytes of a candidate; `bytes` begin with it.
    ///
    /// If a line is not a valid field, no head that begins before that line is valid either, since
    /// it would contain the same line. So the search continues at that line.
    pub(super) fn examine(&mut self, bytes: &[u8]) -> CandidateFit {
        if self.line == 0 && !may_begin(bytes, false) {
            return CandidateFit::Unsound { resume: 1 };
        }
        while let Some(length) = bytes
            .get(self.searched..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let end = self.searched + length;
            let line = bytes.get(self.line..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                let head = bytes.get(..=end).unwrap_or_default();
                return if is_head(head) {
                    CandidateFit::Sound
                } else {
                    CandidateFit::Unsound { resume: end }
                };
            }
            let fits = if self.line == 0 {
                is_start_line(line)
            } else {
                is_field_line(line)
            };
            if !fits {
                return CandidateFit::Unsound { resume: self.line };
            }
            (self.line, self.searched) = (end + 1, end + 1);
        }
        self.searched = bytes.len();
        if self.line == 0 && !may_go_on(bytes) {
            CandidateFit::Unsound { resume: 1 }
        } else if bytes.len() > MOST_FOUND {
            CandidateFit::Unsound {
                resume: bytes.len(),
            }
        } else {
            CandidateFit::Open
        }
    }
}

/// Returns true if these bytes, which start with a capital letter, may begin a start line.
pub(super) fn may_begin(bytes: &[u8], is_over: bool) -> bool {
    let begins = |word: &[u8]| bytes.starts_with(word) || (!is_over && word.starts_with(bytes));
    begins(VERSION)
        || METHODS.iter().any(|method| {
            begins(method) && bytes.get(method.len()).is_none_or(|next| *next == b' ')
        })
}

/// Returns true if `line` may be the beginning of a start line. Only the first bytes of a long line
/// are examined before its end is there.
fn may_go_on(line: &[u8]) -> bool {
    const LOOKED_AT: usize = 256;
    let line = line.get(..line.len().min(LOOKED_AT)).unwrap_or(line);
    if let Some(rest) = line.strip_prefix(VERSION) {
        let shape = |(place, byte): (usize, &u8)| match place {
            0 => matches!(byte, b'0' | b'1'),
            1 => *byte == b' ',
            2..=4 => byte.is_ascii_digit(),
            _ => true,
        };
        return rest.iter().take(5).enumerate().all(shape);
    }
    let version = line.split(|byte| *byte == b' ').nth(2);
    version.is_none_or(|version| {
        b"HTTP/1.1\r".starts_with(version) || b"HTTP/1.0\r".starts_with(version)
    })
}

fn is_start_line(line: &[u8]) -> bool {
    is_status_line(line) || is_request_line(line)
}

/// Returns true for a status line (RFC 9112 §4).
fn is_status_line(line: &[u8]) -> bool {
    let rest = line.strip_prefix(VERSION).unwrap_or_default();
    matches!(rest, [b'0' | b'1', b' ', code @ ..]
        if code.get(..3).is_some_and(|code| code.iter().all(u8::is_ascii_digit))
            && code.get(3).is_none_or(|next| *next == b' '))
}

/// Returns true for a request line (RFC 9112 §3).
fn is_request_line(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let is_known = method.is_some_and(|method| METHODS.contains(&method));
    let is_target =
        target.is_some_and(|target| !target.is_empty() && target.iter().all(u8::is_ascii_graphic));
    let is_version = matches!(version, Some(b"HTTP/1.1" | b"HTTP/1.0"));
    is_known && is_target && is_version && words.next().is_none()
}

/// Returns true for a field line (RFC 9112 §5).
fn is_field_line(line: &[u8]) -> bool {
    let colon = line.iter().position(|byte| *byte == b':');
    colon.is_some_and(|colon| colon > 0 && line.iter().copied().take(colon).all(is_token))
        || matches!(line.first(), Some(b' ' | b'\t'))
}

fn is_head(bytes: &[u8]) -> bool {
    let mut head = HeadBuffer::default();
    if head.take(bytes).is_err() || !head.is_complete() {
        return false;
    }
    if head.bytes().starts_with(VERSION) {
        head.response().is_ok()
    } else {
        head.request().is_ok()
    }
}
