//! The program on a terminal: a pseudo-terminal, a terminal emulator behind it, a server that
//! answers when it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

mod lab;
mod leaving;
mod live;
mod open;
mod panics;
mod saving;
mod server;
mod terminal;
