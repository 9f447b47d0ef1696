//! A copy of piped input in an unnamed file, as a ring buffer: everything up to a limit, then the
//! latest bytes.

use std::fs::File;
use std::io::{self, Seek as _};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file of limited size in which new bytes overwrite the oldest.
pub(super) struct PipeFile {
    file: File,
    limit: u64,
    written: AtomicU64,
}

impl PipeFile {
    /// Creates the file, which takes up at most `limit` bytes on disk.
    pub(super) fn new(limit: u64) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            limit: limit.max(1),
            written: AtomicU64::new(0),
        })
    }

    /// The size limit.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    /// The number of bytes from the beginning that have been overwritten.
    pub(super) fn overwritten(&self) -> u64 {
        self.written
            .load(Ordering::Acquire)
            .saturating_sub(self.limit)
    }

    /// Appends bytes. Must only be called by one thread.
    pub(super) fn append(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = self.written.load(Ordering::Relaxed);
            let (now, rest) = bytes.split_at(self.contiguous(written, bytes.len()));
            // Published before writing, so that a concurrent reader notices that its bytes are
            // being overwritten.
            self.written
                .store(written + now.len() as u64, Ordering::Release);
            self.file.write_all_at(now, written % self.limit)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Reads bytes at an offset of the input; `None` if they have been overwritten.
    pub(super) fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<Option<usize>> {
        if at < self.overwritten() {
            return Ok(None);
        }
        let there = usize::try_from(self.written.load(Ordering::Acquire).saturating_sub(at))
            .unwrap_or(usize::MAX);
        let most = self.contiguous(at, into.len()).min(there);
        let read = self
            .file
            .read_at(into.get_mut(..most).unwrap_or_default(), at % self.limit)?;
        Ok((at >= self.overwritten()).then_some(read))
    }

    /// The file, positioned at its beginning, if nothing has been overwritten.
    pub(super) fn complete_file(&self) -> io::Result<Option<File>> {
        if self.overwritten() > 0 {
            return Ok(None);
        }
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(Some(file))
    }

    /// Returns the number of `bytes` that lie before the file wraps around.
    fn contiguous(&self, at: u64, bytes: usize) -> usize {
        usize::try_from(self.limit - at % self.limit)
            .unwrap_or(usize::MAX)
            .min(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_latest_bytes_are_there_and_the_disk_used_has_a_limit() {
        let pipe_file = PipeFile::new(10).unwrap();
        let mut into = [0; 4];
        pipe_file.append(b"abcdef").unwrap();
        assert_eq!(
            (
                pipe_file.read_at(&mut into, 4).unwrap(),
                &into[..2],
                pipe_file.overwritten()
            ),
            (Some(2), &b"ef"[..], 0)
        );
        assert!(pipe_file.complete_file().unwrap().is_some());
        pipe_file.append(b"ghijklmnopqrstuvwxyz").unwrap();
        assert_eq!(
            (
                pipe_file.overwritten(),
                pipe_file.file.metadata().unwrap().len()
            ),
            (16, 10)
        );
        assert!(pipe_file.complete_file().unwrap().is_none());
        assert_eq!(pipe_file.read_at(&mut into, 15).unwrap(), None);
        let mut read: Vec<u8> = Vec::new();
        while let Some(more) = pipe_file
            .read_at(&mut into, 16 + read.len() as u64)
            .unwrap()
            .filter(|more| *more > 0)
        {
            read.extend(into.get(..more).unwrap());
        }
        assert_eq!(read, b"qrstuvwxyz");
    }
}
