//! What needs `unsafe`: a safe function for each system call that no library wraps; and files among
//! other users'.

mod abrupt_end;
mod arguments;
mod deadly_signals;
mod exit;
#[cfg(target_os = "linux")]
mod frame_socket;
#[cfg(target_os = "linux")]
mod held_signals;
mod interface_index;
mod interfaces;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod offload;
mod output_file;
mod packet_socket;
mod readiness;
mod tcp_info;

pub use abrupt_end::{
    HeldTerminal, UnfinishedFile, hold_terminal, remove_unless_finished, undo_unfinished_work,
};
pub use arguments::{inherited_file, overwrite_arguments};
pub use deadly_signals::{
    answer_interrupt, end_at_second_signal, is_ignored, undo_unfinished_work_at_signals,
};
pub use exit::exit_now;
#[cfg(target_os = "linux")]
pub use frame_socket::{FrameSocket, Frames};
#[cfg(target_os = "linux")]
pub use held_signals::while_signals_wait;
pub use interface_index::interface_index;
pub use interfaces::{Interface, interfaces};
#[cfg(target_os = "linux")]
pub use mounts::ignore_rights_of_files;
#[cfg(target_os = "linux")]
pub use namespaces::{Fork, Namespaces, fork, leave};
#[cfg(target_os = "linux")]
pub use offload::switch_off_offload;
pub use output_file::{
    Writing, follow_links, open_for_writing, open_for_writing_when_read, refuse_what_others_put,
};
pub use packet_socket::{FilterInstruction, attach_filter, ignore_outgoing};
pub use readiness::wait_readable;
pub use tcp_info::tcp_info;
