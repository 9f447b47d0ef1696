//! The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit
//! words.

/// A partial sum.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChecksumSum(u64);

impl ChecksumSum {
    /// Adds bytes that begin at a word boundary.
    #[must_use]
    pub(super) fn add_bytes(self, bytes: &[u8]) -> Self {
        let words = bytes.chunks(2).map(|word| {
            u64::from(u16::from_be_bytes([
                word[0],
                word.get(1).copied().unwrap_or(0),
            ]))
        });
        Self(self.0 + words.sum::<u64>())
    }

    /// Adds a word.
    #[must_use]
    pub(super) const fn add_word(self, word: u16) -> Self {
        Self(self.0 + word as u64)
    }

    /// Adds a 32-bit length.
    #[must_use]
    pub(super) fn add_length(self, length: usize) -> Self {
        self.add_bytes(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes())
    }

    /// Returns true if the sum, the checksum field included, is that of unmodified data.
    const fn is_correct(self) -> bool {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum == 0xffff
    }
}

/// Formats a checksum and whether it is correct; without a sum it was not verified.
pub(super) fn format_checksum(checksum: u16, sum: Option<ChecksumSum>) -> String {
    match sum.map(ChecksumSum::is_correct) {
        Some(true) => format!("0x{checksum:04x} correct"),
        Some(false) => format!(
            "0x{checksum:04x} incorrect: modified in transit, or still to be filled in by the \
                network card"
        ),
        None => format!("0x{checksum:04x} not verified"),
    }
}
