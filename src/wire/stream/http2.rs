//! Parser for one direction of HTTP/2 (RFC 9113 §4): its frames, and the field sections in them.

use super::lane::LaneContext;
use super::sink::{FaultReason, HeadContent, MessageHead};
use super::unit::UnitKind;
use crate::wire::hpack::FieldDecoder;
use crate::wire::http1::MAX_HEAD_BYTES;
use crate::wire::http2::{FRAME_HEADER, Frame, PREFACE, section_in};

/// State of a direction.
pub(super) struct Http2Lane {
    preface_left: usize,
    header: [u8; FRAME_HEADER],
    filled: usize,
    frame: Option<OpenFrame>,
    /// The incomplete field section, and the offset of its first frame.
    section: Option<(Vec<u8>, u64)>,
    /// `None` once a section could not be decoded, or if heads are not wanted.
    decoder: Option<FieldDecoder>,
}

/// A frame that is not complete.
#[derive(Debug)]
struct OpenFrame {
    frame: Frame,
    began: u64,
    left: usize,
    /// Its payload so far, if it is needed.
    kept: Option<Vec<u8>>,
}

impl Http2Lane {
    /// Creates the state of a direction that begins with or without a client's preface.
    pub(super) fn new(has_preface: bool, wants_fields: bool) -> Self {
        Self {
            preface_left: if has_preface { PREFACE.len() } else { 0 },
            header: [0; FRAME_HEADER],
            filled: 0,
            frame: None,
            section: None,
            decoder: wants_fields.then(FieldDecoder::default),
        }
    }

    /// Returns true if part of a frame header is buffered.
    pub(super) const fn is_within_header(&self) -> bool {
        self.filled > 0
    }

    /// Removes the buffered part of a header that will not be completed.
    pub(super) fn take_partial_header(&mut self) -> Vec<u8> {
        let filled = std::mem::take(&mut self.filled);
        self.header.get(..filled).unwrap_or_default().to_vec()
    }

    /// Consumes at least one byte.
    pub(super) fn take(&mut self, bytes: &[u8], cx: &mut LaneContext<'_>) -> usize {
        let preface = bytes.len().min(self.preface_left);
        if preface > 0 {
            self.preface_left -= preface;
            let piece = bytes.get(..preface).unwrap_or_default();
            cx.emit(UnitKind::Http2Preface, piece, self.preface_left == 0);
            return preface;
        }
        let Some(open) = &mut self.frame else {
            return self.take_header(bytes, cx);
        };
        let taken = bytes.len().min(open.left);
        let piece = bytes.get(..taken).unwrap_or_default();
        open.left -= taken;
        if let Some(kept) = &mut open.kept {
            kept.extend_from_slice(piece);
        }
        let (frame, is_over) = (open.frame, open.left == 0);
        cx.emit(UnitKind::Http2Frame(frame), piece, is_over);
        if is_over {
            self.end_frame(cx);
        }
        taken
    }

    /// Skips a gap within a frame. Beyond the frame's end the next boundary is unknown: frames have
    /// no marker that cannot occur in bodies, too. Returns the unit that continues after the gap.
    pub(super) fn skip(&mut self, bytes: u64, cx: &mut LaneContext<'_>) -> Option<UnitKind> {
        let open = self.frame.as_mut()?;
        let bytes = usize::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes <= open.left)?;
        open.left -= bytes;
        if has_section(open.frame) && bytes > 0 {
            open.kept = None;
            let start = cx.at();
            self.stop_decoding(start, FaultReason::FieldsMissing, cx);
        }
        self.frame
            .as_ref()
            .map(|open| UnitKind::Http2Frame(open.frame))
    }

    /// Ends the frame if a gap ended it.
    pub(super) fn after_gap(&mut self, cx: &mut LaneContext<'_>) {
        if self.frame.as_ref().is_some_and(|open| open.left == 0) {
            self.end_frame(cx);
        }
    }

    /// Consumes bytes of a frame header; returns their number.
    fn take_header(&mut self, bytes: &[u8], cx: &mut LaneContext<'_>) -> usize {
        let taken = bytes.len().min(FRAME_HEADER - self.filled);
        let end = self.filled + taken;
        if let (Some(place), Some(new)) =
            (self.header.get_mut(self.filled..end), bytes.get(..taken))
        {
            place.copy_from_slice(new);
        }
        self.filled = end % FRAME_HEADER;
        if end == FRAME_HEADER {
            let (header, frame) = (self.header, Frame::parse(self.header));
            let (began, left) = (cx.at(), frame.length as usize);
            let kept = (has_section(frame) && self.decoder.is_some() && left <= MAX_HEAD_BYTES)
                .then(Vec::new);
            cx.emit(UnitKind::Http2Frame(frame), &header, left == 0);
            self.frame = Some(OpenFrame {
                frame,
                began,
                left,
                kept,
            });
            if left == 0 {
                self.end_frame(cx);
            }
        }
        taken
    }

    fn end_frame(&mut self, cx: &mut LaneContext<'_>) {
        let Some(open) = self.frame.take() else {
            return;
        };
        if has_section(open.frame)
            && self.decoder.is_some()
            && let Err(reason) = self.end_section(&open, cx)
        {
            self.stop_decoding(cx.at(), reason, cx);
        }
        let frame = open.frame;
        if frame.is(Frame::HEADERS, Frame::END_STREAM) || frame.is(Frame::DATA, Frame::END_STREAM) {
            cx.message_end(Some(frame.stream.into()));
        }
    }

    fn end_section(
        &mut self,
        open: &OpenFrame,
        cx: &mut LaneContext<'_>,
    ) -> Result<(), FaultReason> {
        let piece = open.kept.as_deref().ok_or(FaultReason::SectionTooLarge)?;
        let piece = section_in(&open.frame, piece).ok_or(FaultReason::SectionMalformed)?;
        let (section, _) = self.section.get_or_insert_with(|| (Vec::new(), open.began));
        if section.len() + piece.len() > MAX_HEAD_BYTES {
            return Err(FaultReason::SectionTooLarge);
        }
        section.extend_from_slice(piece);
        if open.frame.flags & Frame::END_HEADERS == 0 {
            return Ok(());
        }
        let (Some((section, start)), Some(decoder)) = (self.section.take(), &mut self.decoder)
        else {
            return Ok(());
        };
        let fields = decoder.decode(&section).map_err(FaultReason::Fields)?;
        cx.head(MessageHead {
            from: cx.from(),
            axis: cx.axis(),
            start,
            request: None,
            content: HeadContent::Fields {
                stream: open.frame.stream,
                fields,
            },
        });
        Ok(())
    }

    /// Stops decoding heads, because a section's changes to the dynamic table are unknown.
    fn stop_decoding(&mut self, start: u64, reason: FaultReason, cx: &mut LaneContext<'_>) {
        if self.decoder.take().is_some() {
            self.section = None;
            cx.fault_at(start, reason, &[]);
        }
    }
}

impl std::fmt::Debug for Http2Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2Lane")
            .field("frame", &self.frame)
            .finish_non_exhaustive()
    }
}

/// Returns true if a frame contains a fragment of a field section.
const fn has_section(frame: Frame) -> bool {
    matches!(
        frame.kind,
        Frame::HEADERS | Frame::CONTINUATION | Frame::PUSH_PROMISE
    )
}
