//! Files and standard input, as what is to be sent.

use std::fs::{self, File};
use std::io::{self, Read};
use std::sync::OnceLock;

use bytes::Bytes;

use super::shown;
use crate::cli::usage::Usage;

/// What is read at once, and kept in memory, may have this many bytes.
const MOST: u64 = 1 << 30;

/// Standard input can be read once; several URLs of one command line are sent the same.
static STANDARD_INPUT: OnceLock<Bytes> = OnceLock::new();

/// What one request reads. As with curl, whoever names standard input first gets all of it, and
/// others nothing.
#[derive(Debug, Default)]
pub(super) struct Input {
    is_taken: bool,
}

impl Input {
    /// A file's bytes; `-` is standard input.
    pub(super) fn read(&mut self, file: &str) -> Result<Bytes, Usage> {
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

    /// The bytes of what can be read only once or does not tell its length (a pipe, a device, a
    /// file of the kernel's); `None` for a file that is read as it is sent.
    ///
    /// # Errors
    /// Names a file that cannot be read, before anything is sent.
    pub(super) fn read_unless_stored(&mut self, file: &str) -> Result<Option<Bytes>, Usage> {
        if file == "-" {
            return self.read(file).map(Some);
        }
        let metadata = fs::metadata(file).map_err(|error| unreadable(file, &error))?;
        if metadata.is_dir() {
            return Err(unreadable(
                file,
                &io::Error::from(io::ErrorKind::IsADirectory),
            ));
        }
        if metadata.is_file() && metadata.len() > 0 {
            return File::open(file)
                .map(|_| None)
                .map_err(|error| unreadable(file, &error));
        }
        read_file(file).map(Some)
    }
}

/// A file's text; `-` is standard input.
pub(in crate::cli) fn read_text(file: &str) -> Result<String, Usage> {
    let bytes = Input::default().read(file)?;
    String::from_utf8(bytes.into())
        .map_err(|_| Usage::new(format!("'{}' is not UTF-8 text", shown(file))))
}

fn read_file(name: &str) -> Result<Bytes, Usage> {
    let file = File::open(name).map_err(|error| unreadable(name, &error))?;
    if file
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() > MOST)
    {
        return Err(too_large(name));
    }
    read_all(file, name)
}

fn read_all(from: impl Read, name: &str) -> Result<Bytes, Usage> {
    let mut bytes = Vec::new();
    from.take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > MOST {
        Err(too_large(name))
    } else {
        Ok(Bytes::from(bytes))
    }
}

fn unreadable(name: &str, error: &io::Error) -> Usage {
    Usage::new(format!("'{}' cannot be read: {error}", shown(name)))
}

fn too_large(name: &str) -> Usage {
    Usage::new(format!(
        "'{}' is larger than what can be kept in memory (1 GiB); -F sends a file of any size as \
            it is read",
        shown(name)
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
                Input::default().read(file).unwrap_err(),
                Input::default().read_unless_stored(file).unwrap_err(),
            ] {
                assert!(refusal.to_string().contains(file), "{refusal}");
            }
        }
    }

    #[test]
    fn a_file_too_large_for_memory_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        File::create(&path).unwrap().set_len(MOST + 1).unwrap();
        let refusal = Input::default()
            .read(path.to_str().unwrap())
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("1 GiB"), "{refusal}");
        assert_eq!(
            Input::default().read_unless_stored(path.to_str().unwrap()),
            Ok(None),
            "it is read as it is sent"
        );
    }

    #[test]
    fn what_tells_no_length_is_read_before() {
        let bytes = Input::default()
            .read_unless_stored("/proc/version")
            .unwrap()
            .unwrap();
        assert!(!bytes.is_empty());
        let empty = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(
            Input::default().read_unless_stored(empty.path().to_str().unwrap()),
            Ok(Some(Bytes::new()))
        );
    }
}
