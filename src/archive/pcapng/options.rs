//! Options at the end of a block: code 2, length 2, value, padding to 4.

use crate::archive::endian_bytes::EndianBytes;

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
