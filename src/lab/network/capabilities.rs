//! Capabilities of programs in the lab.
//!
//! The lab's init process has all capabilities in its namespaces: it configures interfaces, enters
//! network namespaces and mounts files. Programs need almost none of them. Capabilities belong to
//! threads, and a program inherits those of the thread that starts it.

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};
use rustix::process::geteuid;
use rustix::thread::set_no_new_privs;

/// For capturing packets (tcpdump, tapline), sending raw ones (ping), and listening on ports below
/// 1024.
const USER_CAPABILITIES: [Capability; 2] =
    [Capability::CAP_NET_RAW, Capability::CAP_NET_BIND_SERVICE];

/// For servers and tcpdump, which are started by root and drop to another user, and for ending such
/// processes. Only the lab's processes can be affected.
const ROOT_CAPABILITIES: [Capability; 3] = [
    Capability::CAP_SETUID,
    Capability::CAP_SETGID,
    Capability::CAP_KILL,
];

/// Drops all capabilities that programs in the lab do not need from the calling thread,
/// permanently: its children cannot regain them. An ordinary user's programs get the remaining ones
/// as ambient capabilities, which only have an effect within the lab; root's have them as root.
///
/// # Errors
/// The kernel refuses; the thread may have more capabilities than it should.
pub(super) fn restrict_capabilities() -> Result<(), CapsError> {
    let is_root = geteuid().is_root();
    let root_capabilities = if is_root { &ROOT_CAPABILITIES[..] } else { &[] };
    let wanted: CapsHashSet = USER_CAPABILITIES
        .iter()
        .chain(root_capabilities)
        .copied()
        .collect();
    let permitted = caps::read(None, CapSet::Permitted)?;
    let allowed: CapsHashSet = wanted.intersection(&permitted).copied().collect();
    // First, since dropping from the bounding set needs CAP_SETPCAP.
    for capability in caps::read(None, CapSet::Bounding)?.difference(&wanted) {
        caps::drop(None, CapSet::Bounding, *capability)?;
    }
    let none = CapsHashSet::new();
    let inherited = if is_root { &none } else { &allowed };
    caps::set(None, CapSet::Ambient, &none)?;
    caps::set(None, CapSet::Inheritable, inherited)?;
    caps::set(None, CapSet::Ambient, inherited)?;
    caps::set(None, CapSet::Effective, &allowed)?;
    caps::set(None, CapSet::Permitted, &allowed)?;
    set_no_new_privs(true).map_err(|error| CapsError::from(error.to_string()))
}

/// Drops all remaining capabilities of the calling thread.
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
