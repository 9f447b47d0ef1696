//! `TCP_INFO`: the kernel's statistics of a TCP connection.

use std::io;
use std::os::fd::BorrowedFd;

/// The kernel's `struct tcp_info` of a socket, exactly as long as the running kernel returns it: it
/// has grown over the years, and a field beyond its end does not exist in this kernel. Layout:
/// `include/uapi/linux/tcp.h`, native byte order.
///
/// # Errors
/// The system call's, such as `EOPNOTSUPP` for a socket that is not TCP.
#[cfg(target_os = "linux")]
pub fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    use std::os::fd::AsRawFd;

    let mut bytes = vec![0_u8; 512];
    let mut length = libc::socklen_t::try_from(bytes.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: the descriptor is open for as long as it is borrowed; the kernel writes at most
    // `length` bytes, which is the buffer's size, and stores how many it wrote in `length`.
    // Both pointers live until the call returns.
    #[expect(
        unsafe_code,
        reason = "no library reads TCP_INFO at the kernel's own length"
    )]
    let status = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            bytes.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    bytes.truncate(usize::try_from(length).unwrap_or(0));
    Ok(bytes)
}

/// Not available on this system.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn tcp_info(_socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}
