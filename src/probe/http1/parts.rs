//! Layering events for the parts of HTTP/1 messages, from the units of the stream parser.

use crate::probe::layering::PartTracker;
use crate::trace::PartKind;
use crate::wire::stream::UnitPiece;

/// Records a piece of a unit as a piece of the corresponding part. Units that are no part of a
/// message (blank lines, opaque bytes) end the current part.
pub(super) fn record_part(piece: &UnitPiece<'_>, parts: Option<&mut PartTracker>) {
    let Some(parts) = parts else { return };
    let Some(kind) = PartKind::from_unit(piece.kind) else {
        return parts.skip_bytes(piece.bytes.len());
    };
    if kind == PartKind::Http1InformationalHead {
        // Which kind of head it is, its last piece tells.
        parts.extend_part(PartKind::Http1Head, piece.bytes.len());
        parts.reclassify(kind);
    } else {
        parts.extend_part(kind, piece.bytes.len());
    }
    if piece.is_last {
        parts.end_part();
    }
}

/// Returns true for a status of an informational response, which precedes another one. 101 is
/// final: it ends HTTP on the connection (RFC 9110 §15.2.2).
pub(super) const fn is_informational(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}
