//! Options of a capture's packet socket that can be set on any thread and without privilege,
//! bypassing libpcap.

use std::io;
use std::os::fd::BorrowedFd;

/// An instruction of classic BPF (linux/filter.h, `struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterInstruction {
    /// Opcode.
    pub code: u16,
    /// Instructions skipped if the condition is true.
    pub jt: u8,
    /// Instructions skipped if it is false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// Replaces the BPF filter of a socket. It takes effect at once; packets already in the socket's
/// buffer stay.
///
/// # Errors
/// The system call's: `EINVAL` for an invalid program, `ENOMEM` for one larger than the socket may
/// hold. The previous filter then stays.
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

/// Excludes outgoing packets from a socket. On loopback every packet leaves and arrives, and would
/// be seen twice.
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

/// Not available on this system.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn attach_filter(_socket: BorrowedFd<'_>, _program: &[FilterInstruction]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not available on this system.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn ignore_outgoing(_socket: BorrowedFd<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
