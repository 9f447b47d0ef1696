//! What the packets set in the plots. Strides that lie in one column are set as a whole, so a
//! picture costs its columns and not its packets.

use super::columns::{Columns, Place};
use super::plot::Stair;
use crate::timeline::{Dots, Scale};
use crate::trace::{Advance, ClockMap, Direction, Flow, PacketEntry, Progress, Stretch};

/// A flow's packets on a plot's columns.
pub(super) struct Marks<'a> {
    flow: &'a Flow,
    columns: Columns,
}

impl<'a> Marks<'a> {
    /// `None` where nothing can be placed on the axis.
    pub(super) fn of(flow: &'a Flow, clock: &ClockMap, scale: &Scale) -> Option<Self> {
        Some(Self {
            flow,
            columns: Columns::of(clock, scale)?,
        })
    }

    /// Tells of each payload the column, the size and the series: 0 out, 1 in, 2 sent again.
    pub(super) fn sizes(&mut self, mark: &mut impl FnMut(u16, u32, u8)) {
        let series = |direction| u8::from(direction == Direction::Received);
        for stretch in self.flow.stretches() {
            match stretch
                .stride
                .map(|stride| (stride, self.columns.place_of(stride)))
            {
                Some((_, Place::Before | Place::Behind)) => {}
                Some((stride, Place::In(x))) => {
                    for direction in [Direction::Sent, Direction::Received] {
                        stride
                            .progress(direction)
                            .sizes
                            .each()
                            .for_each(|size| mark(x, size, series(direction)));
                    }
                }
                Some((_, Place::Across)) | None => {
                    for packet in stretch
                        .packets
                        .iter()
                        .filter(|packet| !packet.retransmitted)
                    {
                        self.size(packet, series(packet.direction), mark);
                    }
                }
            }
        }
        for packet in self.flow.sent_again() {
            self.size(packet, 2, mark);
        }
    }

    fn size(&mut self, packet: &PacketEntry, series: u8, mark: &mut impl FnMut(u16, u32, u8)) {
        if packet.payload_bytes > 0
            && let Place::In(x) = self.columns.place(packet.wall)
        {
            mark(x, packet.payload_bytes, series);
        }
    }

