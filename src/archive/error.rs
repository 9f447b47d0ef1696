//! Errors of reading capture files and documents.

use std::io;

use crate::units::{Bytes, Untrusted};

/// Why a file cannot be read, or not beyond some position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The format is unknown.
    #[error(
        "this is no capture file: pcap and pcapng begin with other bytes than {}",
        format_hex(found)
    )]
    NotACapture {
        /// The first bytes, up to four.
        found: Vec<u8>,
    },
    /// The file is empty.
    #[error("this is no capture file: it is empty")]
    Empty,
    /// The beginning of the piped input has been overwritten.
    #[error(
        "what came through the pipe is no longer kept from its beginning, but the latest {limit} \
            of it; --spool-limit keeps more"
    )]
    Overwritten {
        /// How much is kept.
        limit: Bytes,
    },
    /// It is a directory.
    #[error("this is a folder, and no capture file")]
    Folder,
    /// The file is truncated.
    #[error(
        "the file ends within {layer} at offset {offset}: {needed} bytes are needed, {found} are \
            left"
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
    #[error("{layer} at offset {offset} says it is {found} bytes long, and {needed}")]
    Length {
        /// The structure with that length.
        layer: &'static str,
        /// The structure's offset.
        offset: u64,
        /// What would be valid.
        needed: ExpectedLength,
        /// The length found.
        found: u64,
    },
    /// A field is invalid.
    #[error("{layer} at offset {offset} has {field} {found}, and {needed} is needed")]
    Field {
        /// The structure with that field.
        layer: &'static str,
        /// The structure's offset.
        offset: u64,
        /// The field.
        field: &'static str,
        /// What would be valid.
        needed: &'static str,
        /// The value found.
        found: u64,
    },
    /// The JSON is neither a readable HAR nor a readable summary.
    #[error("this is neither a HAR nor a summary that can be read: {reason}")]
    Document {
        /// What was expected and found, with line and column.
        reason: String,
    },
    /// The JSON is of another kind.
    #[error("this is JSON, but neither a HAR (it has no \"log\") nor a summary of tapline's{}", describe_schema(schema.as_ref()))]
    UnknownDocument {
        /// Its schema, if it names one.
        schema: Option<Untrusted>,
    },
    /// It is a run summary, which contains no events.
    #[error("this is a summary of a run, in which the events are not; 'tapline diff' compares it")]
    Summary,
    /// The system refused to read.
    #[error("it cannot be read at offset {offset}: {reason}")]
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
            Self::AtLeast(bytes) => write!(f, "less than {bytes} cannot be"),
            Self::AtMost(bytes) => write!(f, "more than {bytes} cannot be"),
            Self::SameAsTrailer(bytes) => write!(f, "{bytes} at its end"),
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
