//! The summary of a flow's packets: lists, pictures at any level of detail, and totals are read
//! from it without a visit to each packet.
//!
//! ```text
//! packets   ├─────── 128 ───────┼─────── 128 ───────┼── fewer ──┤
//! chunks    │ one ChunkSummary  │ one ChunkSummary  │ none yet  │
//! totals    │ retransmitted packets, payload sizes  │           │
//! ```
//!
//! Each packet is fed to it once, with its chunk when that is complete. Readers look at the last
//! packets, which are fewer than a chunk, one by one: most flows are short and have no summary. So
//! a picture of a million packets costs no more than one of a thousand.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::chunk::{ChunkSummary, StreamEnds};
use super::stream_update::StreamUpdate;
use super::traffic_sum::TrafficSum;
use super::{Direction, Flow, PacketEntry};
use crate::units::{WallTime, push_tight};

/// All chunk summaries of a flow, and totals over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FlowSummary {
    chunks: Vec<ChunkSummary>,
    /// How far the streams had come with the last packet that was evicted; the first chunk
    /// continues from it.
    evicted_stream_ends: StreamEnds,
    /// Indices of retransmitted packets.
    retransmitted: Vec<u32>,
    /// Number of packets by payload size, sent and received, without evicted packets.
    payload_sizes: [BTreeMap<u32, u64>; 2],
}

/// A run of consecutive packets, with its summary.
#[derive(Clone, Copy, Debug)]
pub struct PacketRun<'a> {
    /// The packets.
    pub packets: &'a [PacketEntry],
    /// Summary of the packets; `None` for the last run, which is not complete yet.
    pub summary: Option<&'a ChunkSummary>,
    stream_ends_before: StreamEnds,
}

impl PacketRun<'_> {
    /// Returns what each packet tells about one direction, with its timestamp.
    pub fn stream_updates(
        &self,
        flow: &Flow,
        direction: Direction,
    ) -> impl Iterator<Item = (WallTime, StreamUpdate)> {
        let mut end = self.stream_ends_before.one_direction(direction);
        self.packets.iter().filter_map(move |packet| {
            Some((
                packet.wall,
                StreamUpdate::from_packet(flow, packet, direction, &mut end)?,
            ))
        })
    }
}

impl FlowSummary {
    /// How far the streams had come with the first so many chunks.
    fn stream_ends_after(&self, chunks: usize) -> StreamEnds {
        chunks
            .checked_sub(1)
            .and_then(|last| self.chunks.get(last))
            .map_or(self.evicted_stream_ends, ChunkSummary::stream_ends)
    }

    /// Adds a listed packet to the totals; `index` is its place in the list.
    fn count_listed(&mut self, index: usize, packet: &PacketEntry) {
        count_payload(
            &mut self.payload_sizes[direction_index(packet.direction)],
            packet.payload_bytes,
        );
        if packet.retransmitted {
            self.retransmitted.extend(u32::try_from(index));
        }
    }
}

impl Flow {
    /// Timestamps of the first and the last packet, including evicted ones.
    pub fn span(&self) -> Option<(WallTime, WallTime)> {
        let chunks = self.chunk_summaries().iter();
        let listed = chunks
            .map(|chunk| (chunk.first, chunk.last))
            .chain(time_span(self.unsummarized_packets()));
        let spans = self.evicted_span.into_iter().chain(listed);
        spans.reduce(|(first, last), (other_first, other_last)| {
            (first.min(other_first), last.max(other_last))
        })
    }

    /// Returns the traffic of the listed packets between two wall-clock times, `to` excluded. The
    /// cost depends on the chunks at both ends and not on the number of packets.
    pub fn traffic_between(&self, from: WallTime, to: WallTime) -> TrafficSum {
        let mut traffic = TrafficSum::default();
        let mut add = |packets: &[PacketEntry]| {
            packets
                .iter()
                .filter(|packet| from <= packet.wall && packet.wall < to)
                .for_each(|packet| traffic.add(packet));
        };
        add(self.unsummarized_packets());
        let chunks = self.chunk_summaries();
        let first = chunks.partition_point(|chunk| chunk.last < from);
        let mut whole = TrafficSum::default();
        for (number, chunk) in chunks
            .iter()
            .enumerate()
            .skip(first)
            .take_while(|(_, chunk)| chunk.first < to)
        {
            if from <= chunk.first && chunk.last < to {
                whole = whole.and(chunk.traffic());
            } else {
                let start = number * ChunkSummary::PACKETS;
                let end = start + ChunkSummary::PACKETS;
                add(self.entries.get(start..end).unwrap_or_default());
            }
        }
        traffic.and(whole)
    }

