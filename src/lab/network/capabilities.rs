//! What programs in the lab may do.
//!
//! The lab's own process is mighty within its namespaces: it sets interfaces up, moves between
//! networks and lies files over others. Programs need next to nothing of that. Capabilities belong
//! to threads, and a program has those of the thread that starts it.

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};
use rustix::process::geteuid;
use rustix::thread::set_no_new_privs;

/// What a lab is for: looking at packets (tcpdump, tapline), sending odd ones (ping), and serving
/// on a port below 1024.
const USER_CAPABILITIES: [Capability; 2] =
    [Capability::CAP_NET_RAW, Capability::CAP_NET_BIND_SERVICE];

/// What servers and tcpdump need that are started by root and go on as somebody else, and whoever
/// ends them then. The processes that can be ended are the lab's.
const ROOT_CAPABILITIES: [Capability; 3] = [
    Capability::CAP_SETUID,
    Capability::CAP_SETGID,
    Capability::CAP_KILL,
];

/// Takes from the calling thread all rights that programs in the lab do not need, for good: what it
/// starts cannot win them back. An ordinary user's programs have the rest as ambient capabilities,
/// which mean something within the lab alone; root's have them as root.
///
/// # Errors
/// The kernel refuses, and the thread may have more rights than it should.
pub(super) fn restrict_capabilities() -> Result<(), CapsError> {
    let is_root = geteuid().is_root();
    let roots = if is_root { &ROOT_CAPABILITIES[..] } else { &[] };
    let wanted: CapsHashSet = USER_CAPABILITIES.iter().chain(roots).copied().collect();
    let held = caps::read(None, CapSet::Permitted)?;
    let kept: CapsHashSet = wanted.intersection(&held).copied().collect();
    // First, since it takes the right to.
    for needless in caps::read(None, CapSet::Bounding)?.difference(&wanted) {
        caps::drop(None, CapSet::Bounding, *needless)?;
    }
    let none = CapsHashSet::new();
    let handed_on = if is_root { &none } else { &kept };
    caps::set(None, CapSet::Ambient, &none)?;
    caps::set(None, CapSet::Inheritable, handed_on)?;
    caps::set(None, CapSet::Ambient, handed_on)?;
    caps::set(None, CapSet::Effective, &kept)?;
    caps::set(None, CapSet::Permitted, &kept)?;
    set_no_new_privs(true).map_err(|error| CapsError::from(error.to_string()))
}

/// Gives up what rights the calling thread still has: nothing that follows needs any.
///
/// # Errors
/// The kernel refuses.
pub fn drop_privileges() -> Result<(), CapsError> {
    let none = CapsHashSet::new();
    [
        CapSet::Ambient,
        CapSet::Inheritable,
        CapSet::Effective,
        CapSet::Permitted,
    ]
    .into_iter()
    .try_for_each(|set| caps::set(None, set, &none))
}
