//! Transport headers: TCP (RFC 9293 §3.1) and UDP (RFC 768).

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::frame::TransportSegment;
use super::ip::IpPacket;
use super::tcp_options::{TcpOption, TcpOptions};

const TCP: u8 = 6;
const UDP: u8 = 17;

const TCP_FIXED: u32 = 20;
const UDP_HEADER: u32 = 8;

/// A transport protocol whose packets are followed.
///
/// Another one (SCTP, or QUIC as a transport of its own) is a variant here and one of
/// [`TransportHeader`]; the compiler then names each place that has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP (RFC 9293): ordered streams of bytes, with a sequence number in each packet.
    Tcp,
    /// UDP (RFC 768): datagrams.
    Udp,
}

impl Transport {
    /// Name in its standard.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }

    /// Name in machine output and lists.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// Protocol number in the IP header (IANA, "Assigned Internet Protocol Numbers").
    pub const fn protocol_number(self) -> u8 {
        match self {
            Self::Tcp => TCP,
            Self::Udp => UDP,
        }
    }

    /// The protocol with a number; `None` for one that is not followed.
    pub const fn from_protocol_number(number: u8) -> Option<Self> {
        match number {
            TCP => Some(Self::Tcp),
            UDP => Some(Self::Udp),
            _ => None,
        }
    }
}

/// Transport header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportHeader {
    /// Of a TCP segment.
    Tcp(TcpHeader),
    /// Of a UDP datagram; its ports and its length are with the packet.
    Udp,
}

impl TransportHeader {
    /// Returns the protocol.
    pub const fn transport(&self) -> Transport {
        match self {
            Self::Tcp(_) => Transport::Tcp,
            Self::Udp => Transport::Udp,
        }
    }
}

/// The fields of a TCP header (RFC 9293 §3.1) beside its ports. They are saved with the events of a
/// run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpHeader {
    /// Sequence number as sent.
    pub seq: u32,
    /// Acknowledgment number as sent.
    pub ack: u32,
    /// Flags.
    pub flags: TcpFlags,
    /// Window field as sent, unscaled.
    pub window: u16,
    /// The maximum segment size option, on a SYN that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// The window scale option, on a SYN that has one: bits to shift by, at most 14 where it was
    /// parsed (RFC 7323 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_scale: Option<u8>,
    /// The sender's clock when it sent the segment, in ticks of its choice (`TSval` of the
    /// timestamps option, RFC 7323 §3.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u32>,
}

/// TCP's flag bits (RFC 9293 §3.1), low byte: `CWR ECE URG ACK PSH RST SYN FIN` from high to low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number is valid.
    pub const ACK: u8 = 0x10;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// Parses the transport header at the start of an IP packet's payload. `at` is its offset in the
/// frame; `None` if its fixed part was not captured or its length field is invalid.
pub(super) fn parse_transport(
    datagram: &IpPacket<'_>,
    at: Option<u32>,
) -> Option<TransportSegment> {
    let [source_0, source_1, destination_0, destination_1] = *datagram.payload.first_chunk()?;
    let transport = Transport::from_protocol_number(datagram.protocol)?;
    let (header, header_bytes, transport_bytes) = match transport {
        Transport::Tcp => {
            let (tcp, header_bytes) = parse_tcp(datagram.payload)?;
            let header = TransportHeader::Tcp(tcp);
            (header, header_bytes, datagram.payload_bytes)
        }
        Transport::Udp => (TransportHeader::Udp, UDP_HEADER, udp_length(datagram)?),
    };
    Some(TransportSegment {
        source: SocketAddr::new(datagram.source, u16::from_be_bytes([source_0, source_1])),
        destination: SocketAddr::new(
            datagram.destination,
            u16::from_be_bytes([destination_0, destination_1]),
        ),
        payload_bytes: transport_bytes.saturating_sub(header_bytes),
        payload_at: at.and_then(|at| at.checked_add(header_bytes)),
        header,
    })
}

/// Parses a TCP header; returns it with its stated length.
fn parse_tcp(bytes: &[u8]) -> Option<(TcpHeader, u32)> {
    let fixed: &[u8; 20] = bytes.first_chunk()?;
    let [
        _,
        _,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        a0,
        a1,
        a2,
        a3,
        offset,
        flags,
        w0,
        w1,
        ..,
    ] = *fixed;
    let header_bytes = u32::from(offset >> 4) * 4;
    if header_bytes < TCP_FIXED {
        return None;
    }
    let flags = TcpFlags(flags);
    // As far as they were captured.
    let end = bytes.len().min(usize::from(offset >> 4) * 4);
    let options = parse_options(bytes.get(20..end).unwrap_or_default());
    let is_syn = flags.has(TcpFlags::SYN);
    let header = TcpHeader {
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags,
        window: u16::from_be_bytes([w0, w1]),
        mss: options.mss.filter(|_| is_syn),
        window_scale: options.window_scale.filter(|_| is_syn),
        timestamp: options.timestamp,
    };
    Some((header, header_bytes))
}

/// Options of a header.
#[derive(Default)]
struct HeaderOptions {
    /// Only a SYN has it (RFC 9293 §3.2).
    mss: Option<u16>,
    /// Only a SYN has it (RFC 7323 §2).
    window_scale: Option<u8>,
    timestamp: Option<u32>,
}

/// Parses the options of a header. Of several of a kind the last one counts.
fn parse_options(bytes: &[u8]) -> HeaderOptions {
    /// A larger shift count is treated as this one (RFC 7323 §2.3).
    const MOST_SHIFT: u8 = 14;
    let mut options = HeaderOptions::default();
    for option in TcpOptions(bytes) {
        match option {
            TcpOption::MaximumSegmentSize(bytes) => options.mss = Some(bytes),
            TcpOption::WindowScale(bits) => options.window_scale = Some(bits.min(MOST_SHIFT)),
            TcpOption::Timestamps { value, .. } => options.timestamp = Some(value),
            _ => {}
        }
    }
    options
}

/// Length of UDP header and payload as stated, if it fits into the packet; jumbograms above 64 KiB
/// state 0 (RFC 2675 §4).
fn udp_length(datagram: &IpPacket<'_>) -> Option<u32> {
    let [_, _, _, _, high, low, ..] = *datagram.payload.first_chunk::<8>()?;
    let stated = u32::from(u16::from_be_bytes([high, low]));
    Some(if (UDP_HEADER..=datagram.payload_bytes).contains(&stated) {
        stated
    } else {
        datagram.payload_bytes
    })
}
