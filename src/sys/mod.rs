//! Safe wrappers of system calls that need `unsafe` and that no library wraps; and opening files
//! safely in shared directories.

mod emergency_cleanup;
#[cfg(target_os = "linux")]
mod frame_socket;
mod interfaces;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod offload;
mod output_file;
mod packet_socket;
#[cfg(target_os = "linux")]
mod peer_user;
mod poll;
mod process_arguments;
mod signals;
mod tcp_info;

pub use emergency_cleanup::{
    TerminalResetGuard, UnfinishedFileGuard, exit_now, guard_terminal, guard_unfinished_file,
    run_emergency_cleanup,
};
#[cfg(target_os = "linux")]
pub use frame_socket::{FrameBuffers, FrameSocket};
pub use interfaces::{NetworkInterface, interface_index, list_interfaces};
#[cfg(target_os = "linux")]
pub use mounts::set_nosuid_on_mounts;
#[cfg(target_os = "linux")]
pub use namespaces::{Fork, Namespaces, fork_process, unshare_namespaces};
#[cfg(target_os = "linux")]
pub use offload::disable_offload;
pub use output_file::{
    WriteOptions, open_for_writing, open_for_writing_blocking, refuse_foreign_file,
    resolve_symlinks,
};
pub use packet_socket::{FilterInstruction, attach_filter, ignore_outgoing};
#[cfg(target_os = "linux")]
pub use peer_user::peer_user;
pub use poll::wait_readable;
pub use process_arguments::{inherited_file, overwrite_arguments};
#[cfg(target_os = "linux")]
pub use signals::with_signals_blocked;
pub use signals::{
    acknowledge_interrupt, exit_on_second_signal, install_cleanup_handlers, is_ignored,
};
pub use tcp_info::tcp_info;
