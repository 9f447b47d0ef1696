//! Where a decoded body ends up.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::preview::Preview;
use crate::probe::spec::Output;
use crate::units::Untrusted;

/// Why nothing more is taken.
#[derive(Debug)]
pub(super) enum Fault {
    /// More was decoded than allowed.
    Limit(u64),
    /// The output would not take it.
    Output(String, io::Error),
}

/// Counts, shows and writes what it is given. Every clone is the same sink: the innermost decoder writes, the receiver asks.
#[derive(Clone)]
pub(super) struct SharedSink(Arc<Mutex<Sink>>);

struct Sink {
    output: Option<(String, Box<dyn Write + Send>)>,
    preview: Option<Preview>,
    limit: Option<u64>,
    taken: u64,
    fault: Option<Fault>,
}

impl SharedSink {
    /// Opens the output. Fails with its name.
    pub(super) fn open(output: Option<&Output>, preview: Option<Preview>, limit: Option<u64>) -> Result<Self, (String, io::Error)> {
        let output: Option<(String, Box<dyn Write + Send>)> = match output {
            None => None,
            Some(Output::Stdout) => Some(("standard output".to_owned(), Box::new(io::stdout()))),
            Some(Output::File(path)) => {
                let name = path.display().to_string();
                let file = File::create(path).map_err(|error| (name.clone(), error))?;
                Some((name, Box::new(file)))
            }
        };
        Ok(Self(Arc::new(Mutex::new(Sink { output, preview, limit, taken: 0, fault: None }))))
    }

    /// Bytes taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// The first of them as text, and whether there are more; `None` where they are no text.
    pub(super) fn preview(&self) -> Option<(Untrusted, bool)> {
        let sink = self.lock();
        sink.preview.as_ref()?.text(sink.taken)
    }

    /// Why it refused, once.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.lock().fault.take()
    }

    fn lock(&self) -> MutexGuard<'_, Sink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.taken += bytes.len() as u64;
        if let Some(limit) = self.limit.filter(|limit| self.taken > *limit) {
            return Err(self.refuse(Fault::Limit(limit)));
        }
        if let Some(preview) = &mut self.preview {
            preview.take(bytes);
        }
        let written = self.output.as_mut().map_or(Ok(()), |(_, output)| output.write_all(bytes));
        written.map_err(|error| self.refuse_output(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.output.as_mut().map_or(Ok(()), |(_, output)| output.flush());
        flushed.map_err(|error| self.refuse_output(error))
    }

    fn refuse_output(&mut self, error: io::Error) -> io::Error {
        let name = self.output.as_ref().map_or_else(String::new, |(name, _)| name.clone());
        self.refuse(Fault::Output(name, error))
    }

    /// Remembers why and gives decoders something to stop at.
    fn refuse(&mut self, fault: Fault) -> io::Error {
        self.fault.get_or_insert(fault);
        io::Error::other("nothing more is taken")
    }
}

impl Write for SharedSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().take(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }
}
