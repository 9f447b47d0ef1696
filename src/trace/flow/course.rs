//! The course of a flow in strides: what every so many packets come down to, so that a picture of a
//! million packets need not look at each of them. A flow that is shorter than a stride has none.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::advance::Advance;
use super::size_set::SizeSet;
use super::{Direction, Flow, PacketEntry};
use crate::trace::growing::push;
use crate::units::WallTime;

/// What some packets that follow each other come down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stride {
    /// The earliest of their times.
    pub first: WallTime,
    /// The latest.
    pub last: WallTime,
    sent: Progress,
    received: Progress,
}

/// What they say of one direction. Those that were sent again are [listed](Flow::sent_again)
/// instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Their payloads' sizes.
    pub sizes: SizeSet,
    /// From the first offset that they carried up to the last.
    pub carried: Option<Range<u64>>,
    /// The longest stretch in it that they did not carry.
    pub hole: u64,
    /// What of the direction's stream the other side acknowledged.
    pub acknowledged: Option<Span>,
    /// Up to where it had room.
    pub room: Option<Span>,
    /// How far the stream had come behind them.
    end: u64,
}

/// Between which values something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The smallest.
    pub least: u64,
    /// The largest.
    pub most: u64,
    /// The last.
    pub last: u64,
}

/// The strides of a flow, and what is summed up of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    strides: Vec<Stride>,
    /// The last one that was forgotten.
    before: Option<Stride>,
    /// Places of packets that were sent again.
    again: Vec<u32>,
    /// How many packets, sent and received, carry how much, without those that are forgotten.
    sizes: [BTreeMap<u32, u64>; 2],
}

/// Packets that follow each other, and what they come down to.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// The packets.
    pub packets: &'a [PacketEntry],
    /// `None` of the last, which are too few.
    pub stride: Option<&'a Stride>,
    before: Option<&'a Stride>,
}

impl Stride {
    /// Packets in one.
    const PACKETS: usize = 128;

