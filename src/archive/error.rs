//! Errors of reading capture files and documents.

use std::io;

use crate::units::{Bytes, Untrusted};

/// Why a file cannot be read, or not beyond some position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The format is unknown.
    #[error(
        "not a capture file: pcap and pcapng files do not begin with {}",
        format_hex(found)
    )]
    NotACapture {
        /// The first bytes, up to four.
        found: Vec<u8>,
    },
    /// The file is empty.
    #[error("not a capture file: it is empty")]
    Empty,
    /// The beginning of the piped input has been overwritten.
    #[error(
        "only the latest {limit} of the piped input is still available; --spool-limit keeps more"
    )]
    Overwritten {
        /// Size limit of the copy.
        limit: Bytes,
    },
    /// It is a directory.
    #[error("not a capture file: it is a directory")]
    Folder,
    /// The file is truncated.
    #[error(
        "the file ends within {layer} at offset {offset}: {needed} bytes expected, {found} left"
    )]
    Truncated {
        /// The structure that is incomplete.
        layer: &'static str,
        /// The structure's offset.
        offset: u64,
        /// The structure's length.
        needed: u64,
        /// The bytes that are there.
        found: u64,
    },
    /// A length is invalid.
    #[error("{layer} at offset {offset} has a length of {found} bytes; expected {needed}")]
    Length {
        /// The structure with that length.
        layer: &'static str,
        /// The structure's offset.
        offset: u64,
        /// Valid lengths.
        needed: ExpectedLength,
        /// The length found.
        found: u64,
    },
    /// A field is invalid.
    #[error("{layer} at offset {offset} has {field} {found}; expected {needed}")]
    Field {
        /// The structure with that field.
        layer: &'static str,
        /// The structure's offset.
        offset: u64,
        /// The field.
        field: &'static str,
        /// Valid values.
        needed: &'static str,
        /// The value found.
        found: u64,
    },
    /// The JSON is neither a readable HAR nor a readable summary.
    #[error("neither a readable HAR nor a readable summary: {reason}")]
    Document {
        /// Expected and actual content, with line and column.
        reason: String,
    },
    /// The JSON is of another kind.
    #[error(
        "JSON, but neither a HAR (it has no \"log\") nor a summary written by tapline{}",
        describe_schema(schema.as_ref())
    )]
    UnknownDocument {
        /// Its schema, if it names one.
        schema: Option<Untrusted>,
    },
    /// It is a run summary, which contains no events.
    #[error("a summary of a run, which contains no events; 'tapline diff' compares summaries")]
    Summary,
    /// The system refused to read.
    #[error("cannot read at offset {offset}: {reason}")]
    System {
        /// The offset.
        offset: u64,
        /// The system's message.
        reason: String,
    },
}

/// The length that would have been valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedLength {
    /// At least this.
    AtLeast(u64),
    /// At most this.
    AtMost(u64),
    /// The same as the length repeated at the end of the block.
    SameAsTrailer(u64),
}

impl std::fmt::Display for ExpectedLength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(bytes) => write!(f, "at least {bytes}"),
            Self::AtMost(bytes) => write!(f, "at most {bytes}"),
            Self::SameAsTrailer(bytes) => write!(f, "{bytes}, as at its end"),
        }
    }
}

impl ArchiveError {
    pub(super) fn system(offset: u64, error: &io::Error) -> Self {
        Self::System {
            offset,
            reason: error.to_string(),
        }
    }

    /// Returns true if the input is not a capture file at all.
    pub const fn is_not_capture(&self) -> bool {
        matches!(
            self,
            Self::NotACapture { .. }
                | Self::Empty
                | Self::Folder
                | Self::UnknownDocument { .. }
                | Self::Summary
        )
    }
}

fn describe_schema(schema: Option<&Untrusted>) -> String {
    schema
        .map(|schema| format!(": its schema is {:?}", schema.escaped()))
        .unwrap_or_default()
}

fn format_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}
