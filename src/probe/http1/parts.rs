//! The parts of messages, by the units that the stream parser tells.

use crate::probe::layering::PartTracker;
use crate::trace::PartKind;
use crate::wire::stream::UnitPiece;

/// Tells a piece of a unit as a piece of a part. What is none belongs to nothing.
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

/// It comes before another one. 101 does not: it ends HTTP on the connection (RFC 9110 §15.2.2).
pub(super) const fn is_informational(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}
