//! Where a packet's bytes lie, so that what needs them can have them, and the trace need not hold
//! them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Where a packet's captured bytes lie in a [`ByteStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketLocation {
    /// Offset of the frame's first byte in the store.
    pub at: u64,
    /// Bytes captured, from there on. What was not captured at all is not stored.
    pub bytes: NonZeroU32,
    /// On which interface, counted from 0 over the whole store; it decides what the frame begins
    /// with.
    pub interface: u16,
}

/// Keeps the bytes of packets: an open capture file, or what stands for one.
pub trait ByteStore: Send + Sync {
    /// The bytes of a packet, of which at most `most` are wanted, put in place of what is in
    /// `into`.
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError>;

    /// The number of an interface's link type (`LINKTYPE_…`, <https://www.tcpdump.org/linktypes.html>); `None` for one that is not known.
    fn link_type(&self, interface: u16) -> Option<u16>;
}

/// Why a packet's bytes cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store is shorter than it was.
    #[error(
        "the bytes of a packet are gone: {needed} were expected at offset {at}, {found} are there"
    )]
    Truncated {
        /// Offset in the store.
        at: u64,
        /// Bytes wanted.
        needed: u64,
        /// Bytes there are.
        found: u64,
    },
    /// They came through a pipe, and newer ones took their place.
    #[error(
        "the packet's bytes are no longer kept: of what comes through the pipe the latest {kept} \
            bytes are; --spool-limit keeps more"
    )]
    Evicted {
        /// Offset in the store.
        at: u64,
        /// How many bytes are kept.
        kept: u64,
    },
    /// The system refuses.
    #[error("the bytes of a packet at offset {at} cannot be read: {reason}")]
    ReadFailed {
        /// Offset in the store.
        at: u64,
        /// What the system says.
        reason: String,
    },
}
