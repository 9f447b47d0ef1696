//! What needs `unsafe`: a safe function for each system call that no library wraps.

mod interface_index;
mod interfaces;
mod packet_socket;
mod readiness;
mod tcp_info;

pub use interface_index::interface_index;
pub use interfaces::{Interface, interfaces};
pub use packet_socket::{FilterInstruction, attach_filter, ignore_outgoing};
pub use readiness::wait_readable;
pub use tcp_info::tcp_info;
