//! Fragments of IP datagrams, put together as far as counting needs it: the transport header and
//! the length of the whole.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::TransportSegment;
use super::ip::{FragmentInfo, IpPacket};
use super::transport::{self, Transport};

/// A piece of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    datagram: Key,
    /// Where in the datagram it begins.
    offset: u32,
    /// What was captured of it.
    captured: &'a [u8],
    /// How long it was on the link.
    bytes: u32,
    /// It is not the last one.
    more: bool,
}

/// What fragments of one datagram have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    id: u32,
    protocol: u8,
}

impl<'a> Fragment<'a> {
    pub(super) const fn new(datagram: &IpPacket<'a>, piece: FragmentInfo) -> Self {
        Self {
            datagram: Key {
                source: datagram.source,
                destination: datagram.destination,
                id: piece.id,
                protocol: datagram.protocol,
            },
            offset: piece.offset,
            captured: datagram.payload,
            bytes: datagram.payload_bytes,
            more: piece.more_fragments,
        }
    }
}

/// Datagrams of which pieces are missing.
#[derive(Debug, Default)]
pub struct Fragments {
    pending: HashMap<Key, Pending>,
    /// In the order in which they began.
    began: VecDeque<Key>,
}

/// A datagram of which pieces are missing.
#[derive(Debug, Default)]
struct Pending {
    /// Its beginning, without a gap.
    head: Vec<u8>,
    /// What has come, as disjoint ranges in order.
    ranges: Vec<(u32, u32)>,
    /// Its length, once its last piece has come.
    total: Option<u32>,
}

impl Fragments {
    /// Datagrams that may be pending at a time; for another one the oldest is given up.
    const MOST_PENDING: usize = 1_024;

    /// Takes a fragment. With the one that completes its datagram, what that carried: once,
    /// whatever number of pieces it had.
    pub fn take(&mut self, fragment: &Fragment<'_>) -> Option<TransportSegment> {
        Transport::from_protocol_number(fragment.datagram.protocol)?;
        if !self.pending.contains_key(&fragment.datagram) {
            self.make_room();
            self.began.push_back(fragment.datagram);
        }
        let pending = self.pending.entry(fragment.datagram).or_default();
        let total = match pending.take(fragment) {
            Progress::Waiting => return None,
            Progress::Complete(total) => Some(total),
            Progress::Hopeless => None,
        };
        let pending = self.pending.remove(&fragment.datagram)?;
        self.began.retain(|key| *key != fragment.datagram);
        let Key {
            source,
            destination,
            protocol,
            ..
        } = fragment.datagram;
        let whole = IpPacket {
            source,
            destination,
            protocol,
            header_bytes: 0,
            payload: &pending.head,
            payload_bytes: total?,
            fragment: None,
        };
        transport::parse_transport(&whole, None)
    }

    fn make_room(&mut self) {
        if self.pending.len() >= Self::MOST_PENDING
            && let Some(oldest) = self.began.pop_front()
        {
            self.pending.remove(&oldest);
        }
    }
}

enum Progress {
    Waiting,
    Complete(u32),
    /// It can never be a datagram.
    Hopeless,
}

impl Pending {
    /// A transport header, whatever its options, and what its first fragments are at least.
    const MOST_HEAD: usize = 128;
    /// Gaps it may have; a sender leaves none.
    const MOST_RANGES: usize = 64;
    /// As long as a datagram can be.
    const LONGEST: u32 = 65_535;

    fn take(&mut self, fragment: &Fragment<'_>) -> Progress {
        let (start, end) = (
            fragment.offset,
            fragment.offset.saturating_add(fragment.bytes),
        );
        if end > Self::LONGEST || start == end {
            return Progress::Hopeless;
        }
        self.extend_head(fragment);
        if !fragment.more {
            self.total = Some(end);
        }
        self.cover(start, end);
        match (self.ranges.as_slice(), self.total) {
            ([(0, end)], Some(total)) if *end >= total => Progress::Complete(total),
            (ranges, _) if ranges.len() > Self::MOST_RANGES => Progress::Hopeless,
            _ => Progress::Waiting,
        }
    }

    fn extend_head(&mut self, fragment: &Fragment<'_>) {
        let known = self.head.len();
        let Some(skipped) = usize::try_from(fragment.offset)
            .ok()
            .and_then(|offset| known.checked_sub(offset))
        else {
            return;
        };
        let stated = usize::try_from(fragment.bytes).unwrap_or(usize::MAX);
        let room = Self::MOST_HEAD.saturating_sub(known);
        self.head.extend(
            fragment
                .captured
                .iter()
                .take(stated)
                .skip(skipped)
                .take(room),
        );
    }

    fn cover(&mut self, mut start: u32, mut end: u32) {
        self.ranges.retain(|&(from, to)| {
            let apart = to < start || end < from;
            if !apart {
                (start, end) = (start.min(from), end.max(to));
            }
            apart
        });
        let place = self.ranges.partition_point(|&(from, _)| from < start);
        self.ranges.insert(place, (start, end));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{LinkType, ParsedFrame, TransportHeader, parse_frame};

    /// A UDP datagram over IPv4, cut into pieces of `step` bytes.
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
    fn a_header_cut_in_two_is_read() {
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
    fn what_never_completes_does_not_pile_up() {
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

    proptest! {
        #[test]
        fn any_pieces_are_taken_without_a_panic(
            pieces in prop::collection::vec((0_u16..4, 0_u16..0x4000, prop::collection::vec(any::<u8>(), 0..60), any::<u16>()), 0..200),
        ) {
            let mut fragments = Fragments::default();
            for (id, cut, content, stated) in pieces {
                let mut frame = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9];
                frame[2..4].copy_from_slice(&stated.to_be_bytes());
                frame[4..6].copy_from_slice(&id.to_be_bytes());
                frame[6..8].copy_from_slice(&cut.to_be_bytes());
                frame.extend(content);
                if let ParsedFrame::Fragment(fragment) = parse_frame(LinkType::Raw, &frame, u32::from(stated)) {
                    let found = fragments.take(&fragment);
                    prop_assert!(found.is_none_or(|segment| segment.payload_bytes <= 65_535));
                }
                let bounded = |pending: &Pending| pending.ranges.len() <= Pending::MOST_RANGES && pending.head.len() <= Pending::MOST_HEAD;
                prop_assert!(fragments.pending.values().all(bounded));
            }
        }
    }
}
