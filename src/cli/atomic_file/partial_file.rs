//! A file that is being written. Where the file system supports it, it has no name until it is
//! complete, so that not even SIGKILL leaves it behind.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, geteuid, test_kill_process};

use crate::sys::{UnfinishedFileGuard, guard_unfinished_file};

/// Number of temporary names to try.
const MAX_TRIES: u32 = 1_000;

/// A file in progress. It is deleted if dropped before it is complete.
#[derive(Debug)]
pub(super) struct PartialFile {
    /// The final path.
    path: PathBuf,
    /// The temporary name; `None` while the file has no name.
    name: Option<TemporaryName>,
}

/// A temporary file name.
#[derive(Debug)]
struct TemporaryName {
    path: PathBuf,
    /// Deletes the file even if the process ends before this is dropped.
    _unfinished: UnfinishedFileGuard,
}

impl TemporaryName {
    fn new(path: PathBuf) -> Self {
        let unfinished = guard_unfinished_file(&path);
        Self {
            path,
            _unfinished: unfinished,
        }
    }
}

impl PartialFile {
    /// Creates a file in the same directory as `path`.
    pub(super) fn begin(path: &Path, mode: u32) -> io::Result<(File, Self)> {
        match create_unnamed(path, mode) {
            Some(file) => Ok((
                file,
                Self {
                    path: path.to_owned(),
                    name: None,
                },
            )),
            None => Self::begin_named(path, mode),
        }
    }

    /// Creates a file with a temporary name, and removes those left behind by killed processes.
    pub(super) fn begin_named(path: &Path, mode: u32) -> io::Result<(File, Self)> {
        remove_abandoned(parent_directory(path));
        let mut tried = 0;
        loop {
            let name = temporary_name(path, tried);
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&name)
            {
                Ok(file) => {
                    // Where locks do not work, the process ID in the name alone shows that the file
                    // is in use.
                    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
                    return Ok((
                        file,
                        Self {
                            path: path.to_owned(),
                            name: Some(TemporaryName::new(name)),
                        },
                    ));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < MAX_TRIES => {
                    tried += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns true if the file has no name yet.
    #[cfg(test)]
    pub(super) const fn is_unnamed(&self) -> bool {
        self.name.is_none()
    }

    /// The directory that contains the file.
    pub(super) fn directory(&self) -> &Path {
        parent_directory(&self.path)
    }

    /// Gives the file its final name, replacing any existing file.
    pub(super) fn persist_replacing(mut self, file: &File) -> io::Result<()> {
        // linkat cannot replace an existing file, so the file gets a temporary name first.
        self.give_name(file)?;
        if let Some(name) = &self.name {
            std::fs::rename(&name.path, &self.path)?;
            self.name = None;
        }
        Ok(())
    }

    /// Gives the file its final name. Fails with `AlreadyExists` if the name is taken.
    pub(super) fn persist_if_absent(self, file: &File) -> io::Result<()> {
        let Some(name) = &self.name else {
            return link_unnamed(file, &self.path);
        };
        match std::fs::hard_link(&name.path, &self.path) {
            // The temporary name is removed when `self` is dropped.
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Not every file system supports hard links.
            Err(_) if !self.path.exists() => std::fs::rename(&name.path, &self.path),
            Err(error) => Err(error),
        }
    }

    fn give_name(&mut self, file: &File) -> io::Result<()> {
        let mut tried = 0;
        while self.name.is_none() {
            let name = temporary_name(&self.path, tried);
            match link_unnamed(file, &name) {
                Ok(()) => self.name = Some(TemporaryName::new(name)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < MAX_TRIES => {
                    tried += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = std::fs::remove_file(&name.path);
        }
    }
}

/// Creates a file without a name in the directory of `path`. Returns `None` if the file system does
/// not support that, or if it could not be given a name later.
#[cfg(target_os = "linux")]
fn create_unnamed(path: &Path, mode: u32) -> Option<File> {
    use rustix::fs::OFlags;

    let can_be_named = Path::new("/proc/self/fd").exists();
    let flags = OFlags::TMPFILE.bits().cast_signed();
    can_be_named.then(|| {
        OpenOptions::new()
            .write(true)
            .mode(mode)
            .custom_flags(flags)
            .open(parent_directory(path))
            .ok()
    })?
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_path: &Path, _mode: u32) -> Option<File> {
    None
}

/// Gives an unnamed file a name that must not exist yet.
#[cfg(target_os = "linux")]
fn link_unnamed(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};

    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _name: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn parent_directory(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// `.tapline-PID-NUMBER.part`, in the same directory.
fn temporary_name(path: &Path, number: u32) -> PathBuf {
    path.with_file_name(format!(".tapline-{}-{number}.part", std::process::id()))
}

/// The process ID in a temporary name.
fn process_in_name(name: &str) -> Option<Pid> {
    let (process, number) = name
        .strip_prefix(".tapline-")?
        .strip_suffix(".part")?
        .split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(process) && is_number(number))
        .then(|| process.parse().ok().and_then(Pid::from_raw))?
}

/// Removes temporary files of this user whose processes no longer exist. The lock shows which ones
/// are in use by processes of another container or machine.
fn remove_abandoned(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let gone = |process| test_kill_process(process) == Err(rustix::io::Errno::SRCH);
        if entry
            .file_name()
            .to_str()
            .and_then(process_in_name)
            .is_some_and(gone)
            && is_ours_and_unlocked(&entry.path())
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_ours_and_unlocked(path: &Path) -> bool {
    let is_ours = std::fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_file() && found.uid() == geteuid().as_raw());
    let file = is_ours.then(|| File::open(path).ok()).flatten();
    file.is_some_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
}
