//! What comes through a pipe, kept in a file without a name: all of it up to a limit, then the
//! latest of it.

use std::fs::File;
use std::io::{self, Seek as _};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file of limited size, in which new bytes take the place of the oldest.
pub(super) struct PipeFile {
    file: File,
    limit: u64,
    written: AtomicU64,
}

impl PipeFile {
    /// Makes the file, which takes no more than `limit` bytes of disk.
    pub(super) fn new(limit: u64) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            limit: limit.max(1),
            written: AtomicU64::new(0),
        })
    }

    /// Returns how many bytes it takes at most.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns how many bytes, from the first that came, are no longer there.
    pub(super) fn overwritten(&self) -> u64 {
        self.written
            .load(Ordering::Acquire)
            .saturating_sub(self.limit)
    }

    /// Adds what came. Only one thread does.
    pub(super) fn append(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = self.written.load(Ordering::Relaxed);
            let (now, rest) = bytes.split_at(self.contiguous(written, bytes.len()));
            // Told first: who reads meanwhile what is overwritten finds out.
            self.written
                .store(written + now.len() as u64, Ordering::Release);
            self.file.write_all_at(now, written % self.limit)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Reads what came at `at`; `None` where that is no longer there.
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

    /// Returns the file to be read from its beginning, while all that came is there.
    pub(super) fn complete_file(&self) -> io::Result<Option<File>> {
        if self.overwritten() > 0 {
            return Ok(None);
        }
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(Some(file))
    }

    /// How many of so many bytes lie in one piece.
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
        let kept = PipeFile::new(10).unwrap();
        let mut into = [0; 4];
        kept.append(b"abcdef").unwrap();
        assert_eq!(
            (
                kept.read_at(&mut into, 4).unwrap(),
                &into[..2],
                kept.overwritten()
            ),
            (Some(2), &b"ef"[..], 0)
        );
        assert!(kept.complete_file().unwrap().is_some());
        kept.append(b"ghijklmnopqrstuvwxyz").unwrap();
        assert_eq!(
            (kept.overwritten(), kept.file.metadata().unwrap().len()),
            (16, 10)
        );
        assert!(kept.complete_file().unwrap().is_none());
        assert_eq!(kept.read_at(&mut into, 15).unwrap(), None);
        let mut read: Vec<u8> = Vec::new();
        while let Some(more) = kept
            .read_at(&mut into, 16 + read.len() as u64)
            .unwrap()
            .filter(|more| *more > 0)
        {
            read.extend(into.get(..more).unwrap());
        }
        assert_eq!(read, b"qrstuvwxyz");
    }
}
