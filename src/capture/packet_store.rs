//! The bytes of a run's packets: in memory up to a limit, then in an unnamed temporary file.

use std::fs::File;
use std::io;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

use super::run::lock_ignoring_poison;
use crate::trace::{ByteStore, PacketLocation, StoreError};

/// The captured packets of one run. The reading thread appends to it; other threads read single
/// packets.
pub struct PacketStore {
    /// Link type numbers of the interfaces.
    link_types: Vec<u16>,
    bytes: Mutex<StoredBytes>,
}

#[derive(Default)]
struct StoredBytes {
    memory: Vec<u8>,
    /// Overflow file, once the memory limit was reached.
    file: Option<File>,
    file_bytes: u64,
    /// A write to the file failed.
    full: bool,
}

impl PacketStore {
    /// Bytes kept in memory.
    const MAX_IN_MEMORY: usize = 16 << 20;
    /// Bytes kept in total; later packets keep only their parsed headers.
    const MAX_BYTES: u64 = 2 << 30;

    pub(super) fn new(links: Vec<u16>) -> Self {
        Self {
            link_types: links,
            bytes: Mutex::default(),
        }
    }

    /// Stores the captured bytes of a packet; `None` where there is no room left.
    pub(super) fn store(&self, interface: usize, frame: &[u8]) -> Option<PacketLocation> {
        let stored = |at| {
            Some(PacketLocation {
                at,
                bytes: NonZeroU32::new(u32::try_from(frame.len()).ok()?)?,
                interface: u16::try_from(interface).ok()?,
            })
        };
        let mut bytes = lock_ignoring_poison(&self.bytes);
        let at = bytes.memory.len() as u64 + bytes.file_bytes;
        if bytes.full || at + frame.len() as u64 > Self::MAX_BYTES {
            return None;
        }
        if bytes.file_bytes == 0 && bytes.memory.len() + frame.len() <= Self::MAX_IN_MEMORY {
            bytes.memory.extend_from_slice(frame);
            return stored(at);
        }
        let written = bytes.spill(frame);
        bytes.full = written.is_err();
        written.ok().and_then(|()| stored(at))
    }
}

impl StoredBytes {
    fn spill(&mut self, frame: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all_at(frame, self.file_bytes)?;
        self.file_bytes += frame.len() as u64;
        Ok(())
    }
}

impl ByteStore for PacketStore {
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let bytes = lock_ignoring_poison(&self.bytes);
        let needed = (stored.bytes.get() as usize).min(most);
        let in_memory = bytes.memory.len() as u64;
        into.clear();
        if let Some(begin) = stored.at.checked_sub(in_memory) {
            let Some(file) = &bytes.file else {
                return Err(StoreError::Truncated {
                    at: stored.at,
                    needed: needed as u64,
                    found: 0,
                });
            };
            into.resize(needed, 0);
            return file
                .read_exact_at(into, begin)
                .map_err(|error| StoreError::ReadFailed {
                    at: stored.at,
                    reason: error.to_string(),
                });
        }
        let begin = usize::try_from(stored.at).unwrap_or(usize::MAX);
        let stored_bytes = bytes.memory.get(begin..).unwrap_or_default();
        into.extend_from_slice(stored_bytes.get(..needed).unwrap_or(stored_bytes));
        if into.len() < needed {
            return Err(StoreError::Truncated {
                at: stored.at,
                needed: needed as u64,
                found: into.len() as u64,
            });
        }
        Ok(())
    }

    fn link_type(&self, interface: u16) -> Option<u16> {
        self.link_types.get(usize::from(interface)).copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn packets_are_read_from_memory_and_from_the_file() {
        let packets = PacketStore::new(vec![1, 113]);
        let frame = |number: u32| [number.to_be_bytes().as_slice(), &vec![7; 60_000]].concat();
        let stored: Vec<PacketLocation> = (0..600)
            .map(|number| packets.store(1, &frame(number)).unwrap())
            .collect();
        assert!(lock_ignoring_poison(&packets.bytes).file_bytes > 0);
        let mut bytes = Vec::new();
        for (number, stored) in (0..).zip(stored) {
            packets.read(stored, usize::MAX, &mut bytes).unwrap();
            assert!(bytes == frame(number), "{number}");
            packets.read(stored, 4, &mut bytes).unwrap();
            assert_eq!(
                (bytes.as_slice(), packets.link_type(stored.interface)),
                (number.to_be_bytes().as_slice(), Some(113))
            );
        }
        let beyond = PacketLocation {
            at: 1 << 40,
            bytes: NonZeroU32::MIN,
            interface: 0,
        };
        assert!(packets.read(beyond, 1, &mut bytes).is_err());
        assert_eq!(packets.store(0, &[]), None);
    }
}