    /// Returns all packets in runs, in the order captured.
    pub fn packet_runs(&self) -> impl Iterator<Item = PacketRun<'_>> {
        let chunks = self.chunk_summaries();
        self.packets()
            .chunks(ChunkSummary::PACKETS)
            .enumerate()
            .map(|(n, packets)| PacketRun {
                packets,
                summary: chunks.get(n),
                stream_ends_before: self.stream_ends_after(n),
            })
    }

    /// Returns the retransmitted packets.
    pub fn retransmitted_packets(&self) -> impl Iterator<Item = &PacketEntry> {
        let listed = self
            .summary
            .iter()
            .flat_map(|summary| &summary.retransmitted)
            .filter_map(|index| self.packets().get(*index as usize));
        listed.chain(
            self.unsummarized_packets()
                .iter()
                .filter(|packet| packet.retransmitted),
        )
    }

    /// Returns the number of packets of a direction by payload size.
    pub fn payload_sizes(&self, direction: Direction) -> BTreeMap<u32, u64> {
        let mut sizes = self
            .summary
            .as_ref()
            .map(|summary| summary.payload_sizes[direction_index(direction)].clone())
            .unwrap_or_default();
        let tail = self
            .unsummarized_packets()
            .iter()
            .filter(|packet| packet.direction == direction);
        tail.for_each(|packet| count_payload(&mut sizes, packet.payload_bytes));
        sizes
    }

    fn chunk_summaries(&self) -> &[ChunkSummary] {
        self.summary.as_ref().map_or(&[], |summary| &summary.chunks)
    }

    fn stream_ends_after(&self, chunks: usize) -> StreamEnds {
        self.summary
            .as_ref()
            .map(|summary| summary.stream_ends_after(chunks))
            .unwrap_or_default()
    }

    /// Returns, for each chunk, the number of its last packet, counted over all packets of the
    /// trace.
    pub(super) fn chunk_ends(&self) -> impl Iterator<Item = u64> {
        self.chunk_summaries()
            .iter()
            .map(|chunk| chunk.last_packet_number)
    }

    /// Drops the summaries of the first packets, which are whole chunks or all packets there are.
    pub(super) fn evict_chunks(&mut self, packets: usize) {
        let rest = self.unsummarized_packets();
        let last = (packets >= self.entries.len() && !rest.is_empty()).then(|| {
            let chunks = self.chunk_summaries().len();
            let mut chunk = ChunkSummary::after(self.stream_ends_after(chunks));
            for packet in rest {
                chunk.add(self, packet);
            }
            chunk
        });
        let summed_up = self.entries.len() - rest.len();
        let chunks = packets / ChunkSummary::PACKETS;
        let summary = self.summary.get_or_insert_default();
        for packet in self
            .entries
            .iter()
            .take(packets.min(summed_up))
            .filter(|packet| packet.payload_bytes > 0)
        {
            uncount_payload(
                &mut summary.payload_sizes[direction_index(packet.direction)],
                packet.payload_bytes,
            );
        }
        let last_dropped = summary
            .chunks
            .drain(..chunks.min(summary.chunks.len()))
            .next_back();
        if let Some(chunk) = last.or(last_dropped) {
            summary.evicted_stream_ends = chunk.stream_ends();
        }
        summary.chunks.shrink_to_fit();
        let shifted = |index: &u32| u32::try_from((*index as usize).checked_sub(packets)?).ok();
        summary.retransmitted = summary.retransmitted.iter().filter_map(shifted).collect();
    }

    /// Returns the packets after the last complete chunk.
    fn unsummarized_packets(&self) -> &[PacketEntry] {
        self.packets()
            .get(self.chunk_summaries().len() * ChunkSummary::PACKETS..)
            .unwrap_or_default()
    }

    /// Summarizes the latest packets if they are a chunk.
    pub(super) fn summarize_full_chunk(&mut self) {
        let packets = self.unsummarized_packets().len();
        if packets < ChunkSummary::PACKETS {
            return;
        }
        let mut summary = self.summary.take().unwrap_or_default();
        let mut chunk = ChunkSummary::after(summary.stream_ends_after(summary.chunks.len()));
        let start = self.entries.len() - packets;
        for (index, packet) in self.entries.iter().enumerate().skip(start) {
            chunk.add(self, packet);
            summary.count_listed(index, packet);
        }
        push_tight(&mut summary.chunks, chunk);
        self.summary = Some(summary);
    }

    /// Counts a packet that is not listed.
    pub(super) fn count_unlisted(&mut self, direction: Direction, payload_bytes: u32) {
        self.unlisted += 1;
        count_payload(
            &mut self.summary.get_or_insert_default().payload_sizes[direction_index(direction)],
            payload_bytes,
        );
    }
}

