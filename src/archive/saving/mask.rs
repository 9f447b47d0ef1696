//! What stands between a packet's bytes and the file.

use crate::trace::Packet;

/// Overwrites in a packet's bytes what shall not be in the file. Every packet passes through it on its way; that its length stays the same,
/// and so what its headers say, the type sees to.
pub trait Mask: Send {
    /// The bytes of a packet, beginning with a link header of that type (`LINKTYPE_…`), as far as they were captured.
    fn over(&mut self, packet: &Packet, link_type: u16, bytes: &mut [u8]);
}

/// Leaves all as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmasked;

impl Mask for Unmasked {
    fn over(&mut self, _: &Packet, _: u16, _: &mut [u8]) {}
}
