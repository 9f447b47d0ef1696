//! What a capture's socket can be told behind libpcap's back, on any thread and without privilege.

use std::io;
use std::os::fd::BorrowedFd;

/// One instruction of the classic packet filter (linux/filter.h, `struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterInstruction {
    /// What it does.
    pub code: u16,
    /// Instructions skipped where a condition holds.
    pub jt: u8,
    /// Instructions skipped where it does not.
    pub jf: u8,
    /// Its operand.
    pub k: u32,
}

/// Replaces the filter that the kernel applies before a packet reaches the socket. It takes effect
/// at once; what the socket already holds stays.
///
/// # Errors
/// The system call's: `EINVAL` for a program that is none, `ENOMEM` for one larger than the socket
/// may hold. The filter before then stays.
#[cfg(target_os = "linux")]
pub fn attach_filter(socket: BorrowedFd<'_>, program: &[FilterInstruction]) -> io::Result<()> {
    let mut instructions: Vec<libc::sock_filter> = program
        .iter()
        .map(|&FilterInstruction { code, jt, jf, k }| libc::sock_filter { code, jt, jf, k })
        .collect();
    let len = u16::try_from(instructions.len())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let filter = libc::sock_fprog {
        len,
        filter: instructions.as_mut_ptr(),
    };
    set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter)
}

/// Asks the kernel not to show the socket what leaves. On loopback every packet leaves and comes
/// back: one look is enough.
///
/// # Errors
/// The system call's: `ENOPROTOOPT` before Linux 4.20.
#[cfg(target_os = "linux")]
pub fn ignore_outgoing(socket: BorrowedFd<'_>) -> io::Result<()> {
    /// From `linux/if_packet.h`.
    const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
    set_option(
        socket,
        libc::SOL_PACKET,
        PACKET_IGNORE_OUTGOING,
        &libc::c_int::from(true),
    )
}

#[cfg(target_os = "linux")]
pub(super) fn set_option<T>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let length = libc::socklen_t::try_from(size_of::<T>())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: the descriptor is open for as long as it is borrowed; the kernel reads `length` bytes
    // of `value`, its exact size, and what a `sock_fprog` points to, which its owner keeps
    // alive beyond this call.
    #[expect(unsafe_code, reason = "no library sets these options")]
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            length,
        )
    };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// This system has no such option.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn attach_filter(_socket: BorrowedFd<'_>, _program: &[FilterInstruction]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// This system has no such option.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn ignore_outgoing(_socket: BorrowedFd<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