    /// Sets how far a direction has come, `most` at the top: 0 the window's edge, 1 acknowledged, 2
    /// sent, 3 sent again.
    pub(super) fn sequence(&mut self, dots: &mut Dots, direction: Direction, most: u64) {
        let mut stairs = Stairs {
            acknowledged: Stair::of(1),
            edge: Stair::of(0),
            most,
        };
        for stretch in self.flow.stretches() {
            let place = stretch
                .stride
                .map_or(Place::Across, |stride| self.columns.place_of(stride));
            let summed = stretch
                .stride
                .map(|stride| stride.progress(direction))
                .filter(|progress| is_told_by(progress, dots, most));
            match (place, summed) {
                (Place::Behind, _) => {}
                (Place::Before | Place::In(_), Some(progress)) => {
                    stairs.stride(dots, place.column(), progress);
                }
                _ => stretch
                    .advances(self.flow, direction)
                    .for_each(|(wall, advance)| {
                        stairs.packet(dots, self.columns.place(wall), advance);
                    }),
            }
        }
        for packet in self
            .flow
            .sent_again()
            .filter(|packet| packet.direction == direction && packet.payload_bytes > 0)
        {
            if let Place::In(x) = self.columns.place(packet.wall) {
                dots.stem(
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

struct Stairs {
    acknowledged: Stair,
    edge: Stair,
    most: u64,
}

impl Stairs {
    /// A stride in a column, or before all of them.
    fn stride(&mut self, dots: &mut Dots, x: Option<u16>, progress: &Progress) {
        if let (Some(x), Some(carried)) = (x, &progress.carried) {
            dots.stem(x, (carried.start, carried.end), self.most, 2);
        }
        if let Some(span) = progress.acknowledged {
            self.acknowledged.climb_along(dots, x, span, self.most);
        }
        if let Some(span) = progress.room.filter(|room| room.most <= self.most) {
            self.edge.climb_along(dots, x, span, self.most);
        }
    }

    fn packet(&mut self, dots: &mut Dots, place: Place, advance: Advance) {
        match (advance, place) {
            (
                Advance::Sent {
                    from,
                    to,
                    again: false,
                },
                Place::In(x),
            ) => dots.stem(x, (from, to), self.most, 2),
            (Advance::Acknowledged { to, room }, Place::Before | Place::In(_)) => {
                self.acknowledged.climb(dots, place.column(), to, self.most);
                if let Some(room) = room.filter(|room| *room <= self.most) {
                    self.edge.climb(dots, place.column(), room, self.most);
                }
            }
            _ => {}
        }
    }
}

/// Whether a stride's sums draw the same picture as its packets: no hole in it is as high as a dot,
/// and the window's edge is in the picture or is not.
fn is_told_by(progress: &Progress, dots: &Dots, most: u64) -> bool {
    progress.hole < most / dots.height().max(1)
        && progress
            .room
            .is_none_or(|room| room.most <= most || room.least > most)
}

/// The highest offset that was sent or acknowledged, and the highest up to which there was room.
pub(super) fn extent(flow: &Flow, direction: Direction) -> (u64, u64) {
    let of_packets = |stretch: &Stretch<'_>| {
        stretch
            .advances(flow, direction)
            .fold((1, 0), |(most, edge), (_, advance)| match advance {
                Advance::Sent { to, .. } => (most.max(to), edge),
                Advance::Acknowledged { to, room } => (most.max(to), edge.max(room.unwrap_or(0))),
            })
    };
    let of_stride = |progress: &Progress| {
        let carried = progress.carried.as_ref().map_or(0, |carried| carried.end);
        let acknowledged = progress.acknowledged.map_or(0, |span| span.most);
        (
            carried.max(acknowledged),
            progress.room.map_or(0, |span| span.most),
        )
    };
    flow.stretches().fold((1, 0), |(most, edge), stretch| {
        let here = stretch.stride.map_or_else(
            || of_packets(&stretch),
            |stride| of_stride(stride.progress(direction)),
        );
        (most.max(here.0), edge.max(here.1))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::SocketAddr;

    use super::*;
    use crate::timeline::Window;
    use crate::trace::{Event, Packet, TcpFlags, TcpHeader, Trace, Transport, What};
    use crate::units::{Moment, Nanos, WallTime};

    /// A download in bursts, of which one segment in 50 is lost before the capture and comes again
    /// later.
    fn downloaded(segments: u32) -> Trace {
        let (client, server): (SocketAddr, SocketAddr) =
            (([10, 0, 0, 2], 50_000).into(), ([10, 0, 0, 10], 80).into());
        let packet = |at: u32, up: bool, flags: u8, seq: u32, ack: u32, payload_bytes| Packet {
            wall: WallTime(1_000_000_000 + u64::from(at)),
            source: if up { client } else { server },
            destination: if up { server } else { client },
            frame_bytes: payload_bytes + 66,
            payload_bytes,
            transport: Transport::Tcp(TcpHeader {
                seq,
                ack,
                flags: TcpFlags(flags | if ack > 0 { TcpFlags::ACK } else { 0 }),
                window: 1_000,
                mss: None,
                window_scale: (flags & TcpFlags::SYN != 0).then_some(7),
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
            what: What::ClockPaired {
                wall: WallTime(1_000_000_000),
                uncertainty: Nanos(0),
            },
        });
        trace.apply(Event {
            at: Moment(0),
            what: What::Packets { packets },
        });
        trace
    }

    /// The same picture, packet by packet.
    fn one_by_one(flow: &Flow, clock: &ClockMap, scale: &Scale, dots: &mut Dots, most: u64) {
        let mut stairs = Stairs {
            acknowledged: Stair::of(1),
            edge: Stair::of(0),
            most,
        };
        let place = |wall| {
            let at = clock.moment_of(wall).unwrap();
            match scale.column(at) {
                Some(x) => Place::In(x),
                None if at < scale.window().from() => Place::Before,
                None => Place::Behind,
            }
        };
        for (wall, advance) in flow.stretches().flat_map(|stretch| {
            stretch
                .advances(flow, Direction::Received)
                .collect::<Vec<_>>()
        }) {
            match (advance, place(wall)) {
                (
                    Advance::Sent {
                        from,
                        to,
                        again: true,
                    },
                    Place::In(x),
                ) => dots.stem(x, (from, to), most, 3),
                (advance, place) => stairs.packet(dots, place, advance),
            }
        }
    }

    #[test]
    fn strides_set_what_their_packets_would() {
        let trace = downloaded(6_000);
        let flow = trace.flows().first().unwrap();
        let (most, edge) = extent(flow, Direction::Received);
        assert_eq!(most, 6_000 * 1_400);
        for (from, to) in [
            (0, 3_000_000),
            (-9_000_000, 90_000_000),
            (700_000, 900_000),
            (1_000_000, 1_000_900),
        ] {
            let scale = Scale::new(Window::new(Moment(from), Moment(to)), 120);
            for most in [most, most / 3, edge] {
                let (mut dots, mut expected) = (Dots::new(60, 12), Dots::new(60, 12));
                Marks::of(flow, trace.clock(), &scale).unwrap().sequence(
                    &mut dots,
                    Direction::Received,
                    most,
                );
                one_by_one(flow, trace.clock(), &scale, &mut expected, most);
                assert!(
                    dots.cells().eq(expected.cells()),
                    "from {from} to {to}, {most} at the top"
                );
            }
        }
    }

    #[test]
    fn sizes_are_told_to_within_a_128th() {
        let trace = downloaded(6_000);
        let flow = trace.flows().first().unwrap();
        for to in [900_000, 90_000_000] {
            let scale = Scale::new(Window::new(Moment(0), Moment(to)), 120);
            let mut told = std::collections::BTreeSet::new();
            Marks::of(flow, trace.clock(), &scale)
                .unwrap()
                .sizes(&mut |x, size, series| _ = told.insert((x, size / 16, series)));
            for packet in flow
                .packets()
                .iter()
                .filter(|packet| packet.payload_bytes > 0)
            {
                let Some(x) = scale.column(trace.clock().moment_of(packet.wall).unwrap()) else {
                    continue;
                };
                let (sizes, series) = (
                    packet.payload_bytes - 16..=packet.payload_bytes,
                    if packet.retransmitted { 2 } else { 1 },
                );
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
