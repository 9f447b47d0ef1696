//! Name resolution as it happened.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::QueryId;
use crate::units::{Moment, Nanos, Untrusted};

/// How a DNS message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsTransport {
    /// RFC 1035 over UDP.
    Udp,
    /// RFC 7766.
    Tcp,
    /// DNS over TLS, RFC 7858.
    Tls,
    /// DNS over HTTPS, RFC 8484.
    Https,
}

/// A server that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DnsServer {
    /// Its address.
    pub address: SocketAddr,
    /// How the question travelled.
    pub transport: DnsTransport,
}

/// One resource record of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Owner name.
    pub name: Untrusted,
    /// Record type's mnemonic: `A`, `AAAA`, `CNAME`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Time to live in seconds.
    pub ttl: u32,
    /// The data in presentation form.
    pub data: Untrusted,
}

/// A server's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// Response code's mnemonic: `NOERROR`, `NXDOMAIN`, `SERVFAIL`.
    pub rcode: String,
    /// The answer was cut to fit (TC bit) and is asked for again over TCP.
    #[serde(default)]
    pub truncated: bool,
    /// The answer section, in the order it came.
    pub records: Vec<DnsRecord>,
}

/// Where addresses came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolutionSource {
    /// DNS servers.
    Dns,
    /// The hosts file.
    HostsFile,
    /// The operating system's own resolver (`getaddrinfo`), which does not say whom it asked.
    System,
    /// The user's `--resolve` or `--connect-to`.
    Given,
}

/// How a query ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    /// No answer yet.
    Pending,
    /// Answered.
    Answered(DnsAnswer),
    /// Came to nothing.
    Failed(Untrusted),
}

/// One question to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsQuery {
    /// Its number in the run.
    pub id: QueryId,
    /// The name asked for.
    pub name: Untrusted,
    /// Record type's mnemonic.
    pub kind: String,
    /// Who was asked.
    pub server: DnsServer,
    /// When the question was handed over for sending.
    pub asked: Moment,
    /// When the outcome was known.
    pub ended: Option<Moment>,
    /// How it ended.
    pub outcome: QueryOutcome,
}

impl DnsQuery {
    /// Time from question to outcome, once there is one.
    pub fn duration(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.asked))
    }
}

/// All that was asked to resolve an exchange's host, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The questions, in the order they were sent.
    pub queries: Vec<DnsQuery>,
    /// Where the addresses came from, once there are some.
    pub source: Option<ResolutionSource>,
    /// The addresses in the order they are tried.
    pub addresses: Vec<IpAddr>,
}
