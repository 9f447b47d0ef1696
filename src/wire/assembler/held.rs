//! Reassembly of a byte sequence with out-of-order pieces.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Reassembles one byte sequence. In-order bytes are passed on at once; out-of-order pieces are
/// held, up to `MOST_BYTES` of memory for all of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Assembler<const MOST_BYTES: usize = 0> {
    position: u64,
    /// Held pieces by offset. They may overlap; bytes that were passed on meanwhile are cut off
    /// when a piece is removed.
    held: BTreeMap<u64, HeldPiece>,
    held_bytes: usize,
}

/// A held piece, or the new part of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HeldPiece {
    /// Its bytes, as far as they were captured.
    pub bytes: Vec<u8>,
    /// Number of bytes after these that were not captured.
    pub uncaptured: u64,
}

/// Position of a piece relative to the end of the in-order bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PiecePosition {
    /// It contains nothing new.
    Repeat,
    /// It continues the in-order bytes.
    Next {
        /// Number of its first bytes that are repeats.
        known: u64,
    },
    /// Other bytes come before it.
    Ahead {
        /// Number of bytes in between.
        missing: u64,
    },
}

impl HeldPiece {
    fn length(&self) -> u64 {
        (self.bytes.len() as u64).saturating_add(self.uncaptured)
    }

    /// Returns the approximate memory that it takes, in bytes.
    fn weight(&self) -> usize {
        size_of::<(u64, Self)>().saturating_add(self.bytes.len())
    }

    /// Returns the piece without its first bytes.
    fn without_first(mut self, known: u64) -> Self {
        let captured = self.bytes.len() as u64;
        self.uncaptured -= known.saturating_sub(captured).min(self.uncaptured);
        let known = usize::try_from(known.min(captured)).unwrap_or(usize::MAX);
        self.bytes.drain(..known);
        self
    }
}

impl<const MOST_BYTES: usize> Assembler<MOST_BYTES> {
    /// Returns the offset of the next byte in order.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Returns the position of a piece of this length.
    pub const fn place(&self, offset: u64, length: u64) -> PiecePosition {
        if offset > self.position && length > 0 {
            let missing = offset - self.position;
            return PiecePosition::Ahead { missing };
        }
        if offset.saturating_add(length) <= self.position || length == 0 {
            return PiecePosition::Repeat;
        }
        PiecePosition::Next {
            known: self.position - offset,
        }
    }

    /// Skips the next bytes, which were passed on or will never arrive.
    pub const fn advance(&mut self, bytes: u64) {
        self.position = self.position.saturating_add(bytes);
    }

    /// Holds an out-of-order piece, unless there is no room. If a piece with the same offset is
    /// held already, it is kept, and only extended. Returns true if the piece is held.
    pub fn hold(&mut self, offset: u64, bytes: &[u8], uncaptured: u64) -> bool {
        let mut entry = match self.held.entry(offset) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => {
                let piece = HeldPiece {
                    bytes: Vec::new(),
                    uncaptured,
                };
                let weight = piece.weight().saturating_add(bytes.len());
                if self.held_bytes.saturating_add(weight) > MOST_BYTES {
                    return false;
                }
                self.held_bytes += weight;
                entry.insert(HeldPiece {
                    bytes: bytes.to_vec(),
                    uncaptured,
                });
                return true;
            }
        };
        let held = entry.get_mut();
        let more = bytes.get(held.bytes.len()..).unwrap_or_default();
        let length = (bytes.len() as u64).saturating_add(uncaptured);
        let length = held.length().max(length);
        if self.held_bytes.saturating_add(more.len()) > MOST_BYTES {
            return false;
        }
        self.held_bytes += more.len();
        held.bytes.extend_from_slice(more);
        held.uncaptured = length - held.bytes.len() as u64;
        true
    }

    /// Removes the held piece that is next in order, without its repeated bytes, and advances past
    /// it.
    pub fn next_held(&mut self) -> Option<HeldPiece> {
        loop {
            let first = self.held.first_entry()?;
            let offset = *first.key();
            if offset > self.position {
                return None;
            }
            let piece = first.remove();
            self.held_bytes -= piece.weight();
            if let PiecePosition::Next { known } = self.place(offset, piece.length()) {
                let new = piece.without_first(known);
                self.advance(new.length());
                return Some(new);
            }
        }
    }

    /// Adds a piece after which `uncaptured` bytes were not captured. Calls `deliver` with each
    /// in-order piece, and with the number of bytes after it that were not captured. Returns false
    /// if the piece was out of order and there was no room for it.
    pub fn push(
        &mut self,
        offset: u64,
        bytes: &[u8],
        uncaptured: u64,
        mut deliver: impl FnMut(&[u8], u64),
    ) -> bool {
        let length = (bytes.len() as u64).saturating_add(uncaptured);
        match self.place(offset, length) {
            PiecePosition::Repeat => true,
            PiecePosition::Ahead { .. } => self.hold(offset, bytes, uncaptured),
            PiecePosition::Next { known } => {
                let captured = known.min(bytes.len() as u64);
                let new = usize::try_from(captured)
                    .ok()
                    .and_then(|at| bytes.get(at..));
                deliver(new.unwrap_or_default(), uncaptured - (known - captured));
                self.advance(length - known);
                while let Some(piece) = self.next_held() {
                    deliver(&piece.bytes, piece.uncaptured);
                }
                true
            }
        }
    }

    /// Returns the approximate memory of the held pieces, in bytes.
    pub const fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}
