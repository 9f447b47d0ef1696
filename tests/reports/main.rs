//! Reports as programs that others wrote read them.
//!
//! What reads them is installed by `tools/report-peers`. Where that could not be done its tests are
//! skipped, visibly; with `TAPLINE_REQUIRE_PEERS=1`, as in CI, that is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod crowd;
mod csv;
mod delivery;
mod har;
mod junit;
mod markdown;
mod otlp;
mod pages;
mod peer;
mod prometheus;
mod receiver;
#[path = "../scenarios/scenario.rs"]
mod scenario;
