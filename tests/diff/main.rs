//! Scenarios compared with each other: every report about two runs, and the command that writes
//! them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod command;
mod reports;
#[path = "../scenarios/scenario.rs"]
mod scenario;
