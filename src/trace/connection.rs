//! A connection, its endpoints, and the kernel's figures for it.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ConnectionId, Contents, ExchangeId, Layers, Part, Tls};
use crate::units::{Moment, Nanos, Untrusted};
use crate::wire::Side;

/// One end of a connection. In events it is text: `192.0.2.1:443`, `[2001:db8::1]:443`,
/// `unix:/run/app.sock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Endpoint {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// Path of a Unix-domain socket; empty for an unnamed socket.
    Unix(Untrusted),
}

impl Endpoint {
    /// Returns the IP address and port, if it has them.
    pub const fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl Endpoint {
    /// Returns the endpoint unless it is the unspecified address, which is used where an endpoint
    /// is not known: a HAR gives the server's address only.
    pub fn if_specified(&self) -> Option<&Self> {
        Some(self).filter(|end| {
            end.ip()
                .is_none_or(|address| address.port() != 0 || !address.ip().is_unspecified())
        })
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

/// The text is escaped, so it can be written to a terminal as it is.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => f.pad(&address.to_string()),
            Self::Unix(path) => f.pad(&format!("unix:{}", path.escaped())),
        }
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Ip(address) => address.to_string(),
            Endpoint::Unix(path) => format!("unix:{}", path.raw()),
        }
    }
}

impl From<String> for Endpoint {
    fn from(text: String) -> Self {
        match SocketAddr::from_str(&text) {
            Ok(address) => Self::Ip(address),
            Err(_) => Self::Unix(Untrusted::new(text.strip_prefix("unix:").unwrap_or(&text))),
        }
    }
}

/// The kernel's figures for a TCP connection (`TCP_INFO`). Fields that the running kernel does not
/// have are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TcpInfo {
    /// Smoothed round-trip time.
    #[serde(rename = "rtt_ns")]
    pub rtt: Option<Nanos>,
    /// Smallest round-trip time seen.
    #[serde(rename = "min_rtt_ns")]
    pub min_rtt: Option<Nanos>,
    /// Total number of retransmitted segments.
    pub retransmits: Option<u64>,
    /// Maximum payload of a segment that this side may send.
    pub send_mss: Option<u32>,
    /// Estimated maximum payload of the segments that the other side sends.
    pub receive_mss: Option<u32>,
    /// Path MTU.
    pub path_mtu: Option<u32>,
    /// Congestion window in segments.
    pub congestion_window: Option<u32>,
    /// Segments sent, all kinds.
    pub segments_out: Option<u64>,
    /// Segments received, all kinds.
    pub segments_in: Option<u64>,
    /// Segments sent that carry data.
    pub data_segments_out: Option<u64>,
    /// Segments received that carry data.
    pub data_segments_in: Option<u64>,
    /// Payload bytes sent, including retransmissions.
    pub bytes_sent: Option<u64>,
    /// Payload bytes received.
    pub bytes_received: Option<u64>,
    /// Payload bytes retransmitted.
    pub bytes_retransmitted: Option<u64>,
}

/// An established connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its number in the run.
    pub id: ConnectionId,
    /// Exchange that it was opened for.
    pub opened_by: ExchangeId,
    /// When it was established.
    pub established: Moment,
    /// This side.
    pub local: Endpoint,
    /// The other side: the server or the proxy.
    pub remote: Endpoint,
    /// Its TLS session, once a handshake has begun.
    pub tls: Option<Tls>,
    /// Ranges of records and message parts in its two streams.
    pub layers: Layers,
    /// The kernel's latest figures.
    pub tcp_info: Option<TcpInfo>,
    /// When it was closed.
    pub closed: Option<Moment>,
}

impl Connection {
    /// Returns the records and parts in a range of the stream sent by one side, such as the payload
    /// of a packet.
    pub fn contents(&self, from: Side, stream: Range<u64>) -> Contents<'_> {
        self.layers
            .of(from)
            .contents(stream, self.explicit_nonce_bytes())
    }

    /// Returns the range of the stream that a part covers; `None` where it is not known.
    pub fn stream_range_of(&self, from: Side, part: &Part) -> Option<Range<u64>> {
        self.layers
            .of(from)
            .stream_of(&part.range(), self.explicit_nonce_bytes())
    }

    /// Bytes of the explicit nonce at the start of each record: 8 for AES in TLS 1.2 (RFC 5288 §3),
    /// 0 for later versions and other ciphers.
    fn explicit_nonce_bytes(&self) -> u64 {
        let agreed = self.tls.as_ref().and_then(|tls| tls.handshake.as_ref());
        let states = agreed.is_some_and(|agreed| {
            agreed.version == "TLSv1.2" && agreed.cipher_suite.contains("_AES_")
        });
        if states { 8 } else { 0 }
    }
}
