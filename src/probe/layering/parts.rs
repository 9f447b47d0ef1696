//! Tracker for the parts of HTTP (heads, bodies, frames) in one direction. They follow each other
//! without gaps unless bytes are skipped.

use std::sync::Arc;

use super::LayerTracker;
use crate::trace::{Part, PartKind, Side};

/// Tracker for the parts of one direction.
pub(in crate::probe) struct PartTracker {
    layering: Arc<LayerTracker>,
    from: Side,
    /// Offset of the next byte.
    at: u64,
    /// The part that may still be extended.
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

    /// Assigns the next `bytes` to the current part if it is of this kind, else to a new one.
    pub(in crate::probe) fn extend_part(&mut self, what: PartKind, bytes: usize) {
        let bytes = bytes as u64;
        if bytes == 0 {
            return;
        }
        let current = self.open.filter(|part| part.what == what).unwrap_or(Part {
            at: self.at,
            bytes: 0,
            what,
        });
        let part = Part {
            bytes: current.bytes.saturating_add(bytes),
            ..current
        };
        self.open = Some(part);
        self.at = self.at.saturating_add(bytes);
        self.layering.add_part(self.from, part);
    }

    /// Changes the kind of the current part.
    pub(in crate::probe) fn reclassify(&mut self, what: PartKind) {
        if let Some(part) = &mut self.open {
            part.what = what;
            self.layering.add_part(self.from, *part);
        }
    }

    /// Ends the current part.
    pub(in crate::probe) const fn end_part(&mut self) {
        self.open = None;
    }

    /// Adds a part of known length.
    pub(in crate::probe) fn add_complete(&mut self, what: PartKind, bytes: usize) {
        self.end_part();
        self.extend_part(what, bytes);
        self.end_part();
    }

    /// Skips bytes that belong to no part.
    pub(in crate::probe) const fn skip_bytes(&mut self, bytes: usize) {
        if bytes > 0 {
            self.end_part();
        }
        self.at = self.at.saturating_add(bytes as u64);
    }
}
