//! Bytes that came before their turn.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Puts the pieces of one byte sequence in order. Bytes whose turn it is are the caller's at once;
/// those ahead of them are held, up to `MOST_BYTES` of memory for all.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Assembler<const MOST_BYTES: usize = 0> {
    position: u64,
    /// By their offsets. They may overlap; what has had its turn meanwhile is cut off when theirs
    /// comes.
    held: BTreeMap<u64, HeldPiece>,
    held_bytes: usize,
}

/// A piece that was held, or what of it is new.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HeldPiece {
    /// Its bytes, as far as they were captured.
    pub bytes: Vec<u8>,
    /// How many bytes follow on them that were not captured.
    pub uncaptured: u64,
}

/// How a piece lies to the end of the in-order run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PiecePosition {
    /// It has nothing new.
    Repeat,
    /// Its turn has come.
    Next {
        /// How many of its first bytes are repeats.
        known: u64,
    },
    /// Others have to come before it.
    Ahead {
        /// How many bytes lie between.
        missing: u64,
    },
}

impl HeldPiece {
    fn length(&self) -> u64 {
        (self.bytes.len() as u64).saturating_add(self.uncaptured)
    }

    /// Memory that it takes, about, in bytes.
    fn weight(&self) -> usize {
        size_of::<(u64, Self)>().saturating_add(self.bytes.len())
    }

    /// What is left of it without its first bytes.
    fn without_first(mut self, known: u64) -> Self {
        let captured = self.bytes.len() as u64;
        self.uncaptured -= known.saturating_sub(captured).min(self.uncaptured);
        let known = usize::try_from(known.min(captured)).unwrap_or(usize::MAX);
        self.bytes.drain(..known);
        self
    }
}

impl<const MOST_BYTES: usize> Assembler<MOST_BYTES> {
    /// Offset behind the in-order run: of the next byte.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// How a piece of this length lies.
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

    /// The next bytes have had their turn, or will never come.
    pub const fn advance(&mut self, bytes: u64) {
        self.position = self.position.saturating_add(bytes);
    }

    /// Holds a piece that is ahead, unless there is no room. Where one with the same offset is held
    /// already, that is kept, and what this one has more is added. Returns whether it is held.
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

    /// Removes the held piece whose turn has come, cut to what is new, and advances behind it.
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

    /// Takes a piece, on whose bytes so many follow that were not captured. Calls `deliver` with
    /// each stretch whose turn has come, in order, and with how many bytes were not captured behind
    /// it. Returns false if the piece was ahead and there was no room for it.
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

    /// Memory that held pieces take, about, in bytes.
    pub const fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}
