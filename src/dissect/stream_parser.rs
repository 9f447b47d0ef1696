//! What one side says above TLS, in whatever protocol it turns out to be.

use std::collections::VecDeque;

use super::http1::{Http1Dissector, Method};
use super::http2::Http2Dissector;
use super::messages::{Heads, StartLine};
use super::parts::Parts;
use super::stream::StreamPiece;
use super::{Dissection, name, note};
use crate::trace::Side;
use crate::wire::http2::PREFACE;

/// Bytes by which a protocol is known.
const ENOUGH: usize = 24;

/// One direction's text.
pub(super) struct StreamParser {
    from: Side,
    /// Before it is known what it is.
    opening: Vec<u8>,
    language: Option<ApplicationProtocol>,
    parts: Parts,
    heads: Heads,
    notes: Vec<String>,
    /// The methods of the client's requests, for what the server says.
    asked: VecDeque<Method>,
}

enum ApplicationProtocol {
    Http1(Box<Http1Dissector>),
    Http2(Box<Http2Dissector>),
    Unknown,
}

impl StreamParser {
    pub(super) fn of_client() -> Self {
        Self::of(Side::Client)
    }

    pub(super) fn of_server() -> Self {
        Self::of(Side::Server)
    }

    fn of(from: Side) -> Self {
        Self {
            from,
            opening: Vec::new(),
            language: None,
            parts: Parts::default(),
            heads: Heads::default(),
            notes: Vec::new(),
            asked: VecDeque::new(),
        }
    }

    /// The other side has said all that it says.
    pub(super) fn answers(&mut self, client: &Self) {
        let methods = client
            .heads
            .list()
            .iter()
            .filter_map(|message| match &message.start {
                StartLine::Request { method, .. } => Some(Method::of(method.raw())),
                _ => None,
            });
        self.asked = methods.collect();
    }

    pub(super) fn take(&mut self, piece: StreamPiece<'_>) {
        match piece {
            StreamPiece::Bytes(bytes) if self.language.is_some() => self.push(bytes),
            StreamPiece::Bytes(bytes) => {
                self.opening.extend_from_slice(bytes);
                if self.opening.len() >= ENOUGH {
                    self.recognize();
                }
            }
            StreamPiece::Missing(bytes) => self.push_gap(bytes),
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) {
        if self.language.is_none() && !self.opening.is_empty() {
            self.recognize();
        }
    }

    fn recognize(&mut self) {
        let opening = std::mem::take(&mut self.opening);
        self.language = Some(language(
            self.from,
            &opening,
            std::mem::take(&mut self.asked),
        ));
        self.push(&opening);
    }

    fn push(&mut self, bytes: &[u8]) {
        let Self {
            from,
            language,
            parts,
            heads,
            notes,
            ..
        } = self;
        let fault = match language {
            Some(ApplicationProtocol::Http1(http)) => http.take(bytes, parts, heads),
            Some(ApplicationProtocol::Http2(http)) => http.take(bytes, parts, heads),
            _ => {
                parts.skip(bytes.len() as u64);
                Ok(())
            }
        };
        if let Err(reason) = fault {
            note(
                notes,
                format!(
                    "from offset {} of what the {} says: {reason}",
                    parts.at(),
                    name(*from)
                ),
            );
            *language = Some(ApplicationProtocol::Unknown);
        }
    }

    /// What comes after a gap cannot be told apart any more, but for a body's bytes.
    fn push_gap(&mut self, bytes: u64) {
        self.end();
        let goes_on = match &mut self.language {
            Some(ApplicationProtocol::Http1(http)) => http.miss(bytes, &mut self.parts),
            _ => false,
        };
        if !goes_on {
            self.parts.skip(bytes);
            self.language = Some(ApplicationProtocol::Unknown);
        }
        note(
            &mut self.notes,
            format!(
                "{bytes} bytes at offset {} were not captured",
                self.parts.at().saturating_sub(bytes)
            ),
        );
    }
}

/// By the first bytes of a direction.
fn language(from: Side, opening: &[u8], asked: VecDeque<Method>) -> ApplicationProtocol {
    let is_preface = opening.len() >= 3
        && PREFACE.starts_with(opening.get(..opening.len().min(ENOUGH)).unwrap_or_default());
    match from {
        Side::Client if is_preface => {
            ApplicationProtocol::Http2(Box::new(Http2Dissector::of_client()))
        }
        Side::Client if is_request(opening) => {
            ApplicationProtocol::Http1(Box::new(Http1Dissector::of_client()))
        }
        Side::Server if opening.starts_with(b"HTTP/1.") => {
            ApplicationProtocol::Http1(Box::new(Http1Dissector::of_server(asked)))
        }
        // The first frame is SETTINGS, on no stream.
        Side::Server if opening.get(3) == Some(&4) && opening.get(5..9) == Some(&[0; 4]) => {
            ApplicationProtocol::Http2(Box::new(Http2Dissector::of_server()))
        }
        _ => ApplicationProtocol::Unknown,
    }
}

/// A method and a space (RFC 9112 §3): capital letters are what methods in use are written in.
fn is_request(opening: &[u8]) -> bool {
    const LONGEST: usize = 20;
    let end = opening.iter().take(LONGEST).position(|byte| *byte == b' ');
    end.is_some_and(|end| {
        end > 0
            && opening
                .iter()
                .take(end)
                .all(|byte| byte.is_ascii_uppercase() || *byte == b'-')
    })
}

/// Puts together what both sides said.
pub(super) fn conclude(speeches: [StreamParser; 2], dissection: &mut Dissection) {
    for mut speech in speeches {
        let name = match &speech.language {
            Some(ApplicationProtocol::Http1(_)) => Some("HTTP/1"),
            Some(ApplicationProtocol::Http2(_)) => Some("HTTP/2"),
            _ => None,
        };
        dissection
            .protocols
            .extend(name.filter(|name| !dissection.protocols.contains(name)));
        dissection.messages.append(&mut speech.heads.into_list());
        dissection.notes.append(&mut speech.notes);
        speech.parts.tell(speech.from, &mut dissection.layers);
    }
}
