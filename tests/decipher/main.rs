//! Captured connections read with a key log: TLS records as rustls wrote them, and what is said in
//! them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(missing_docs, reason = "a program")]

mod dissection;
mod records;
mod talk;
