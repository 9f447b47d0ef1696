//! Opening output files where other users may have planted files or links, and pipes without
//! readers.

#[cfg(target_os = "linux")]
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsFd as _;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::fs::{CWD, Mode, openat, readlinkat};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::geteuid;

/// Symbolic links followed in a row.
const MAX_SYMLINKS: usize = 40;
/// Interval between checks whether a pipe has a reader.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Options for opening a file for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Appends to the file instead of replacing its content.
    pub append: bool,
    /// Permissions of a new file, before the umask.
    pub mode: u32,
}

/// Opens a file for writing and creates it if necessary. `None` for a pipe that nobody reads yet:
/// this does not block.
///
/// # Errors
/// Those of `open`; and [`io::ErrorKind::PermissionDenied`] if the file, or a symbolic link to it,
/// belongs to another user and is in a directory where others may create files (as the kernel does
/// with `fs.protected_symlinks`, `protected_regular` and `protected_fifos`, where those are set).
pub fn open_for_writing(path: &Path, writing: WriteOptions) -> io::Result<Option<File>> {
    let path = resolve_symlinks(path)?;
    let mut options = OpenOptions::new();
    options
        .write(!writing.append)
        .append(writing.append)
        .create(true)
        .mode(writing.mode);
    options.custom_flags(
        (OFlags::NONBLOCK | nofollow_flag(&path))
            .bits()
            .cast_signed(),
    );
    let file = match options.open(&path) {
        Ok(file) => file,
        Err(error)
            if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error())
                && is_pipe(&path) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    refuse_foreign_file(&path, &metadata)?;
    fcntl_setfl(file.as_fd(), fcntl_getfl(file.as_fd())? - OFlags::NONBLOCK)?;
    if metadata.is_file() && !writing.append {
        file.set_len(0)?;
    }
    Ok(Some(file))
}

/// Like [`open_for_writing`], but waits until a pipe has a reader, or until `is_called_off`.
///
/// # Errors
/// Those of [`open_for_writing`], and [`io::ErrorKind::Interrupted`] if it was called off.
pub fn open_for_writing_blocking(
    path: &Path,
    writing: WriteOptions,
    is_called_off: impl Fn() -> bool,
) -> io::Result<File> {
    loop {
        if let Some(file) = open_for_writing(path, writing)? {
            return Ok(file);
        }
        if is_called_off() {
            return Err(io::Error::new(
                io::ErrorKind::Interrupted,
                "nobody has opened the pipe for reading",
            ));
        }
        sleep(POLL_INTERVAL);
    }
}

/// Resolves symbolic links, also to files that do not exist yet. Paths below `/proc` are left
/// alone: links there refer to open files.
///
/// # Errors
/// A link planted by another user in a shared directory, or a loop of links.
pub fn resolve_symlinks(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_SYMLINKS {
        if path.starts_with("/proc") {
            return Ok(path);
        }
        let Some((link, target)) = read_symlink(&path)? else {
            return Ok(path);
        };
        refuse_foreign_file(&path, &link)?;
        path = parent_directory(&path).join(target);
    }
    Err(io::Error::other("its symbolic links form a loop"))
}

/// Metadata and target of a symbolic link, read from the same open link; `None` if there is none.
#[cfg(target_os = "linux")]
fn read_symlink(path: &Path) -> io::Result<Option<(Metadata, PathBuf)>> {
    let Ok(link) = openat(
        CWD,
        path,
        OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    ) else {
        return Ok(None);
    };
    let link = File::from(link);
    let metadata = link.metadata()?;
    if !metadata.is_symlink() {
        return Ok(None);
    }
    let target = readlinkat(&link, "", Vec::new())?.into_bytes();
    Ok(Some((metadata, OsString::from_vec(target).into())))
}

/// The same where links cannot be opened: the link may be replaced between the two calls.
#[cfg(not(target_os = "linux"))]
fn read_symlink(path: &Path) -> io::Result<Option<(Metadata, PathBuf)>> {
    let metadata = std::fs::symlink_metadata(path)
        .ok()
        .filter(Metadata::is_symlink);
    metadata
        .map(|metadata| std::fs::read_link(path).map(|target| (metadata, target)))
        .transpose()
}

