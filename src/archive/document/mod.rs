//! Documents in JSON: a HAR file of anybody's, or a summary of a run of ours. Which it is shows by
//! its content.
//!
//! One pass over the input, whose [strings are cut](shortened) before they are held: a body of a
//! hundred megabytes in a HAR costs no memory. Neither does the number of a HAR's entries: they are
//! [taken out](skeleton) one by one, and where each lies is kept.

mod entry_extraction;
pub(super) mod lenient;
mod list_elements;
mod nesting;
mod string_truncation;
mod summary;
mod tls;

use std::sync::Arc;

use serde::Deserialize;

pub(super) use list_elements::{ElementSink, ListElement};
pub(super) use tls::{DocumentCertificate, DocumentTls};

use super::ArchiveError;
use super::har::{EntryIndex, HarFile, HarLog};
use super::input::ArchiveInput;
use super::pcapng::Pcapng;
use super::store::CaptureStore;
use crate::insight::diff::ComparedRun;
use entry_extraction::EntryExtractor;
use string_truncation::StringTruncator;

/// What a document is.
pub(super) enum JsonDocument {
    /// A HAR.
    Har(Box<HarFile>),
    /// A summary.
    Summary(Box<ComparedRun>),
}

/// The schema of the summaries that are read.
const SUMMARY_SCHEMA: &str = "tapline/summary/1";

/// The names at the top of a document, of either kind.
#[derive(Deserialize)]
struct TopLevel {
    #[serde(default)]
    log: Option<HarLog>,
    #[serde(default)]
    schema: Option<lenient::LenientText>,
    #[serde(default)]
    clock: summary::SummaryClock,
    #[serde(default)]
    budget: Option<Vec<summary::SummaryVerdict>>,
    #[serde(default)]
    exchanges: Vec<summary::SummaryExchange>,
    #[serde(default)]
    conversations: Option<Vec<summary::SummaryConversation>>,
}

impl TopLevel {
    fn into_run(self) -> ComparedRun {
        let talks = self.conversations.unwrap_or_default();
        let exchanges = self
            .exchanges
            .into_iter()
            .map(summary::SummaryExchange::into_facts)
            .chain(
                talks
                    .into_iter()
                    .map(summary::SummaryConversation::into_facts),
            );
        ComparedRun {
            exchanges: exchanges.collect(),
            uncertainty: self.clock.uncertainty_ns,
            limit_results: self
                .budget
                .unwrap_or_default()
                .into_iter()
                .map(summary::SummaryVerdict::into_limit_result)
                .collect(),
        }
    }
}

impl JsonDocument {
    /// Whether the input begins as one, and how many bytes before it say nothing.
    pub(super) fn detect(source: &mut ArchiveInput) -> Result<Option<usize>, ArchiveError> {
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
        mut source: ArchiveInput,
        skipped: usize,
        store: &Arc<CaptureStore>,
    ) -> Result<Self, ArchiveError> {
        source.skip(skipped as u64, "the document")?;
        let mut reader = StringTruncator::new(EntryExtractor::new(
            source,
            EntryIndex::new(Arc::clone(store)),
        ));
        let top = TopLevel::deserialize(&mut serde_json::Deserializer::from_reader(&mut reader));
        let skeleton = reader.into_inner();
        let top = top.map_err(|error| {
            let position = skeleton.input_position_at((error.line() as u64, error.column() as u64));
            ArchiveError::Document {
                reason: describe_at(&error, position),
            }
        });
        let index = skeleton.finish()?.ensure_rereadable();
        let mut top = top?;
        match (
            top.log.take(),
            top.schema.take().and_then(|schema| schema.0),
        ) {
            (Some(log), _) => Ok(Self::Har(Box::new(HarFile { log, index: index? }))),
            (None, Some(schema)) if schema == SUMMARY_SCHEMA => {
                Ok(Self::Summary(Box::new(top.into_run())))
            }
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
