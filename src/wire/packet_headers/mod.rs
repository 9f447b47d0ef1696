//! What a packet is made of: its headers from the outside in, field by field, each with the bytes
//! it takes.
//!
//! ```text
//! │ link: Ethernet 14 │ internet: IPv4 20 │ transport: TCP 32 │ payload … │
//! ```
//!
//! It is for one packet that somebody looks at; [`frame_of`](super::frame_of) is for all of them.

mod checksum;
mod internet;
mod link;
mod transport;

use std::ops::Range;

use super::LinkType;
use super::link_type::NetworkProtocol;

/// A layer of the internet's model (RFC 1122 §1.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// From a machine to the next one.
    Link,
    /// From host to host.
    Internet,
    /// From program to program.
    Transport,
    /// What programs say.
    Application,
}

impl Layer {
    /// The name that RFC 1122 gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "Link",
            Self::Internet => "Internet",
            Self::Transport => "Transport",
            Self::Application => "Application",
        }
    }

    /// Its place in OSI's model (ISO/IEC 7498-1), and the name there.
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
    /// The layer it belongs to.
    pub layer: Layer,
    /// The protocol.
    pub name: &'static str,
    /// Its bytes in the frame.
    pub range: Range<usize>,
    /// Its fields, in their order.
    pub fields: Vec<PacketField>,
}

/// A field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketField {
    /// What the standard calls it.
    pub name: &'static str,
    /// What it says, for people.
    pub value: String,
    /// Its bytes in the frame; fields of a few bits share a byte.
    pub range: Range<usize>,
}

/// A packet taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketHeaders {
    /// Its headers, from the outside in.
    pub headers: Vec<PacketHeader>,
    /// What the transport layer carries, as far as it was captured.
    pub payload: Range<usize>,
}

/// Takes apart a frame that may be cut short. It ends where a header is not whole, or of a kind
/// that is not read here; what is left is the payload.
pub fn parse_headers(kind: LinkType, frame: &[u8]) -> PacketHeaders {
    let mut headers = Vec::new();
    let mut at = 0;
    if let Some((carried, end)) = kind
        .network_protocol(frame)
        .filter(|(_, end)| *end <= frame.len())
    {
        headers.extend(link::parse_link_header(
            kind,
            frame.get(..end).unwrap_or_default(),
        ));
        at = end;
        let whole = matches!(carried, NetworkProtocol::Ipv4 | NetworkProtocol::Ipv6);
        if let Some(datagram) = whole
            .then(|| internet::parse_ip_header(frame, end))
            .flatten()
        {
            at = datagram.header.range.end;
            headers.push(datagram.header);
            let transport = datagram
                .payload
                .and_then(|carries| transport::parse_transport_header(&carries, frame, at));
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

/// Makes fields out of a header that begins at `at` of the frame.
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
