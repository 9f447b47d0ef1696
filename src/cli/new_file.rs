//! The one way in which files are written: whole, or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::sys::{UnfinishedFile, remove_unless_finished};

/// A file that takes its name once it is complete. Until then, and where that never comes to be, what had the name before stays as it was.
///
/// A symbolic link stays one: the file that it leads to is written. What exists and is no ordinary file (a pipe, `/dev/stdout`) is written
/// to as it is.
#[derive(Debug)]
pub(super) struct NewFile {
    file: File,
    /// Under which name it is written, and which one it is to have; neither where it is written to as it is.
    names: Option<(PathBuf, PathBuf)>,
    /// Removes it also where the process ends before this is dropped.
    _unfinished: Option<UnfinishedFile>,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// As whoever runs this has it for new files; as it was where there is one.
    Usual,
    /// Its owner alone: there are secrets in it.
    Owner,
}

impl Readers {
    /// The permissions of a new file.
    pub(super) const fn mode(self) -> u32 {
        match self {
            Self::Usual => 0o666,
            Self::Owner => 0o600,
        }
    }
}

impl NewFile {
    /// Begins a file beside the one that it will be.
    pub(super) fn begin(path: &Path, readers: Readers) -> io::Result<Self> {
        let path = followed(path)?;
        let before = std::fs::metadata(&path).ok();
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            return Ok(Self { file: OpenOptions::new().write(true).open(&path)?, names: None, _unfinished: None });
        }
        if path.file_name().is_none() {
            return Err(io::Error::other("it names no file"));
        }
        let (file, part) = beside(&path, readers.mode())?;
        let unfinished = Some(remove_unless_finished(&part));
        let new = Self { file, names: Some((part, path)), _unfinished: unfinished };
        if let Some(before) = before.filter(|_| readers == Readers::Usual) {
            new.file.set_permissions(PermissionsExt::from_mode(before.permissions().mode() & 0o777))?;
        }
        Ok(new)
    }

    /// Gives the file its name, in place of what had it before. Once this returns it is on the disk.
    pub(super) fn finish(self) -> io::Result<()> {
        self.take_name(|part, path| std::fs::rename(part, path))
    }

    /// Gives the file its name if nothing has it yet; else the error says that something exists.
    pub(super) fn finish_first(self) -> io::Result<()> {
        self.take_name(|part, path| match std::fs::hard_link(part, path) {
            Ok(()) => std::fs::remove_file(part),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Not every file system has links.
            Err(_) if !path.exists() => std::fs::rename(part, path),
            Err(error) => Err(error),
        })
    }

    fn take_name(mut self, name: impl FnOnce(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        self.file.flush()?;
        let Some((part, path)) = &self.names else { return Ok(()) };
        self.file.sync_all()?;
        name(part, path)?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        self.names = None;
        // Where a directory cannot be opened, the name is on the disk when the system gets to it.
        File::open(directory).map_or(Ok(()), |directory| directory.sync_all())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.names {
            let _ = std::fs::remove_file(part);
        }
    }
}

/// Where symbolic links lead, also to what is not there yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its symbolic links lead to no end"))
}

/// A new file in the directory of another.
fn beside(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    const MOST_TRIES: u32 = 1_000;
    let mut tried = 0;
    loop {
        let part = path.with_file_name(format!(".tapline-{}-{tried}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&part) {
            Ok(file) => return Ok((file, part)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < MOST_TRIES => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn write(path: &Path, readers: Readers, text: &str) -> io::Result<()> {
        let mut file = NewFile::begin(path, readers)?;
        file.write_all(text.as_bytes())?;
        file.finish()
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_not_finished_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        write(&path, Readers::Usual, "old").unwrap();
        let mut file = NewFile::begin(&path, Readers::Usual).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&path, Readers::Usual, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn who_may_read_it_stays_and_secrets_are_the_owners() {
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
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
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
    fn a_name_that_is_taken_is_left_to_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let first = |text: &str| {
            let mut file = NewFile::begin(&path, Readers::Usual).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.finish_first()
        };
        first("first").unwrap();
        assert_eq!(first("second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
