//! The local lab: servers to look at without a network, and hosts that fail on purpose.
//!
//! [`Servers`] are a certification authority made afresh at each start, a DNS server that knows the
//! zone `lab.test`, and real HTTP servers over TLS and in clear. The [`Ground`] says where: on free
//! ports of the loopback addresses, or in a network of the lab's own, where every host has
//! addresses and every service its standard port. [`Embedded`] is the servers on loopback,
//! on a thread and runtime of their own, so that they do not stand in the way of the program that
//! measures them.
//!
//! ```text
//! plan       hosts     the registry of hosts;       firewall: hosts that do not answer;  service: what a host serves
//! ground     ground, places, servers                bound on loopback or in a network, and where everything is then
//! names      dns       lab.test: addresses, aliases, names without address, servers that fail or keep silent
//! trust      authority root → intermediate → leaf;  identity: which host shows which certificate
//! transport  ports     loopback, both families;     gate: how many at once;  faults: closed and resetting ports
//! protocol   web → secure → http1, http2            over TLS or in clear;         broken: HTTP gone wrong
//! content    content: requests → answers;           pages: what the first host has;  catalogue: what there is to see
//! ```
//!
//! Everything is bounded, lives in memory and ends with the value.

mod addresses;
mod api;
mod body;
mod broken_http;
mod catalogue;
mod certificate_authority;
mod connection_faults;
mod connection_limiter;
mod dns;
mod dns_faults;
mod echo;
mod embedded;
mod error;
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
mod state;
mod tls_accept;
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
