//! The request's body, read chunk by chunk.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};

use super::transfer_encoding::TransferEncoder;
use super::{RequestField, form};
use crate::probe::spec::{Body, TransferEncoding};

/// Size of a chunk handed to the connection, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Framing of the request's body: how its end is delimited (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probe) enum RequestFraming {
    /// There is no body.
    None,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked` (RFC 9112 §7.1).
    Chunked,
}

impl RequestFraming {
    /// Returns the field line for it.
    pub(super) fn field(self) -> Option<RequestField> {
        match self {
            Self::None => None,
            Self::Length(length) => Some(RequestField::new("Content-Length", length.to_string())),
            Self::Chunked => Some(RequestField::new("Transfer-Encoding", "chunked")),
        }
    }
}

/// Iterator over a body's bytes. Files are read as the body is sent.
#[derive(Debug)]
pub(in crate::probe) struct BodySource {
    segments: VecDeque<BodySegment>,
    length: Option<u64>,
    content_type: Option<String>,
}

/// A segment of a body: a form alternates between generated text and contents of parts.
#[derive(Debug)]
pub(super) enum BodySegment {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file; `left` is the number of bytes not yet read, if its length is known.
    File {
        file: File,
        path: PathBuf,
        left: Option<u64>,
    },
    /// A segment that is encoded while it is read; `length` is the encoded length, if it is known.
    Encoded {
        inner: Box<BodySegment>,
        encoder: TransferEncoder,
        length: Option<u64>,
        is_finished: bool,
    },
}

impl BodySegment {
    /// Opens a file as a segment.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let named = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("{} cannot be read: {error}", path.display()),
            )
        };
        let file = File::open(path).map_err(named)?;
        let metadata = file.metadata().map_err(named)?;
        if metadata.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                format!("{} is a directory", path.display()),
            ));
        }
        Ok(Self::File {
            file,
            path: path.to_owned(),
            left: metadata.is_file().then_some(metadata.len()),
        })
    }

    /// Wraps the segment in an encoding.
    pub(super) fn encoded_with(self, encoding: TransferEncoding) -> Self {
        let length = self
            .length()
            .and_then(|length| TransferEncoder::length_of(encoding, length));
        Self::Encoded {
            inner: Box::new(self),
            encoder: TransferEncoder::new(encoding),
            length,
            is_finished: false,
        }
    }

    fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File { left, .. } => *left,
            Self::Encoded { length, .. } => *length,
        }
    }

    fn is_finished(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::File { left, .. } => matches!(left, Some(0)),
            Self::Encoded { is_finished, .. } => *is_finished,
        }
    }

    fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Bytes(bytes) => {
                Ok((!bytes.is_empty()).then(|| bytes.split_to(bytes.len().min(CHUNK_BYTES))))
            }
            Self::File { file, path, left } => next_chunk_of_file(file, path, left),
            Self::Encoded {
                inner,
                encoder,
                is_finished,
                ..
            } => {
                while !*is_finished {
                    let chunk = inner.next_chunk()?;
                    *is_finished = chunk.is_none();
                    let encoded = encoder.encode(&chunk.unwrap_or_default(), *is_finished)?;
                    if !encoded.is_empty() {
                        return Ok(Some(Bytes::from(encoded)));
                    }
                }
                Ok(None)
            }
        }
    }
}

fn next_chunk_of_file(
    file: &mut File,
    path: &Path,
    left: &mut Option<u64>,
) -> io::Result<Option<Bytes>> {
    let room = left.map_or(CHUNK_BYTES, |left| {
        usize::try_from(left)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES)
    });
    if room == 0 {
        return Ok(None);
    }
    let mut chunk = BytesMut::zeroed(room);
    let count = file.read(&mut chunk)?;
    if count == 0 {
        return match left {
            Some(missing) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!(
                    "{} shrank by {missing} bytes while it was being sent",
                    path.display()
                ),
            )),
            None => Ok(None),
        };
    }
    chunk.truncate(count);
    *left = left.map(|left| left.saturating_sub(count as u64));
    Ok(Some(chunk.freeze()))
}

impl BodySource {
    /// Opens the user's body. `user_type` is the user's media type for a form, if there is one.
    pub(super) fn open(body: &Body, user_type: Option<&str>) -> io::Result<Self> {
        let (segments, content_type) = match body {
            Body::Bytes {
                bytes,
                content_type,
                ..
            } => (
                VecDeque::from([BodySegment::Bytes(bytes.clone())]),
                content_type.map(str::to_owned),
            ),
            Body::Form(form) => form::encode_form(form, user_type)
                .map(|(segments, content_type)| (segments, Some(content_type)))?,
        };
        let length = segments
            .iter()
            .try_fold(0u64, |sum, segment| sum.checked_add(segment.length()?));
        Ok(Self {
            segments,
            length,
            content_type,
        })
    }

    /// Returns the length in bytes, if it is known before the body is sent.
    pub(in crate::probe) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the `Content-Type` that the body implies.
    pub(in crate::probe) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns true if nothing is left. A file of unknown length is finished only once its end was
    /// read.
    pub(in crate::probe) fn is_finished(&self) -> bool {
        self.segments.iter().all(BodySegment::is_finished)
    }

    /// Returns the next chunk; `None` at the end.
    pub(in crate::probe) fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(segment) = self.segments.front_mut() {
            if let Some(chunk) = segment.next_chunk()? {
                return Ok(Some(chunk));
            }
            self.segments.pop_front();
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use std::io::Write as _;

    use super::*;
    use crate::probe::spec::{Form, FormContent, FormPart};

    fn drain(source: &mut BodySource) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(chunk) = source.next_chunk().unwrap() {
            assert!(
                chunk.len() <= CHUNK_BYTES * 4,
                "a byte becomes three at most, and a line of 25 three more"
            );
            all.extend(chunk);
        }
        all
    }

    fn uploading(path: &Path) -> Body {
        Body::Form(Form {
            parts: vec![FormPart::new(FormContent::File(path.to_owned()))],
            escapes_with_backslash: false,
        })
    }

    /// Files are encoded as they are read.
    #[test]
    fn an_encoded_file_has_the_length_that_was_announced() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![0xe9; CHUNK_BYTES * 2 + 1]).unwrap();
        for (encoding, length) in [
            (TransferEncoding::Base64, true),
            (TransferEncoding::QuotedPrintable, false),
        ] {
            let Body::Form(mut form) = uploading(file.path()) else {
                panic!("a form")
            };
            form.parts[0].encoding = Some(encoding);
            let mut source = BodySource::open(&Body::Form(form), None).unwrap();
            let announced = source.length();
            let sent = drain(&mut source).len() as u64;
            assert_eq!(announced, length.then_some(sent));
            assert!(source.is_finished());
        }
    }

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let bytes = Bytes::from(vec![7; CHUNK_BYTES * 2 + 1]);
        let mut source = BodySource::open(
            &Body::Bytes {
                bytes: bytes.clone(),
                content_type: None,
                accept_json: false,
            },
            None,
        )
        .unwrap();
        assert_eq!(source.length(), Some(bytes.len() as u64));
        assert_eq!(drain(&mut source), bytes);
        assert!(source.is_finished());
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_sent_is_an_error() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![1; CHUNK_BYTES + 10]).unwrap();
        let mut source = BodySource::open(&uploading(file.path()), None).unwrap();
        file.as_file().set_len(5).unwrap();
        let error = std::iter::from_fn(|| source.next_chunk().transpose())
            .find_map(Result::err)
            .expect("the file is short");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("shrank"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        assert!(
            BodySource::open(&uploading(Path::new("/nonexistent/file")), None)
                .unwrap_err()
                .to_string()
                .contains("/nonexistent/file")
        );
    }
}
