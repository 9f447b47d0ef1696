//! A body's parts as they pass.

use crate::probe::PhaseFailure;
use crate::probe::layering::PartTracker;
use crate::trace::{FailureCode, PartKind, Phase};
use crate::units::Bytes;
use crate::wire::http1::{BodyFraming, BodyReader, BodySection};

/// What may stand between two chunks: 16 KiB. The grammar has no limit for a size's leading zeros,
/// nor for extensions (RFC 9112 §7.1).
const MAX_CHUNK_HEADER: usize = 16 * 1024;

/// Follows one body from behind its head.
#[derive(Debug)]
pub(super) struct BodyParts {
    reader: BodyReader,
    /// Bytes of the chunk header under way.
    chunk_header: usize,
}

impl BodyParts {
    /// For a body that ends so.
    pub(super) const fn new(framing: BodyFraming) -> Self {
        Self {
            reader: BodyReader::new(framing),
            chunk_header: 0,
        }
    }

    /// Tells what the next bytes are. Those behind the body's end belong to nothing.
    ///
    /// # Errors
    /// Where a chunk header does not end.
    pub(super) fn pass(
        &mut self,
        bytes: &[u8],
        mut parts: Option<&mut PartTracker>,
    ) -> Result<(), PhaseFailure> {
        let Self {
            reader,
            chunk_header,
        } = self;
        let (mut told, mut longest) = (0, 0);
        reader.read(bytes, |stretch, count, ends| {
            told += count;
            if stretch == BodySection::ChunkHeader {
                *chunk_header += count;
                longest = longest.max(*chunk_header);
            }
            if ends {
                *chunk_header = 0;
            }
            if let Some(parts) = parts.as_deref_mut() {
                parts.extend_part(part_kind(stretch), count);
                if ends {
                    parts.end_part();
                }
            }
        });
        if let Some(parts) = parts {
            parts.skip_bytes(bytes.len() - told);
        }
        if longest > MAX_CHUNK_HEADER {
            Err(chunk_header_failure())
        } else {
            Ok(())
        }
    }
}

fn chunk_header_failure() -> PhaseFailure {
    let most = Bytes(MAX_CHUNK_HEADER as u64);
    let message = format!(
        "the body's chunked framing is broken: a chunk's size and its extensions are longer than \
            {most}, the limit here"
    );
    let hint = "look at what the server writes before a chunk (RFC 9112, section 7.1)";
    PhaseFailure::new(Phase::Receive, FailureCode::BodyMalformed, message, hint)
}

const fn part_kind(stretch: BodySection) -> PartKind {
    match stretch {
        BodySection::Data => PartKind::Http1Body,
        BodySection::ChunkHeader => PartKind::Http1ChunkHeader,
        BodySection::Trailers => PartKind::Http1Trailers,
    }
}
