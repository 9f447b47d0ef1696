//! Reassembly of fragmented IP datagrams (RFC 791 §3.2, RFC 8200 §4.5).

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, Ipv6Header};

use super::TransportSegment;
use super::assembler::{Assembler, Coverage};
use super::ip::{FragmentInfo, IpPacket};
use super::transport::{self, Transport};

/// Fragment of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    datagram: Key,
    /// Offset in the datagram's payload.
    offset: u32,
    /// The packet that carried it, from its IP header on.
    packet: &'a [u8],
    /// Captured bytes of its payload.
    captured: &'a [u8],
    /// Length of its payload on the link.
    bytes: u32,
    /// Whether more fragments follow.
    more: bool,
}

/// Key that the fragments of a datagram share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    id: u32,
    protocol: u8,
}

impl<'a> Fragment<'a> {
    pub(super) const fn new(
        packet: &'a [u8],
        datagram: &IpPacket<'a>,
        piece: FragmentInfo,
    ) -> Self {
        Self {
            datagram: Key {
                source: datagram.source,
                destination: datagram.destination,
                id: piece.id,
                protocol: datagram.protocol,
            },
            offset: piece.offset,
            packet,
            captured: datagram.payload,
            bytes: datagram.payload_bytes,
            more: piece.more_fragments,
        }
    }
}

/// Incomplete datagrams.
#[derive(Debug, Default)]
pub struct Fragments {
    pending: HashMap<Key, Pending>,
    /// Keys in the order in which the datagrams began.
    began: VecDeque<Key>,
    /// Memory for the bytes of all datagrams.
    kept_bytes: usize,
}

/// A datagram of which all fragments were captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassembledDatagram {
    /// The TCP segment or UDP datagram in it.
    pub segment: TransportSegment,
    /// The IP packet as if it had not been fragmented, with the header of its first fragment and
    /// over IPv6 without extension headers; `None` if not all of its bytes were captured.
    pub packet: Option<Vec<u8>>,
}

/// An incomplete datagram.
#[derive(Debug, Default)]
struct Pending {
    /// Header of the first fragment.
    header: Vec<u8>,
    /// Payload from the beginning up to the first gap.
    payload: Vec<u8>,
    /// Whether some bytes after `payload` were not captured.
    is_cut: bool,
    ahead: Assembler<MOST_AHEAD>,
    passed: Coverage<MOST_GAPS>,
    /// Length of the datagram, once its last fragment was captured.
    total: Option<u32>,
}

/// Maximum number of gaps in a datagram.
const MOST_GAPS: usize = 64;
/// Maximum memory in bytes for out-of-order fragments of a datagram.
const MOST_AHEAD: usize = 1 << 17;

impl Fragments {
    /// Maximum number of incomplete datagrams; for another one the oldest is dropped.
    const MOST_PENDING: usize = 1_024;
    /// Maximum memory in bytes for all incomplete datagrams; beyond it the oldest are dropped.
    const MOST_BYTES: usize = 8 << 20;

    /// Adds a fragment. Returns the datagram that it completes, with one segment regardless of the
    /// number of fragments.
    pub fn take(&mut self, fragment: &Fragment<'_>) -> Option<ReassembledDatagram> {
        Transport::from_protocol_number(fragment.datagram.protocol)?;
        if !self.pending.contains_key(&fragment.datagram) {
            self.make_room(Self::MOST_PENDING - 1);
            self.began.push_back(fragment.datagram);
        }
        let pending = self.pending.entry(fragment.datagram).or_default();
        let before = pending.kept_bytes();
        let progress = pending.take(fragment);
        self.kept_bytes = self.kept_bytes + pending.kept_bytes() - before;
        match progress {
            Progress::Waiting => {
                self.make_room(Self::MOST_PENDING);
                None
            }
            Progress::Hopeless => {
                self.remove(&fragment.datagram);
                None
            }
            Progress::Complete(total) => self
                .remove(&fragment.datagram)?
                .into_datagram(&fragment.datagram, total),
        }
    }

