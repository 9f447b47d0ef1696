//! Buffered input of capture files and documents.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use super::ArchiveError;
use super::pipe_file::PipeFile;
use super::store::RereadableInput;

/// A file, or a pipe that is copied to a file while it is read.
pub(super) struct ArchiveInput {
    kind: InputKind,
    /// Buffered bytes, unread from `start` to `end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Number of bytes before `start` that were taken last.
    taken: usize,
    /// The offset of `start` in the input.
    offset: u64,
    ended: bool,
}

enum InputKind {
    File(File),
    Pipe {
        from: Box<dyn Read + Send>,
        into: Arc<PipeFile>,
    },
}

impl ArchiveInput {
    /// Bytes read at once.
    const BLOCK: usize = 1 << 17;

    pub(super) fn from_file(file: File) -> Self {
        Self::new(InputKind::File(file))
    }

    pub(super) fn from_pipe(
        from: impl Read + Send + 'static,
        limit: u64,
    ) -> Result<Self, ArchiveError> {
        let into = PipeFile::new(limit)
            .map(Arc::new)
            .map_err(|error| ArchiveError::system(0, &error))?;
        Ok(Self::new(InputKind::Pipe {
            from: Box::new(from),
            into,
        }))
    }

    fn new(kind: InputKind) -> Self {
        Self {
            kind,
            buffer: vec![0; Self::BLOCK],
            start: 0,
            end: 0,
            taken: 0,
            offset: 0,
            ended: false,
        }
    }

    /// The file with everything that was read, for reading it again.
    pub(super) fn rereadable(&self) -> Result<RereadableInput, ArchiveError> {
        match &self.kind {
            InputKind::File(file) => file
                .try_clone()
                .map(RereadableInput::File)
                .map_err(|error| ArchiveError::system(0, &error)),
            InputKind::Pipe { into, .. } => Ok(RereadableInput::Pipe(Arc::clone(into))),
        }
    }

    /// The offset of the next byte.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The unread buffered bytes of a pipe, where reading more may block; `None` for a file, which
    /// never blocks.
    pub(super) fn buffered(&self) -> Option<&[u8]> {
        matches!(self.kind, InputKind::Pipe { .. })
            .then(|| self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// The next `wanted` bytes, or all that are left. The buffer only grows with what is there.
    pub(super) fn peek(&mut self, wanted: usize) -> Result<&[u8], ArchiveError> {
        if self.end - self.start < wanted {
            self.fill(wanted)?;
        }
        let end = self.end.min(self.start.saturating_add(wanted));
        Ok(self.buffer.get(self.start..end).unwrap_or_default())
    }

    /// Takes the next bytes, which belong to a `layer` that errors name.
    pub(super) fn take(
        &mut self,
        bytes: usize,
        layer: &'static str,
    ) -> Result<&[u8], ArchiveError> {
        let found = self.peek(bytes)?.len();
        if found < bytes {
            return Err(ArchiveError::Truncated {
                layer,
                offset: self.offset,
                needed: bytes as u64,
                found: found as u64,
            });
        }
        self.start += bytes;
        self.offset += bytes as u64;
        self.taken = bytes;
        Ok(self.taken())
    }

    /// The bytes taken last, if nothing else was requested since.
    pub(super) fn taken(&self) -> &[u8] {
        self.buffer
            .get(self.start.saturating_sub(self.taken)..self.start)
            .unwrap_or_default()
    }

    /// Skips bytes without holding them.
    pub(super) fn skip(&mut self, bytes: u64, layer: &'static str) -> Result<(), ArchiveError> {
        let begin = self.offset;
        let mut left = bytes;
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(Self::BLOCK);
            let found = self.peek(step)?.len();
            self.start += found;
            self.offset += found as u64;
            self.taken = 0;
            left -= found as u64;
            if found < step {
                return Err(ArchiveError::Truncated {
                    layer,
                    offset: begin,
                    needed: bytes,
                    found: bytes - left,
                });
            }
        }
        Ok(())
    }

    fn fill(&mut self, wanted: usize) -> Result<(), ArchiveError> {
        self.taken = 0;
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < wanted && !self.ended {
            if self.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len().saturating_mul(2), 0);
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            let read = self
                .kind
                .read(room)
                .map_err(|error| ArchiveError::system(self.offset, &error))?;
            self.ended = read == 0;
            self.end += read;
        }
        Ok(())
    }
}

impl InputKind {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Self::File(file) => file.read(into),
                Self::Pipe { from, into: copy } => from.read(into).and_then(|read| {
                    copy.append(into.get(..read).unwrap_or_default())?;
                    Ok(read)
                }),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}
