//! Location of a packet's bytes, and the trait through which they are read. The trace does not hold
//! them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Location of a packet's captured bytes in a [`ByteStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketLocation {
    /// Offset of the frame's first byte in the store.
    pub at: u64,
    /// Number of bytes captured, from that offset.
    pub bytes: NonZeroU32,
    /// Interface, counted from 0 over the whole store; it determines the link type of the frame.
    pub interface: u16,
}

/// A store of packets' bytes, such as an open capture file.
pub trait ByteStore: Send + Sync {
    /// Reads the bytes of a packet, at most `most` of them. They replace the contents of `into`.
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError>;

    /// Returns the number of an interface's link type (`LINKTYPE_…`,
    /// <https://www.tcpdump.org/linktypes.html>); `None` for an unknown interface.
    fn link_type(&self, interface: u16) -> Option<u16>;
}

/// Reason why a packet's bytes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store is shorter than before.
    #[error("the bytes of a packet are missing: expected {needed} at offset {at}, found {found}")]
    Truncated {
        /// Offset in the store.
        at: u64,
        /// Bytes expected.
        needed: u64,
        /// Bytes found.
        found: u64,
    },
    /// The bytes came through a pipe and were overwritten by newer ones.
    #[error(
        "the packet's bytes are no longer stored: only the latest {kept} bytes of the pipe are; a \
            larger --spool-limit stores more"
    )]
    Evicted {
        /// Offset in the store.
        at: u64,
        /// Number of bytes that are kept.
        kept: u64,
    },
    /// The read failed.
    #[error("cannot read the bytes of a packet at offset {at}: {reason}")]
    ReadFailed {
        /// Offset in the store.
        at: u64,
        /// The system's error message.
        reason: String,
    },
}
