//! Linux namespaces for processes and threads, and forking.

use std::fs;
use std::io;

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// Namespaces to unshare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// User, mount and PID namespaces, the latter for future children: what an ordinary user may
    /// request.
    UsersMountsAndProcesses,
    /// Mount and PID namespaces, for root.
    MountsAndProcesses,
    /// Network namespace, for the calling thread and the threads and processes that it starts.
    Network,
}

/// Moves the caller into new namespaces (unshare(2)).
///
/// # Errors
/// The system call's: `EPERM` if the system does not allow it, `EINVAL` for user and mount
/// namespaces of a process with several threads, `ENOSPC` if there are too many.
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

/// The process that continues after a fork.
#[derive(Clone, Copy, Debug)]
pub enum Fork {
    /// The parent, with the child's process ID.
    Parent(Pid),
    /// The child.
    Child,
}

/// Forks the process (fork(2)).
///
/// # Errors
/// The system call's, and [`io::ErrorKind::Unsupported`] if the process has other threads: the
/// child would inherit their locks, but not the threads that release them.
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
