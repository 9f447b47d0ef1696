//! Key log (RFC 9850): a line `LABEL client_random secret` for each secret, for programs that
//! decrypt a capture.

use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls::KeyLog;

use crate::probe::spec::{KeyLogListener, KeyLogProblems};
use crate::sys::{WriteOptions, open_for_writing_blocking};

/// Destinations of the secrets of a run.
#[derive(Debug)]
pub(super) struct KeyLogOutputs {
    file: Option<KeyLogFile>,
    listener: Option<KeyLogListener>,
}

impl KeyLogOutputs {
    /// Opens the destinations; `None` if there are none.
    pub(super) fn open(
        path: Option<&Path>,
        listener: Option<KeyLogListener>,
        problems: KeyLogProblems,
    ) -> Result<Option<Self>, String> {
        let file = path
            .map(|path| KeyLogFile::open(path, problems))
            .transpose()?;
        Ok((file.is_some() || listener.is_some()).then_some(Self { file, listener }))
    }
}

impl KeyLog for KeyLogOutputs {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        push_hex(&mut line, client_random);
        line.push(' ');
        push_hex(&mut line, secret);
        line.push('\n');
        if let Some(file) = &self.file {
            file.add(&line);
        }
        if let Some(listener) = &self.listener {
            listener.notify(&line);
        }
    }
}

/// A key log that only its owner may read.
#[derive(Debug)]
struct KeyLogFile {
    file: Mutex<File>,
    name: String,
    problems: KeyLogProblems,
}

impl KeyLogFile {
    /// File permissions of a key log.
    const OWNER_ONLY: u32 = 0o600;

    /// Opens the file for appending; a pipe is opened as soon as it has a reader. A new file is
    /// readable only by its owner, and an existing one that others may read is made so. Symbolic
    /// links are refused, because they could divert the secrets, and so are other users' files,
    /// whose owners could read them.
    fn open(path: &Path, problems: KeyLogProblems) -> Result<Self, String> {
        let name = path.display().to_string();
        let describe = |error: io::Error| format!("the key log {name} cannot be written: {error}");
        if path.is_symlink() {
            return Err(format!(
                "the key log {name} is a symbolic link; give the path of a file"
            ));
        }
        let writing = WriteOptions {
            append: true,
            mode: Self::OWNER_ONLY,
        };
        let file = open_for_writing_blocking(path, writing, || false).map_err(describe)?;
        let metadata = file.metadata().map_err(describe)?;
        if metadata.is_file() && metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(format!(
                "the key log {name} belongs to another user, who could read the secrets; give the \
                    path of a file of your own"
            ));
        }
        if metadata.is_file() && metadata.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(Self::OWNER_ONLY))
                .map_err(describe)?;
            problems.warn(format!(
                "the key log {name} was readable by others; its permissions were changed to 0600"
            ));
        }
        Ok(Self {
            file: Mutex::new(file),
            name,
            problems,
        })
    }

    /// Appends a line. An error, such as a full disk, does not end the connection: it is reported
    /// after the run.
    fn add(&self, line: &str) {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = append(&file, line.as_bytes()) {
            self.problems
                .fail(format!("the key log {} is incomplete: {error}", self.name));
        }
    }
}

/// Appends bytes, to a file either all or none of them: half a line would corrupt the next one,
/// too.
fn append(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let before = file.metadata()?;
    let mut left = bytes;
    while !left.is_empty() {
        // Normally one write per line, so that several programs can append to the same file.
        let error = match file.write(left) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(count) => {
                left = left.get(count..).unwrap_or_default();
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        let ours = (bytes.len() - left.len()) as u64;
        if before.is_file() && file.metadata()?.len() == before.len() + ours {
            file.set_len(before.len())?;
        }
        return Err(error);
    }
    Ok(())
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use super::*;

    #[test]
    fn lines_are_appended_to_a_private_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        for _ in 0..2 {
            KeyLogOutputs::open(Some(&path), None, KeyLogProblems::default())
                .unwrap()
                .unwrap()
                .log("CLIENT_RANDOM", &[0, 0xab], &[0x0f]);
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "CLIENT_RANDOM 00ab 0f\nCLIENT_RANDOM 00ab 0f\n"
        );
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn listeners_get_the_same_lines() {
        use std::sync::Arc;

        let heard = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&heard);
        let listener = KeyLogListener::new(move |line| into.lock().unwrap().push_str(line));
        KeyLogOutputs::open(None, Some(listener), KeyLogProblems::default())
            .unwrap()
            .unwrap()
            .log("CLIENT_RANDOM", &[1], &[2]);
        assert_eq!(*heard.lock().unwrap(), "CLIENT_RANDOM 01 02\n");
        assert!(
            KeyLogOutputs::open(None, None, KeyLogProblems::default())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(
            KeyLogFile::open(&link, KeyLogProblems::default())
                .unwrap_err()
                .contains("symbolic link")
        );
        assert!(!target.exists());
    }

    #[test]
    fn a_key_log_readable_by_others_is_made_private_and_another_users_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        std::fs::write(&path, "OLD 1 2\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let problems = KeyLogProblems::default();
        KeyLogOutputs::open(Some(&path), None, problems.clone())
            .unwrap()
            .unwrap()
            .log("NEW", &[1], &[2]);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "OLD 1 2\nNEW 01 02\n"
        );
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(problems.warning().unwrap().contains("0600") && problems.failure().is_none());
        if std::os::unix::fs::chown(&path, Some(1234), None).is_err() {
            eprintln!("SKIPPED: only root can give a file away");
            return;
        }
        assert!(
            KeyLogFile::open(&path, KeyLogProblems::default())
                .unwrap_err()
                .contains("belongs to another user")
        );
    }

    #[test]
    fn a_write_error_is_reported() {
        let problems = KeyLogProblems::default();
        let log = KeyLogOutputs::open(Some(Path::new("/dev/full")), None, problems.clone())
            .unwrap()
            .unwrap();
        log.log("NEW", &[1], &[2]);
        let sentence = problems.failure().unwrap();
        assert!(
            sentence.starts_with("the key log /dev/full is incomplete: No space left on device"),
            "{sentence}"
        );
    }
}
