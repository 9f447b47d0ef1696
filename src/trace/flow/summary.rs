//! The course of a flow in strides: what every so many packets come down to, so that a picture of a
//! million packets need not look at each of them. A flow that is shorter than a stride has none.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::size_set::SizeSet;
use super::stream_update::StreamUpdate;
use super::{Direction, Flow, PacketEntry};
use crate::trace::tight_push::push_tight;
use crate::units::WallTime;

/// What some packets that follow each other come down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSummary {
    /// The earliest of their times.
    pub first: WallTime,
    /// The latest.
    pub last: WallTime,
    sent: DirectionSummary,
    received: DirectionSummary,
}

/// What they say of one direction. Those that were sent again are [listed](Flow::sent_again)
/// instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectionSummary {
    /// Their payloads' sizes.
    pub payload_sizes: SizeSet,
    /// From the first offset that they carried up to the last.
    pub byte_range: Option<Range<u64>>,
    /// The longest stretch in it that they did not carry.
    pub largest_gap: u64,
    /// What of the direction's stream the other side acknowledged.
    pub acknowledged: Option<ValueRange>,
    /// Up to where it had room.
    pub window_edge: Option<ValueRange>,
    /// How far the stream had come behind them.
    stream_end: u64,
}

/// Between which values something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRange {
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
    /// The last.
    pub last: u64,
}

/// The strides of a flow, and what is summed up of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FlowSummary {
    chunks: Vec<ChunkSummary>,
    /// The last one that was forgotten.
    last_evicted_chunk: Option<ChunkSummary>,
    /// Places of packets that were sent again.
    retransmitted: Vec<u32>,
    /// How many packets, sent and received, carry how much, without those that are forgotten.
    payload_sizes: [BTreeMap<u32, u64>; 2],
}

/// Packets that follow each other, and what they come down to.
#[derive(Clone, Copy, Debug)]
pub struct PacketRun<'a> {
    /// The packets.
    pub packets: &'a [PacketEntry],
    /// `None` of the last, which are too few.
    pub summary: Option<&'a ChunkSummary>,
    previous_chunk: Option<&'a ChunkSummary>,
}

impl ChunkSummary {
    /// Packets in one.
    const PACKETS: usize = 128;

    /// What it says of a direction.
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
    fn summarize(flow: &Flow, stretch: &PacketRun<'_>, direction: Direction) -> Self {
        let mut progress = Self {
            stream_end: stretch.stream_end_before(direction),
            ..Self::default()
        };
        for packet in stretch.packets {
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
    /// What each of the packets says of a direction, and when.
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
    /// All its packets in stretches, in the order they were captured.
    pub fn packet_runs(&self) -> impl Iterator<Item = PacketRun<'_>> {
        let strides = self.chunk_summaries();
        self.packets()
            .chunks(ChunkSummary::PACKETS)
            .enumerate()
            .map(|(n, packets)| PacketRun {
                packets,
                summary: strides.get(n),
                previous_chunk: n
                    .checked_sub(1)
                    .map_or_else(|| self.last_evicted_chunk(), |n| strides.get(n)),
            })
    }

    /// The packets that were sent again.
    pub fn retransmitted_packets(&self) -> impl Iterator<Item = &PacketEntry> {
        let listed = self
            .summary
            .iter()
            .flat_map(|course| &course.retransmitted)
            .filter_map(|place| self.packets().get(*place as usize));
        listed.chain(
            self.unsummarized_packets()
                .iter()
                .filter(|packet| packet.retransmitted),
        )
    }

    /// How many packets of a direction carry how much payload, by that size.
    pub fn payload_sizes(&self, direction: Direction) -> BTreeMap<u32, u64> {
        let mut sizes = self
            .summary
            .as_ref()
            .map(|course| course.payload_sizes[direction_index(direction)].clone())
            .unwrap_or_default();
        let tail = self
            .unsummarized_packets()
            .iter()
            .filter(|packet| packet.direction == direction);
        tail.for_each(|packet| count_payload(&mut sizes, packet.payload_bytes));
        sizes
    }

    fn chunk_summaries(&self) -> &[ChunkSummary] {
        self.summary.as_ref().map_or(&[], |course| &course.chunks)
    }

    fn last_evicted_chunk(&self) -> Option<&ChunkSummary> {
        self.summary
            .as_ref()
            .and_then(|course| course.last_evicted_chunk.as_ref())
    }

    fn latest_chunk(&self) -> Option<&ChunkSummary> {
        self.chunk_summaries()
            .last()
            .or_else(|| self.last_evicted_chunk())
    }

    /// Forgets what the first packets come down to, which are whole strides, or all packets there
    /// are.
    pub(super) fn evict_chunks(&mut self, packets: usize) {
        let rest = self.unsummarized_packets();
        let last = (packets >= self.entries.len() && !rest.is_empty())
            .then(|| ChunkSummary::summarize(self, rest, self.latest_chunk()));
        let (summed_up, strides) = (
            self.entries.len() - rest.len(),
            packets / ChunkSummary::PACKETS,
        );
        let course = self.summary.get_or_insert_default();
        for packet in self
            .entries
            .iter()
            .take(packets.min(summed_up))
            .filter(|packet| packet.payload_bytes > 0)
        {
            uncount_payload(
                &mut course.payload_sizes[direction_index(packet.direction)],
                packet.payload_bytes,
            );
        }
        let gone = course
            .chunks
            .drain(..strides.min(course.chunks.len()))
            .next_back();
        course.last_evicted_chunk = last.or(gone).or(course.last_evicted_chunk.take());
        course.chunks.shrink_to_fit();
        let place = |place: &u32| u32::try_from((*place as usize).checked_sub(packets)?).ok();
        course.retransmitted = course.retransmitted.iter().filter_map(place).collect();
    }

    /// The packets that are not summed up.
    fn unsummarized_packets(&self) -> &[PacketEntry] {
        self.packets()
            .get(self.chunk_summaries().len() * ChunkSummary::PACKETS..)
            .unwrap_or_default()
    }

    /// Sums up, if a stride is complete.
    pub(super) fn summarize_full_chunk(&mut self) {
        let packets = self.unsummarized_packets();
        if packets.len() < ChunkSummary::PACKETS {
            return;
        }
        let stride = ChunkSummary::summarize(self, packets, self.latest_chunk());
        let start = self.entries.len() - packets.len();
        let course = self.summary.get_or_insert_default();
        push_tight(&mut course.chunks, stride);
        for (place, packet) in self.entries.iter().enumerate().skip(start) {
            count_payload(
                &mut course.payload_sizes[direction_index(packet.direction)],
                packet.payload_bytes,
            );
            if packet.retransmitted {
                course.retransmitted.extend(u32::try_from(place));
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

/// Takes back what [`count`] did.
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
