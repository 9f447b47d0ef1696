//! End of the decoder chain: counts, previews and writes the decoded body.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use super::counters::{BodyCounters, BodyFault};
use crate::probe::spec::BodyOutput;
use crate::sys::{WriteOptions, open_for_writing_blocking};

/// Writer for decoded bytes.
pub(super) struct BodySink {
    counters: Arc<BodyCounters>,
    /// Name of the output and its handle.
    output: Option<(String, File)>,
}

impl BodySink {
    /// Creates a sink without an output: it only counts and previews.
    pub(super) const fn new(counters: Arc<BodyCounters>) -> Self {
        Self {
            counters,
            output: None,
        }
    }

    /// Opens the output as well. Opening a named pipe waits for its reader.
    ///
    /// # Errors
    /// Fails if the output cannot be opened; the reason is recorded in the counters.
    pub(super) fn open(mut self, output: Option<&BodyOutput>) -> io::Result<Self> {
        let opened = match output {
            None => return Ok(self),
            // A duplicated handle bypasses the lock of `io::stdout`: other code that prints never
            // waits for a reader that does not read.
            Some(BodyOutput::Stdout) => (
                "standard output".to_owned(),
                io::stdout().as_fd().try_clone_to_owned().map(File::from),
            ),
            Some(BodyOutput::File(path)) => {
                let writing = WriteOptions {
                    append: false,
                    mode: 0o666,
                };
                (
                    path.display().to_string(),
                    open_for_writing_blocking(path, writing, || self.counters.is_stopped()),
                )
            }
        };
        let (name, file) = opened;
        let file = file.map_err(|error| {
            self.counters
                .fail_with(BodyFault::Output(name.clone(), error))
        })?;
        self.output = Some((name, file));
        Ok(self)
    }
}

/// Writes all bytes and counts those that were accepted, also when a later write fails.
fn write_counted(file: &mut File, mut bytes: &[u8], counters: &BodyCounters) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                counters.add_written(count as u64);
                bytes = bytes.get(count..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Write for BodySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.counters.count_output(bytes)?;
        if let Some((name, file)) = &mut self.output {
            let written = write_counted(file, bytes, &self.counters);
            written.map_err(|error| {
                self.counters
                    .fail_with(BodyFault::Output(name.clone(), error))
            })?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
