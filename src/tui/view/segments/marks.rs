//! Marks of packets in the plots. Chunks that lie in one column are drawn from their summary, so
//! that the cost of a frame depends on its columns and not on the number of packets.

use super::columns::{ColumnPosition, TimeColumns};
use super::plot::StepLine;
use crate::timeline::{BraillePlot, Scale};
use crate::trace::{
    ClockMap, Direction, DirectionSummary, Flow, PacketEntry, PacketRun, StreamUpdate,
};

/// A flow's packets on the columns of a plot.
pub(super) struct PacketMarks<'a> {
    flow: &'a Flow,
    columns: TimeColumns,
}

impl<'a> PacketMarks<'a> {
    /// Returns the marks of a flow; `None` if nothing can be placed on the axis.
    pub(super) fn new(flow: &'a Flow, clock: &ClockMap, scale: &Scale) -> Option<Self> {
        Some(Self {
            flow,
            columns: TimeColumns::new(clock, scale)?,
        })
    }

    /// Calls `mark` with the column, the payload size and the series of each packet: 0 out, 1 in, 2
    /// retransmitted.
    pub(super) fn mark_sizes(&mut self, mark: &mut impl FnMut(u16, u32, u8)) {
        let series = |direction| u8::from(direction == Direction::Received);
        for packet_run in self.flow.packet_runs() {
            match packet_run
                .summary
                .map(|chunk| (chunk, self.columns.position_of_chunk(chunk)))
            {
                Some((_, ColumnPosition::Before | ColumnPosition::After)) => {}
                Some((chunk, ColumnPosition::Column(x))) => {
                    for direction in [Direction::Sent, Direction::Received] {
                        chunk
                            .one_direction(direction)
                            .payload_sizes
                            .sizes()
                            .for_each(|size| mark(x, size, series(direction)));
                    }
                }
                Some((_, ColumnPosition::Several)) | None => {
                    for packet in packet_run
                        .packets
                        .iter()
                        .filter(|packet| !packet.retransmitted)
                    {
                        self.mark_size(packet, series(packet.direction), mark);
                    }
                }
            }
        }
        for packet in self.flow.retransmitted_packets() {
            self.mark_size(packet, 2, mark);
        }
    }

    fn mark_size(&mut self, packet: &PacketEntry, series: u8, mark: &mut impl FnMut(u16, u32, u8)) {
        if packet.payload_bytes > 0
            && let ColumnPosition::Column(x) = self.columns.position(packet.wall)
        {
            mark(x, packet.payload_bytes, series);
        }
    }

    /// Draws the progress of a direction, with `most` at the top. Series 0 is the window's edge, 1
    /// acknowledged, 2 sent, 3 retransmitted.
    pub(super) fn draw_sequence(
        &mut self,
        dots: &mut BraillePlot,
        direction: Direction,
        most: u64,
    ) {
        let mut stairs = SequenceLines {
            acknowledged: StepLine::new(1),
            window_edge: StepLine::new(0),
            most,
        };
        for packet_run in self.flow.packet_runs() {
            let index = packet_run.summary.map_or(ColumnPosition::Several, |chunk| {
                self.columns.position_of_chunk(chunk)
            });
            let summed = packet_run
                .summary
                .map(|chunk| chunk.one_direction(direction))
                .filter(|progress| is_precise_enough(progress, dots, most));
            match (index, summed) {
                (ColumnPosition::After, _) => {}
                (ColumnPosition::Before | ColumnPosition::Column(_), Some(progress)) => {
                    stairs.add_chunk(dots, index.column(), progress);
                }
                _ => packet_run
                    .stream_updates(self.flow, direction)
                    .for_each(|(wall, advance)| {
                        stairs.add_packet(dots, self.columns.position(wall), advance);
                    }),
            }
        }
        for packet in self
            .flow
            .retransmitted_packets()
            .filter(|packet| packet.direction == direction && packet.payload_bytes > 0)
        {
            if let ColumnPosition::Column(x) = self.columns.position(packet.wall) {
                dots.set_vertical_line(
                    x,
                    (
                        packet.offset,
                        packet.offset.saturating_add(packet.payload_bytes.into()),
                    ),
                    most,
                    3,
                );
            }
        }
    }
}

struct SequenceLines {
    acknowledged: StepLine,
    window_edge: StepLine,
    most: u64,
}

