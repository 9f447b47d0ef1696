//! tapline runs a request against a URL and shows every layer it crosses, live.
//!
//! One idea holds the house together: everything that happens is an [event with a
//! time](trace::Event). The probe, a live capture and a saved run all yield the same events;
//! [`trace::Trace`] is the fold of them and the only truth; screens and reports are functions of a
//! `Trace`.
//!
//! ```text
//!    probe ─┐                                  ┌─► timeline ─► tui
//!  capture ─┤                                  │
//!  archive ─┴─► Event ─► Trace (fold, pure) ───┼─► insight  ─► tui, report
//!                  (channel, bounded)          └─► report   ─► text json events
//! ```
//!
//! The rooms and what each may use are described in `ARCHITECTURE.md` and enforced by
//! `tests/architecture/main.rs`.

pub mod archive;
pub mod capture;
pub mod cli;
pub mod dissect;
pub mod insight;
pub mod lab;
pub mod probe;
pub mod report;
pub mod sys;
pub mod timeline;
pub mod trace;
pub mod tui;
pub mod units;
pub mod wire;