    /// What it says of a direction.
    pub const fn progress(&self, direction: Direction) -> &Progress {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    fn of(flow: &Flow, packets: &[PacketEntry], before: Option<&Self>) -> Self {
        let wall = || packets.iter().map(|packet| packet.wall);
        let progress = |direction| {
            Progress::of(
                flow,
                &Stretch {
                    packets,
                    stride: None,
                    before,
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

impl Progress {
    fn of(flow: &Flow, stretch: &Stretch<'_>, direction: Direction) -> Self {
        let mut progress = Self {
            end: stretch.end_before(direction),
            ..Self::default()
        };
        for packet in stretch.packets {
            match Advance::of(flow, packet, direction, &mut progress.end) {
                Some(Advance::Sent {
                    from,
                    to,
                    again: false,
                }) => {
                    progress.sizes.add(packet.payload_bytes);
                    progress.carry(from, to);
                }
                Some(Advance::Acknowledged { to, room }) => {
                    Span::add(&mut progress.acknowledged, to);
                    if let Some(room) = room {
                        Span::add(&mut progress.room, room);
                    }
                }
                _ => {}
            }
        }
        progress
    }

    fn carry(&mut self, from: u64, to: u64) {
        let carried = self.carried.get_or_insert(from..to);
        self.hole = self.hole.max(from.saturating_sub(carried.end));
        *carried = carried.start.min(from)..carried.end.max(to);
    }
}

impl Span {
    fn add(span: &mut Option<Self>, value: u64) {
        let span = span.get_or_insert(Self {
            least: value,
            most: value,
            last: value,
        });
        *span = Self {
            least: span.least.min(value),
            most: span.most.max(value),
            last: value,
        };
    }
}

impl Stretch<'_> {
    /// What each of the packets says of a direction, and when.
    pub fn advances(
        &self,
        flow: &Flow,
        direction: Direction,
    ) -> impl Iterator<Item = (WallTime, Advance)> {
        let mut end = self.end_before(direction);
        self.packets.iter().filter_map(move |packet| {
            Some((packet.wall, Advance::of(flow, packet, direction, &mut end)?))
        })
    }

    fn end_before(&self, direction: Direction) -> u64 {
        self.before
            .map_or(0, |before| before.progress(direction).end)
    }
}

impl Flow {
    /// All its packets in stretches, in the order they were captured.
    pub fn stretches(&self) -> impl Iterator<Item = Stretch<'_>> {
        let strides = self.strides();
        self.packets()
            .chunks(Stride::PACKETS)
            .enumerate()
            .map(|(n, packets)| Stretch {
                packets,
                stride: strides.get(n),
                before: n
                    .checked_sub(1)
                    .map_or_else(|| self.forgotten_stride(), |n| strides.get(n)),
            })
    }

    /// The packets that were sent again.
    pub fn sent_again(&self) -> impl Iterator<Item = &PacketEntry> {
        let listed = self
            .course
            .iter()
            .flat_map(|course| &course.again)
            .filter_map(|place| self.packets().get(*place as usize));
        listed.chain(self.tail().iter().filter(|packet| packet.retransmitted))
    }

    /// How many packets of a direction carry how much payload, by that size.
    pub fn payload_sizes(&self, direction: Direction) -> BTreeMap<u32, u64> {
        let mut sizes = self
            .course
            .as_ref()
            .map(|course| course.sizes[slot(direction)].clone())
            .unwrap_or_default();
        let tail = self
            .tail()
            .iter()
            .filter(|packet| packet.direction == direction);
        tail.for_each(|packet| count(&mut sizes, packet.payload_bytes));
        sizes
    }

    fn strides(&self) -> &[Stride] {
        self.course.as_ref().map_or(&[], |course| &course.strides)
    }

    fn forgotten_stride(&self) -> Option<&Stride> {
        self.course
            .as_ref()
            .and_then(|course| course.before.as_ref())
    }

    fn latest_stride(&self) -> Option<&Stride> {
        self.strides().last().or_else(|| self.forgotten_stride())
    }

    /// Forgets what the first packets come down to, which are whole strides, or all packets there
    /// are.
    pub(super) fn forget_strides(&mut self, packets: usize) {
        let rest = self.tail();
        let last = (packets >= self.entries.len() && !rest.is_empty())
            .then(|| Stride::of(self, rest, self.latest_stride()));
        let (summed_up, strides) = (self.entries.len() - rest.len(), packets / Stride::PACKETS);
        let course = self.course.get_or_insert_default();
        for packet in self
            .entries
            .iter()
            .take(packets.min(summed_up))
            .filter(|packet| packet.payload_bytes > 0)
        {
            uncount(
                &mut course.sizes[slot(packet.direction)],
                packet.payload_bytes,
            );
        }
        let gone = course
            .strides
            .drain(..strides.min(course.strides.len()))
            .next_back();
        course.before = last.or(gone).or(course.before.take());
        course.strides.shrink_to_fit();
        let place = |place: &u32| u32::try_from((*place as usize).checked_sub(packets)?).ok();
        course.again = course.again.iter().filter_map(place).collect();
    }

    /// The packets that are not summed up.
    fn tail(&self) -> &[PacketEntry] {
        self.packets()
            .get(self.strides().len() * Stride::PACKETS..)
            .unwrap_or_default()
    }

    /// Sums up, if a stride is complete.
    pub(super) fn stride(&mut self) {
        let packets = self.tail();
        if packets.len() < Stride::PACKETS {
            return;
        }
        let stride = Stride::of(self, packets, self.latest_stride());
        let start = self.entries.len() - packets.len();
        let course = self.course.get_or_insert_default();
        push(&mut course.strides, stride);
        for (place, packet) in self.entries.iter().enumerate().skip(start) {
            count(
                &mut course.sizes[slot(packet.direction)],
                packet.payload_bytes,
            );
            if packet.retransmitted {
                course.again.extend(u32::try_from(place));
            }
        }
    }

    /// Counts a packet that is not listed.
    pub(super) fn count_unlisted(&mut self, direction: Direction, payload_bytes: u32) {
        self.unlisted += 1;
        count(
            &mut self.course.get_or_insert_default().sizes[slot(direction)],
            payload_bytes,
        );
    }
}

fn count(sizes: &mut BTreeMap<u32, u64>, payload_bytes: u32) {
    if payload_bytes > 0 {
        *sizes.entry(payload_bytes).or_default() += 1;
    }
}

/// Takes back what [`count`] did.
fn uncount(sizes: &mut BTreeMap<u32, u64>, payload_bytes: u32) {
    if let Entry::Occupied(mut count) = sizes.entry(payload_bytes) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

const fn slot(direction: Direction) -> usize {
    match direction {
        Direction::Sent => 0,
        Direction::Received => 1,
    }
}
