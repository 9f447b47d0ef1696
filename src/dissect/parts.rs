//! A list of parts, told one behind the other.

use crate::trace::{Layers, Part, PartKind, StreamLayers};
use crate::wire::Side;

/// One direction's parts so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    list: Vec<Part>,
    /// Plaintext offset of the next byte.
    at: u64,
    /// The last of the list goes on.
    open: bool,
}

impl Parts {
    /// The next bytes lie at an offset of the plaintext, which may be behind the last ones.
    pub(super) const fn seek(&mut self, at: u64) {
        if self.at != at {
            self.open = false;
            self.at = at;
        }
    }

    /// So many of the next bytes belong to the part that goes on, or to one that begins. Beyond as
    /// many as are listed they belong to none.
    pub(super) fn pass(&mut self, what: PartKind, bytes: usize) {
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
            return self.skip(bytes);
        }
        self.open = true;
        self.at += bytes;
    }

    /// The part that goes on is something else than it seemed.
    pub(super) fn turns_out(&mut self, what: PartKind) {
        if let Some(part) = self.list.last_mut().filter(|_| self.open) {
            part.what = what;
        }
    }

    /// The part that goes on is over.
    pub(super) const fn end(&mut self) {
        self.open = false;
    }

    /// So many of the next bytes belong to no part.
    pub(super) const fn skip(&mut self, bytes: u64) {
        self.open = false;
        self.at += bytes;
    }

    /// Hands the list over.
    pub(super) fn tell(self, from: Side, layers: &mut Layers) {
        layers.tell(from, &[], &self.list);
    }
}
