//! The `deflate` coding: zlib's format (RFC 1950) by the book, bare DEFLATE (RFC 1951) from servers
//! that misread it.

use std::io::{self, Write};

use flate2::{Decompress, FlushDecompress, Status};

use super::decode::Coding;

const STEP: usize = 64 * 1024;

/// Decodes either, told apart by the first two bytes.
pub(super) struct Deflate {
    inner: Box<dyn Coding>,
    first: Vec<u8>,
    decoder: Option<Decompress>,
    ended: bool,
    buffer: Vec<u8>,
}

impl Deflate {
    pub(super) fn new(inner: Box<dyn Coding>) -> Self {
        Self {
            inner,
            first: Vec::with_capacity(2),
            decoder: None,
            ended: false,
            buffer: Vec::with_capacity(STEP),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let zlib = matches!(self.first.as_slice(), [a, b, ..] if a & 0x0f == 8 && (u16::from(*a) << 8 | u16::from(*b)).is_multiple_of(31));
        self.decoder = Some(Decompress::new(zlib));
        let first = std::mem::take(&mut self.first);
        self.decode(&first)
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
            // Room left in the buffer means that all there was of the input is used up.
            if self.buffer.len() < self.buffer.capacity() && (input.is_empty() || used == 0) {
                break;
            }
        }
        if self.ended && !input.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "there are bytes after its end",
            ));
        }
        Ok(())
    }
}

impl Write for Deflate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.decoder.is_some() {
            self.decode(bytes)?;
            return Ok(bytes.len());
        }
        let part = bytes
            .get(..bytes.len().min(2 - self.first.len()))
            .unwrap_or(bytes);
        self.first.extend_from_slice(part);
        if self.first.len() == 2 {
            self.begin()?;
        }
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Coding for Deflate {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.decoder.is_none() {
            self.begin()?;
        }
        if !self.ended {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it breaks off",
            ));
        }
        self.inner.finish()
    }
}
