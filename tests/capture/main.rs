//! Capturing on loopback: real packets of real connections. Where the right to capture is missing
//! these tests say so and pass; that is then what is tested: the refusal.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod exchange;
mod scene;

mod beside_tcpdump;
mod losing;
mod narrowing;
mod offload;
mod privilege;
mod running;
mod two_clocks;
