//! Packets' bytes, read again from the file.

use std::fs::File;
use std::io::{self, Seek as _};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError, RwLock};

use super::pipe_file::PipeFile;
use super::{ArchiveError, Extent};
use crate::trace::{ByteStore, PacketLocation, StoreError};
use crate::units::Bytes;

/// The bytes of a capture file.
pub struct CaptureStore {
    input: RereadableInput,
    /// The link types of its interfaces, as far as they have come.
    link_types: RwLock<Vec<u16>>,
}

/// Where what was read can be read again.
pub(super) enum RereadableInput {
    /// The file itself.
    File(File),
    /// What is kept of a pipe.
    Pipe(Arc<PipeFile>),
}

impl CaptureStore {
    pub(super) const fn new(again: RereadableInput) -> Self {
        Self {
            input: again,
            link_types: RwLock::new(Vec::new()),
        }
    }

    /// Returns the file, to be read again from its beginning.
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

    /// Returns how many bytes of what came through a pipe are no longer kept, from the first on,
    /// and how many are kept at most.
    pub(super) fn overwritten(&self) -> Option<(Bytes, Bytes)> {
        let RereadableInput::Pipe(pipe) = &self.input else {
            return None;
        };
        Some((Bytes(pipe.overwritten()), Bytes(pipe.limit())))
            .filter(|(forgotten, _)| forgotten.0 > 0)
    }

    /// Reads a piece; an error says what was refused, or that it is no longer kept.
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

    /// The next interface has this link type.
    pub(super) fn add_interface(&self, link_type: u16) {
        self.link_types
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(link_type);
    }

    /// Bytes that are kept where they are, such as a key log, of which at most `most` are wanted.
    pub fn read_extent(&self, extent: Extent, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        self.fill(extent.at, extent.bytes.min(most as u64), &mut bytes)?;
        Ok(bytes)
    }

    /// Memory grows only with what is there.
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
        self.fill(
            stored.at,
            u64::from(stored.bytes.get()).min(most as u64),
            into,
        )
    }

    fn link_type(&self, interface: u16) -> Option<u16> {
        self.link_types
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(usize::from(interface))
            .copied()
    }
}