impl SequenceLines {
    /// Adds a chunk in a column, or before all of them.
    fn add_chunk(&mut self, dots: &mut BraillePlot, x: Option<u16>, progress: &DirectionSummary) {
        if let (Some(x), Some(carried)) = (x, &progress.byte_range) {
            dots.set_vertical_line(x, (carried.start, carried.end), self.most, 2);
        }
        if let Some(span) = progress.acknowledged {
            self.acknowledged.step_through(dots, x, span, self.most);
        }
        if let Some(span) = progress.window_edge.filter(|room| room.max <= self.most) {
            self.window_edge.step_through(dots, x, span, self.most);
        }
    }

    fn add_packet(&mut self, dots: &mut BraillePlot, index: ColumnPosition, advance: StreamUpdate) {
        match (advance, index) {
            (
                StreamUpdate::Sent {
                    from,
                    to,
                    retransmitted: false,
                },
                ColumnPosition::Column(x),
            ) => dots.set_vertical_line(x, (from, to), self.most, 2),
            (
                StreamUpdate::Acknowledged {
                    to,
                    window_edge: room,
                },
                ColumnPosition::Before | ColumnPosition::Column(_),
            ) => {
                self.acknowledged
                    .step_to(dots, index.column(), to, self.most);
                if let Some(room) = room.filter(|room| *room <= self.most) {
                    self.window_edge
                        .step_to(dots, index.column(), room, self.most);
                }
            }
            _ => {}
        }
    }
}

/// Returns true if a chunk's summary draws the same dots as its packets: no gap in it is as high as
/// a dot, and the window's edge is either visible or not throughout.
fn is_precise_enough(progress: &DirectionSummary, dots: &BraillePlot, most: u64) -> bool {
    progress.largest_gap < most / dots.height().max(1)
        && progress
            .window_edge
            .is_none_or(|room| room.max <= most || room.min > most)
}

