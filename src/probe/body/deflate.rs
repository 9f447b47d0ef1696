//! The `deflate` content coding. The standard means the zlib format (RFC 1950); some servers send
//! raw DEFLATE (RFC 1951) instead, so both are accepted.

use std::io::{self, Write};

use flate2::{Decompress, FlushDecompress, Status};

use super::decode::BodyDecoder;

const OUTPUT_BUFFER_BYTES: usize = 64 * 1024;

/// Decoder for either format, detected from the first two bytes.
pub(super) struct DeflateDecoder {
    inner: Box<dyn BodyDecoder>,
    prefix: Vec<u8>,
    decoder: Option<Decompress>,
    ended: bool,
    buffer: Vec<u8>,
}

impl DeflateDecoder {
    pub(super) fn new(inner: Box<dyn BodyDecoder>) -> Self {
        Self {
            inner,
            prefix: Vec::with_capacity(2),
            decoder: None,
            ended: false,
            buffer: Vec::with_capacity(OUTPUT_BUFFER_BYTES),
        }
    }

    fn detect_format(&mut self) -> io::Result<()> {
        self.decoder = Some(Decompress::new(has_zlib_header(&self.prefix)));
        let prefix = std::mem::take(&mut self.prefix);
        self.decode(&prefix)
    }

    fn decode(&mut self, mut input: &[u8]) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        while !self.ended {
            self.buffer.clear();
            let before = decoder.total_in();
            let status = decoder.decompress_vec(input, &mut self.buffer, FlushDecompress::None)?;
            let used = usize::try_from(decoder.total_in() - before).unwrap_or(input.len());
            input = input.get(used..).unwrap_or_default();
            self.inner.write_all(&self.buffer)?;
            self.ended = status == Status::StreamEnd;
            // Room left in the buffer with input left too does not mean that the decoder can go no
            // further: it may first have emptied its window into the buffer.
            let is_stalled = used == 0 && self.buffer.is_empty();
            let is_drained = input.is_empty() && self.buffer.len() < self.buffer.capacity();
            if is_stalled || is_drained {
                break;
            }
        }
        if self.ended && !input.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "there is data after its end",
            ));
        }
        Ok(())
    }
}

/// Returns true if the first two bytes are a zlib header: compression method 8 in the low nibble,
/// and a multiple of 31 as a 16-bit number (RFC 1950 §2.2). Raw DEFLATE with that nibble would be a
/// stored block with non-zero padding, which no encoder writes (RFC 1951 §3.2.4).
fn has_zlib_header(prefix: &[u8]) -> bool {
    match prefix {
        [first, second, ..] => {
            first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
        }
        _ => false,
    }
}

impl Write for DeflateDecoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.decoder.is_some() {
            self.decode(bytes)?;
            return Ok(bytes.len());
        }
        let part = bytes
            .get(..bytes.len().min(2 - self.prefix.len()))
            .unwrap_or(bytes);
        self.prefix.extend_from_slice(part);
        if self.prefix.len() == 2 {
            self.detect_format()?;
        }
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl BodyDecoder for DeflateDecoder {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.decoder.is_none() {
            self.detect_format()?;
        }
        if !self.ended {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it is truncated",
            ));
        }
        self.inner.finish()
    }
}
