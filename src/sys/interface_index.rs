//! The index of a network interface.

use std::ffi::CString;

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
    use super::*;

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
