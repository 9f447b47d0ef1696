//! Why a capture file cannot be read, or not further.

use std::io;

use crate::units::{Bytes, Untrusted};

/// Why a capture file cannot be read, or not further than to a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It does not begin as one.
    #[error(
        "this is no capture file: pcap and pcapng begin with other bytes than {}",
        format_hex(found)
    )]
    NotACapture {
        /// What it begins with, up to four bytes.
        found: Vec<u8>,
    },
    /// There is nothing in it.
    #[error("this is no capture file: it is empty")]
    Empty,
    /// It came through a pipe, and is no longer there from its beginning.
    #[error(
        "what came through the pipe is no longer kept from its beginning, but the latest {limit} \
            of it; --spool-limit keeps more"
    )]
    Overwritten {
        /// How much is kept.
        limit: Bytes,
    },
    /// It is no file.
    #[error("this is a folder, and no capture file")]
    Folder,
    /// It ends within something.
    #[error(
        "the file ends within {layer} at offset {offset}: {needed} bytes are needed, {found} are \
            left"
    )]
    Truncated {
        /// What it ends within.
        layer: &'static str,
        /// Where that begins.
        offset: u64,
        /// Its length.
        needed: u64,
        /// What there is of it.
        found: u64,
    },
    /// A length that cannot be.
    #[error("{layer} at offset {offset} says it is {found} bytes long, and {needed}")]
    Length {
        /// What has the length.
        layer: &'static str,
        /// Where it begins.
        offset: u64,
        /// What would be right.
        needed: ExpectedLength,
        /// What it says.
        found: u64,
    },
    /// A field that cannot be what it is.
    #[error("{layer} at offset {offset} has {field} {found}, and {needed} is needed")]
    Field {
        /// What has the field.
        layer: &'static str,
        /// Where that begins.
        offset: u64,
        /// Which field.
        field: &'static str,
        /// What would be right.
        needed: &'static str,
        /// What it says.
        found: u64,
    },
    /// It is JSON, and cannot be read as a HAR or a summary.
    #[error("this is neither a HAR nor a summary that can be read: {reason}")]
    Document {
        /// What was needed and what was found, and in which line and column.
        reason: String,
    },
    /// It is JSON of another kind.
    #[error("this is JSON, but neither a HAR (it has no \"log\") nor a summary of tapline's{}", describe_schema(schema.as_ref()))]
    UnknownDocument {
        /// The schema that it names, where it names one.
        schema: Option<Untrusted>,
    },
    /// It is a summary, which has no events.
    #[error("this is a summary of a run, in which the events are not; 'tapline diff' compares it")]
    Summary,
    /// The system refuses.
    #[error("it cannot be read at offset {offset}: {reason}")]
    System {
        /// Where.
        offset: u64,
        /// What the system says.
        reason: String,
    },
}

/// What a length would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedLength {
    /// No less than this.
    AtLeast(u64),
    /// No more than this.
    AtMost(u64),
    /// As long as its other end says.
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

    /// Whether the input is no capture at all.
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
