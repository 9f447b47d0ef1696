//! The engine: resolve, connect, talk to a proxy, secure, exchange; it emits events.
//!
//! ```text
//! spec ─► run ─► per exchange:  resolve ─► connect ─► tap ─► proxy ─► tls ─► tap ─► http1 | http2 ─► body
//!                                  │          │               │        │              │              │
//!                                  └──────────┴───────── Recorder (clock, numbers, sink) ────────────┘
//! ```
//!
//! A step that fails returns [`Failed`]; `run` is the one place that turns it into an event.

mod connect;
mod failed;
mod proxy;
mod recorder;
mod request;
mod resolve;
pub mod spec;
mod step;
mod tap;
mod watcher;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod witness;

pub use failed::Failed;
pub use proxy::BadProxy;
pub use recorder::{Recorder, Sink};
pub use spec::Spec;
pub use watcher::{NoWatcher, Watcher};
