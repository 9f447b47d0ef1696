//! Attributes of mounted file systems.

use std::io;

/// `struct mount_attr` of `mount_setattr(2)`, in its first and so far only size.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Mounts everything in this mount namespace `nosuid`: from here on neither set-user-ID bits nor
/// file capabilities take effect.
///
/// # Errors
/// The system call's: `ENOSYS` before Linux 5.12, `EPERM` without `CAP_SYS_ADMIN` over the
/// namespace.
pub fn set_nosuid_on_mounts() -> io::Result<()> {
    let attributes = MountAttributes {
        set: libc::MOUNT_ATTR_NOSUID,
        clear: 0,
        propagation: 0,
        user_namespace: 0,
    };
    // SAFETY: the path ends with a zero, the structure is as large as is said, and both live until
    // the call returns.
    #[expect(unsafe_code, reason = "no library here has mount_setattr")]
    let status = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c"/".as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
