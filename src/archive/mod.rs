//! Files as events: capture files of any program (pcap and pcapng), read in one pass and in large
//! blocks; [saved](saving) runs, whose events are restored; and HAR files. Run summaries are read
//! for comparison only.
//!
//! ```text
//!   file ─┐                          ┌─ pcap ───┐
//!         ├─► ArchiveInput (blocks) ─┤          ├─► CaptureRecord ─► EventReader ─► Event
//!   pipe ─┘      │                   └─ pcapng ─┘
//!                └── CaptureStore: packets' bytes, read again when needed
//! ```
//!
//! The trace has an index entry for each packet with the position of its bytes; the bytes stay in
//! the file. Piped input is copied to an unnamed file. A truncated or inconsistent file yields
//! everything that could be read, and a note.

mod document;
mod endian_bytes;
mod error;
mod event_reader;
mod frame_batch;
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

/// Default limit for the copy of piped input: 1 GiB.
pub const SPOOL_LIMIT: u64 = 1 << 30;

/// An open capture file or HAR, whose format has been recognized.
pub struct Archive {
    content: ArchiveContent,
    store: Arc<CaptureStore>,
}

enum ArchiveContent {
    Capture { reader: RecordReader, name: String },
    Har(Box<har::HarFile>),
}

/// Something that can be compared: a source of events, or a run summary.
pub enum Comparable {
    /// A saved run, a capture file or a HAR.
    Events(Box<Archive>),
    /// A summary, schema `tapline/summary/1`.
    Summary(Box<ComparedRun>),
}

impl Archive {
    /// Opens a file; anything that is not a regular file (a pipe, a terminal) is read like
    /// [`Archive::from_pipe`] does.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Comparable::open(path)?.into_archive()
    }

    /// Reads input that can only be read once. It is copied to an unnamed file, so that packets'
    /// bytes remain available.
    pub fn from_pipe(input: impl Read + Send + 'static) -> Result<Self, ArchiveError> {
        Self::from_pipe_with_limit(input, SPOOL_LIMIT)
    }

    /// Like [`Archive::from_pipe`], with a limit for the copy in bytes: once it is full, new bytes
    /// overwrite the oldest, and a note says so.
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

    /// Opens input again that has already been read: a file, or the copy of piped input.
    ///
    /// # Errors
    /// The system refuses, or the file has changed.
    pub fn reopen(store: &CaptureStore, name: &str) -> Result<Self, ArchiveError> {
        Comparable::from_input(ArchiveInput::from_file(store.rewound()?), name.to_owned())?
            .into_archive()
    }

    /// The store with the packets' bytes.
    pub fn store(&self) -> Arc<CaptureStore> {
        Arc::clone(&self.store)
    }

    /// Returns true for a HAR, whose events take longer to read than those of a capture.
    pub const fn is_har(&self) -> bool {
        matches!(self.content, ArchiveContent::Har(_))
    }

    /// A second reader of the same HAR, which needs no new index of the entries; `None` for a
    /// capture.
    pub fn clone_har(&self) -> Option<Self> {
        let ArchiveContent::Har(har) = &self.content else {
            return None;
        };
        Some(Self {
            content: ArchiveContent::Har(har.clone()),
            store: self.store(),
        })
    }

    /// Limits the number of entries of a HAR; a note says how many are left out.
    pub fn limit_entries(&mut self, entries: usize) {
        if let ArchiveContent::Har(har) = &mut self.content {
            har.entries.limit_entries(entries);
        }
    }

    /// Emits everything in the file as events, in its order, and returns its other content. An
    /// unreadable part becomes a note, and the error of the result.
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
    /// Opens a file of any supported format, recognized by its content.
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
