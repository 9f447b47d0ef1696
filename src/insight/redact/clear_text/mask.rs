//! What of a connection's bytes is harmless, by the units that the parser finds in them.
//!
//! Nothing is let through that is not known to be harmless. So what was not told yet, what lies
//! behind a gap, and what is no unit that is known here stays secret.

use std::ops::Range;

use super::head::HeadLines;
use crate::insight::redact::{RedactionRules, merge_ranges};
use crate::wire::Side;
use crate::wire::http2::{FRAME_HEADER, Frame};
use crate::wire::stream::{
    FaultReason, StreamFault, StreamGap, StreamParser, StreamProtocol, StreamUpgrade, UnitKind,
    UnitPiece, UnitSink, UntoldBytes,
};

/// Both sides of a connection. It may have been captured without its beginning, so who opened it is
/// not known: `Client` is the lesser end here.
#[derive(Default)]
pub(super) struct ConversationMask {
    parser: StreamParser<'static>,
    lesser: SideMask,
    greater: SideMask,
}

/// What is known of one side.
#[derive(Default)]
struct SideMask {
    /// Offset of the next byte since the parser began with it.
    at: u64,
    head: HeadLines,
    /// A chunk's extensions have begun (RFC 9112 §7.1.1).
    is_extension: bool,
    /// Where the frame under way began.
    frame: Option<u64>,
    /// It is TLS from here on: nothing in it can be read.
    is_encrypted: bool,
    /// From here on nobody knows what is secret.
    is_unknown: bool,
}

impl ConversationMask {
    /// Whether a side speaks TLS.
    pub(super) const fn is_encrypted(&self, from: Side) -> bool {
        match from {
            Side::Client => self.lesser.is_encrypted,
            Side::Server => self.greater.is_encrypted,
        }
    }

    /// A side begins anew, or with `both` the connection.
    pub(super) fn restart(&mut self, from: Side, both: bool) {
        if both {
            *self = Self::default();
        } else {
            self.parser.restart(from, false);
            *self.side(from) = SideMask::default();
        }
    }

    /// Where the next bytes of a side are secret, in order.
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
        if parser.untold(from) == UntoldBytes::Header {
            sink.clear(parser.told_to(from)..end);
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

    /// Bytes of a side that were not captured.
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

/// Gathers what is harmless in the bytes of one side that are handed over.
struct HarmlessRanges<'a> {
    /// Offset of the first of them.
    begin: u64,
    rules: &'a RedactionRules,
    side: &'a mut SideMask,
    found: Vec<Range<usize>>,
}

impl HarmlessRanges<'_> {
    /// A stretch of the stream is harmless. What of it came before cannot be shown any more.
    fn clear(&mut self, stretch: Range<u64>) {
        let place = |offset: u64| usize::try_from(offset.saturating_sub(self.begin)).ok();
        if self.side.is_unknown {
            return;
        }
        if let (Some(start), Some(end)) = (place(stretch.start), place(stretch.end))
            && start < end
        {
            self.found.push(start..end);
        }
    }

    /// A piece of a unit is harmless but for some of it.
    fn clear_but(&mut self, start: u64, length: usize, secrets: Vec<Range<usize>>) {
        let mut at = 0;
        for secret in merge_ranges(secrets) {
            self.clear(start + at as u64..start + secret.start as u64);
            at = secret.end;
        }
        self.clear(start + at as u64..start + length as u64);
    }

    fn take_frame(&mut self, frame: Frame, piece: &UnitPiece<'_>) {
        /// PRIORITY, `RST_STREAM`, SETTINGS, PING, `WINDOW_UPDATE` (RFC 9113 §6): they say how
        /// HTTP/2 itself is doing.
        const HARMLESS: [u8; 5] = [2, 3, 4, 6, 8];
        let end = piece.start + piece.bytes.len() as u64;
        let payload = *self.side.frame.get_or_insert(piece.start) + FRAME_HEADER as u64;
        let harmless_to = if HARMLESS.contains(&frame.kind) {
            end
        } else {
            end.min(payload)
        };
        self.clear(piece.start..harmless_to);
        if piece.is_last {
            self.side.frame = None;
        }
    }

    /// All of what stands before a chunk but its extensions.
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
        self.clear_but(piece.start, piece.bytes.len(), secrets);
    }
}

impl UnitSink for HarmlessRanges<'_> {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        let end = piece.start + piece.bytes.len() as u64;
        match piece.kind {
            UnitKind::TlsRecord { .. } | UnitKind::Http2Preface | UnitKind::Socks5Message => {
                self.clear(piece.start..end);
            }
            UnitKind::Http2Frame(frame) => self.take_frame(frame, piece),
            UnitKind::Http1Head { .. } => {
                let mut secrets = Vec::new();
                self.side.head.take(piece.bytes, self.rules, &mut secrets);
                self.clear_but(piece.start, piece.bytes.len(), secrets);
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

    /// Within a body the place in the protocol is known behind a gap. What is recognised behind any
    /// other gap may have been said by whoever wants to be taken for harmless.
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
