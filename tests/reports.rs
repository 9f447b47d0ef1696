//! Reports as programs that others wrote read them.
//!
//! What reads them is installed by `tools/report-peers`. Where that could not be done its tests are
//! skipped, visibly; with `TAPLINE_REQUIRE_PEERS=1`, as in CI, that is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "reports/crowd.rs"]
mod crowd;
#[path = "reports/csv.rs"]
mod csv;
#[path = "reports/delivery.rs"]
mod delivery;
#[path = "reports/har.rs"]
mod har;
#[path = "reports/junit.rs"]
mod junit;
#[path = "reports/markdown.rs"]
mod markdown;
#[path = "reports/otlp.rs"]
mod otlp;
#[path = "reports/pages.rs"]
mod pages;
#[path = "reports/peer.rs"]
mod peer;
#[path = "reports/prometheus.rs"]
mod prometheus;
#[path = "reports/receiver.rs"]
mod receiver;
#[path = "scenarios/scenario.rs"]
mod scenario;
