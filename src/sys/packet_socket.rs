//! What a capture's socket can be told behind libpcap's back, on any thread and without privilege.

use std::io;
use std::os::fd::BorrowedFd;

/// Replaces the filter that the kernel applies before a packet reaches the socket. Packets it keeps are kept up to `snap_length`
/// bytes. It takes effect at once; what the socket already holds stays.
///
/// # Errors
/// The system call's: `ENOMEM` for a program larger than the socket may hold. The filter before then stays.
#[cfg(target_os = "linux")]
pub fn attach_filter(socket: BorrowedFd<'_>, program: &pcap::BpfProgram, snap_length: u32) -> io::Result<()> {
    let mut instructions = instructions_of(program);
    for instruction in &mut instructions {
        let returns_constant = u32::from(instruction.code) == libc::BPF_RET | libc::BPF_K;
        if returns_constant && instruction.k != 0 {
            instruction.k = snap_length;
        }
    }
    let len = u16::try_from(instructions.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let filter = libc::sock_fprog { len, filter: instructions.as_mut_ptr() };
    set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter)
}

/// The same instructions, as the kernel's own type.
#[cfg(target_os = "linux")]
fn instructions_of(program: &pcap::BpfProgram) -> Vec<libc::sock_filter> {
    use pcap::BpfInstruction;

    const {
        assert!(size_of::<BpfInstruction>() == size_of::<libc::sock_filter>());
        assert!(align_of::<BpfInstruction>() == align_of::<libc::sock_filter>());
    }
    let instructions = program.get_instructions();
    // SAFETY: `BpfInstruction` is a transparent wrapper of C's `struct bpf_insn`, which like `struct sock_filter` is a u16, two u8
    // and a u32 (both descend from BSD's; libpcap itself hands one to the kernel as the other); size and alignment are checked
    // above. The slice is borrowed from `program`, which outlives it.
    #[expect(unsafe_code, reason = "the wrapper's fields are private")]
    let instructions = unsafe { std::slice::from_raw_parts(instructions.as_ptr().cast::<libc::sock_filter>(), instructions.len()) };
    instructions.to_vec()
}

/// Asks the kernel not to show the socket what leaves. On loopback every packet leaves and comes back: one look is enough.
///
/// # Errors
/// The system call's: `ENOPROTOOPT` before Linux 4.20.
#[cfg(target_os = "linux")]
pub fn ignore_outgoing(socket: BorrowedFd<'_>) -> io::Result<()> {
    /// From `linux/if_packet.h`.
    const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
    set_option(socket, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, &libc::c_int::from(true))
}

#[cfg(target_os = "linux")]
fn set_option<T>(socket: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: the descriptor is open for as long as it is borrowed; the kernel reads `length` bytes of `value`, its exact size, and
    // what a `sock_fprog` points to, which its owner keeps alive beyond this call.
    #[expect(unsafe_code, reason = "no library sets these options")]
    let status = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), length) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// This system has no such option.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn attach_filter(_socket: BorrowedFd<'_>, _program: &pcap::BpfProgram, _snap_length: u32) -> io::Result<()> {
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
