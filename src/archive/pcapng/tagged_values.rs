//! Lists of tagged values within a block, each with a code of 2 bytes, a length of 2 bytes, the
//! value, and padding to 4: options, and the records of a Name Resolution Block.

use std::net::IpAddr;

use crate::archive::endian_bytes::EndianBytes;
use crate::units::Untrusted;

/// The option `opt_comment`, valid in every block.
pub(in crate::archive) const COMMENT: u16 = 1;

/// An iterator over options, up to the end marker, the end of the block, or an option that reaches
/// beyond it.
pub(super) struct BlockOptions<'a>(EndianBytes<'a>);

impl<'a> BlockOptions<'a> {
    pub(super) const fn new(fields: EndianBytes<'a>) -> Self {
        Self(fields)
    }
}

impl<'a> Iterator for BlockOptions<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        const END: u16 = 0;
        const HEADER: usize = 4;
        let code = self.0.u16_at(0);
        let length = usize::from(self.0.u16_at(2));
        let value = self.0.bytes.get(HEADER..HEADER + length)?;
        self.0 = self.0.after(HEADER + length.next_multiple_of(4));
        (code != END).then_some((code, value))
    }
}

/// An iterator over the first name of each address.
pub(super) struct ResolvedNames<'a>(EndianBytes<'a>);

impl<'a> ResolvedNames<'a> {
    pub(super) const fn new(fields: EndianBytes<'a>) -> Self {
        Self(fields)
    }
}

impl Iterator for ResolvedNames<'_> {
    type Item = (IpAddr, Untrusted);

    fn next(&mut self) -> Option<Self::Item> {
        const END: u16 = 0;
        const IPV4: u16 = 1;
        const IPV6: u16 = 2;
        const HEADER: usize = 4;
        loop {
            let kind = self.0.u16_at(0);
            let length = usize::from(self.0.u16_at(2));
            let value = self.0.bytes.get(HEADER..HEADER + length)?;
            self.0 = self.0.after(HEADER + length.next_multiple_of(4));
            let found = match kind {
                END => return None,
                IPV4 => value
                    .split_first_chunk::<4>()
                    .map(|(address, names)| (IpAddr::from(*address), names)),
                IPV6 => value
                    .split_first_chunk::<16>()
                    .map(|(address, names)| (IpAddr::from(*address), names)),
                _ => None,
            };
            if let Some((address, names)) = found
                && let Some(name) = names
                    .split(|byte| *byte == 0)
                    .next()
                    .filter(|name| !name.is_empty())
            {
                return Some((address, Untrusted::from_bytes(name)));
            }
        }
    }
}
