//! Capture privileges and dropping them.
//!
//! Capabilities belong to threads and are inherited by the threads that they spawn, so they are
//! dropped on the thread that opened the capture before it spawns any that lives on.

/// Returns true if this thread has the capability to open packet sockets; `None` where the system
/// has no capabilities.
#[cfg(target_os = "linux")]
pub(super) fn has_capture_privilege() -> Option<bool> {
    caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_NET_RAW).ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn has_capture_privilege() -> Option<bool> {
    None
}

/// Drops `CAP_NET_RAW` and `CAP_NET_ADMIN` of this thread from all sets, where allowed also from
/// the bounding set, so that programs started later cannot regain them. Other threads are not
/// affected; call it before any is spawned.
///
/// # Errors
/// The kernel refuses and the thread still has the capabilities; a sentence.
#[cfg(target_os = "linux")]
pub fn drop_capture_privileges() -> Result<(), String> {
    use caps::{CapSet, Capability};

    for right in [Capability::CAP_NET_RAW, Capability::CAP_NET_ADMIN] {
        // This needs CAP_SETPCAP, which a program with file capabilities lacks; the sets below are
        // what matters.
        let _ = caps::drop(None, CapSet::Bounding, right);
        for set in [
            CapSet::Ambient,
            CapSet::Inheritable,
            CapSet::Effective,
            CapSet::Permitted,
        ] {
            if caps::has_cap(None, set, right).unwrap_or(false) {
                caps::drop(None, set, right).map_err(|error| {
                    format!("the capability {right} could not be dropped: {error}")
                })?;
            }
        }
    }
    Ok(())
}

/// Does nothing: on this system, access to capture devices is controlled by file permissions.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub const fn drop_capture_privileges() -> Result<(), String> {
    Ok(())
}
