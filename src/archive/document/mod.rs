//! Documents in JSON: a HAR file of anybody's, or a summary of a run of ours. Which it is shows by its content.
//!
//! One pass over the input, whose [strings are cut](shortened) before they are held: a body of a hundred megabytes in a HAR costs no memory.

mod certificate;
pub(super) mod lenient;
mod shortened;
mod summary;

use std::io::{BufReader, Read};

use serde::Deserialize;

pub(super) use certificate::{Certificate, Tls};

use super::ArchiveError;
use super::har::Log;
use super::pcapng::Pcapng;
use super::source::Source;
use crate::insight::diff::Side;
use shortened::Shortened;

/// What a document is.
pub(super) enum Document {
    /// A HAR.
    Har(Box<Log>),
    /// A summary.
    Summary(Box<Side>),
}

/// The schema of the summaries that are read.
const SUMMARY: &str = "tapline/summary/1";

/// The names at the top of a document, of either kind.
#[derive(Deserialize)]
struct Top {
    #[serde(default)]
    log: Option<Log>,
    #[serde(default)]
    schema: Option<lenient::Text>,
    #[serde(default)]
    clock: summary::Clock,
    #[serde(default)]
    budget: Option<Vec<summary::Verdict>>,
    #[serde(default)]
    exchanges: Vec<summary::Exchange>,
    #[serde(default)]
    conversations: Option<Vec<summary::Conversation>>,
}

impl Top {
    fn side(self) -> Side {
        let talks = self.conversations.unwrap_or_default();
        let exchanges = self.exchanges.into_iter().map(summary::Exchange::facts).chain(talks.into_iter().map(summary::Conversation::facts));
        Side {
            exchanges: exchanges.collect(),
            uncertainty: self.clock.uncertainty_ns,
            verdicts: self.budget.unwrap_or_default().into_iter().map(summary::Verdict::verdict).collect(),
        }
    }
}

impl Document {
    /// Whether the input begins as one, and how many bytes before it say nothing.
    pub(super) fn begins(source: &mut Source) -> Result<Option<usize>, ArchiveError> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        const MOST: usize = 4096;
        // A capture that comes through a pipe is not waited for longer than that; pcapng's begins with line breaks.
        let head = source.peek(Pcapng::MAGIC.len())?;
        let may_be = head.first().is_some_and(|byte| byte.is_ascii_whitespace() || [b'{', 0xef].contains(byte));
        if !may_be || head == Pcapng::MAGIC {
            return Ok(None);
        }
        let bytes = source.peek(MOST)?;
        let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let space = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let skipped = bytes.len() - text.len() + space;
        Ok((text.get(space) == Some(&b'{')).then_some(skipped))
    }

    /// Reads it.
    pub(super) fn read(mut source: Source, skipped: usize) -> Result<Self, ArchiveError> {
        source.skip(skipped as u64, "the document")?;
        let mut reader = Shortened::over(BufReader::with_capacity(1 << 16, Input { source, failed: None }));
        let top = Top::deserialize(&mut serde_json::Deserializer::from_reader(&mut reader));
        if let Some(error) = reader.into_inner().into_inner().failed {
            return Err(error);
        }
        let mut top = top.map_err(|error| ArchiveError::Document { reason: error.to_string() })?;
        match (top.log.take(), top.schema.take().and_then(|schema| schema.0)) {
            (Some(log), _) => Ok(Self::Har(Box::new(log))),
            (None, Some(schema)) if schema == SUMMARY => Ok(Self::Summary(Box::new(top.side()))),
            (None, schema) => Err(ArchiveError::UnknownDocument { schema: schema.map(crate::units::Untrusted::new) }),
        }
    }
}

/// The source as whoever reads bytes wants it; what the system refuses is kept as it was said.
struct Input {
    source: Source,
    failed: Option<ArchiveError>,
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let step = self.source.peek(into.len().min(1 << 16)).map(<[u8]>::len).and_then(|found| self.source.take(found, "the document"));
        match step {
            Ok(bytes) => {
                into.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
                Ok(bytes.len())
            }
            Err(error) => {
                let told = std::io::Error::other(error.to_string());
                self.failed = Some(error);
                Err(told)
            }
        }
    }
}
