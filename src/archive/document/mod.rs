//! Documents in JSON: a HAR file of anybody's, or a summary of a run of ours. Which it is shows by
//! its content.
//!
//! One pass over the input, whose [strings are cut](shortened) before they are held: a body of a
//! hundred megabytes in a HAR costs no memory. Neither does the number of a HAR's entries: they are
//! [taken out](skeleton) one by one, and where each lies is kept.

mod certificate;
mod elements;
pub(super) mod lenient;
mod nesting;
mod shortened;
mod skeleton;
mod summary;

use std::sync::Arc;

use serde::Deserialize;

pub(super) use certificate::{Certificate, Tls};
pub(super) use elements::{Element, Elements};

use super::ArchiveError;
use super::har::{Har, Index, Log};
use super::pcapng::Pcapng;
use super::source::Source;
use super::store::Store;
use crate::insight::diff::Side;
use shortened::Shortened;
use skeleton::Skeleton;

/// What a document is.
pub(super) enum Document {
    /// A HAR.
    Har(Box<Har>),
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
        let exchanges = self
            .exchanges
            .into_iter()
            .map(summary::Exchange::facts)
            .chain(talks.into_iter().map(summary::Conversation::facts));
        Side {
            exchanges: exchanges.collect(),
            uncertainty: self.clock.uncertainty_ns,
            verdicts: self
                .budget
                .unwrap_or_default()
                .into_iter()
                .map(summary::Verdict::verdict)
                .collect(),
        }
    }
}

impl Document {
    /// Whether the input begins as one, and how many bytes before it say nothing.
    pub(super) fn begins(source: &mut Source) -> Result<Option<usize>, ArchiveError> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        const MOST: usize = 4096;
        // A capture that comes through a pipe is not waited for longer than that; pcapng's begins
        // with line breaks.
        let head = source.peek(Pcapng::MAGIC.len())?;
        let may_be = head
            .first()
            .is_some_and(|byte| byte.is_ascii_whitespace() || [b'{', 0xef].contains(byte));
        if !may_be || head == Pcapng::MAGIC {
            return Ok(None);
        }
        let bytes = source.peek(MOST)?;
        let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let space = text
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let skipped = bytes.len() - text.len() + space;
        Ok((text.get(space) == Some(&b'{')).then_some(skipped))
    }

    /// Reads it. Where the entries of a HAR lie is told by the document; `store` has them.
    pub(super) fn read(
        mut source: Source,
        skipped: usize,
        store: &Arc<Store>,
    ) -> Result<Self, ArchiveError> {
        source.skip(skipped as u64, "the document")?;
        let mut reader = Shortened::over(Skeleton::over(source, Index::new(Arc::clone(store))));
        let top = Top::deserialize(&mut serde_json::Deserializer::from_reader(&mut reader));
        let skeleton = reader.into_inner();
        let top = top.map_err(|error| {
            let position = skeleton.position((error.line() as u64, error.column() as u64));
            ArchiveError::Document {
                reason: describe_at(&error, position),
            }
        });
        let index = skeleton.end()?.readable_again();
        let mut top = top?;
        match (
            top.log.take(),
            top.schema.take().and_then(|schema| schema.0),
        ) {
            (Some(log), _) => Ok(Self::Har(Box::new(Har { log, index: index? }))),
            (None, Some(schema)) if schema == SUMMARY => Ok(Self::Summary(Box::new(top.side()))),
            (None, schema) => Err(ArchiveError::UnknownDocument {
                schema: schema.map(crate::units::Untrusted::new),
            }),
        }
    }
}

/// What is wrong, and where in the file.
fn describe_at(error: &serde_json::Error, (line, column): (u64, u64)) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    format!(
        "{} at line {line} column {column}",
        said.strip_suffix(&place).unwrap_or(&said)
    )
}
