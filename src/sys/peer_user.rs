//! The user at the other end of a Unix-domain socket.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::Uid;

/// Returns the effective user of the process that connected a Unix-domain socket (`SO_PEERCRED`),
/// also if that process is outside the caller's PID namespace, where its process ID is 0.
///
/// # Errors
/// The system call's.
pub fn peer_user(socket: BorrowedFd<'_>) -> io::Result<Uid> {
    let mut credentials = libc::ucred {
        pid: 0,
        uid: libc::uid_t::MAX,
        gid: libc::gid_t::MAX,
    };
    let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or(0);
    // SAFETY: the descriptor is open for as long as it is borrowed; the kernel writes at most
    // `length` bytes, which is the structure's size, and stores how many it wrote in `length`. Both
    // pointers live until the call returns, and any values are valid in the structure.
    #[expect(
        unsafe_code,
        reason = "rustix's type has no value for a process of another PID namespace"
    )]
    let status = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Uid::from_raw(credentials.uid))
}
