//! The machine's network interfaces.

use std::ffi::{CStr, CString};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// A network interface and its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    /// Name, such as `eth0`.
    pub name: String,
    /// Whether it is up.
    pub up: bool,
    /// Whether it is a loopback interface.
    pub loopback: bool,
    /// IP addresses.
    pub addresses: Vec<IpAddr>,
}

/// Lists the interfaces, in the system's order. Interfaces whose names are not UTF-8 are left out.
///
/// # Errors
/// The system call's, for lack of memory or descriptors.
pub fn list_interfaces() -> io::Result<Vec<NetworkInterface>> {
    let mut head: *mut libc::ifaddrs = ptr::null_mut();
    // SAFETY: the call stores in `head` the start of a list that it allocated, or fails and stores
    // nothing.
    #[expect(unsafe_code, reason = "the standard library lists no interfaces")]
    let status = unsafe { libc::getifaddrs(&raw mut head) };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut next = head;
    // SAFETY: `next` is null or points to an entry of the list, which lives until `freeifaddrs`
    // below; nothing else writes it.
    #[expect(unsafe_code, reason = "a linked list of C")]
    while let Some(entry) = unsafe { next.as_ref() } {
        add_entry(&mut found, entry);
        next = entry.ifa_next;
    }
    // SAFETY: `head` came from `getifaddrs`, is freed once, and no reference into the list outlives
    // the loop above.
    #[expect(unsafe_code, reason = "a linked list of C")]
    unsafe {
        libc::freeifaddrs(head);
    }
    Ok(found)
}

/// Adds one entry of the list: an interface, or another address of one.
fn add_entry(found: &mut Vec<NetworkInterface>, entry: &libc::ifaddrs) {
    if entry.ifa_name.is_null() {
        return;
    }
    // SAFETY: `ifa_name` is not null, and getifaddrs(3) ends it with a zero byte; it lives as long
    // as the list.
    #[expect(unsafe_code, reason = "the name is a C string")]
    let name = unsafe { CStr::from_ptr(entry.ifa_name) };
    let Ok(name) = name.to_str() else { return };
    let has = |flag: libc::c_int| i64::from(entry.ifa_flags) & i64::from(flag) != 0;
    let place = found
        .iter()
        .position(|interface| interface.name == name)
        .unwrap_or_else(|| {
            let up = has(libc::IFF_UP);
            let loopback = has(libc::IFF_LOOPBACK);
            found.push(NetworkInterface {
                name: name.to_owned(),
                up,
                loopback,
                addresses: Vec::new(),
            });
            found.len() - 1
        });
    if let (Some(interface), Some(address)) = (found.get_mut(place), address_of(entry)) {
        interface.addresses.push(address);
    }
}

fn address_of(entry: &libc::ifaddrs) -> Option<IpAddr> {
    if entry.ifa_addr.is_null() {
        return None;
    }
    // SAFETY: `ifa_addr` is not null and points to a socket address that begins with its family; it
    // may be less aligned than the type, so it is read as unaligned.
    #[expect(unsafe_code, reason = "the address is a C union")]
    let family = unsafe { (&raw const (*entry.ifa_addr).sa_family).read_unaligned() };
    match libc::c_int::from(family) {
        libc::AF_INET => {
            // SAFETY: an address of this family is a whole `sockaddr_in`.
            #[expect(unsafe_code, reason = "the address is a C union")]
            let address = unsafe { entry.ifa_addr.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: an address of this family is a whole `sockaddr_in6`.
            #[expect(unsafe_code, reason = "the address is a C union")]
            let address = unsafe { entry.ifa_addr.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}

/// Index of an interface, which scopes link-local addresses (RFC 4007 §11); `None` if there is no
/// interface of this name.
pub fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: `name` is a string that ends with a zero byte and lives until the call returns; the
    // function only reads it.
    #[expect(unsafe_code, reason = "no library in use wraps if_nametoindex")]
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_loopback_interface_is_there_with_its_address() {
        let found = list_interfaces().unwrap();
        let loopback = found.iter().find(|interface| interface.loopback).unwrap();
        if loopback.up {
            assert!(
                loopback.addresses.contains(&Ipv4Addr::LOCALHOST.into()),
                "{loopback:?}"
            );
        }
        let mut names: Vec<&str> = found
            .iter()
            .map(|interface| interface.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), found.len());
    }

    #[test]
    fn only_an_interface_has_a_number() {
        assert!(
            interface_index("lo")
                .or_else(|| interface_index("lo0"))
                .is_some()
        );
        assert_eq!(interface_index("no such interface"), None);
        assert_eq!(interface_index("lo\0"), None);
    }
}
