//! What needs `unsafe`: a safe function for each system call that no library wraps.
