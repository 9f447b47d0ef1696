//! Files and standard input as sources of request data.

use std::fs::{self, File};
use std::io::{self, Read};
use std::sync::OnceLock;

use bytes::Bytes;

use super::masked_text;
use crate::cli::exit::UsageError;

/// Maximum size of what is read at once into memory.
const MAX_IN_MEMORY: u64 = 1 << 30;

/// The content of standard input, which can be read only once. Several URLs on one command line
/// send the same.
static STANDARD_INPUT: OnceLock<Bytes> = OnceLock::new();

/// The input of one request. As in curl, the first option that names standard input gets all of it,
/// and others get nothing.
#[derive(Debug, Default)]
pub(super) struct RequestInput {
    is_taken: bool,
}

impl RequestInput {
    /// Reads a file; `-` is standard input.
    pub(super) fn read(&mut self, file: &str) -> Result<Bytes, UsageError> {
        if file != "-" {
            return read_file(file);
        }
        if std::mem::replace(&mut self.is_taken, true) {
            return Ok(Bytes::new());
        }
        if let Some(bytes) = STANDARD_INPUT.get() {
            return Ok(bytes.clone());
        }
        let bytes = read_all(io::stdin().lock(), file)?;
        Ok(STANDARD_INPUT.get_or_init(|| bytes).clone())
    }

    /// Reads what can be read only once or has no known length (a pipe, a device, a kernel file).
    /// Returns `None` for a regular file, which is read while it is sent.
    ///
    /// # Errors
    /// The file cannot be read; this is checked before anything is sent.
    pub(super) fn read_unless_regular(&mut self, file: &str) -> Result<Option<Bytes>, UsageError> {
        if file == "-" {
            return self.read(file).map(Some);
        }
        let metadata = fs::metadata(file).map_err(|error| unreadable_error(file, &error))?;
        if metadata.is_dir() {
            return Err(unreadable_error(
                file,
                &io::Error::from(io::ErrorKind::IsADirectory),
            ));
        }
        if metadata.is_file() && metadata.len() > 0 {
            return File::open(file)
                .map(|_| None)
                .map_err(|error| unreadable_error(file, &error));
        }
        read_file(file).map(Some)
    }
}

/// Reads a text file; `-` is standard input.
pub(in crate::cli) fn read_text(file: &str) -> Result<String, UsageError> {
    let bytes = RequestInput::default().read(file)?;
    String::from_utf8(bytes.into())
        .map_err(|_| UsageError::new(format!("'{}' is not UTF-8 text", masked_text(file))))
}

fn read_file(name: &str) -> Result<Bytes, UsageError> {
    let file = File::open(name).map_err(|error| unreadable_error(name, &error))?;
    if file
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() > MAX_IN_MEMORY)
    {
        return Err(too_large_error(name));
    }
    read_all(file, name)
}

fn read_all(from: impl Read, name: &str) -> Result<Bytes, UsageError> {
    let mut bytes = Vec::new();
    from.take(MAX_IN_MEMORY + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable_error(name, &error))?;
    if bytes.len() as u64 > MAX_IN_MEMORY {
        Err(too_large_error(name))
    } else {
        Ok(Bytes::from(bytes))
    }
}

fn unreadable_error(name: &str, error: &io::Error) -> UsageError {
    UsageError::new(format!("'{}' cannot be read: {error}", masked_text(name)))
}

fn too_large_error(name: &str) -> UsageError {
    UsageError::new(format!(
        "'{}' is too large to be kept in memory (1 GiB); -F can send a file of any size",
        masked_text(name)
    ))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_sent_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        for file in [folder, "/nonexistent/file"] {
            for refusal in [
                RequestInput::default().read(file).unwrap_err(),
                RequestInput::default()
                    .read_unless_regular(file)
                    .unwrap_err(),
            ] {
                assert!(refusal.to_string().contains(file), "{refusal}");
            }
        }
    }

    #[test]
    fn a_file_too_large_for_memory_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        File::create(&path)
            .unwrap()
            .set_len(MAX_IN_MEMORY + 1)
            .unwrap();
        let refusal = RequestInput::default()
            .read(path.to_str().unwrap())
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("1 GiB"), "{refusal}");
        assert_eq!(
            RequestInput::default().read_unless_regular(path.to_str().unwrap()),
            Ok(None),
            "it is read as it is sent"
        );
    }

    #[test]
    fn inputs_without_a_length_are_read_in_advance() {
        let bytes = RequestInput::default()
            .read_unless_regular("/proc/version")
            .unwrap()
            .unwrap();
        assert!(!bytes.is_empty());
        let empty = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(
            RequestInput::default().read_unless_regular(empty.path().to_str().unwrap()),
            Ok(Some(Bytes::new()))
        );
    }
}
