//! Access to packets' bytes after a capture has been read.

use std::fs::File;
use std::io::{self, Seek as _};
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError, RwLock};

use super::pipe_file::PipeFile;
use super::{ArchiveError, Extent};
use crate::trace::{ByteStore, PacketLocation, StoreError};
use crate::units::Bytes;

/// The bytes of a capture file.
pub struct CaptureStore {
    input: RereadableInput,
    /// The link types of the interfaces seen so far.
    link_types: RwLock<Vec<u16>>,
    /// IP packets that came in fragments, one after another.
    reassembled: RwLock<Vec<u8>>,
}

/// Input that can be read again.
pub(super) enum RereadableInput {
    /// The file itself.
    File(File),
    /// The copy of a pipe.
    Pipe(Arc<PipeFile>),
}

/// The interface number of [reassembled packets](CaptureStore::add_reassembled); captures do not
/// have as many interfaces.
pub(super) const REASSEMBLED: u16 = u16::MAX;

impl CaptureStore {
    /// Memory for reassembled packets. The bytes of further ones are not available.
    const MOST_REASSEMBLED: usize = 16 << 20;
    /// `LINKTYPE_RAW`: an IP packet without a link header.
    const LINK_TYPE_RAW: u16 = 101;

    pub(super) const fn new(input: RereadableInput) -> Self {
        Self {
            input,
            link_types: RwLock::new(Vec::new()),
            reassembled: RwLock::new(Vec::new()),
        }
    }

    /// The file, positioned at its beginning.
    pub(super) fn rewound(&self) -> Result<File, ArchiveError> {
        let refused = |error: &io::Error| ArchiveError::system(0, error);
        match &self.input {
            RereadableInput::File(file) => {
                let mut file = file.try_clone().map_err(|error| refused(&error))?;
                file.rewind().map_err(|error| refused(&error))?;
                Ok(file)
            }
            RereadableInput::Pipe(pipe) => {
                let whole = pipe.complete_file().map_err(|error| refused(&error))?;
                whole.ok_or_else(|| ArchiveError::Overwritten {
                    limit: Bytes(pipe.limit()),
                })
            }
        }
    }

    /// The number of piped bytes that have been overwritten, and the limit; `None` if there are
    /// none.
    pub(super) fn overwritten(&self) -> Option<(Bytes, Bytes)> {
        let RereadableInput::Pipe(pipe) = &self.input else {
            return None;
        };
        Some((Bytes(pipe.overwritten()), Bytes(pipe.limit())))
            .filter(|(forgotten, _)| forgotten.0 > 0)
    }

    /// Reads bytes at an offset; fails if the system refuses or they have been overwritten.
    pub(super) fn read_at(&self, into: &mut [u8], at: u64) -> Result<usize, StoreError> {
        loop {
            let read = match &self.input {
                RereadableInput::File(file) => file.read_at(into, at).map(Some),
                RereadableInput::Pipe(pipe) => pipe.read_at(into, at),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(StoreError::ReadFailed {
                        at,
                        reason: error.to_string(),
                    });
                }
                Ok(Some(read)) => return Ok(read),
                Ok(None) => {
                    return Err(StoreError::Evicted {
                        at,
                        kept: self.overwritten().map_or(0, |(_, limit)| limit.0),
                    });
                }
            }
        }
    }

    /// Adds the link type of the next interface.
    pub(super) fn add_interface(&self, link_type: u16) {
        self.link_types
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(link_type);
    }

    /// Stores an IP packet that lies in several frames, so that it can be read like one frame;
    /// `None` if there is no room.
    pub(super) fn add_reassembled(&self, packet: &[u8]) -> Option<PacketLocation> {
        let bytes = NonZeroU32::new(u32::try_from(packet.len()).ok()?)?;
        let mut stored = self
            .reassembled
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let at = stored.len();
        if at.saturating_add(packet.len()) > Self::MOST_REASSEMBLED {
            return None;
        }
        stored.extend_from_slice(packet);
        Some(PacketLocation {
            at: at as u64,
            bytes,
            interface: REASSEMBLED,
        })
    }

    fn read_reassembled(
        &self,
        location: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let stored = self
            .reassembled
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let needed = u64::from(location.bytes.get()).min(most as u64);
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let end = location.at.saturating_add(needed);
        let packet = stored.get(place(location.at)..place(end));
        let packet = packet.ok_or(StoreError::Truncated {
            at: location.at,
            needed,
            found: (stored.len() as u64).saturating_sub(location.at),
        })?;
        into.clear();
        into.extend_from_slice(packet);
        Ok(())
    }

    /// Reads a range of the file, such as a key log, up to `most` bytes.
    pub fn read_extent(&self, extent: Extent, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        self.fill(extent.at, extent.bytes.min(most as u64), &mut bytes)?;
        Ok(bytes)
    }

    /// Reads in steps, so that memory only grows with what is there.
    fn fill(&self, at: u64, needed: u64, into: &mut Vec<u8>) -> Result<(), StoreError> {
        const STEP: usize = 1 << 18;
        into.clear();
        while (into.len() as u64) < needed {
            let begin = into.len();
            let left = usize::try_from(needed - begin as u64).unwrap_or(usize::MAX);
            into.resize(begin + left.min(STEP), 0);
            let room = into.get_mut(begin..).unwrap_or_default();
            let read = self.read_at(room, at.saturating_add(begin as u64))?;
            into.truncate(begin + read);
            if read == 0 {
                return Err(StoreError::Truncated {
                    at,
                    needed,
                    found: into.len() as u64,
                });
            }
        }
        Ok(())
    }
}

impl ByteStore for CaptureStore {
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        if stored.interface == REASSEMBLED {
            return self.read_reassembled(stored, most, into);
        }
        self.fill(
            stored.at,
            u64::from(stored.bytes.get()).min(most as u64),
            into,
        )
    }

    fn link_type(&self, interface: u16) -> Option<u16> {
        if interface == REASSEMBLED {
            return Some(Self::LINK_TYPE_RAW);
        }
        self.link_types
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(usize::from(interface))
            .copied()
    }
}
