//! The program on a terminal: a pseudo-terminal, a terminal emulator behind it, a server that
//! answers when it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

#[path = "tui/lab.rs"]
mod lab;
#[path = "tui/leaving.rs"]
mod leaving;
#[path = "tui/live.rs"]
mod live;
#[path = "tui/open.rs"]
mod open;
#[path = "tui/panics.rs"]
mod panics;
#[path = "tui/saving.rs"]
mod saving;
#[path = "tui/server.rs"]
mod server;
#[path = "tui/terminal.rs"]
mod terminal;
