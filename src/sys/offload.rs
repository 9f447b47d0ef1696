//! Offload settings of network interfaces.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Disables segmentation, receive and checksum offload of an interface, so that it sends and
/// receives packets as they are on the wire. `socket` is any socket in the interface's network
/// namespace.
///
/// # Errors
/// The system call's; offloads that an interface does not support are skipped.
pub fn disable_offload(socket: BorrowedFd<'_>, interface: &str) -> io::Result<()> {
    // From linux/ethtool.h: ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM, in the order
    // of their dependencies.
    const SEGMENTATION: u32 = 0x1f;
    const GENERIC_SEGMENTATION: u32 = 0x24;
    const GENERIC_JOINING: u32 = 0x2c;
    const CHECKSUMS: u32 = 0x17;
    for command in [
        SEGMENTATION,
        GENERIC_SEGMENTATION,
        GENERIC_JOINING,
        CHECKSUMS,
    ] {
        match set_ethtool_value(socket, interface, command, 0) {
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
            done => done?,
        }
    }
    Ok(())
}

/// linux/ethtool.h, `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

fn set_ethtool_value(
    socket: BorrowedFd<'_>,
    interface: &str,
    command: u32,
    data: u32,
) -> io::Result<()> {
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    let mut value = EthtoolValue { command, data };
    let mut name = [0; libc::IFNAMSIZ];
    if interface.len() >= name.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    for (place, byte) in name.iter_mut().zip(interface.bytes()) {
        *place = libc::c_char::from_ne_bytes([byte]);
    }
    let mut request = libc::ifreq {
        ifr_name: name,
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            ifru_data: (&raw mut value).cast(),
        },
    };
    // SAFETY: the descriptor is open for as long as it is borrowed. The kernel reads the name,
    // which ends with a zero, and reads and writes the value behind the pointer, which is of
    // the size that these commands have and outlives the call.
    #[expect(unsafe_code, reason = "no library in use makes this call")]
    let status = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
