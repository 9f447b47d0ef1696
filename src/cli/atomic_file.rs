//! Atomic file writes: a file is written completely, or not at all.

mod partial_file;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::signals;
use crate::sys::{WriteOptions, open_for_writing_blocking, refuse_foreign_file, resolve_symlinks};
use partial_file::PartialFile;

/// A file that gets its final name once it is complete. Until then, and if it is never completed,
/// an existing file of that name remains unchanged.
///
/// Symbolic links are followed: the file they point to is replaced. Anything that is not a regular
/// file (a pipe, `/dev/stdout`) is written directly. Files that another user planted are refused.
#[derive(Debug)]
pub(super) struct AtomicFile {
    file: File,
    /// The file in progress; `None` if the target is written directly.
    partial: Option<PartialFile>,
}

/// Read permissions of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// The user's default for new files; unchanged for existing ones.
    Usual,
    /// Only the owner, since the file contains secrets.
    Owner,
    /// Only the owner for new files; unchanged for existing ones.
    OwnerIfNew,
}

impl Readers {
    /// The permission bits of a new file.
    pub(super) const fn mode(self) -> u32 {
        match self {
            Self::Usual => 0o666,
            Self::Owner | Self::OwnerIfNew => 0o600,
        }
    }
}

impl AtomicFile {
    /// Starts writing. Opening a pipe blocks until it has a reader or a signal arrives.
    pub(super) fn begin(path: &Path, readers: Readers) -> io::Result<Self> {
        let path = resolve_symlinks(path)?;
        let before = std::fs::metadata(&path).ok();
        // Files below /proc are already open and have no other name.
        if before
            .as_ref()
            .is_some_and(|before| !before.is_file() || path.starts_with("/proc"))
        {
            let writing = WriteOptions {
                append: false,
                mode: readers.mode(),
            };
            return Ok(Self {
                file: open_for_writing_blocking(&path, writing, signals::signal_received)?,
                partial: None,
            });
        }
        if path.file_name().is_none() {
            return Err(io::Error::other("it does not name a file"));
        }
        if let Some(before) = &before {
            refuse_foreign_file(&path, before)?;
        }
        let (file, part) = PartialFile::begin(&path, readers.mode())?;
        let new = Self {
            file,
            partial: Some(part),
        };
        if let Some(before) = before.filter(|_| readers != Readers::Owner) {
            new.file.set_permissions(PermissionsExt::from_mode(
                before.permissions().mode() & 0o777,
            ))?;
        }
        Ok(new)
    }

    /// Gives the file its name, replacing any existing file. On return the data is on disk.
    pub(super) fn finish(self) -> io::Result<()> {
        self.persist_with(PartialFile::persist_replacing)
    }

    /// Gives the file its name. Fails with `AlreadyExists` if the name is taken.
    pub(super) fn finish_if_absent(self) -> io::Result<()> {
        self.persist_with(PartialFile::persist_if_absent)
    }

