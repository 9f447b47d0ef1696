//! `tapline lab` as a network: programs that know nothing of it run in it, as an ordinary user.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod beside_tcpdump;
mod beside_tshark;
mod canaries;
mod ends;
mod key_log;
mod link;
mod place;
mod programs;
mod recording;
mod rights;
mod verdicts;
