//! Builder of one direction's list of parts (heads, bodies, frames) in the order of their offsets.

use crate::trace::{Layers, Part, PartKind, StreamLayers};
use crate::wire::Side;

/// Parts of one direction so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    list: Vec<Part>,
    /// Plaintext offset of the next byte.
    at: u64,
    /// Whether the last part may still be extended.
    open: bool,
}

impl Parts {
    /// Sets the plaintext offset of the next bytes, which may be beyond the last ones.
    pub(super) const fn seek(&mut self, at: u64) {
        if self.at != at {
            self.open = false;
            self.at = at;
        }
    }

    /// Assigns the next `bytes` to the current part if it is of this kind, else to a new one. Once
    /// the list is full, they are not listed.
    pub(super) fn extend_part(&mut self, what: PartKind, bytes: usize) {
        let bytes = bytes as u64;
        if let Some(part) = self
            .list
            .last_mut()
            .filter(|part| self.open && part.what == what)
        {
            part.bytes += bytes;
        } else if self.list.len() < StreamLayers::MOST {
            self.list.push(Part {
                at: self.at,
                bytes,
                what,
            });
        } else {
            return self.skip_bytes(bytes);
        }
        self.open = true;
        self.at += bytes;
    }

    /// Changes the kind of the current part.
    pub(super) fn reclassify(&mut self, what: PartKind) {
        if let Some(part) = self.list.last_mut().filter(|_| self.open) {
            part.what = what;
        }
    }

    /// Ends the current part.
    pub(super) const fn end_part(&mut self) {
        self.open = false;
    }

    /// Skips bytes that belong to no part.
    pub(super) const fn skip_bytes(&mut self, bytes: u64) {
        self.open = false;
        self.at += bytes;
    }

    /// Adds the list to the layers.
    pub(super) fn add_to(self, from: Side, layers: &mut Layers) {
        layers.tell(from, &[], &self.list);
    }
}