/// Returns the highest offset sent or acknowledged, and the highest window edge.
pub(super) fn max_offsets(flow: &Flow, direction: Direction) -> (u64, u64) {
    let of_packets = |packet_run: &PacketRun<'_>| {
        packet_run
            .stream_updates(flow, direction)
            .fold((1, 0), |(most, edge), (_, advance)| match advance {
                StreamUpdate::Sent { to, .. } => (most.max(to), edge),
                StreamUpdate::Acknowledged {
                    to,
                    window_edge: room,
                } => (most.max(to), edge.max(room.unwrap_or(0))),
            })
    };
    let of_stride = |progress: &DirectionSummary| {
        let carried = progress
            .byte_range
            .as_ref()
            .map_or(0, |carried| carried.end);
        let acknowledged = progress.acknowledged.map_or(0, |span| span.max);
        (
            carried.max(acknowledged),
            progress.window_edge.map_or(0, |span| span.max),
        )
    };
    flow.packet_runs().fold((1, 0), |(most, edge), packet_run| {
        let here = packet_run.summary.map_or_else(
            || of_packets(&packet_run),
            |chunk| of_stride(chunk.one_direction(direction)),
        );
        (most.max(here.0), edge.max(here.1))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::SocketAddr;

    use super::*;
    use crate::timeline::TimeWindow;
    use crate::trace::{Event, EventKind, Packet, Trace};
    use crate::units::{Moment, Nanos, WallTime};
    use crate::wire::{TcpFlags, TcpHeader, TransportHeader};

    /// A download in bursts in which one of 50 segments is lost before the capture and
    /// retransmitted later.
    fn downloaded(segments: u32) -> Trace {
        let (client, server): (SocketAddr, SocketAddr) =
            (([10, 0, 0, 2], 50_000).into(), ([10, 0, 0, 10], 80).into());
        let packet = |at: u32, up: bool, flags: u8, seq: u32, ack: u32, payload_bytes| Packet {
            wall: WallTime(1_000_000_000 + u64::from(at)),
            source: if up { client } else { server },
            destination: if up { server } else { client },
            frame_bytes: payload_bytes + 66,
            payload_bytes,
            transport: TransportHeader::Tcp(TcpHeader {
                seq,
                ack,
                flags: TcpFlags(flags | if ack > 0 { TcpFlags::ACK } else { 0 }),
                window: 1_000,
                mss: None,
                window_scale: (flags & TcpFlags::SYN != 0).then_some(7),
                timestamp: None,
            }),
            stored: None,
            segment_bytes: None,
        };
        let mut packets = vec![
            packet(0, true, TcpFlags::SYN, 0, 0, 0),
            packet(100, false, TcpFlags::SYN, 0, 1, 0),
        ];
        for n in 0..segments {
            let at = 1_000 + n * 50 + n / 100 * 40_000;
            let bytes = if n % 7 == 3 { 900 + n % 11 } else { 1_400 };
            let seq = 1 + n * 1_400;
            match n % 50 {
                13 => {}
                40 => packets.push(packet(at, false, 0, 1 + (n - 27) * 1_400, 1, 1_400)),
                _ => packets.push(packet(at, false, 0, seq, 1, bytes)),
            }
            packets.push(packet(
                at + 20,
                true,
                0,
                1,
                if n % 50 < 13 {
                    seq
                } else {
                    seq - n % 50 * 1_400
                },
                0,
            ));
        }
        let mut trace = Trace::default();
        trace.apply(Event {
            at: Moment(0),
            kind: EventKind::ClockPaired {
                wall: WallTime(1_000_000_000),
                uncertainty: Nanos(0),
            },
        });
        trace.apply(Event {
            at: Moment(0),
            kind: EventKind::Packets { packets },
        });
        trace
    }

    /// The same drawing, packet by packet.
    fn one_by_one(flow: &Flow, clock: &ClockMap, scale: &Scale, dots: &mut BraillePlot, most: u64) {
        let mut stairs = SequenceLines {
            acknowledged: StepLine::new(1),
            window_edge: StepLine::new(0),
            most,
        };
        let index = |wall| {
            let at = clock.moment_of(wall).unwrap();
            match scale.column_of(at) {
                Some(x) => ColumnPosition::Column(x),
                None if at < scale.window().from() => ColumnPosition::Before,
                None => ColumnPosition::After,
            }
        };
        for (wall, advance) in flow.packet_runs().flat_map(|packet_run| {
            packet_run
                .stream_updates(flow, Direction::Received)
                .collect::<Vec<_>>()
        }) {
            match (advance, index(wall)) {
                (
                    StreamUpdate::Sent {
                        from,
                        to,
                        retransmitted: true,
                    },
                    ColumnPosition::Column(x),
                ) => dots.set_vertical_line(x, (from, to), most, 3),
                (advance, index) => stairs.add_packet(dots, index, advance),
            }
        }
    }

    #[test]
    fn chunks_set_the_same_dots_as_their_packets() {
        let trace = downloaded(6_000);
        let flow = trace.flows().first().unwrap();
        let (most, edge) = max_offsets(flow, Direction::Received);
        assert_eq!(most, 6_000 * 1_400);
        for (from, to) in [
            (0, 3_000_000),
            (-9_000_000, 90_000_000),
            (700_000, 900_000),
            (1_000_000, 1_000_900),
        ] {
            let scale = Scale::new(TimeWindow::new(Moment(from), Moment(to)), 120);
            for most in [most, most / 3, edge] {
                let mut dots = BraillePlot::new(60, 12);
                let mut expected = BraillePlot::new(60, 12);
                PacketMarks::new(flow, trace.clock(), &scale)
                    .unwrap()
                    .draw_sequence(&mut dots, Direction::Received, most);
                one_by_one(flow, trace.clock(), &scale, &mut expected, most);
                assert!(
                    dots.cells().eq(expected.cells()),
                    "from {from} to {to}, {most} at the top"
                );
            }
        }
    }

    #[test]
    fn sizes_are_accurate_to_a_128th() {
        let trace = downloaded(6_000);
        let flow = trace.flows().first().unwrap();
        for to in [900_000, 90_000_000] {
            let scale = Scale::new(TimeWindow::new(Moment(0), Moment(to)), 120);
            let mut told = std::collections::BTreeSet::new();
            PacketMarks::new(flow, trace.clock(), &scale)
                .unwrap()
                .mark_sizes(&mut |x, size, series| _ = told.insert((x, size / 16, series)));
            for packet in flow
                .packets()
                .iter()
                .filter(|packet| packet.payload_bytes > 0)
            {
                let Some(x) = scale.column_of(trace.clock().moment_of(packet.wall).unwrap()) else {
                    continue;
                };
                let sizes = packet.payload_bytes - 16..=packet.payload_bytes;
                let series = if packet.retransmitted { 2 } else { 1 };
                assert!(
                    sizes
                        .map(|size| size / 16)
                        .any(|size| told.contains(&(x, size, series))),
                    "{packet:?}"
                );
            }
        }
    }
}
