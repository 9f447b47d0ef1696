//! What one side says, as far as it takes to know what of it is secret.

use std::collections::VecDeque;
use std::ops::Range;

use super::head::Head;
use super::socks::Socks;
use crate::insight::redact::RedactionRules;
use crate::wire::http1::{BodyFraming, BodyReader, BodySection, request_framing, response_framing};
use crate::wire::http2::{Frame, FrameBoundary, FrameReader};

/// What both sides of a connection know of each other.
#[derive(Default)]
pub(super) struct Talked {
    /// Methods whose responses are still to come.
    asked: VecDeque<String>,
    /// The client began with HTTP/2's preface.
    http2: bool,
    /// The client began with a greeting of SOCKS5.
    socks: bool,
    /// Another protocol was agreed upon.
    switched: bool,
}

/// Where one side is.
#[derive(Default)]
pub(super) enum ClearTextProtocol {
    /// Something begins.
    #[default]
    Start,
    /// A head of HTTP/1.
    Head(Head),
    /// Its body, and whether a chunk's extensions have begun.
    Body(BodyReader, bool),
    /// Frames of HTTP/2, and the one that is under way.
    Http2(FrameReader, Option<Frame>),
    Socks(Socks),
    /// TLS.
    Encrypted,
    /// Anything else: nobody knows what in it is secret.
    Unknown,
}

impl ClearTextProtocol {
    /// Requests that may wait for their responses.
    const MOST_ASKED: usize = 1_024;

    pub(super) const fn is_encrypted(&self) -> bool {
        matches!(self, Self::Encrypted)
    }

    /// Adds where the next bytes are secret.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        talked: &mut Talked,
        rules: &RedactionRules,
        secrets: &mut Vec<Range<usize>>,
    ) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let mut found = Vec::new();
            let taken = self.take_some(rest, talked, rules, &mut found);
            secrets.extend(
                found
                    .into_iter()
                    .map(|secret| at + secret.start..at + secret.end),
            );
            at += taken;
        }
    }

    /// Bytes that were not captured.
    pub(super) fn miss(&mut self, bytes: u64) {
        let goes_on = match self {
            Self::Body(body, _) => body.skip(bytes),
            Self::Encrypted => true,
            _ => false,
        };
        if !goes_on {
            *self = Self::Unknown;
        }
    }

    /// Takes at least one byte, unless it only finds out what begins.
    fn take_some(
        &mut self,
        bytes: &[u8],
        talked: &mut Talked,
        rules: &RedactionRules,
        found: &mut Vec<Range<usize>>,
    ) -> usize {
        match self {
            Self::Start => {
                *self = beginning(bytes, talked);
                0
            }
            Self::Head(head) => {
                let Some(taken) = head.take(bytes, rules, found) else {
                    *self = Self::Unknown;
                    return 0;
                };
                if head.is_complete() {
                    *self = behind(head, talked);
                }
                taken
            }
            Self::Body(body, extended) => {
                let taken = take_body(body, extended, bytes, found);
                if body.is_done() {
                    *self = Self::Start;
                }
                taken
            }
            Self::Http2(reader, frame) => {
                take_frames(reader, frame, bytes, found);
                bytes.len()
            }
            Self::Socks(socks) => {
                let taken = socks.take(bytes, found);
                match taken {
                    Some((_, false)) => {}
                    Some((_, true)) => *self = Self::Start,
                    None => *self = Self::Unknown,
                }
                taken.map_or(0, |(taken, _)| taken)
            }
            Self::Encrypted => bytes.len(),
            Self::Unknown => {
                found.push(0..bytes.len());
                bytes.len()
            }
        }
    }
}

