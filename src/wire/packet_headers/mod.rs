//! The headers of one packet from the outside in, field by field, each with its byte range.
//!
//! ```text
//! │ link: Ethernet 14 │ internet: IPv4 20 │ transport: TCP 32 │ payload … │
//! ```
//!
//! It describes one packet in detail; [`parse_frame`](super::parse_frame) is for processing every
//! packet.

mod checksum;
mod internet;
mod link;
mod transport;

use std::ops::Range;

use super::LinkType;
use super::link_type::NetworkProtocol;

/// A layer of the Internet model (RFC 1122 §1.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Link layer: between neighbours.
    Link,
    /// Internet layer: between hosts.
    Internet,
    /// Transport layer: between programs.
    Transport,
    /// Application layer.
    Application,
}

impl Layer {
    /// Name in RFC 1122.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "Link",
            Self::Internet => "Internet",
            Self::Transport => "Transport",
            Self::Application => "Application",
        }
    }

    /// Number and name in the OSI model (ISO/IEC 7498-1).
    pub const fn osi(self) -> &'static str {
        match self {
            Self::Link => "2 Data link",
            Self::Internet => "3 Network",
            Self::Transport => "4 Transport",
            Self::Application => "5-7 Application",
        }
    }
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketHeader {
    /// Layer.
    pub layer: Layer,
    /// Protocol name.
    pub name: &'static str,
    /// Byte range in the frame.
    pub range: Range<usize>,
    /// Fields, in their order.
    pub fields: Vec<PacketField>,
}

/// A field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketField {
    /// Name in the standard.
    pub name: &'static str,
    /// Value, formatted for people.
    pub value: String,
    /// Byte range in the frame; fields of a few bits share a byte.
    pub range: Range<usize>,
}

/// The headers of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketHeaders {
    /// Headers, from the outside in.
    pub headers: Vec<PacketHeader>,
    /// Byte range of the captured payload.
    pub payload: Range<usize>,
}

/// Parses the headers of a frame, which may be truncated, until one is incomplete or of an unknown
/// kind; the rest is the payload.
pub fn parse_headers(kind: LinkType, frame: &[u8]) -> PacketHeaders {
    let mut headers = Vec::new();
    let mut at = 0;
    if let Some((protocol, end)) = kind
        .network_protocol(frame)
        .filter(|(_, end)| *end <= frame.len())
    {
        headers.extend(link::parse_link_header(
            kind,
            frame.get(..end).unwrap_or_default(),
        ));
        at = end;
        let is_ip = matches!(protocol, NetworkProtocol::Ipv4 | NetworkProtocol::Ipv6);
        if let Some(datagram) = is_ip
            .then(|| internet::parse_ip_header(frame, end))
            .flatten()
        {
            at = datagram.header.range.end;
            headers.push(datagram.header);
            let transport = datagram
                .payload
                .and_then(|ip_payload| transport::parse_transport_header(&ip_payload, frame, at));
            at = transport.as_ref().map_or(at, |header| header.range.end);
            headers.extend(transport);
            let end = datagram.end.clamp(at, frame.len());
            return PacketHeaders {
                headers,
                payload: at..end,
            };
        }
    }
    PacketHeaders {
        headers,
        payload: at..frame.len(),
    }
}

/// Builder of the fields of a header that begins at `at` in the frame.
struct FieldBuilder<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: Vec<PacketField>,
}

impl<'a> FieldBuilder<'a> {
    const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            fields: Vec::new(),
        }
    }

    /// Adds a field that takes `range` of the header.
    fn add(&mut self, name: &'static str, range: Range<usize>, value: impl Into<String>) {
        self.fields.push(PacketField {
            name,
            value: value.into(),
            range: self.at + range.start..self.at + range.end,
        });
    }

    fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.u8(at), self.u8(at + 1)])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) << 16 | u32::from(self.u16(at + 2))
    }

    fn finish(self, layer: Layer, name: &'static str) -> PacketHeader {
        PacketHeader {
            layer,
            name,
            range: self.at..self.at + self.bytes.len(),
            fields: self.fields,
        }
    }
}

#[cfg(test)]
mod tests;
