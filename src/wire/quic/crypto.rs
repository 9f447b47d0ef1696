//! The handshake messages of one side, put together from pieces in any order.

use std::collections::BTreeMap;

/// Bytes of messages kept; a hello with post-quantum shares has some 1,700.
const MOST: u64 = 1 << 16;

/// A stream of handshake messages.
#[derive(Debug, Default)]
pub(super) struct CryptoStream {
    whole: Vec<u8>,
    ahead: BTreeMap<u64, Vec<u8>>,
    ahead_bytes: u64,
}

impl CryptoStream {
    /// Takes a piece; what lies beyond the limit is not kept.
    pub(super) fn take(&mut self, offset: u64, piece: &[u8]) {
        let length = piece.len() as u64;
        if offset.saturating_add(length) > MOST || self.ahead_bytes + length > MOST {
            return;
        }
        self.ahead_bytes += length;
        let known = self.ahead.entry(offset).or_default();
        if known.len() < piece.len() {
            piece.clone_into(known);
        }
        while let Some(next) = self
            .ahead
            .first_entry()
            .filter(|next| *next.key() <= self.whole.len() as u64)
        {
            let skipped =
                usize::try_from(self.whole.len() as u64 - next.key()).unwrap_or(usize::MAX);
            self.whole
                .extend_from_slice(next.remove().get(skipped..).unwrap_or_default());
        }
    }

    /// The first message with its type, once it is complete.
    pub(super) fn first_message(&self) -> Option<(u8, &[u8])> {
        let ([kind, a, b, c], rest) = self.whole.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
        Some((*kind, rest.get(..length)?))
    }
}
