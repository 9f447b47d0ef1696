//! Capture files of anybody's, as events: pcap and pcapng, read in one pass and in large blocks;
//! and runs of ours, [saved](saving) as such a file and told again as they were. HAR files of
//! anybody's as events, too; and summaries of runs, as what is compared of them.
//!
//! ```text
//!   file ─┐                    ┌─ pcap ───┐
//!         ├─► Source (blocks) ─┤          ├─► Record ─► Teller ─► Event
//!   pipe ─┘      │             └─ pcapng ─┘                │
//!                └── Store: a packet's bytes, read again when they are wanted
//! ```
//!
//! The trace keeps an index entry for each packet and where its bytes lie; the bytes stay in the
//! file. What comes through a pipe is kept in a file without a name. A file that breaks off or
//! contradicts itself yields what could be read, and a note.

mod document;
mod endian_bytes;
mod error;
mod event_reader;
mod har;
mod input;
mod interface;
mod journal;
mod packet_meta;
mod pcap;
mod pcapng;
mod pipe_file;
mod reader;
mod record;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod robustness;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod round_trip;
#[cfg(test)]
mod sample_files;
mod saved_run;
pub mod saving;
mod store;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub use error::ArchiveError;
pub use event_reader::Attachments;
pub use record::Extent;
pub use store::CaptureStore;

use crate::insight::diff::ComparedRun;
use crate::trace::Event;
use document::JsonDocument;
use event_reader::EventReader;
use input::ArchiveInput;
use reader::RecordReader;

/// Bytes of a pipe that are kept where nothing else is said: 1 GiB.
pub const SPOOL_LIMIT: u64 = 1 << 30;

/// A capture file or a HAR that is open, and known to be one.
pub struct Archive {
    content: ArchiveContent,
    store: Arc<CaptureStore>,
}

enum ArchiveContent {
    Capture { reader: RecordReader, name: String },
    Har(Box<har::HarFile>),
}

/// What can be compared with another: what tells events, or a summary of a run.
pub enum Comparable {
    /// A saved run, a capture of anybody's or a HAR.
    Events(Box<Archive>),
    /// A summary, schema `tapline/summary/1`.
    Summary(Box<ComparedRun>),
}

impl Archive {
    /// Opens a file; what is no regular file (a pipe, a terminal) is read as [`Archive::piped`]
    /// does.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Comparable::open(path)?.into_archive()
    }

    /// Reads what comes once only. It is kept in a file without a name, so that packets' bytes can
    /// be had afterwards.
    pub fn from_pipe(input: impl Read + Send + 'static) -> Result<Self, ArchiveError> {
        Self::from_pipe_with_limit(input, SPOOL_LIMIT)
    }

    /// The same, with a limit for that file in bytes: when it is full, the latest bytes take the
    /// place of the first, which is told as a note.
    pub fn from_pipe_with_limit(
        input: impl Read + Send + 'static,
        limit: u64,
    ) -> Result<Self, ArchiveError> {
        Comparable::from_input(
            ArchiveInput::from_pipe(input, limit)?,
            "standard input".to_owned(),
        )?
        .into_archive()
    }

    /// Opens what was read once, to read it again: a file, or what came through a pipe and was
    /// kept.
    ///
    /// # Errors
    /// The system refuses, or the file is no longer what it was.
    pub fn reopen(store: &CaptureStore, name: &str) -> Result<Self, ArchiveError> {
        Comparable::from_input(ArchiveInput::from_file(store.rewound()?), name.to_owned())?
            .into_archive()
    }

    /// Where the packets' bytes can be read.
    pub fn store(&self) -> Arc<CaptureStore> {
        Arc::clone(&self.store)
    }

    /// Returns true for a HAR, whose events take longer to read than those of a capture.
    pub const fn is_har(&self) -> bool {
        matches!(self.content, ArchiveContent::Har(_))
    }

    /// Of a HAR, tells no more than so many entries, and says how many are left out.
    pub fn limit_entries(&mut self, entries: usize) {
        if let ArchiveContent::Har(har) = &mut self.content {
            har.index.limit_entries(entries);
        }
    }

    /// Tells all that is in the file as events, in its order, and returns what is no event. An
    /// unreadable part is told as a note, and is the error of what is returned.
    pub fn read_events(self, to: impl FnMut(Event)) -> Attachments {
        match self.content {
            ArchiveContent::Capture { reader, name } => {
                EventReader::new(self.store, name, to).read_events(reader)
            }
            ArchiveContent::Har(har) => {
                let read = har::read_har_events(*har, &self.store, to);
                Attachments {
                    error: read.err(),
                    ..Attachments::default()
                }
            }
        }
    }
}

impl Comparable {
    /// Opens a file of any kind that is known, by what is in it.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(|error| ArchiveError::system(0, &error))?;
        let metadata = file
            .metadata()
            .map_err(|error| ArchiveError::system(0, &error))?;
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        if metadata.is_dir() {
            return Err(ArchiveError::Folder);
        }
        if metadata.is_file() {
            Self::from_input(ArchiveInput::from_file(file), name)
        } else {
            Self::from_input(ArchiveInput::from_pipe(file, SPOOL_LIMIT)?, name)
        }
    }

    fn from_input(mut source: ArchiveInput, name: String) -> Result<Self, ArchiveError> {
        let store = Arc::new(CaptureStore::new(source.rereadable()?));
        let content = match JsonDocument::detect(&mut source)? {
            None => ArchiveContent::Capture {
                reader: RecordReader::new(source)?,
                name,
            },
            Some(skipped) => match JsonDocument::read(source, skipped, &store)? {
                JsonDocument::Har(har) => ArchiveContent::Har(har),
                JsonDocument::Summary(side) => return Ok(Self::Summary(side)),
            },
        };
        Ok(Self::Events(Box::new(Archive { content, store })))
    }

    fn into_archive(self) -> Result<Archive, ArchiveError> {
        match self {
            Self::Events(archive) => Ok(*archive),
            Self::Summary(_) => Err(ArchiveError::Summary),
        }
    }
}
