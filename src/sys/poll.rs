//! Waiting for file descriptors to become readable.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Waits until at least one of the descriptors is readable, or has an error or end of file to
/// report. Returns for each, in order, whether it is.
///
/// # Errors
/// The system call's, for lack of memory or for too many descriptors.
pub fn wait_readable(descriptors: &[BorrowedFd<'_>]) -> io::Result<Vec<bool>> {
    let mut poll_fds: Vec<libc::pollfd> = descriptors
        .iter()
        .map(|descriptor| libc::pollfd {
            fd: descriptor.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let count = libc::nfds_t::try_from(poll_fds.len())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    loop {
        // SAFETY: `poll_fds` holds `count` entries, which the kernel reads and of which it writes
        // `revents` only; it lives until the call returns. The descriptors are open for as
        // long as they are borrowed.
        #[expect(unsafe_code, reason = "the standard library has no poll")]
        let status = unsafe { libc::poll(poll_fds.as_mut_ptr(), count, -1) };
        if status >= 0 {
            return Ok(poll_fds.iter().map(|entry| entry.revents != 0).collect());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn readable_descriptors_are_reported() {
        let (quiet, _peer) = UnixStream::pair().unwrap();
        let (readable, mut writer) = UnixStream::pair().unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(
            wait_readable(&[quiet.as_fd(), readable.as_fd()]).unwrap(),
            [false, true]
        );
        drop(writer);
        assert_eq!(wait_readable(&[readable.as_fd()]).unwrap(), [true]);
    }
}
