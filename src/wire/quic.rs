//! QUIC packets with long headers (RFC 9000 §17.2, RFC 8999), and what their Initial packets say:
//! those are protected with keys that anybody can work out (RFC 9001 §5.2).
//!
//! ```text
//! │ 1 1 type 2 .. 4 │ version 32 │ length 8 │ destination id … │ length 8 │ source id … │ Initial: token length, token │ length │ number …
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

/// Connection ids are no longer than this (RFC 9000 §17.2).
const MAX_CONNECTION_ID: usize = 20;

/// The kinds of packets with long headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// The first ones of both sides.
    Initial,
    /// What a client sends before the handshake is over.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// The server wants proof of the client's address first.
    Retry,
    /// The server does not speak that version (version 0).
    VersionNegotiation,
}

/// A packet with a long header, as far as it can be read without keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongHeaderPacket<'a> {
    /// Its kind.
    pub kind: PacketKind,
    /// The version of QUIC.
    pub version: u32,
    /// The connection id it is sent to.
    pub destination: &'a [u8],
    /// The connection id its sender wants to be sent to.
    pub source: &'a [u8],
    /// Where it lies in the datagram.
    pub range: Range<usize>,
    /// Where its protected packet number begins, counted from the datagram's start; for those that
    /// have none, its end.
    pub packet_number_at: usize,
}

/// The packets with long headers in a datagram: several may lie one behind the other (RFC 9000
/// §12.2). It ends where no further one is.
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
    let (destination, source) = (rest.id()?, rest.id()?);
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

/// The two bits of a packet's type mean something else in each version (RFC 9369 §3.2).
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

/// What QUIC's headers and frames are made of.
impl<'a> ByteReader<'a> {
    fn id(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u8()?);
        if length > MAX_CONNECTION_ID {
            return None;
        }
        self.take(length)
    }

    /// A variable-length integer (RFC 9000 §16).
    fn integer(&mut self) -> Option<u64> {
        let first = self.u8()?;
        let more = self.take((1 << (first >> 6)) - 1)?;
        Some(more.iter().fold(u64::from(first & 0x3f), |value, byte| {
            value << 8 | u64::from(*byte)
        }))
    }
}
