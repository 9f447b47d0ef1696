//! The engine: resolve, connect, talk to a proxy, secure, exchange; it emits events.
//!
//! ```text
//! spec ─► run ─► per exchange:  resolve ─► connect ─► tap ─► proxy ─► tls ─► tap ─► http1 | http2 ─► body
//!                                  │          │               │        │              │              │
//!                                  └──────────┴───────── Recorder (clock, numbers, sink) ────────────┘
//! ```
//!
//! A step that fails returns [`Failed`]; `run` is the one place that turns it into an event.

mod answer;
mod body;
mod connect;
mod control;
pub mod cookies;
mod exchange;
mod failed;
mod http1;
mod http2;
mod layering;
mod limit;
mod link;
mod pace;
mod portions;
mod proxy;
mod recorder;
mod redirect;
mod request;
mod resolve;
mod run;
pub mod spec;
mod stage;
mod step;
mod stores;
mod tap;
mod tls;
#[cfg(test)]
mod trials;
mod trust_loader;
mod watcher;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod witness;

pub use failed::Failed;
pub use proxy::BadProxy;
pub use recorder::{Recorder, Sink};
pub use run::{Prepared, run, run_prepared};
pub use spec::Spec;
pub use stores::Stores;
pub use tls::side_traffic_tls;
pub use watcher::{NoWatcher, Watcher};
