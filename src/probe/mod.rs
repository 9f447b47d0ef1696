//! The probe engine: resolves, connects, negotiates with a proxy, performs the TLS handshake and
//! the HTTP exchange, and emits events.
//!
//! ```text
//! spec ─► run ─► exchange:  resolve ─► connect ─► tap ─► proxy ─► tls ─► tap ─► http1|2 ─► body
//!                              │          │               │        │              │         │
//!                              └──────────┴────── Recorder (clock, numbers, sink) ──────────┘
//! ```
//!
//! A step that fails returns [`PhaseFailure`]; `run` is the only place that turns it into an event.

mod body;
mod connect;
mod connection_info;
mod control;
pub mod cookies;
mod dial;
#[cfg(test)]
mod e2e;
mod exchange;
mod exchange_context;
mod http1;
mod http2;
mod layering;
mod message_phases;
mod phase_failure;
mod proxy;
mod read_adapter;
mod recorder;
mod redirect;
mod request;
mod resolve;
mod response_head;
mod run;
mod session;
pub mod spec;
mod tap;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod test_context;
mod throttle;
mod time_limits;
mod tls;
mod tls_loader;
mod trust_store_cache;
mod yielding_stream;

pub use exchange_context::{NoRemoteObserver, RemoteObserver};
pub use phase_failure::PhaseFailure;
pub use proxy::ProxyAddressError;
pub use recorder::{EventSink, Recorder};
pub use run::{PreparedRun, run, run_prepared};
pub use spec::Spec;
pub use tls::auxiliary_tls_config;
pub use trust_store_cache::TrustStoreCache;
