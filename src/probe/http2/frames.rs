//! Boundaries of HTTP/2 frames, from the units of the stream parser.

use crate::wire::Side;
use crate::wire::http2::Frame;
use crate::wire::stream::{StreamParser, UnitKind, UnitPiece, UnitSink};

/// Start or end of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameBoundary {
    /// The frame's header is complete.
    Began(Frame),
    /// The frame's last byte was observed.
    Ended(Frame),
}

/// Tracks the frames of both directions.
pub(super) struct FrameTracker {
    parser: StreamParser<'static>,
    /// Whether a frame is incomplete, in what is sent and in what is received.
    is_open: [bool; 2],
}

impl FrameTracker {
    pub(super) fn new() -> Self {
        Self {
            parser: StreamParser::new_http2(false),
            is_open: [false; 2],
        }
    }

    /// Parses the next bytes of a direction and calls `tell` for each boundary in them.
    pub(super) fn push(&mut self, from: Side, bytes: &[u8], tell: &mut dyn FnMut(FrameBoundary)) {
        let [sent, received] = &mut self.is_open;
        let is_open = match from {
            Side::Client => sent,
            Side::Server => received,
        };
        self.parser
            .push(from, bytes, &mut BoundarySink { is_open, tell });
    }
}

struct BoundarySink<'a> {
    is_open: &'a mut bool,
    tell: &'a mut dyn FnMut(FrameBoundary),
}

impl UnitSink for BoundarySink<'_> {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        let UnitKind::Http2Frame(frame) = piece.kind else {
            return;
        };
        if !std::mem::replace(self.is_open, !piece.is_last) {
            (self.tell)(FrameBoundary::Began(frame));
        }
        if piece.is_last {
            (self.tell)(FrameBoundary::Ended(frame));
        }
    }

    fn wants_fields(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http2::PREFACE;

    #[test]
    fn frame_boundaries_are_reported() {
        let frame = |kind, flags, stream, length| Frame {
            kind,
            flags,
            stream,
            length,
        };
        let (settings, headers) = (frame(4, 0, 0, 0), frame(1, 5, 1, 3));
        let frames = [
            0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 3, 1, 5, 0, 0, 0, 1, 1, 2, 3,
        ];
        let bytes = [PREFACE, &frames].concat();
        for length in [1, 5, bytes.len()] {
            let (mut tracker, mut told) = (FrameTracker::new(), Vec::new());
            for piece in bytes.chunks(length) {
                tracker.push(Side::Client, piece, &mut |boundary| told.push(boundary));
            }
            assert_eq!(
                told,
                [
                    FrameBoundary::Began(settings),
                    FrameBoundary::Ended(settings),
                    FrameBoundary::Began(headers),
                    FrameBoundary::Ended(headers),
                ]
            );
        }
        assert!(headers.is(Frame::HEADERS, Frame::END_STREAM | Frame::END_HEADERS));
    }
}
