//! Finds the harmless bytes of a connection by the units that the parser finds in them.
//!
//! Only bytes that are known to be harmless are let through. So bytes that were not parsed yet,
//! bytes after a gap, and units of unknown kinds stay secret.

use std::ops::Range;

use super::head::HeadLines;
use crate::insight::redact::{RedactionRules, merge_ranges};
use crate::wire::Side;
use crate::wire::http2::{FRAME_HEADER, Frame};
use crate::wire::stream::{
    FaultReason, StreamFault, StreamGap, StreamParser, StreamProtocol, StreamUpgrade, UnitKind,
    UnitPiece, UnitSink, UnreportedBytes,
};

/// State of both sides of a connection. Its beginning may not have been captured, so the side that
/// opened it is unknown: `Client` is the lesser endpoint here.
#[derive(Default)]
pub(super) struct ConversationMask {
    parser: StreamParser<'static>,
    lesser: SideMask,
    greater: SideMask,
}

/// State of one side.
#[derive(Default)]
struct SideMask {
    /// Offset of the next byte, counted from the parser's last restart.
    at: u64,
    head: HeadLines,
    /// Whether the extensions of the current chunk header have begun (RFC 9112 §7.1.1).
    is_extension: bool,
    /// Offset of the current frame.
    frame: Option<u64>,
    /// Whether everything from here on is TLS and cannot be parsed.
    is_encrypted: bool,
    /// Whether it is unknown from here on which bytes are secret.
    is_unknown: bool,
}

impl ConversationMask {
    /// Returns true if a side speaks TLS.
    pub(super) const fn is_encrypted(&self, from: Side) -> bool {
        match from {
            Side::Client => self.lesser.is_encrypted,
            Side::Server => self.greater.is_encrypted,
        }
    }

    /// Restarts a side, or with `both` the connection.
    pub(super) fn restart(&mut self, from: Side, both: bool) {
        if both {
            *self = Self::default();
        } else {
            self.parser.restart(from, false);
            *self.side(from) = SideMask::default();
        }
    }

    /// Returns the secret ranges in the next bytes of a side, in order.
    pub(super) fn secrets(
        &mut self,
        from: Side,
        bytes: &[u8],
        rules: &RedactionRules,
    ) -> Vec<Range<usize>> {
        let Self {
            parser,
            lesser,
            greater,
        } = self;
        let side = match from {
            Side::Client => lesser,
            Side::Server => greater,
        };
        let begin = side.at;
        side.at = side.at.saturating_add(bytes.len() as u64);
        let end = side.at;
        let mut sink = HarmlessRanges {
            begin,
            rules,
            side,
            found: Vec::new(),
        };
        parser.push(from, bytes, &mut sink);
        if parser.unreported(from) == UnreportedBytes::Header {
            sink.mark_harmless(parser.reported_to(from)..end);
        }
        if sink.side.is_encrypted {
            return Vec::new();
        }
        let mut secrets = Vec::new();
        let mut at = 0;
        for harmless in merge_ranges(sink.found) {
            if at < harmless.start {
                secrets.push(at..harmless.start);
            }
            at = harmless.end;
        }
        if at < bytes.len() {
            secrets.push(at..bytes.len());
        }
        secrets
    }

    /// Skips bytes of a side that were not captured.
    pub(super) fn skip(&mut self, from: Side, bytes: u64, rules: &RedactionRules) {
        let Self {
            parser,
            lesser,
            greater,
        } = self;
        let side = match from {
            Side::Client => lesser,
            Side::Server => greater,
        };
        side.at = side.at.saturating_add(bytes);
        let mut sink = HarmlessRanges {
            begin: side.at,
            rules,
            side,
            found: Vec::new(),
        };
        parser.push_gap(from, bytes, &mut sink);
    }

    const fn side(&mut self, from: Side) -> &mut SideMask {
        match from {
            Side::Client => &mut self.lesser,
            Side::Server => &mut self.greater,
        }
    }
}

/// Collects the harmless ranges in the bytes of one side that are passed on.
struct HarmlessRanges<'a> {
    /// Offset of the first of these bytes.
    begin: u64,
    rules: &'a RedactionRules,
    side: &'a mut SideMask,
    found: Vec<Range<usize>>,
}

