//! The events of a run, kept so that they can be read again: the first in memory, the rest in an
//! unlinked temporary file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use crate::trace::Event;
use crate::units::Bytes;

/// The events of one run. They can be read while others are added.
#[derive(Default)]
pub(super) struct Spool(Mutex<SpoolState>);

#[derive(Default)]
struct SpoolState {
    memory: Vec<u8>,
    /// The file for what no longer fits in memory.
    file: Option<File>,
    in_file: u64,
    /// Buffered data to append to the file.
    pending: Vec<u8>,
    /// The error that ended recording.
    failed: Option<String>,
}

impl Spool {
    /// Bytes kept in memory.
    const MAX_IN_MEMORY: usize = 1 << 20;
    /// Bytes written to the file at a time.
    const BLOCK: usize = 1 << 16;
    /// Maximum number of bytes in the file.
    const MAX_BYTES: u64 = 4 << 30;

    /// Adds an event.
    pub(super) fn add(&self, event: &Event) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.failed.is_none()
            && let Err(error) = lines.add(event)
        {
            lines.failed = Some(error.to_string());
        }
    }

    /// Passes on the events recorded so far, in order.
    ///
    /// # Errors
    /// The events are incomplete or cannot be read, or the receiver failed.
    pub(super) fn read(&self, mut to: impl FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &lines.failed {
            return Err(io::Error::other(format!(
                "the run could not be recorded completely: {why}"
            )));
        }
        lines.write_pending()?;
        let memory = Cursor::new(lines.memory.clone());
        let file = lines.file.as_ref().map(File::try_clone).transpose()?;
        let end = lines.in_file;
        drop(lines);
        let rest = file.map(|file| FileRange { file, at: 0, end });
        let read: Box<dyn Read> = match rest {
            Some(rest) => Box::new(memory.chain(rest)),
            None => Box::new(memory),
        };
        for line in BufReader::new(read).lines() {
            to(serde_json::from_str(&line?)?)?;
        }
        Ok(())
    }
}

impl SpoolState {
    fn add(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        if self.file.is_none() && self.memory.len() + line.len() <= Spool::MAX_IN_MEMORY {
            self.memory.extend(line);
            return Ok(());
        }
        let recorded = self.in_file + self.pending.len() as u64;
        if recorded + line.len() as u64 > Spool::MAX_BYTES {
            return Err(io::Error::other(format!(
                "its events exceed the limit of {}",
                Bytes(Spool::MAX_BYTES)
            )));
        }
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile()?);
        }
        self.pending.extend(line);
        if self.pending.len() >= Spool::BLOCK {
            self.write_pending()
        } else {
            Ok(())
        }
    }

    fn write_pending(&mut self) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.write_all_at(&self.pending, self.in_file)?;
        }
        self.in_file += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

/// A file up to a given end. It is read at explicit offsets, so that the shared file position is
/// left alone.
struct FileRange {
    file: File,
    at: u64,
    end: u64,
}

impl Read for FileRange {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let read = self
            .file
            .read_at(into.get_mut(..left).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::trace::EventKind;
    use crate::units::Moment;

    #[test]
    fn events_are_read_in_order_from_memory_and_from_the_file() {
        let spool = Spool::default();
        let note = |number: i64| EventKind::Note {
            exchange: None,
            text: format!("{number} \n{}", "x".repeat(3_000)).into(),
        };
        let events: Vec<Event> = (0..1_000)
            .map(|number| Event {
                at: Moment(number),
                kind: note(number),
            })
            .collect();
        for event in &events {
            spool.add(event);
        }
        assert!(spool.0.lock().unwrap().in_file > 0);
        for _ in 0..2 {
            let mut read = Vec::new();
            spool
                .read(|event| {
                    read.push(event);
                    Ok(())
                })
                .unwrap();
            assert!(read == events);
        }
        let refusal = spool.read(|_| Err(io::Error::other("enough"))).unwrap_err();
        assert_eq!(refusal.to_string(), "enough");
    }
}
