//! The local lab: HTTP, DNS and other servers for trying things out without a network, and hosts
//! that fail on purpose.
//!
//! [`Servers`] are a certificate authority made at each start, a DNS server for the zone
//! `lab.test`, and real HTTP servers over TLS and plaintext. [`Placement`] selects where they are
//! bound: on free ports of the loopback addresses, or in a private network in which every host has
//! its own addresses and every service its standard port. [`EmbeddedLab`] runs the servers on
//! loopback, on a thread and runtime of their own, so that they do not slow down the program that
//! measures them.
//!
//! ```text
//! registry   hosts          every host          service, firewall, tls_profile: what a host has
//! placement  placement      loopback or network addresses: where everything is; servers: startup
//! names      dns            zone lab.test       dns_faults: names that fail to resolve
//! trust      certificate_authority              identity: which host presents which certificate
//! transport  loopback_ports connection_limiter
//! protocol   http_service → http1, http2        faulty_services: refused, reset, invalid HTTP/1.1
//! content    handler        requests → responses          api: pages of the first host
//!            catalogue      the list of URLs to try
//! ```
//!
//! Everything is bounded, is kept in memory and ends when the value is dropped.

mod addresses;
mod api;
mod body;
mod catalogue;
mod certificate_authority;
mod connection_limiter;
mod dns;
mod dns_faults;
mod echo;
mod embedded;
mod error;
mod faulty_services;
mod firewall;
mod handler;
mod hosts;
mod http1;
mod http2;
mod http_service;
mod identity;
mod interim;
mod key_value_store;
mod load_balancer;
mod loopback_ports;
pub mod network;
mod placement;
mod proxy;
mod response;
mod servers;
mod service;
mod tls_profile;
mod web_page;
mod workers;

pub use catalogue::{CatalogueEntry, network_catalogue};
pub use embedded::EmbeddedLab;
pub use error::LabError;
pub use firewall::{
    CLIENT_V4, CLIENT_V6, FirewallRule, HostAddresses, NAME_SERVERS, client_addresses,
    host_addresses,
};
pub use placement::Placement;
pub use servers::Servers;
