//! Level-of-detail summaries of a flow: each chunk of 128 packets is summarized as it completes, so
//! that drawing a million packets does not visit each of them. A flow shorter than a chunk has
//! none.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::size_set::SizeSet;
use super::stream_update::StreamUpdate;
use super::{Direction, Flow, PacketEntry};
use crate::units::{WallTime, push_tight};

/// Summary of a chunk of consecutive packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSummary {
    /// Earliest timestamp.
    pub first: WallTime,
    /// Latest timestamp.
    pub last: WallTime,
    sent: DirectionSummary,
    received: DirectionSummary,
}

/// Summary of one direction of a chunk. Retransmitted packets are not part of it; they are
/// [listed](Flow::retransmitted_packets) separately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectionSummary {
    /// Payload sizes.
    pub payload_sizes: SizeSet,
    /// From the first stream offset in the chunk to the last.
    pub byte_range: Option<Range<u64>>,
    /// Longest range of bytes within it that the chunk did not carry.
    pub largest_gap: u64,
    /// Stream offsets that the other side acknowledged.
    pub acknowledged: Option<ValueRange>,
    /// Right edges of the receive window.
    pub window_edge: Option<ValueRange>,
    /// Highest stream offset sent up to the end of the chunk.
    stream_end: u64,
}

/// Minimum, maximum and last value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRange {
    /// The minimum.
    pub min: u64,
    /// The maximum.
    pub max: u64,
    /// The last value.
    pub last: u64,
}

/// All chunk summaries of a flow, and totals over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FlowSummary {
    chunks: Vec<ChunkSummary>,
    /// The last chunk that was evicted; the next one continues from it.
    last_evicted_chunk: Option<ChunkSummary>,
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
    previous_chunk: Option<&'a ChunkSummary>,
}

impl ChunkSummary {
    /// Packets in a chunk.
    const PACKETS: usize = 128;

    /// Returns the summary of one direction.
    pub const fn one_direction(&self, direction: Direction) -> &DirectionSummary {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    fn summarize(flow: &Flow, packets: &[PacketEntry], before: Option<&Self>) -> Self {
        let wall = || packets.iter().map(|packet| packet.wall);
        let progress = |direction| {
            DirectionSummary::summarize(
                flow,
                &PacketRun {
                    packets,
                    summary: None,
                    previous_chunk: before,
                },
                direction,
            )
        };
        Self {
            first: wall().min().unwrap_or_default(),
            last: wall().max().unwrap_or_default(),
            sent: progress(Direction::Sent),
            received: progress(Direction::Received),
        }
    }
}

impl DirectionSummary {
    fn summarize(flow: &Flow, packet_run: &PacketRun<'_>, direction: Direction) -> Self {
        let mut progress = Self {
            stream_end: packet_run.stream_end_before(direction),
            ..Self::default()
        };
        for packet in packet_run.packets {
            match StreamUpdate::from_packet(flow, packet, direction, &mut progress.stream_end) {
                Some(StreamUpdate::Sent {
                    from,
                    to,
                    retransmitted: false,
                }) => {
                    progress.payload_sizes.add(packet.payload_bytes);
                    progress.add_bytes(from, to);
                }
                Some(StreamUpdate::Acknowledged {
                    to,
                    window_edge: room,
                }) => {
                    ValueRange::extend_to(&mut progress.acknowledged, to);
                    if let Some(room) = room {
                        ValueRange::extend_to(&mut progress.window_edge, room);
                    }
                }
                _ => {}
            }
        }
        progress
    }

    fn add_bytes(&mut self, from: u64, to: u64) {
        let carried = self.byte_range.get_or_insert(from..to);
        self.largest_gap = self.largest_gap.max(from.saturating_sub(carried.end));
        *carried = carried.start.min(from)..carried.end.max(to);
    }
}

impl ValueRange {
    fn extend_to(span: &mut Option<Self>, value: u64) {
        let span = span.get_or_insert(Self {
            min: value,
            max: value,
            last: value,
        });
        *span = Self {
            min: span.min.min(value),
            max: span.max.max(value),
            last: value,
        };
    }
}

impl PacketRun<'_> {
    /// Returns what each packet tells about one direction, with its timestamp.
    pub fn stream_updates(
        &self,
        flow: &Flow,
        direction: Direction,
    ) -> impl Iterator<Item = (WallTime, StreamUpdate)> {
        let mut end = self.stream_end_before(direction);
        self.packets.iter().filter_map(move |packet| {
            Some((
                packet.wall,
                StreamUpdate::from_packet(flow, packet, direction, &mut end)?,
            ))
        })
    }

    fn stream_end_before(&self, direction: Direction) -> u64 {
        self.previous_chunk
            .map_or(0, |before| before.one_direction(direction).stream_end)
    }
}

impl Flow {
    /// Returns all packets in runs, in the order captured.
    pub fn packet_runs(&self) -> impl Iterator<Item = PacketRun<'_>> {
        let chunks = self.chunk_summaries();
        self.packets()
            .chunks(ChunkSummary::PACKETS)
            .enumerate()
            .map(|(n, packets)| PacketRun {
                packets,
                summary: chunks.get(n),
                previous_chunk: n
                    .checked_sub(1)
                    .map_or_else(|| self.last_evicted_chunk(), |n| chunks.get(n)),
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

    fn last_evicted_chunk(&self) -> Option<&ChunkSummary> {
        self.summary
            .as_ref()
            .and_then(|summary| summary.last_evicted_chunk.as_ref())
    }

    fn latest_chunk(&self) -> Option<&ChunkSummary> {
        self.chunk_summaries()
            .last()
            .or_else(|| self.last_evicted_chunk())
    }

    /// Drops the summaries of the first packets, which are whole chunks or all packets there are.
    pub(super) fn evict_chunks(&mut self, packets: usize) {
        let rest = self.unsummarized_packets();
        let last = (packets >= self.entries.len() && !rest.is_empty())
            .then(|| ChunkSummary::summarize(self, rest, self.latest_chunk()));
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
        summary.last_evicted_chunk = last.or(last_dropped).or(summary.last_evicted_chunk.take());
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

    /// Summarizes the latest chunk if it is complete.
    pub(super) fn summarize_full_chunk(&mut self) {
        let packets = self.unsummarized_packets();
        if packets.len() < ChunkSummary::PACKETS {
            return;
        }
        let chunk = ChunkSummary::summarize(self, packets, self.latest_chunk());
        let start = self.entries.len() - packets.len();
        let summary = self.summary.get_or_insert_default();
        push_tight(&mut summary.chunks, chunk);
        for (index, packet) in self.entries.iter().enumerate().skip(start) {
            count_payload(
                &mut summary.payload_sizes[direction_index(packet.direction)],
                packet.payload_bytes,
            );
            if packet.retransmitted {
                summary.retransmitted.extend(u32::try_from(index));
            }
        }
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

const fn direction_index(direction: Direction) -> usize {
    match direction {
        Direction::Sent => 0,
        Direction::Received => 1,
    }
}
