//! Capture files of anybody's, as events: pcap and pcapng, read in one pass and in large blocks; and runs of ours, [saved](saving) as such
//! a file and told again as they were.
//!
//! ```text
//!   file ─┐                    ┌─ pcap ───┐
//!         ├─► Source (blocks) ─┤          ├─► Record ─► Teller ─► Event
//!   pipe ─┘      │             └─ pcapng ─┘                │
//!                └── Store: a packet's bytes, read again when they are wanted
//! ```
//!
//! The trace keeps an index entry for each packet and where its bytes lie; the bytes stay in the file. What comes through a pipe is kept in
//! a file without a name. A file that breaks off or contradicts itself yields what could be read, and a note.

mod aside;
mod error;
mod fields;
mod interface;
mod journal;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod law;
mod ours;
mod pcap;
mod pcapng;
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

use crate::trace::Event;
use reader::Reader;
use source::Source;
use teller::Teller;

/// A capture file that is open, and known to be one.
pub struct Archive {
    reader: Reader,
    store: Arc<Store>,
    name: String,
}

impl Archive {
    /// Opens a file; what is no regular file (a pipe, a terminal) is read as [`Archive::piped`] does.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(|error| ArchiveError::system(0, &error))?;
        let metadata = file.metadata().map_err(|error| ArchiveError::system(0, &error))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        if metadata.is_dir() {
            return Err(ArchiveError::Folder);
        }
        if metadata.is_file() { Self::over(Source::file(file), name) } else { Self::over(Source::pipe(file)?, name) }
    }

    /// Reads what comes once only. It is kept in a file without a name, so that packets' bytes can be had afterwards.
    pub fn piped(input: impl Read + Send + 'static) -> Result<Self, ArchiveError> {
        Self::over(Source::pipe(input)?, "standard input".to_owned())
    }

    fn over(source: Source, name: String) -> Result<Self, ArchiveError> {
        let store = Arc::new(Store::over(source.again()?));
        Ok(Self { reader: Reader::new(source)?, store, name })
    }

    /// Where the packets' bytes can be read.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// Tells all that is in the file as events, in its order, and returns what is no event. An unreadable part is told as a note, and is
    /// the error of what is returned.
    pub fn tell(self, to: impl FnMut(Event)) -> Kept {
        let Self { reader, store, name } = self;
        Teller::new(store, name, to).tell(reader)
    }
}
