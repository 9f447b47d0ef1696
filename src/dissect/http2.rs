//! One direction of HTTP/2 (RFC 9113 §4): its frames, and the field sections in them.

use super::messages::{Heads, Message, StartLine, headers};
use super::parts::Parts;
use crate::trace::{PartKind, Side};
use crate::units::Untrusted;
use crate::wire::hpack::FieldDecoder;
use crate::wire::http1::{FieldLine, MAX_HEAD_BYTES};
use crate::wire::http2::{Frame, PREFACE, section_in};

const HEADER: usize = 9;

/// Follows one side.
pub(super) struct Http2Dissector {
    from: Side,
    preface_left: usize,
    header: Vec<u8>,
    frame: Option<Open>,
    /// The field section that is not complete, and where the frame began that it began with.
    section: Option<(Vec<u8>, u64)>,
    decoder: FieldDecoder,
}

/// A frame that goes on.
struct Open {
    frame: Frame,
    began: u64,
    left: usize,
    /// Its payload, if it is needed.
    kept: Option<Vec<u8>>,
}

impl Http2Dissector {
    pub(super) fn of_client() -> Self {
        Self {
            preface_left: PREFACE.len(),
            ..Self::of(Side::Client)
        }
    }

    pub(super) fn of_server() -> Self {
        Self::of(Side::Server)
    }

    fn of(from: Side) -> Self {
        Self {
            from,
            preface_left: 0,
            header: Vec::new(),
            frame: None,
            section: None,
            decoder: FieldDecoder::default(),
        }
    }

    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        parts: &mut Parts,
        heads: &mut Heads,
    ) -> Result<(), String> {
        let preface = bytes.len().min(self.preface_left);
        if preface > 0 {
            self.preface_left -= preface;
            parts.pass(PartKind::Http2Preface, preface);
            bytes = bytes.get(preface..).unwrap_or_default();
        }
        while !bytes.is_empty() {
            let taken = match &mut self.frame {
                None => self.header(bytes, parts),
                Some(open) => {
                    let taken = bytes.len().min(open.left);
                    let (now, _) = bytes.split_at(taken);
                    open.left -= taken;
                    open.kept
                        .iter_mut()
                        .for_each(|kept| kept.extend_from_slice(now));
                    parts.pass(part_of(&open.frame), taken);
                    taken
                }
            };
            if self.frame.as_ref().is_some_and(|open| open.left == 0) {
                self.end_frame(parts, heads)?;
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Takes what belongs to a frame's header; how many bytes those were.
    fn header(&mut self, bytes: &[u8], parts: &mut Parts) -> usize {
        let taken = bytes.len().min(HEADER - self.header.len());
        self.header
            .extend_from_slice(bytes.get(..taken).unwrap_or_default());
        if let Ok(header) = self.header.as_slice().try_into() {
            let frame = Frame::of(header);
            let needed = matches!(
                frame.kind,
                Frame::HEADERS | Frame::CONTINUATION | Frame::PUSH_PROMISE
            );
            let began = parts.at();
            parts.pass(part_of(&frame), HEADER);
            let left = frame.length as usize;
            let kept = (needed && left <= MAX_HEAD_BYTES).then(Vec::new);
            self.frame = Some(Open {
                frame,
                began,
                left,
                kept,
            });
            self.header.clear();
        }
        taken
    }

    fn end_frame(&mut self, parts: &mut Parts, heads: &mut Heads) -> Result<(), String> {
        parts.end();
        let Some(Open {
            frame, began, kept, ..
        }) = self.frame.take()
        else {
            return Ok(());
        };
        if !matches!(
            frame.kind,
            Frame::HEADERS | Frame::CONTINUATION | Frame::PUSH_PROMISE
        ) {
            return Ok(());
        }
        let too_large = || "a field section of HTTP/2 is too large".to_owned();
        let piece = kept.ok_or_else(too_large)?;
        let piece = section_in(&frame, &piece)
            .ok_or_else(|| "a frame with a field section is malformed".to_owned())?;
        let (section, _) = self.section.get_or_insert_with(|| (Vec::new(), began));
        if section.len() + piece.len() > MAX_HEAD_BYTES {
            return Err(too_large());
        }
        section.extend_from_slice(piece);
        if frame.flags & Frame::END_HEADERS == 0 {
            return Ok(());
        }
        let Some((section, began)) = self.section.take() else {
            return Ok(());
        };
        let fields = self
            .decoder
            .decode(&section)
            .map_err(|fault| fault.to_string())?;
        heads.push(message(self.from, began, frame.stream, fields));
        Ok(())
    }
}

const fn part_of(frame: &Frame) -> PartKind {
    PartKind::Http2Frame {
        kind: frame.kind,
        flags: frame.flags,
        stream: frame.stream,
    }
}

/// By its pseudo-fields (RFC 9113 §8.3); without any these are trailers.
fn message(from: Side, at: u64, stream: u32, fields: Vec<FieldLine>) -> Message {
    let (pseudo, fields): (Vec<FieldLine>, Vec<FieldLine>) = fields
        .into_iter()
        .partition(|(name, _)| name.starts_with(b":"));
    let value = |name: &[u8]| {
        pseudo
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let status =
        value(b":status").and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
    let start = match (status, value(b":method")) {
        (Some(status), _) => StartLine::Response { status },
        (None, Some(method)) => {
            let target = value(b":path")
                .or_else(|| value(b":authority"))
                .unwrap_or_default();
            StartLine::Request {
                method: Untrusted::from_bytes(&method),
                target: Untrusted::from_bytes(&target),
            }
        }
        (None, None) => StartLine::Trailers,
    };
    Message {
        from,
        at,
        stream: Some(stream),
        start,
        headers: headers(&fields),
    }
}