    /// Drops the oldest datagrams until no more than this number are incomplete.
    fn make_room(&mut self, datagrams: usize) {
        while self.pending.len() > datagrams || self.kept_bytes > Self::MOST_BYTES {
            let Some(oldest) = self.began.pop_front() else {
                return;
            };
            if let Some(given_up) = self.pending.remove(&oldest) {
                self.kept_bytes -= given_up.kept_bytes();
            }
        }
    }

    fn remove(&mut self, datagram: &Key) -> Option<Pending> {
        self.began.retain(|key| key != datagram);
        let removed = self.pending.remove(datagram)?;
        self.kept_bytes -= removed.kept_bytes();
        Some(removed)
    }
}

enum Progress {
    Waiting,
    Complete(u32),
    /// The fragments contradict each other or are too long.
    Hopeless,
}

impl Pending {
    /// Maximum length of a datagram in bytes.
    const LONGEST: u32 = 65_535;

    fn take(&mut self, fragment: &Fragment<'_>) -> Progress {
        let (start, end) = (
            u64::from(fragment.offset),
            fragment.offset.saturating_add(fragment.bytes),
        );
        if end > Self::LONGEST || fragment.bytes == 0 {
            return Progress::Hopeless;
        }
        self.keep_bytes(fragment);
        if !fragment.more {
            self.total = Some(end);
        }
        if self.passed.try_insert(start..end.into(), ()).is_err() {
            return Progress::Hopeless;
        }
        match self.total {
            Some(total) if self.passed.in_order_end() >= self.passed.end().max(total.into()) => {
                Progress::Complete(total)
            }
            _ => Progress::Waiting,
        }
    }

    fn keep_bytes(&mut self, fragment: &Fragment<'_>) {
        if fragment.offset == 0 && self.header.is_empty() {
            let header = fragment.packet.len() - fragment.captured.len();
            self.header = fragment.packet.get(..header).unwrap_or_default().to_vec();
        }
        let Self {
            payload, is_cut, ..
        } = self;
        let stated = usize::try_from(fragment.bytes).unwrap_or(usize::MAX);
        let captured = fragment.captured.get(..stated);
        let captured = captured.unwrap_or(fragment.captured);
        let uncaptured = u64::from(fragment.bytes) - captured.len() as u64;
        let offset = fragment.offset.into();
        self.ahead
            .push(offset, captured, uncaptured, |bytes, uncaptured| {
                if !*is_cut {
                    payload.extend_from_slice(bytes);
                }
                *is_cut |= uncaptured > 0;
            });
    }

    const fn kept_bytes(&self) -> usize {
        self.header.len() + self.payload.len() + self.ahead.held_bytes()
    }

    fn into_datagram(mut self, datagram: &Key, total: u32) -> Option<ReassembledDatagram> {
        self.payload.truncate(usize::try_from(total).ok()?);
        let whole = IpPacket {
            source: datagram.source,
            destination: datagram.destination,
            protocol: datagram.protocol,
            header_bytes: self.header.len(),
            payload: &self.payload,
            payload_bytes: total,
            fragment: None,
        };
        let segment = transport::parse_transport(&whole, None)?;
        let is_whole = self.payload.len() as u64 == u64::from(total);
        let packet = is_whole
            .then(|| unfragmented_packet(&self.header, &whole))
            .flatten();
        Some(ReassembledDatagram { segment, packet })
    }
}

