//! The screen, without a terminal: what arrives, what is drawn, what shall happen outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "screens/any_input.rs"]
mod any_input;
#[path = "screens/conversations.rs"]
mod conversations;
#[path = "screens/desk.rs"]
mod desk;
#[path = "screens/keys.rs"]
mod keys;
#[path = "screens/lab.rs"]
mod lab;
#[path = "screens/ladder.rs"]
mod ladder;
#[path = "screens/layers.rs"]
mod layers;
#[path = "screens/long_run.rs"]
mod long_run;
#[path = "screens/looking.rs"]
mod looking;
#[path = "screens/masking.rs"]
mod masking;
#[path = "screens/pictures.rs"]
mod pictures;
#[path = "masking/planted.rs"]
mod planted;
#[path = "screens/rounds.rs"]
mod rounds;
#[path = "scenarios/scenario.rs"]
mod scenario;
