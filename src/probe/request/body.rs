//! The request's body, piece by piece.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};

use super::{Field, form};
use crate::probe::spec::Body;

/// A piece handed to the connection at a time.
const PIECE: usize = 64 * 1024;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probe) enum Framing {
    /// There is no body.
    None,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked` (RFC 9112 §7.1).
    Chunked,
}

impl Framing {
    /// The field line that tells it.
    pub(super) fn field(self) -> Option<Field> {
        match self {
            Self::None => None,
            Self::Length(length) => Some(Field::new("Content-Length", length.to_string())),
            Self::Chunked => Some(Field::new("Transfer-Encoding", "chunked")),
        }
    }
}

/// Yields a body's bytes, reading files as it goes.
#[derive(Debug)]
pub(in crate::probe) struct Source {
    segments: VecDeque<Segment>,
    length: Option<u64>,
    content_type: Option<String>,
}

/// A stretch of a body.
#[derive(Debug)]
pub(super) enum Segment {
    /// Bytes at hand.
    Bytes(Bytes),
    /// A file; `left` of it where its length is known.
    File { file: File, path: PathBuf, left: Option<u64> },
}

impl Segment {
    /// A file's content.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{} cannot be read: {error}", path.display()));
        let file = File::open(path).map_err(named)?;
        let metadata = file.metadata().map_err(named)?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, format!("{} is a directory", path.display())));
        }
        Ok(Self::File { file, path: path.to_owned(), left: metadata.is_file().then_some(metadata.len()) })
    }

    fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File { left, .. } => *left,
        }
    }

    const fn is_finished(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::File { left, .. } => matches!(left, Some(0)),
        }
    }

    fn next(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Bytes(bytes) => Ok((!bytes.is_empty()).then(|| bytes.split_to(bytes.len().min(PIECE)))),
            Self::File { file, path, left } => next_of_file(file, path, left),
        }
    }
}

fn next_of_file(file: &mut File, path: &Path, left: &mut Option<u64>) -> io::Result<Option<Bytes>> {
    let room = left.map_or(PIECE, |left| usize::try_from(left).unwrap_or(PIECE).min(PIECE));
    if room == 0 {
        return Ok(None);
    }
    let mut piece = BytesMut::zeroed(room);
    let count = file.read(&mut piece)?;
    if count == 0 {
        return match left {
            Some(missing) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} became {missing} bytes shorter while it was being sent", path.display()),
            )),
            None => Ok(None),
        };
    }
    piece.truncate(count);
    *left = left.map(|left| left.saturating_sub(count as u64));
    Ok(Some(piece.freeze()))
}

impl Source {
    /// Opens what the user gave as a body.
    pub(super) fn open(body: &Body) -> io::Result<Self> {
        let (segments, content_type) = match body {
            Body::Bytes { bytes, content_type, .. } => (VecDeque::from([Segment::Bytes(bytes.clone())]), content_type.map(str::to_owned)),
            Body::Form(parts) => form::encode(parts).map(|(segments, content_type)| (segments, Some(content_type)))?,
        };
        let length = segments.iter().try_fold(0u64, |sum, segment| sum.checked_add(segment.length()?));
        Ok(Self { segments, length, content_type })
    }

    /// Its length, where it is known before it is sent.
    pub(in crate::probe) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// The `Content-Type` it implies.
    pub(in crate::probe) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Whether nothing is left. A file of unknown length is not finished before its end was read.
    pub(in crate::probe) fn is_finished(&self) -> bool {
        self.segments.iter().all(Segment::is_finished)
    }

    /// The next piece; `None` at the end.
    pub(in crate::probe) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(segment) = self.segments.front_mut() {
            if let Some(piece) = segment.next()? {
                return Ok(Some(piece));
            }
            self.segments.pop_front();
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
    use std::io::Write as _;

    use super::*;
    use crate::probe::spec::{FormContent, FormPart};

    fn drain(source: &mut Source) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(piece) = source.next().unwrap() {
            assert!(piece.len() <= PIECE);
            all.extend(piece);
        }
        all
    }

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let bytes = Bytes::from(vec![7; PIECE * 2 + 1]);
        let mut source = Source::open(&Body::Bytes { bytes: bytes.clone(), content_type: None, accept_json: false }).unwrap();
        assert_eq!(source.length(), Some(bytes.len() as u64));
        assert_eq!(drain(&mut source), bytes);
        assert!(source.is_finished());
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_sent_is_an_error() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![1; PIECE + 10]).unwrap();
        let part = FormPart { name: "f".into(), content: FormContent::File(file.path().to_owned()), content_type: None, file_name: None };
        let mut source = Source::open(&Body::Form(vec![part])).unwrap();
        file.as_file().set_len(5).unwrap();
        let error = std::iter::from_fn(|| source.next().transpose()).find_map(Result::err).expect("the file is short");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("shorter"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let part =
            FormPart { name: "f".into(), content: FormContent::File("/nonexistent/file".into()), content_type: None, file_name: None };
        assert!(Source::open(&Body::Form(vec![part])).unwrap_err().to_string().contains("/nonexistent/file"));
    }
}
