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

mod answer;
mod authority;
mod balancer;
mod body;
mod broken;
mod catalogue;
mod content;
mod dns;
mod echo;
mod embedded;
mod error;
mod faults;
mod firewall;
mod gate;
mod ground;
mod hosts;
mod http1;
mod http2;
mod identity;
mod interim;
mod kv;
pub mod network;
mod oddities;
mod page;
mod pages;
mod places;
mod ports;
mod proxy;
mod secure;
mod servers;
mod service;
mod site;
mod tls;
mod web;
mod work;

pub use catalogue::{Exhibit, exhibits_of_network};
pub use embedded::Embedded;
pub use error::Error;
pub use firewall::{
    CLIENT_V4, CLIENT_V6, Firewall, HostAddress, NAME_SERVERS, client_addresses, host_addresses,
};
pub use ground::Ground;
pub use servers::Servers;
