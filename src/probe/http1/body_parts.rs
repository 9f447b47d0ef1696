//! A body's parts as they pass.

use crate::probe::layering::Parts;
use crate::trace::PartKind;
use crate::wire::http1::{BodyReader, Framing, Stretch};

/// Follows one body from behind its head.
#[derive(Debug)]
pub(super) struct BodyParts(BodyReader);

impl BodyParts {
    /// For a body that ends so.
    pub(super) const fn new(framing: Framing) -> Self {
        Self(BodyReader::new(framing))
    }

    /// Tells what the next bytes are. Those behind the body's end belong to nothing.
    pub(super) fn pass(&mut self, bytes: &[u8], parts: &mut Parts) {
        let mut told = 0;
        self.0.read(bytes, |stretch, count, ends| {
            told += count;
            parts.pass(kind(stretch), count);
            if ends {
                parts.end();
            }
        });
        parts.skip(bytes.len() - told);
    }
}

const fn kind(stretch: Stretch) -> PartKind {
    match stretch {
        Stretch::Data => PartKind::Http1Body,
        Stretch::ChunkHeader => PartKind::Http1ChunkHeader,
        Stretch::Trailers => PartKind::Http1Trailers,
    }
}
