//! Name Resolution Blocks: type 2, length 2, an address and names that each end with a zero byte,
//! padding to 4.

use std::net::IpAddr;

use crate::archive::endian_bytes::EndianBytes;
use crate::units::Untrusted;

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