impl HarmlessRanges<'_> {
    /// Marks a range of the stream as harmless. The part of it that was passed on earlier stays
    /// masked.
    fn mark_harmless(&mut self, range: Range<u64>) {
        let place = |offset: u64| usize::try_from(offset.saturating_sub(self.begin)).ok();
        if self.side.is_unknown {
            return;
        }
        if let (Some(start), Some(end)) = (place(range.start), place(range.end))
            && start < end
        {
            self.found.push(start..end);
        }
    }

    /// Marks a piece of a unit as harmless except for some ranges.
    fn mark_harmless_except(&mut self, start: u64, length: usize, secrets: Vec<Range<usize>>) {
        let mut at = 0;
        for secret in merge_ranges(secrets) {
            self.mark_harmless(start + at as u64..start + secret.start as u64);
            at = secret.end;
        }
        self.mark_harmless(start + at as u64..start + length as u64);
    }

    fn take_frame(&mut self, frame: Frame, piece: &UnitPiece<'_>) {
        /// PRIORITY, `RST_STREAM`, SETTINGS, PING, `WINDOW_UPDATE` (RFC 9113 §6): frames that
        /// control HTTP/2 itself.
        const HARMLESS: [u8; 5] = [2, 3, 4, 6, 8];
        let end = piece.start + piece.bytes.len() as u64;
        let payload = *self.side.frame.get_or_insert(piece.start) + FRAME_HEADER as u64;
        let harmless_to = if HARMLESS.contains(&frame.kind) {
            end
        } else {
            end.min(payload)
        };
        self.mark_harmless(piece.start..harmless_to);
        if piece.is_last {
            self.side.frame = None;
        }
    }

    /// Marks a chunk header as harmless except for its extensions.
    fn take_chunk_header(&mut self, piece: &UnitPiece<'_>) {
        let mut secrets: Vec<Range<usize>> = Vec::new();
        for (place, byte) in piece.bytes.iter().enumerate() {
            let ends_line = matches!(byte, b'\r' | b'\n');
            let is_extension = !ends_line && (self.side.is_extension || !byte.is_ascii_hexdigit());
            self.side.is_extension = is_extension;
            if is_extension {
                secrets.push(place..place + 1);
            }
        }
        self.mark_harmless_except(piece.start, piece.bytes.len(), secrets);
    }
}

impl UnitSink for HarmlessRanges<'_> {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        let end = piece.start + piece.bytes.len() as u64;
        match piece.kind {
            UnitKind::TlsRecord { .. } | UnitKind::Http2Preface | UnitKind::Socks5Message => {
                self.mark_harmless(piece.start..end);
            }
            UnitKind::Http2Frame(frame) => self.take_frame(frame, piece),
            UnitKind::Http1Head { .. } => {
                let mut secrets = Vec::new();
                self.side.head.take(piece.bytes, self.rules, &mut secrets);
                self.mark_harmless_except(piece.start, piece.bytes.len(), secrets);
                if piece.is_last {
                    self.side.head = HeadLines::default();
                }
            }
            UnitKind::Http1ChunkHeader => self.take_chunk_header(piece),
            UnitKind::Http1Body | UnitKind::Http1Trailers | UnitKind::Socks5Credential => {}
            UnitKind::Skipped | UnitKind::Text | UnitKind::Opaque => self.side.is_unknown = true,
        }
    }

    fn upgrade(&mut self, upgrade: StreamUpgrade) {
        if upgrade.protocol == StreamProtocol::Tls && !self.side.is_unknown {
            self.side.is_encrypted = true;
        }
    }

    /// Within a body the parser's position stays known after a gap. What it recognizes after any
    /// other gap may have been crafted to look harmless.
    fn gap(&mut self, gap: &StreamGap) {
        self.side.is_unknown |= gap.within != Some(UnitKind::Http1Body);
    }

    /// A head that violates the grammar may be read here in another way than by its receiver, and
    /// then also where what follows it begins.
    fn fault(&mut self, fault: StreamFault<'_>) {
        self.side.is_unknown |= matches!(fault.reason, FaultReason::Head(_));
    }

    fn wants_fields(&self) -> bool {
        false
    }
}
