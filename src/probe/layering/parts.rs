//! Tracker for the parts of HTTP (heads, bodies, frames) in one direction. They follow each other
//! without gaps unless bytes are skipped.

use std::sync::Arc;

use super::LayerTracker;
use crate::trace::{Part, PartKind};
use crate::wire::Side;

/// Tracker for the parts of one direction.
pub(in crate::probe) struct PartTracker {
    layering: Arc<LayerTracker>,
    from: Side,
    /// Offset of the next byte.
    at: u64,
    /// The part that may still be extended.
    open: Option<Part>,
    /// Whether further parts are only counted, because the list has reached its limit.
    is_counted_only: bool,
    /// Parts counted since the last flush.
    unlisted: u64,
}

impl PartTracker {
    pub(super) const fn new(layering: Arc<LayerTracker>, from: Side, at: u64) -> Self {
        Self {
            layering,
            from,
            at,
            open: None,
            is_counted_only: false,
            unlisted: 0,
        }
    }

    /// Assigns the next `bytes` to the current part if it is of this kind, else to a new one. The
    /// caller calls [`flush_unlisted`](Self::flush_unlisted) after a series of parts.
    pub(in crate::probe) fn extend_part(&mut self, what: PartKind, bytes: usize) {
        let bytes = bytes as u64;
        if bytes == 0 {
            return;
        }
        if self.is_counted_only {
            // A body may consist of millions of chunks: counting them must not take the lock.
            if self.open.is_none_or(|part| part.what != what) {
                self.unlisted += 1;
            }
            let at = self.at;
            self.open = Some(Part { at, bytes, what });
            self.at = self.at.saturating_add(bytes);
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
        self.is_counted_only = self.layering.add_part(self.from, part);
    }

    /// Adds the parts that were counted only to the connection's layers.
    pub(in crate::probe) fn flush_unlisted(&mut self) {
        let unlisted = std::mem::take(&mut self.unlisted);
        if unlisted > 0 {
            self.layering.add_unlisted_parts(self.from, unlisted);
        }
    }

    /// Changes the kind of the current part.
    pub(in crate::probe) fn reclassify(&mut self, what: PartKind) {
        if let Some(part) = &mut self.open {
            part.what = what;
            if !self.is_counted_only {
                self.layering.add_part(self.from, *part);
            }
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
        self.flush_unlisted();
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