fn count_payload(sizes: &mut BTreeMap<u32, u64>, payload_bytes: u32) {
    if payload_bytes > 0 {
        *sizes.entry(payload_bytes).or_default() += 1;
    }
}

/// Reverts [`count_payload`].
fn uncount_payload(sizes: &mut BTreeMap<u32, u64>, payload_bytes: u32) {
    if let Entry::Occupied(mut count) = sizes.entry(payload_bytes) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// Earliest and latest timestamp.
pub(super) fn time_span(packets: &[PacketEntry]) -> Option<(WallTime, WallTime)> {
    let walls = packets.iter().map(|packet| packet.wall);
    Some((walls.clone().min()?, walls.max()?))
}

const fn direction_index(direction: Direction) -> usize {
    match direction {
        Direction::Sent => 0,
        Direction::Received => 1,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::trace::{FlowKey, Packet};
    use crate::wire::{TcpFlags, TcpHeader, Transport, TransportHeader};

    const ENDS: ([u8; 4], [u8; 4]) = ([10, 0, 0, 1], [10, 0, 0, 2]);

    /// A flow of so many packets: some repeat bytes, one resets.
    fn flow(packets: u32) -> Flow {
        let (local, remote) = ((ENDS.0, 50_000).into(), (ENDS.1, 80).into());
        let mut flow = Flow::new(FlowKey {
            local,
            remote,
            transport: Transport::Tcp,
            reuse: 0,
        });
        for n in 0..packets {
            let direction = if n.is_multiple_of(3) {
                Direction::Sent
            } else {
                Direction::Received
            };
            let (source, destination) = match direction {
                Direction::Sent => (local, remote),
                Direction::Received => (remote, local),
            };
            let is_again = n.is_multiple_of(100);
            let header = TcpHeader {
                seq: if is_again { 1 } else { 1 + n * 7 },
                ack: n,
                flags: TcpFlags(if n == 700 {
                    TcpFlags::RST
                } else {
                    TcpFlags::ACK
                }),
                window: 500,
                mss: None,
                window_scale: None,
                timestamp: None,
            };
            let packet = Packet {
                wall: WallTime(u64::from(n) * 10_000_000),
                source,
                destination,
                frame_bytes: 60,
                payload_bytes: n % 7,
                transport: TransportHeader::Tcp(header),
                stored: None,
                segment_bytes: None,
            };
            assert!(flow.add(&packet, direction, true, n.into()));
        }
        flow
    }

    #[test]
    fn traffic_of_a_span_is_the_sum_of_its_packets() {
        const STEP: u64 = 1_000_000;
        let flow = flow(1_000);
        let chunks = flow.chunk_summaries().len();
        assert_eq!((chunks, flow.unsummarized_packets().len()), (7, 104));
        assert!(flow.retransmitted_packets().count() > 3);
        for (from, to) in [
            (0, 0),
            (0, 5),
            (0, 10_000),
            (2_555, 2_561),
            (17, 9_001),
            (1_280, 7_680),
            (9_990, u64::MAX / STEP),
            (20_000, 30_000),
        ] {
            let span = WallTime(from * STEP)..WallTime(to * STEP);
            let mut expected = TrafficSum::default();
            for packet in flow.packets() {
                if span.contains(&packet.wall) {
                    expected.add(packet);
                }
            }
            assert_eq!(
                flow.traffic_between(span.start, span.end),
                expected,
                "from {from} to {to}"
            );
        }
    }

    #[test]
    fn the_span_of_a_flow_is_that_of_its_packets() {
        for packets in [0, 1, 127, 128, 129, 1_000] {
            let flow = flow(packets);
            assert_eq!(flow.span(), time_span(flow.packets()), "{packets} packets");
        }
    }

    /// Two summaries of the same packets, one of them in chunks of 256, took 304 bytes for each 128
    /// packets and 104 for each 256; and a flow with a summary kept a whole chunk for its end.
    #[test]
    fn a_packet_takes_no_more_memory_than_with_two_summaries() {
        assert!(2 * size_of::<ChunkSummary>() <= 2 * 304 + 104);
        assert!(size_of::<FlowSummary>() + size_of::<ChunkSummary>() <= 400 + 304);
    }
}
