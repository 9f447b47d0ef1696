//! QUIC packets with long headers (RFC 9000 §17.2, RFC 8999), and the content of Initial packets,
//! whose keys can be derived by any observer (RFC 9001 §5.2).
//!
//! ```text
//! │ 1 1 type 2 .. 4 │ version 32 │ length 8 │ destination ID … │ length 8 │ source ID … │
//! │ Initial: token length, token │ length │ packet number …
//! ```

mod crypto;
mod frames;
mod initial;
mod protection;
#[cfg(test)]
pub(crate) mod samples;

pub use initial::{InitialReader, QuicHello};

use std::ops::Range;

use super::byte_reader::ByteReader;

/// Largest connection ID in bytes (RFC 9000 §17.2).
const MAX_CONNECTION_ID: usize = 20;

/// Types of packets with long headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// The first packets of both sides.
    Initial,
    /// Data that a client sends before the handshake is complete.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// The server requests address validation of the client.
    Retry,
    /// The server does not support the version (version field 0).
    VersionNegotiation,
}

/// A packet with a long header, as far as it can be read without keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongHeaderPacket<'a> {
    /// Packet type.
    pub kind: PacketKind,
    /// QUIC version.
    pub version: u32,
    /// Destination connection ID.
    pub destination: &'a [u8],
    /// Source connection ID.
    pub source: &'a [u8],
    /// Byte range in the datagram.
    pub range: Range<usize>,
    /// Offset of the protected packet number in the datagram; the end of the packet for types
    /// without one.
    pub packet_number_at: usize,
}

/// Returns the packets with long headers at the start of a datagram; several may be coalesced (RFC
/// 9000 §12.2).
pub fn long_header_packets(datagram: &[u8]) -> impl Iterator<Item = LongHeaderPacket<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let packet = parse_long_header(datagram, at)?;
        at = packet.range.end;
        Some(packet)
    })
}

/// Version 1 (RFC 9000).
pub const VERSION_1: u32 = 1;
/// Version 2 (RFC 9369).
pub const VERSION_2: u32 = 0x6b33_43cf;

fn parse_long_header(datagram: &[u8], start: usize) -> Option<LongHeaderPacket<'_>> {
    let mut rest = ByteReader {
        bytes: datagram,
        position: start,
    };
    let first = rest.u8()?;
    if first & 0x80 == 0 {
        return None;
    }
    let version = u32::from_be_bytes(rest.take(4)?.try_into().ok()?);
    let destination = rest.id()?;
    let source = rest.id()?;
    let kind = packet_kind(first, version)?;
    match kind {
        PacketKind::VersionNegotiation | PacketKind::Retry => {
            let end = datagram.len();
            return Some(LongHeaderPacket {
                kind,
                version,
                destination,
                source,
                range: start..end,
                packet_number_at: end,
            });
        }
        PacketKind::Initial => {
            let token = rest.integer()?;
            rest.take(usize::try_from(token).ok()?)?;
        }
        PacketKind::ZeroRtt | PacketKind::Handshake => {}
    }
    let length = usize::try_from(rest.integer()?).ok()?;
    let number_at = rest.position;
    let end = number_at
        .checked_add(length)
        .filter(|end| *end <= datagram.len())?;
    Some(LongHeaderPacket {
        kind,
        version,
        destination,
        source,
        range: start..end,
        packet_number_at: number_at,
    })
}

/// Packet type; the meaning of the two type bits depends on the version (RFC 9369 §3.2).
const fn packet_kind(first: u8, version: u32) -> Option<PacketKind> {
    let bits = (first >> 4) & 3;
    let place = match version {
        0 => return Some(PacketKind::VersionNegotiation),
        VERSION_1 => bits,
        VERSION_2 => bits.wrapping_sub(1) & 3,
        _ => return None,
    };
    Some(match place {
        0 => PacketKind::Initial,
        1 => PacketKind::ZeroRtt,
        2 => PacketKind::Handshake,
        _ => PacketKind::Retry,
    })
}

/// Readers for the elements of QUIC headers and frames.
impl<'a> ByteReader<'a> {
    fn id(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u8()?);
        if length > MAX_CONNECTION_ID {
            return None;
        }
        self.take(length)
    }

    /// Reads a variable-length integer (RFC 9000 §16).
    fn integer(&mut self) -> Option<u64> {
        let first = self.u8()?;
        let more = self.take((1 << (first >> 6)) - 1)?;
        Some(more.iter().fold(u64::from(first & 0x3f), |value, byte| {
            value << 8 | u64::from(*byte)
        }))
    }
}