/// Returns the IP packet of a reassembled datagram with the header of its first fragment; `None` if
/// it is too long.
fn unfragmented_packet(header: &[u8], datagram: &IpPacket<'_>) -> Option<Vec<u8>> {
    let mut packet = match datagram.source {
        IpAddr::V4(_) => {
            let (mut header, _) = Ipv4Header::from_slice(header).ok()?;
            header.more_fragments = false;
            header.fragment_offset = IpFragOffset::ZERO;
            header.set_payload_len(datagram.payload.len()).ok()?;
            header.header_checksum = header.calc_header_checksum();
            header.to_bytes().to_vec()
        }
        IpAddr::V6(_) => {
            let (mut header, _) = Ipv6Header::from_slice(header).ok()?;
            header.set_payload_length(datagram.payload.len()).ok()?;
            header.next_header = IpNumber(datagram.protocol);
            header.to_bytes().to_vec()
        }
    };
    packet.extend_from_slice(datagram.payload);
    Some(packet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::PacketBuilder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{LinkType, ParsedFrame, TransportHeader, parse_frame};

    /// Returns a UDP datagram over IPv4 in fragments of `step` bytes.
    fn pieces(payload: usize, step: usize) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 9], 64)
            .udp(40_000, 53)
            .write(&mut whole, &vec![7; payload])
            .unwrap();
        let (header, content) = whole.split_at(20);
        let cut = |(place, part): (usize, &[u8])| {
            let mut piece = [header, part].concat();
            let more = place * step + part.len() < content.len();
            let field = u16::try_from(place * step / 8).unwrap() | if more { 0x2000 } else { 0 };
            piece[6..8].copy_from_slice(&field.to_be_bytes());
            let length = u16::try_from(piece.len()).unwrap();
            piece[2..4].copy_from_slice(&length.to_be_bytes());
            piece
        };
        content.chunks(step).enumerate().map(cut).collect()
    }

    fn take(fragments: &mut Fragments, piece: &[u8]) -> Option<TransportSegment> {
        take_whole(fragments, piece).map(|whole| whole.segment)
    }

    fn take_whole(fragments: &mut Fragments, piece: &[u8]) -> Option<ReassembledDatagram> {
        match parse_frame(LinkType::Raw, piece, u32::try_from(piece.len()).unwrap()) {
            ParsedFrame::Fragment(fragment) => fragments.take(&fragment),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_missing_piece_yields_the_datagram_once_in_any_order() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let (mut fragments, pieces) = (Fragments::default(), pieces(3_000, 1_480));
            let found: Vec<TransportSegment> = order
                .iter()
                .filter_map(|&place| take(&mut fragments, &pieces[place]))
                .collect();
            let [segment] = found.as_slice() else {
                panic!("{order:?}: {found:?}")
            };
            assert_eq!(
                (segment.payload_bytes, segment.payload_at, segment.header),
                (3_000, None, TransportHeader::Udp)
            );
            assert_eq!(segment.source, ([192, 0, 2, 1], 40_000).into());
            assert!(fragments.pending.is_empty() && fragments.began.is_empty());
        }
    }

    #[test]
    fn a_transport_header_split_between_fragments_is_read() {
        let (mut fragments, pieces) = (Fragments::default(), pieces(50, 8));
        let found: Vec<TransportSegment> = pieces
            .iter()
            .filter_map(|piece| take(&mut fragments, piece))
            .collect();
        assert_eq!(
            found
                .iter()
                .map(|segment| segment.payload_bytes)
                .collect::<Vec<_>>(),
            [50]
        );
    }

    #[test]
    fn incomplete_datagrams_do_not_accumulate() {
        let mut fragments = Fragments::default();
        let mut piece = pieces(3_000, 1_480).remove(0);
        for id in 0..5_000_u16 {
            piece[4..6].copy_from_slice(&id.to_be_bytes());
            assert_eq!(take(&mut fragments, &piece), None);
        }
        assert_eq!(
            (fragments.pending.len(), fragments.began.len()),
            (Fragments::MOST_PENDING, Fragments::MOST_PENDING)
        );
    }

    #[test]
    fn large_incomplete_datagrams_do_not_accumulate() {
        let mut fragments = Fragments::default();
        let mut piece = pieces(60_000, 50_000).remove(0);
        for id in 0..1_000_u16 {
            piece[4..6].copy_from_slice(&id.to_be_bytes());
            assert_eq!(take(&mut fragments, &piece), None);
            assert!(fragments.kept_bytes <= Fragments::MOST_BYTES);
        }
        assert_eq!(fragments.pending.len(), Fragments::MOST_BYTES / 50_020);
    }

    #[test]
    fn the_reassembled_packet_equals_the_original() {
        let (whole, pieces) = (pieces(3_000, 65_528).remove(0), pieces(3_000, 1_480));
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let mut fragments = Fragments::default();
            let take = |place: usize| take_whole(&mut fragments, &pieces[place]);
            let found: Vec<_> = order.into_iter().filter_map(take).collect();
            assert_eq!(found.len(), 1);
            let mut packet = found[0].packet.clone().unwrap();
            let (header, _) = Ipv4Header::from_slice(&packet).unwrap();
            assert_eq!(header.header_checksum, header.calc_header_checksum());
            packet[10..12].copy_from_slice(&whole[10..12]);
            assert!(packet == whole, "{order:?}");
        }
    }

    #[test]
    fn only_the_length_of_a_truncated_packet_is_known() {
        let mut fragments = Fragments::default();
        let pieces = pieces(3_000, 1_480);
        let length = u32::try_from(pieces[1].len()).unwrap();
        take_whole(&mut fragments, &pieces[0]);
        let cut = match parse_frame(LinkType::Raw, &pieces[1][..500], length) {
            ParsedFrame::Fragment(fragment) => fragments.take(&fragment),
            other => panic!("{other:?}"),
        };
        assert_eq!(cut, None);
        let found = take_whole(&mut fragments, &pieces[2]).unwrap();
        assert_eq!((found.segment.payload_bytes, found.packet), (3_000, None));
    }

    #[test]
    fn a_packet_over_ipv6_has_no_fragment_header() {
        let mut whole = Vec::new();
        PacketBuilder::ipv6([1; 16], [2; 16], 7)
            .udp(40_000, 53)
            .write(&mut whole, &[7; 200])
            .unwrap();
        let piece = |range: std::ops::Range<usize>, more: u8| {
            let start = u16::try_from(range.start).unwrap().to_be_bytes();
            let header = [17, 0, start[0], start[1] | more, 0, 0, 0, 9];
            let mut piece = [&whole[..40], &header, &whole[40..][range]].concat();
            let length = u16::try_from(piece.len() - 40).unwrap();
            piece[4..6].copy_from_slice(&length.to_be_bytes());
            piece[6] = 44;
            piece
        };
        let mut fragments = Fragments::default();
        assert_eq!(take_whole(&mut fragments, &piece(104..208, 0)), None);
        let found = take_whole(&mut fragments, &piece(0..104, 1)).unwrap();
        assert_eq!(found.packet, Some(whole));
    }

    proptest! {
        #[test]
        fn arbitrary_fragments_do_not_panic(
            pieces in vec((0_u16..4, 0_u16..0x4000, vec(any::<u8>(), 0..60), any::<u16>()), 0..200),
        ) {
            let mut fragments = Fragments::default();
            for (id, cut, content, stated) in pieces {
                let mut frame = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0];
                frame.extend([192, 0, 2, 1, 192, 0, 2, 9]);
                frame[2..4].copy_from_slice(&stated.to_be_bytes());
                frame[4..6].copy_from_slice(&id.to_be_bytes());
                frame[6..8].copy_from_slice(&cut.to_be_bytes());
                frame.extend(content);
                let parsed = parse_frame(LinkType::Raw, &frame, u32::from(stated));
                if let ParsedFrame::Fragment(fragment) = parsed {
                    let found = fragments.take(&fragment);
                    prop_assert!(found.is_none_or(|whole| whole.segment.payload_bytes <= 65_535));
                }
                for pending in fragments.pending.values() {
                    prop_assert!(pending.passed.gaps().count() <= MOST_GAPS);
                    prop_assert!(pending.payload.len() <= 65_535);
                }
                let kept: usize = fragments.pending.values().map(Pending::kept_bytes).sum();
                prop_assert!(kept == fragments.kept_bytes && kept <= Fragments::MOST_BYTES);
                prop_assert_eq!(fragments.began.len(), fragments.pending.len());
            }
        }
    }
}
