//! The screen, without a terminal: what arrives, what is drawn, what shall happen outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod any_input;
mod conversations;
mod desk;
mod keys;
mod lab;
mod ladder;
mod layers;
mod long_run;
mod looking;
mod masking;
mod owners;
mod pictures;
#[path = "../masking/planted.rs"]
mod planted;
mod rounds;
#[path = "../scenarios/scenario.rs"]
mod scenario;
