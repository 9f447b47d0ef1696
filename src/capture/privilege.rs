//! The right to capture, and giving it up.
//!
//! Rights belong to threads. A thread that is spawned inherits its parent's, so they are given up
//! on the thread that opened the capture before it spawns any that goes on living.

/// Whether this thread may open a packet socket as far as its rights tell; `None` where the system
/// has no such notion and only trying tells.
#[cfg(target_os = "linux")]
pub(super) fn has_capture_privilege() -> Option<bool> {
    caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_NET_RAW).ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn is_held() -> Option<bool> {
    None
}

/// Gives up this thread's rights to capture and to reconfigure the network: `CAP_NET_RAW` and
/// `CAP_NET_ADMIN`, from all sets including the bounding set where that is allowed, so that not
/// even a program started from here gets them back. Other threads keep what they have; call it
/// before any is spawned.
///
/// # Errors
/// A sentence, where the kernel refuses and the thread still has the rights.
#[cfg(target_os = "linux")]
pub fn drop_capture_privileges() -> Result<(), String> {
    use caps::{CapSet, Capability};

    for right in [Capability::CAP_NET_RAW, Capability::CAP_NET_ADMIN] {
        // Needs CAP_SETPCAP, which a program with file capabilities does not have; the sets below
        // are what counts.
        let _ = caps::drop(None, CapSet::Bounding, right);
        for set in [
            CapSet::Ambient,
            CapSet::Inheritable,
            CapSet::Effective,
            CapSet::Permitted,
        ] {
            if caps::has_cap(None, set, right).unwrap_or(false) {
                caps::drop(None, set, right)
                    .map_err(|error| format!("the right {right} could not be given up: {error}"))?;
            }
        }
    }
    Ok(())
}

/// On this system the right to capture is a file's: there is nothing to give up.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub const fn renounce() -> Result<(), String> {
    Ok(())
}
