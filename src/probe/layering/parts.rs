//! Tells the parts of what is said above TLS as they pass, one behind the other.

use std::sync::Arc;

use super::LayerTracker;
use crate::trace::{Part, PartKind, Side};

/// One direction's parts.
pub(in crate::probe) struct PartTracker {
    layering: Arc<LayerTracker>,
    from: Side,
    /// Where the next byte lies.
    at: u64,
    /// The part that goes on.
    open: Option<Part>,
}

impl PartTracker {
    pub(super) const fn new(layering: Arc<LayerTracker>, from: Side, at: u64) -> Self {
        Self {
            layering,
            from,
            at,
            open: None,
        }
    }

    /// So many of the next bytes belong to the part that goes on, or to one that begins.
    pub(in crate::probe) fn extend_part(&mut self, what: PartKind, bytes: usize) {
        let bytes = bytes as u64;
        if bytes == 0 {
            return;
        }
        let goes_on = self.open.filter(|part| part.what == what).unwrap_or(Part {
            at: self.at,
            bytes: 0,
            what,
        });
        let part = Part {
            bytes: goes_on.bytes.saturating_add(bytes),
            ..goes_on
        };
        self.open = Some(part);
        self.at = self.at.saturating_add(bytes);
        self.layering.add_part(self.from, part);
    }

    /// The part that goes on is something else than it seemed.
    pub(in crate::probe) fn reclassify(&mut self, what: PartKind) {
        if let Some(part) = &mut self.open {
            part.what = what;
            self.layering.add_part(self.from, *part);
        }
    }

    /// The part that goes on is over.
    pub(in crate::probe) const fn end_part(&mut self) {
        self.open = None;
    }

    /// A part with its length.
    pub(in crate::probe) fn add_complete(&mut self, what: PartKind, bytes: usize) {
        self.end_part();
        self.extend_part(what, bytes);
        self.end_part();
    }

    /// So many of the next bytes belong to no part.
    pub(in crate::probe) const fn skip_bytes(&mut self, bytes: usize) {
        if bytes > 0 {
            self.end_part();
        }
        self.at = self.at.saturating_add(bytes as u64);
    }
}
