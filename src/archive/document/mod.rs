//! JSON documents: HAR files of any program, or run summaries, told apart by their content.
//!
//! The input is read in one pass, in which [long strings are truncated](string_truncation) before
//! they are held: a body of a hundred megabytes in a HAR takes no memory. Neither does the number
//! of entries: they are [extracted](entry_extraction) one by one, and only their positions are
//! kept.

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
use crate::insight::diff::{ComparedRun, ExchangeFacts, LimitResult};
use entry_extraction::EntryExtractor;
use string_truncation::StringTruncator;

/// A JSON document.
pub(super) enum JsonDocument {
    /// A HAR file.
    Har(Box<HarFile>),
    /// A run summary.
    Summary(Box<ComparedRun>),
}

/// The schema of the supported summaries.
const SUMMARY_SCHEMA: &str = "tapline/summary/1";

/// The top-level members of both kinds of documents.
#[derive(Deserialize)]
struct TopLevel<'a> {
    #[serde(borrow, default)]
    log: Option<HarLog<'a>>,
    #[serde(default)]
    schema: Option<lenient::LenientText<'a>>,
    #[serde(default)]
    clock: summary::SummaryClock,
    #[serde(default)]
    budget: Option<Vec<summary::SummaryVerdict>>,
    #[serde(default)]
    exchanges: Vec<summary::SummaryExchange>,
    #[serde(default)]
    conversations: Option<Vec<summary::SummaryConversation>>,
}

impl TopLevel<'_> {
    fn into_run(self) -> ComparedRun {
        let conversations = self.conversations.unwrap_or_default();
        let exchanges = self
            .exchanges
            .into_iter()
            .map(ExchangeFacts::from)
            .chain(conversations.into_iter().map(ExchangeFacts::from));
        ComparedRun {
            exchanges: exchanges.collect(),
            uncertainty: self.clock.uncertainty_ns,
            limit_results: self
                .budget
                .unwrap_or_default()
                .into_iter()
                .map(LimitResult::from)
                .collect(),
        }
    }
}

impl JsonDocument {
    /// Returns the number of leading bytes to skip if the input is a JSON document.
    pub(super) fn detect(source: &mut ArchiveInput) -> Result<Option<usize>, ArchiveError> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        const MAX_SPACE: usize = 4096;
        // Input from a pipe may come slowly, so no more bytes are waited for than needed. pcapng
        // begins with line breaks, too.
        let head = source.peek(Pcapng::MAGIC.len())?;
        let may_be = head
            .first()
            .is_some_and(|byte| byte.is_ascii_whitespace() || [b'{', 0xef].contains(byte));
        if !may_be || head == Pcapng::MAGIC {
            return Ok(None);
        }
        let bytes = source.peek(MAX_SPACE)?;
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let space = text
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let skipped = bytes.len() - text.len() + space;
        Ok((text.get(space) == Some(&b'{')).then_some(skipped))
    }

    /// Reads the document. The index of a HAR refers to `store`.
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
        let entries = skeleton.finish()?.into_sorted();
        let mut top = top?;
        match (
            top.log.take(),
            top.schema.take().and_then(|schema| schema.0),
        ) {
            (Some(log), _) => Ok(Self::Har(Box::new(HarFile {
                log,
                entries: entries?,
            }))),
            (None, Some(schema)) if schema == SUMMARY_SCHEMA => {
                Ok(Self::Summary(Box::new(top.into_run())))
            }
            (None, schema) => Err(ArchiveError::UnknownDocument {
                schema: schema.map(crate::units::Untrusted::new),
            }),
        }
    }
}

/// The error message with its position in the file.
fn describe_at(error: &serde_json::Error, (line, column): (u64, u64)) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    format!(
        "{} at line {line} column {column}",
        message.strip_suffix(&place).unwrap_or(&message)
    )
}