    fn persist_with(
        mut self,
        name: impl FnOnce(PartialFile, &File) -> io::Result<()>,
    ) -> io::Result<()> {
        self.file.flush()?;
        let Some(part) = self.partial.take() else {
            return Ok(());
        };
        self.file.sync_all()?;
        let directory = part.directory().to_owned();
        name(part, &self.file)?;
        // If the directory cannot be opened, the operating system decides when the name reaches the
        // disk.
        File::open(directory).map_or(Ok(()), |directory| directory.sync_all())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::os::unix::fs::MetadataExt as _;
    use std::path::PathBuf;

    use super::*;

    fn write(path: &Path, readers: Readers, text: &str) -> io::Result<()> {
        let mut file = AtomicFile::begin(path, readers)?;
        file.write_all(text.as_bytes())?;
        file.finish()
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_unfinished_file_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        write(&path, Readers::Usual, "old").unwrap();
        let mut file = AtomicFile::begin(&path, Readers::Usual).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&path, Readers::Usual, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn permissions_are_kept_and_secrets_are_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        write(&path, Readers::Owner, "secret").unwrap();
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        write(&path, Readers::Usual, "plain").unwrap();
        assert_eq!(mode(&path), 0o640);
        write(&path, Readers::Owner, "secret").unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_stays_one_and_leads_to_the_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("target", &link).unwrap();
        for text in ["first", "second"] {
            write(&link, Readers::Usual, text).unwrap();
            assert!(link.is_symlink());
            assert_eq!(std::fs::read_to_string(&target).unwrap(), text);
        }
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        assert!(write(&circle, Readers::Usual, "x").is_err());
    }

    #[test]
    fn an_existing_file_of_that_name_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let first = |text: &str| {
            let mut file = AtomicFile::begin(&path, Readers::Usual).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.finish_if_absent()
        };
        first("first").unwrap();
        assert_eq!(
            first("second").unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// The names in a directory.
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// An unnamed file cannot be left behind, even by SIGKILL.
    #[test]
    fn until_it_is_finished_a_file_has_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let mut file = AtomicFile::begin(&path, Readers::Usual).unwrap();
        file.write_all(b"half").unwrap();
        if file.partial.as_ref().unwrap().is_unnamed() {
            assert!(names(folder.path()).is_empty());
        } else {
            eprintln!(
                "SKIPPED: the file system of {} has no files without a name",
                folder.path().display()
            );
        }
        file.finish().unwrap();
        assert_eq!(names(folder.path()), ["run"]);
    }

    #[test]
    fn files_left_by_a_killed_process_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let part = |process: u32, number: u32| {
            folder
                .path()
                .join(format!(".tapline-{process}-{number}.part"))
        };
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        dead.wait().unwrap();
        // Files of others, of living processes, and with merely similar names remain.
        let remaining = [
            part(1, 0),
            folder.path().join(".tapline-x-0.part"),
            folder.path().join(".tapline-1-0.part.txt"),
        ];
        for name in remaining
            .iter()
            .chain(&[part(dead.id(), 0), part(dead.id(), 7)])
        {
            std::fs::write(name, "half").unwrap();
        }
        let locked = part(dead.id(), 8);
        let lock = File::create(&locked).unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let theirs = part(dead.id(), 9);
        std::fs::write(&theirs, "half").unwrap();
        let given_away = std::os::unix::fs::chown(&theirs, Some(1234), None).is_ok();
        let (mut file, part) = PartialFile::begin_named(&path, 0o600).unwrap();
        file.write_all(b"whole").unwrap();
        part.persist_replacing(&file).unwrap();
        let mut wanted: Vec<PathBuf> = remaining
            .into_iter()
            .chain([path.clone(), locked])
            .chain(given_away.then_some(theirs))
            .collect();
        wanted.sort();
        let found: Vec<PathBuf> = names(folder.path())
            .into_iter()
            .map(|name| folder.path().join(name))
            .collect();
        assert_eq!(found, wanted);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(std::fs::metadata(&path).unwrap().nlink(), 1);
    }

    /// Files that begin with and without a name behave the same.
    #[test]
    fn with_a_name_and_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        for begin in [PartialFile::begin, PartialFile::begin_named] {
            let (mut file, part) = begin(&path, 0o600).unwrap();
            file.write_all(b"first").unwrap();
            part.persist_if_absent(&file).unwrap();
            let (file, part) = begin(&path, 0o600).unwrap();
            assert_eq!(
                part.persist_if_absent(&file).unwrap_err().kind(),
                io::ErrorKind::AlreadyExists
            );
            let (mut file, part) = begin(&path, 0o600).unwrap();
            file.write_all(b"second").unwrap();
            part.persist_replacing(&file).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
            assert_eq!(names(folder.path()), ["run"]);
            std::fs::remove_file(&path).unwrap();
        }
    }
}
