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

mod aside;
mod document;
mod error;
mod fields;
mod har;
mod interface;
mod journal;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod law;
mod ours;
mod pcap;
mod pcapng;
mod pipe_file;
mod reader;
mod record;
#[cfg(test)]
mod samples;
pub mod saving;
mod source;
mod store;
mod teller;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod whatever_comes;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub use error::ArchiveError;
pub use record::Extent;
pub use store::Store;
pub use teller::Kept;

use crate::insight::diff::Side;
use crate::trace::Event;
use document::Document;
use reader::Reader;
use source::Source;
use teller::Teller;

/// Bytes of a pipe that are kept where nothing else is said: 1 GiB.
pub const SPOOL_LIMIT: u64 = 1 << 30;

/// A capture file or a HAR that is open, and known to be one.
pub struct Archive {
    content: Content,
    store: Arc<Store>,
}

enum Content {
    Capture { reader: Reader, name: String },
    Har(Box<har::Har>),
}

/// What can be compared with another: what tells events, or a summary of a run.
pub enum Comparable {
    /// A saved run, a capture of anybody's or a HAR.
    Events(Box<Archive>),
    /// A summary, schema `tapline/summary/1`.
    Summary(Box<Side>),
}

impl Archive {
    /// Opens a file; what is no regular file (a pipe, a terminal) is read as [`Archive::piped`]
    /// does.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Comparable::open(path)?.events()
    }

    /// Reads what comes once only. It is kept in a file without a name, so that packets' bytes can
    /// be had afterwards.
    pub fn piped(input: impl Read + Send + 'static) -> Result<Self, ArchiveError> {
        Self::piped_within(input, SPOOL_LIMIT)
    }

    /// The same, with a limit for that file in bytes: when it is full, the latest bytes take the
    /// place of the first, which is told as a note.
    pub fn piped_within(
        input: impl Read + Send + 'static,
        limit: u64,
    ) -> Result<Self, ArchiveError> {
        Comparable::over(Source::pipe(input, limit)?, "standard input".to_owned())?.events()
    }

    /// Opens what was read once, to read it again: a file, or what came through a pipe and was
    /// kept.
    ///
    /// # Errors
    /// The system refuses, or the file is no longer what it was.
    pub fn again(store: &Store, name: &str) -> Result<Self, ArchiveError> {
        Comparable::over(Source::file(store.rewound()?), name.to_owned())?.events()
    }

    /// Where the packets' bytes can be read.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// Returns true for a HAR, whose events take longer to read than those of a capture.
    pub const fn is_har(&self) -> bool {
        matches!(self.content, Content::Har(_))
    }

    /// Of a HAR, tells no more than so many entries, and says how many are left out.
    pub fn tell_first(&mut self, entries: usize) {
        if let Content::Har(har) = &mut self.content {
            har.index.tell_first(entries);
        }
    }

    /// Tells all that is in the file as events, in its order, and returns what is no event. An
    /// unreadable part is told as a note, and is the error of what is returned.
    pub fn tell(self, to: impl FnMut(Event)) -> Kept {
        match self.content {
            Content::Capture { reader, name } => Teller::new(self.store, name, to).tell(reader),
            Content::Har(har) => {
                let read = har::events(*har, &self.store, to);
                Kept {
                    error: read.err(),
                    ..Kept::default()
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
            Self::over(Source::file(file), name)
        } else {
            Self::over(Source::pipe(file, SPOOL_LIMIT)?, name)
        }
    }

    fn over(mut source: Source, name: String) -> Result<Self, ArchiveError> {
        let store = Arc::new(Store::over(source.again()?));
        let content = match Document::begins(&mut source)? {
            None => Content::Capture {
                reader: Reader::new(source)?,
                name,
            },
            Some(skipped) => match Document::read(source, skipped, &store)? {
                Document::Har(har) => Content::Har(har),
                Document::Summary(side) => return Ok(Self::Summary(side)),
            },
        };
        Ok(Self::Events(Box::new(Archive { content, store })))
    }

    fn events(self) -> Result<Archive, ArchiveError> {
        match self {
            Self::Events(archive) => Ok(*archive),
            Self::Summary(_) => Err(ArchiveError::Summary),
        }
    }
}
