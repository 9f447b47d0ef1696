//! What needs `unsafe`: a safe function for each system call that no library wraps.

mod tcp_info;

pub use tcp_info::tcp_info;
