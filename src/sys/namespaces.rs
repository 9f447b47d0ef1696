//! Processes and threads in namespaces of their own.

use std::fs;
use std::io;

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// What a process or thread shall have for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// Users, mounts, and the process identifiers of the children to come: what an ordinary user
    /// may ask for.
    UsersMountsAndProcesses,
    /// The same without users, for root.
    MountsAndProcesses,
    /// The network, for the calling thread alone and the threads and processes it starts.
    Network,
}

/// Leaves the namespaces the caller shares with others for new ones (unshare(2)).
///
/// # Errors
/// The system call's: `EPERM` where the system does not allow it, `EINVAL` for users and mounts
/// from a process with threads, `ENOSPC` where there are too many.
pub fn unshare_namespaces(namespaces: Namespaces) -> io::Result<()> {
    let mounts_and_processes = UnshareFlags::NEWNS | UnshareFlags::NEWPID;
    let flags = match namespaces {
        Namespaces::UsersMountsAndProcesses => UnshareFlags::NEWUSER | mounts_and_processes,
        Namespaces::MountsAndProcesses => mounts_and_processes,
        Namespaces::Network => UnshareFlags::NEWNET,
    };
    // SAFETY: the one hazard of unshare(2) is a table of file descriptors that threads no longer
    // share; `CLONE_FILES` is not asked for.
    #[expect(unsafe_code, reason = "rustix has no safe function for it")]
    let left = unsafe { rustix::thread::unshare_unsafe(flags) };
    Ok(left?)
}

/// Which of the two processes goes on after a fork.
#[derive(Clone, Copy, Debug)]
pub enum Fork {
    /// The one that was there; with the other's identifier.
    Parent(Pid),
    /// The new one.
    Child,
}

/// Splits the process in two (fork(2)).
///
/// # Errors
/// The system call's, and [`io::ErrorKind::Unsupported`] where the process has more threads than
/// the caller's: of those the child would have the locks, but not the hands that release them.
pub fn fork_process() -> io::Result<Fork> {
    if fs::read_dir("/proc/self/task")?.take(2).count() != 1 {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the process has several threads",
        ));
    }
    // SAFETY: the caller's thread is the only one, so the child has all there was, no lock held by
    // another among it.
    #[expect(
        unsafe_code,
        reason = "no library forks without executing another program"
    )]
    let child = unsafe { libc::fork() };
    match child {
        -1 => Err(io::Error::last_os_error()),
        child => Ok(Pid::from_raw(child).map_or(Fork::Child, Fork::Parent)),
    }
}
