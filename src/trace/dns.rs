//! Name resolution: DNS queries, answers, and where the addresses came from.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::QueryId;
use crate::units::{Moment, Nanos, Untrusted};
use crate::wire::dns::{DnsMessage, ResourceRecord, rcode_name, record_type_name};

/// Transport of a DNS message.
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

/// A DNS server that was queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DnsServer {
    /// Its address.
    pub address: SocketAddr,
    /// Transport of the query.
    pub transport: DnsTransport,
}

/// One resource record of an answer, as it is saved: in the words of zone files (RFC 1035 §5).
///
/// What a captured message contains is a [`ResourceRecord`], with the number of its type.
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

/// A DNS server's answer, as it is saved: its outcome and its answer section.
///
/// A captured message is a [`DnsMessage`], which also has what a response is matched to its query
/// by. It becomes an answer by `From`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// Response code's mnemonic: `NOERROR`, `NXDOMAIN`, `SERVFAIL`.
    pub rcode: String,
    /// The answer was truncated (TC bit) and is asked for again over TCP.
    #[serde(default)]
    pub truncated: bool,
    /// The answer section, in the order received.
    pub records: Vec<DnsRecord>,
}

impl From<&ResourceRecord> for DnsRecord {
    fn from(record: &ResourceRecord) -> Self {
        Self {
            name: Untrusted::new(record.name.as_str()),
            kind: record_type_name(record.kind),
            ttl: record.ttl,
            data: Untrusted::new(record.data.as_str()),
        }
    }
}

impl From<&DnsMessage> for DnsAnswer {
    fn from(message: &DnsMessage) -> Self {
        Self {
            rcode: rcode_name(message.rcode.into()),
            truncated: message.is_truncated,
            records: message.answers.iter().map(DnsRecord::from).collect(),
        }
    }
}

/// Source of the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolutionSource {
    /// DNS servers.
    Dns,
    /// The hosts file.
    HostsFile,
    /// The operating system's own resolver (`getaddrinfo`), whose queries are not visible.
    System,
    /// The user's `--resolve` or `--connect-to`.
    Given,
}

/// Outcome of a DNS query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    /// No answer yet.
    Pending,
    /// Answered.
    Answered(DnsAnswer),
    /// Failed, with the reason.
    Failed(Untrusted),
}

/// One query to one DNS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsQuery {
    /// Its number in the run.
    pub id: QueryId,
    /// Name that was queried.
    pub name: Untrusted,
    /// Record type's mnemonic.
    pub kind: String,
    /// Server that was queried.
    pub server: DnsServer,
    /// When the query was handed over for sending.
    pub asked: Moment,
    /// When the outcome was known.
    pub ended: Option<Moment>,
    /// Its outcome.
    pub outcome: QueryOutcome,
}

impl DnsQuery {
    /// The reason for the failure of a query that was given up, since its answer was not needed.
    pub const ABANDONED: &str = "abandoned before an answer came";

    /// Returns true if nothing waited for its outcome any more.
    pub fn was_abandoned(&self) -> bool {
        matches!(&self.outcome, QueryOutcome::Failed(reason) if reason.raw() == Self::ABANDONED)
    }

    /// Time from query to outcome, if it has ended.
    pub fn duration(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.asked))
    }
}

/// All DNS queries made for an exchange's host, and the resulting addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The queries, in the order sent.
    pub queries: Vec<DnsQuery>,
    /// Source of the addresses, once there are any.
    pub source: Option<ResolutionSource>,
    /// The addresses, in the order in which they are tried.
    pub addresses: Vec<IpAddr>,
}