/// The directory that contains the path's last component.
fn parent_directory(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// `O_NOFOLLOW`, except below `/proc`, where only the kernel can follow links.
fn nofollow_flag(path: &Path) -> OFlags {
    if path.starts_with("/proc") {
        OFlags::empty()
    } else {
        OFlags::NOFOLLOW
    }
}

fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Refuses a file that another user planted in a directory where others may write: a link, a file,
/// a pipe, or a hard link to a file of ours. Files of the directory's owner are trusted, since the
/// owner could replace anything.
///
/// # Errors
/// The file is refused.
pub fn refuse_foreign_file(path: &Path, found: &Metadata) -> io::Result<()> {
    const OTHERS_MAY_WRITE: u32 = 0o022;
    let directory = std::fs::metadata(parent_directory(path));
    let me = geteuid().as_raw();
    let Ok(directory) = directory else {
        return Ok(());
    };
    if path.starts_with("/proc")
        || directory.uid() == me
        || directory.mode() & OTHERS_MAY_WRITE == 0
    {
        return Ok(());
    }
    let refused = |what: &str| {
        let sentence = format!("{what} in a directory that others may write to; use another path");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, sentence))
    };
    match found.uid() {
        owner if owner == me => {
            if found.is_file() && found.nlink() > 1 {
                refused("it is a hard link to another file,")
            } else {
                Ok(())
            }
        }
        owner if owner == directory.uid() => Ok(()),
        _ if found.is_symlink() => refused("it is another user's symbolic link"),
        _ => refused("it belongs to another user,"),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::fs;
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    use super::*;

    const REPLACING: WriteOptions = WriteOptions {
        append: false,
        mode: 0o666,
    };

    /// A world-writable directory that belongs to another user; `None` if this user cannot create
    /// one.
    fn shared_directory() -> Option<tempfile::TempDir> {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        if std::os::unix::fs::chown(folder.path(), Some(1234), Some(1234)).is_err() {
            eprintln!("SKIPPED: only root can give a directory away");
            return None;
        }
        Some(folder)
    }

    #[test]
    fn foreign_files_in_a_shared_directory_are_refused() {
        let Some(folder) = shared_directory() else {
            return;
        };
        let at = |name: &str| folder.path().join(name);
        let kind = |name: &str| {
            open_for_writing(&at(name), REPLACING)
                .map(|_| ())
                .map_err(|error| error.kind())
        };
        let refused = Err(io::ErrorKind::PermissionDenied);
        fs::write(at("target"), "kept").unwrap();
        for (name, owner) in [("theirs", 4321), ("owners", 1234), ("ours", 0)] {
            symlink("target", at(name)).unwrap();
            lchown(at(name), Some(owner), None).unwrap();
        }
        assert_eq!(kind("theirs"), refused);
        assert_eq!(fs::read_to_string(at("target")).unwrap(), "kept");
        assert_eq!((kind("owners"), kind("ours")), (Ok(()), Ok(())));
        // A link to a file that does not exist.
        symlink("nothing", at("to nothing")).unwrap();
        lchown(at("to nothing"), Some(4321), None).unwrap();
        assert_eq!(kind("to nothing"), refused);
        assert!(!at("nothing").exists());
        // Another user's file and pipe, and a hard link to a file of ours.
        fs::write(at("file"), "kept").unwrap();
        rustix::fs::mknodat(
            CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::from(0o666),
            0,
        )
        .unwrap();
        let reader = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(at("pipe"))
            .unwrap();
        for name in ["file", "pipe"] {
            lchown(at(name), Some(4321), None).unwrap();
            assert_eq!(kind(name), refused, "{name}");
        }
        drop(reader);
        fs::hard_link(at("target"), at("linked")).unwrap();
        assert_eq!(kind("linked"), refused);
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "kept");
        assert_eq!(kind("new"), Ok(()));
    }

    #[test]
    fn links_in_a_private_directory_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        symlink("target", at("link")).unwrap();
        symlink("link", at("again")).unwrap();
        open_for_writing(&at("again"), REPLACING)
            .unwrap()
            .unwrap()
            .write_all(b"one")
            .unwrap();
        open_for_writing(
            &at("link"),
            WriteOptions {
                append: true,
                mode: 0o600,
            },
        )
        .unwrap()
        .unwrap()
        .write_all(b" two")
        .unwrap();
        assert_eq!(fs::read_to_string(at("target")).unwrap(), "one two");
        open_for_writing(&at("target"), REPLACING)
            .unwrap()
            .unwrap()
            .write_all(b"3")
            .unwrap();
        assert_eq!(fs::read_to_string(at("target")).unwrap(), "3");
        symlink("circle", at("circle")).unwrap();
        assert!(open_for_writing(&at("circle"), REPLACING).is_err());
        assert_eq!(
            resolve_symlinks(Path::new("/proc/self/fd/1")).unwrap(),
            Path::new("/proc/self/fd/1")
        );
    }

    #[test]
    fn a_pipe_without_a_reader_does_not_hold_anybody_up() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).unwrap();
        assert!(open_for_writing(&pipe, REPLACING).unwrap().is_none());
        let error = open_for_writing_blocking(&pipe, REPLACING, || true).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        let from = pipe.clone();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            File::open(from)
                .unwrap()
                .read_to_string(&mut text)
                .map(|_| text)
                .unwrap()
        });
        open_for_writing_blocking(&pipe, REPLACING, || false)
            .unwrap()
            .write_all(b"hello")
            .unwrap();
        assert_eq!(reader.join().unwrap(), "hello");
    }
}
