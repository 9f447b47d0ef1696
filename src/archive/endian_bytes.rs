//! Reading of integers in either byte order.

/// Bytes with their byte order. Reading beyond the end yields zeros.
#[derive(Clone, Copy)]
pub(super) struct EndianBytes<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) big_endian: bool,
}

impl<'a> EndianBytes<'a> {
    pub(super) fn u16_at(self, at: usize) -> u16 {
        let two = self.array_at(at);
        if self.big_endian {
            u16::from_be_bytes(two)
        } else {
            u16::from_le_bytes(two)
        }
    }

    pub(super) fn u32_at(self, at: usize) -> u32 {
        let four = self.array_at(at);
        if self.big_endian {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        }
    }

    pub(super) fn u64_at(self, at: usize) -> u64 {
        let eight = self.array_at(at);
        if self.big_endian {
            u64::from_be_bytes(eight)
        } else {
            u64::from_le_bytes(eight)
        }
    }

    /// A 64-bit number as in pcapng timestamps: the upper half first, in either byte order.
    pub(super) fn split_u64_at(self, at: usize) -> u64 {
        u64::from(self.u32_at(at)) << 32 | u64::from(self.u32_at(at.saturating_add(4)))
    }

    fn array_at<const N: usize>(self, at: usize) -> [u8; N] {
        self.bytes
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .unwrap_or([0; N])
    }

    /// The bytes after an offset.
    pub(super) fn after(self, at: usize) -> EndianBytes<'a> {
        EndianBytes {
            bytes: self.bytes.get(at..).unwrap_or_default(),
            ..self
        }
    }
}
