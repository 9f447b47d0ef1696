//! The property over real captures: each connection's segments in order of arrival, and the same
//! bytes in other pieces.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::record::{ParserInput, parse_all};
use crate::wire::{LinkType, Side, TcpFlags, TransportHeader, parse_segment};

const FILES: [(&str, &[u8]); 11] = [
    (
        "06",
        include_bytes!("../../../../tests/captures/06-head-lost.pcap"),
    ),
    (
        "07",
        include_bytes!("../../../../tests/captures/07-smtp-starttls.pcap"),
    ),
    (
        "08",
        include_bytes!("../../../../tests/captures/08-connect-tls.pcap"),
    ),
    (
        "08b",
        include_bytes!("../../../../tests/captures/08b-socks5-tls.pcap"),
    ),
    (
        "09",
        include_bytes!("../../../../tests/captures/09-h2c-upgrade.pcap"),
    ),
    (
        "10",
        include_bytes!("../../../../tests/captures/10-ftp-is-no-http.pcap"),
    ),
    (
        "18-0",
        include_bytes!("../../../../tests/captures/18-0-response-head.pcap"),
    ),
    (
        "18-1",
        include_bytes!("../../../../tests/captures/18-1-response-head.pcap"),
    ),
    (
        "18-2",
        include_bytes!("../../../../tests/captures/18-2-response-head.pcap"),
    ),
    (
        "18-7",
        include_bytes!("../../../../tests/captures/18-7-space-in-target.pcap"),
    ),
    (
        "18-8",
        include_bytes!("../../../../tests/captures/18-8-http09.pcap"),
    ),
];
/// Runs saved by this program: pcapng.
const SAVED: [(&str, &[u8]); 3] = [
    (
        "expired",
        include_bytes!("../../../../tests/compatibility/0.1.0/expired.pcapng"),
    ),
    (
        "https",
        include_bytes!("../../../../tests/compatibility/0.1.0/https.pcapng"),
    ),
    (
        "redirects",
        include_bytes!("../../../../tests/compatibility/0.1.0/redirects.pcapng"),
    ),
];

/// Returns the frames of a little-endian pcap file.
fn pcap_frames(file: &[u8]) -> Vec<&[u8]> {
    let mut rest = &file[24..];
    let mut frames = Vec::new();
    while let Some((header, behind)) = rest.split_at_checked(16) {
        let length = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        frames.push(&behind[..length]);
        rest = &behind[length..];
    }
    frames
}

/// Returns the frames of a pcapng file's enhanced packet blocks.
fn pcapng_frames(file: &[u8]) -> Vec<&[u8]> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let (mut at, mut frames) = (0, Vec::new());
    while at + 12 <= file.len() {
        if word(at) == 6 {
            frames.push(&file[at + 28..at + 28 + word(at + 20)]);
        }
        at += word(at + 4);
    }
    frames
}

/// Returns the input of each connection; the sender of its first segment is the client.
fn passing(frames: &[&[u8]]) -> Vec<Vec<ParserInput>> {
    #[derive(Default)]
    struct Connection {
        next: BTreeMap<SocketAddr, u32>,
        client: Option<SocketAddr>,
        passing: Vec<ParserInput>,
    }
    let mut connections: BTreeMap<_, Connection> = BTreeMap::new();
    for frame in frames {
        let bytes = u32::try_from(frame.len()).unwrap();
        let Some(segment) = parse_segment(LinkType::Ethernet, frame, bytes) else {
            continue;
        };
        let TransportHeader::Tcp(tcp) = segment.header else {
            continue;
        };
        let ends = [segment.source, segment.destination];
        let connection = connections
            .entry([*ends.iter().min().unwrap(), *ends.iter().max().unwrap()])
            .or_default();
        let client = *connection.client.get_or_insert(segment.source);
        let from = if client == segment.source {
            Side::Client
        } else {
            Side::Server
        };
        let is_syn = tcp.flags.has(TcpFlags::SYN);
        let seq = tcp.seq.wrapping_add(u32::from(is_syn));
        let next = connection.next.entry(segment.source).or_insert(seq);
        let payload = &frame[usize::try_from(segment.payload_at.unwrap()).unwrap()..];
        let payload = &payload[..(segment.payload_bytes as usize).min(payload.len())];
        let missing = seq.wrapping_sub(*next).cast_signed();
        if payload.is_empty() || missing < 0 {
            continue;
        }
        if missing > 0 {
            connection
                .passing
                .push(ParserInput::Gap(from, missing.unsigned_abs().into()));
        }
        connection
            .passing
            .push(ParserInput::Bytes(from, payload.to_vec()));
        *next = seq.wrapping_add(segment.payload_bytes);
    }
    connections
        .into_values()
        .map(|connection| connection.passing)
        .collect()
}

#[test]
fn captures_yield_the_same_units_in_any_pieces() {
    let plain = FILES.map(|(name, file)| (name, pcap_frames(file)));
    let saved = SAVED.map(|(name, file)| (name, pcapng_frames(file)));
    let mut connections = 0;
    for (name, frames) in plain.into_iter().chain(saved) {
        for whole in passing(&frames) {
            connections += usize::from(!whole.is_empty());
            let expected = parse_all(&whole).both();
            for length in [1, 2, 3, 7, 50] {
                let piece = |one: &ParserInput| match one {
                    ParserInput::Bytes(from, bytes) => bytes
                        .chunks(length)
                        .map(|piece| ParserInput::Bytes(*from, piece.to_vec()))
                        .collect(),
                    gap @ ParserInput::Gap(..) => vec![gap.clone()],
                };
                let pieces: Vec<ParserInput> = whole.iter().flat_map(piece).collect();
                assert_eq!(
                    parse_all(&pieces).both(),
                    expected,
                    "{name} in pieces of {length}"
                );
            }
        }
    }
    assert!(connections >= FILES.len(), "{connections}");
}
