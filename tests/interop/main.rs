//! The binary against programs that others wrote, and against peers that break every rule.
//!
//! nginx, Apache httpd, curl, tinyproxy and microsocks are started by the tests themselves on free
//! ports. Where one is not installed its tests are skipped, visibly: `SKIPPED: nginx is not
//! installed`. With `TAPLINE_REQUIRE_PEERS=1`, as in CI, a missing one is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cookies;
mod curl;
mod fixture;
mod probe;

mod agreement;
mod blocked_output;
mod bodies;
mod bombs;
mod connect_failures;
mod contract;
mod exit_codes;
mod files;
mod fixtures_are_sound;
mod hostile_text;
mod http2;
mod http_failures;
mod ordinary_user;
mod proxies;
mod redirect_guard;
mod redirect_table;
mod redirects;
mod request_options;
mod resolution_failures;
mod saving;
mod sent_as_curl;
mod suite;
mod system_failures;
mod tls_failures;
mod typed_urls;
