//! The handshake messages of one side, put together from pieces in any order.

use crate::wire::assembler::Assembler;

/// Bytes of messages kept, and memory for those that come before their turn; a hello with
/// post-quantum shares has some 1,700.
const MOST: usize = 1 << 16;

/// A stream of handshake messages.
#[derive(Debug, Default)]
pub(super) struct CryptoStream {
    whole: Vec<u8>,
    assembler: Assembler<MOST>,
}

impl CryptoStream {
    /// Takes a piece; what lies beyond the limit is not kept.
    pub(super) fn take(&mut self, offset: u64, piece: &[u8]) {
        if offset.saturating_add(piece.len() as u64) <= MOST as u64 {
            let Self { whole, assembler } = self;
            assembler.push(offset, piece, 0, |next, _| whole.extend_from_slice(next));
        }
    }

    /// The first message with its type, once it is complete.
    pub(super) fn first_message(&self) -> Option<(u8, &[u8])> {
        let ([kind, a, b, c], rest) = self.whole.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
        Some((*kind, rest.get(..length)?))
    }
}
