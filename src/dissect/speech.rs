//! What one side says above TLS, in whatever protocol it turns out to be.

use std::collections::VecDeque;

use super::http1::{Http1, Method};
use super::http2::Http2;
use super::messages::{Heads, Start};
use super::parts::Parts;
use super::stream::Piece;
use super::{Dissection, name, note};
use crate::trace::Side;
use crate::wire::http2::PREFACE;

/// Bytes by which a protocol is known.
const ENOUGH: usize = 24;

/// One direction's text.
pub(super) struct Speech {
    from: Side,
    /// Before it is known what it is.
    opening: Vec<u8>,
    language: Option<Language>,
    parts: Parts,
    heads: Heads,
    notes: Vec<String>,
    /// The methods of the client's requests, for what the server says.
    asked: VecDeque<Method>,
}

enum Language {
    Http1(Box<Http1>),
    Http2(Box<Http2>),
    Unknown,
}

impl Speech {
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
                Start::Request { method, .. } => Some(Method::of(method.raw())),
                _ => None,
            });
        self.asked = methods.collect();
    }

    pub(super) fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Bytes(bytes) if self.language.is_some() => self.hear(bytes),
            Piece::Bytes(bytes) => {
                self.opening.extend_from_slice(bytes);
                if self.opening.len() >= ENOUGH {
                    self.recognize();
                }
            }
            Piece::Missing(bytes) => self.miss(bytes),
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
        self.hear(&opening);
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Self {
            from,
            language,
            parts,
            heads,
            notes,
            ..
        } = self;
        let fault = match language {
            Some(Language::Http1(http)) => http.take(bytes, parts, heads),
            Some(Language::Http2(http)) => http.take(bytes, parts, heads),
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
            *language = Some(Language::Unknown);
        }
    }

    /// What comes after a gap cannot be told apart any more, but for a body's bytes.
    fn miss(&mut self, bytes: u64) {
        self.end();
        let goes_on = match &mut self.language {
            Some(Language::Http1(http)) => http.miss(bytes, &mut self.parts),
            _ => false,
        };
        if !goes_on {
            self.parts.skip(bytes);
            self.language = Some(Language::Unknown);
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
fn language(from: Side, opening: &[u8], asked: VecDeque<Method>) -> Language {
    let is_preface = opening.len() >= 3
        && PREFACE.starts_with(opening.get(..opening.len().min(ENOUGH)).unwrap_or_default());
    match from {
        Side::Client if is_preface => Language::Http2(Box::new(Http2::of_client())),
        Side::Client if is_request(opening) => Language::Http1(Box::new(Http1::of_client())),
        Side::Server if opening.starts_with(b"HTTP/1.") => {
            Language::Http1(Box::new(Http1::of_server(asked)))
        }
        // The first frame is SETTINGS, on no stream.
        Side::Server if opening.get(3) == Some(&4) && opening.get(5..9) == Some(&[0; 4]) => {
            Language::Http2(Box::new(Http2::of_server()))
        }
        _ => Language::Unknown,
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
pub(super) fn conclude(speeches: [Speech; 2], dissection: &mut Dissection) {
    for mut speech in speeches {
        let name = match &speech.language {
            Some(Language::Http1(_)) => Some("HTTP/1"),
            Some(Language::Http2(_)) => Some("HTTP/2"),
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
