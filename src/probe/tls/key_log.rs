//! The key log (RFC 9850): `LABEL client_random secret`, one line a secret, for programs that decrypt a capture.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls::KeyLog;

use crate::probe::spec::KeyTap;

/// Where the secrets of a run go.
#[derive(Debug)]
pub(super) struct KeyLogs {
    file: Option<KeyLogFile>,
    tap: Option<KeyTap>,
}

impl KeyLogs {
    /// `None` where nobody wants them.
    pub(super) fn open(path: Option<&Path>, tap: Option<KeyTap>) -> Result<Option<Self>, String> {
        let file = path.map(KeyLogFile::open).transpose()?;
        Ok((file.is_some() || tap.is_some()).then_some(Self { file, tap }))
    }
}

impl KeyLog for KeyLogs {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        hex(&mut line, client_random);
        line.push(' ');
        hex(&mut line, secret);
        line.push('\n');
        if let Some(file) = &self.file {
            file.add(&line);
        }
        if let Some(tap) = &self.tap {
            tap.hear(&line);
        }
    }
}

/// A file of secrets that only its owner may read.
#[derive(Debug)]
struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Opens it for appending. A new file is for its owner alone; a symbolic link is refused, for it could lead secrets elsewhere.
    fn open(path: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("the key log {} cannot be written: {error}", path.display());
        if path.is_symlink() {
            return Err(format!("the key log {} is a symbolic link; give the path of a file", path.display()));
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // The check above names the reason; this one cannot be raced.
            options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
        }
        options.open(path).map(|file| Self(Mutex::new(file))).map_err(told)
    }

    fn add(&self, line: &str) {
        // One write a line, so that several programs can append to one file. A full disk must not end the connection.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

fn hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn lines_are_appended_to_a_private_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        for _ in 0..2 {
            KeyLogs::open(Some(&path), None).unwrap().unwrap().log("CLIENT_RANDOM", &[0, 0xab], &[0x0f]);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "CLIENT_RANDOM 00ab 0f\nCLIENT_RANDOM 00ab 0f\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn who_listens_hears_the_same_lines() {
        use std::sync::Arc;

        let heard = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&heard);
        let tap = KeyTap::new(move |line| into.lock().unwrap().push_str(line));
        KeyLogs::open(None, Some(tap)).unwrap().unwrap().log("CLIENT_RANDOM", &[1], &[2]);
        assert_eq!(*heard.lock().unwrap(), "CLIENT_RANDOM 01 02\n");
        assert!(KeyLogs::open(None, None).unwrap().is_none());
    }

    #[test]
    fn a_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(KeyLogFile::open(&link).unwrap_err().contains("symbolic link"));
        assert!(!target.exists());
    }
}