fn beginning(bytes: &[u8], talked: &mut Talked) -> ClearTextProtocol {
    const SOCKS5: u8 = 5;
    match bytes {
        _ if talked.switched => ClearTextProtocol::Unknown,
        // A record: content types 20 to 23, version 3.x (RFC 8446 §5.1).
        [20..=23, 3, ..] => ClearTextProtocol::Encrypted,
        [SOCKS5, ..] if talked.socks => ClearTextProtocol::Socks(Socks::of_server()),
        [SOCKS5, ..] => {
            talked.socks = true;
            ClearTextProtocol::Socks(Socks::of_client())
        }
        _ if bytes.starts_with(b"PRI * HTTP/2") => {
            talked.http2 = true;
            ClearTextProtocol::Http2(FrameReader::of_client(), None)
        }
        _ if talked.http2 => ClearTextProtocol::Http2(FrameReader::of_server(), None),
        [b'A'..=b'Z' | b'a'..=b'z' | b'\r' | b'\n', ..] => ClearTextProtocol::Head(Head::default()),
        _ => ClearTextProtocol::Unknown,
    }
}

/// What follows a head.
fn behind(head: &Head, talked: &mut Talked) -> ClearTextProtocol {
    let framing = if head.is_response() {
        let Ok(response) = head.read().response() else {
            return ClearTextProtocol::Unknown;
        };
        let informs = (100..200).contains(&response.status);
        let method = if informs {
            None
        } else {
            talked.asked.pop_front()
        };
        talked.switched |= response.status == 101;
        let tunnels = method.as_deref() == Some("CONNECT") && (200..300).contains(&response.status);
        if tunnels {
            BodyFraming::Length(0)
        } else {
            response_framing(&response, method.as_deref() == Some("HEAD"))
        }
    } else {
        let Ok(request) = head.read().request() else {
            return ClearTextProtocol::Unknown;
        };
        let framing = if request.method == "CONNECT" {
            BodyFraming::Length(0)
        } else {
            request_framing(&request)
        };
        if talked.asked.len() == ClearTextProtocol::MOST_ASKED {
            return ClearTextProtocol::Unknown;
        }
        talked.asked.push_back(request.method);
        framing
    };
    match framing {
        BodyFraming::Length(0) => ClearTextProtocol::Start,
        framing => ClearTextProtocol::Body(BodyReader::new(framing), false),
    }
}

/// Everything but where chunks lie. `extended` says whether a chunk's extensions have begun (RFC
/// 9112 §7.1.1).
fn take_body(
    body: &mut BodyReader,
    extended: &mut bool,
    bytes: &[u8],
    found: &mut Vec<Range<usize>>,
) -> usize {
    let mut at = 0;
    body.read(bytes, |stretch, count, _| {
        let range = at..at + count;
        at += count;
        match stretch {
            BodySection::Data | BodySection::Trailers => found.push(range),
            BodySection::ChunkHeader => {
                for (place, byte) in range.clone().zip(bytes.get(range).unwrap_or_default()) {
                    let ends_line = matches!(byte, b'\r' | b'\n');
                    *extended = !ends_line && (*extended || !byte.is_ascii_hexdigit());
                    if *extended {
                        found.push(place..place + 1);
                    }
                }
            }
        }
    });
    at
}

/// All payload but that which says how HTTP/2 itself is doing.
fn take_frames(
    reader: &mut FrameReader,
    current: &mut Option<Frame>,
    bytes: &[u8],
    found: &mut Vec<Range<usize>>,
) {
    /// PRIORITY, `RST_STREAM`, SETTINGS, PING, `WINDOW_UPDATE` (RFC 9113 §6).
    const HARMLESS: [u8; 5] = [2, 3, 4, 6, 8];
    for (at, byte) in bytes.iter().enumerate() {
        if current.is_some_and(|frame| !HARMLESS.contains(&frame.kind)) {
            found.push(at..at + 1);
        }
        reader.read(std::slice::from_ref(byte), |passed| {
            *current = match passed {
                FrameBoundary::Began(frame) => Some(frame),
                FrameBoundary::Ended(_) => None,
            };
        });
    }
}
