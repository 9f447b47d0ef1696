//! Ledgers of what other programs said to each other, from a capture of it: one for each request,
//! on the wire's clock alone, at the place of the capture.
//!
//! A request's time runs from its first byte to its response's last byte, and for the first request
//! of a connection from the connection's first packet. What cannot be opened is one exchange of
//! turns, from the first packet to the server's last byte.
//!
//! ```text
//! SYN ─► handshake ─► turns ─► request ─► response │ (the client's own time) │ request ─► response
//! ```

use std::ops::Range;

use super::Ledger;
use super::incoming::Incoming;
use super::owner::{Attribution, Cause, Owner};
use super::partition::{Partition, Reason};
use super::stream_index::StreamIndex;
use super::vantage::{TcpOpening, Vantage};
use super::walk::{Knowledge, Walk};
use crate::trace::{ClockMap, Direction, Flow};
use crate::units::{Moment, WallTime};

/// Packets that are walked over for a flow's requests, for each packet that it has: requests that
/// overlap are walked over one by one.
const MAX_WALKS: usize = 20;
/// The same for small flows.
const MIN_STEPS: usize = 2_000_000;
/// Keeping what a walk knows for the next request costs as much as so many packets.
const COST_OF_KNOWLEDGE: usize = 500;

/// A request in a captured connection, by offsets in the streams of its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedRequest {
    /// Its bytes in the client's stream; without an end if the client did not send all of it.
    pub sent: Range<u64>,
    /// Offset of its response's first byte in the server's stream, if there is one.
    pub first_byte: Option<u64>,
    /// Offset after its response's last byte; `None` if that did not come.
    pub last_byte: Option<u64>,
    /// Whom the wait beyond the round trip belongs to: the server, or a proxy.
    pub answering: Attribution,
    /// Responses come in the order of the requests (HTTP/1.1, RFC 9112 §9.3.2).
    pub is_in_order: bool,
}

/// A captured connection of other programs.
pub struct ObservedFlow<'a> {
    pub(super) flow: &'a Flow,
    pub(super) clock: &'a ClockMap,
    pub(super) vantage: Vantage,
    pub(super) handshake: TcpOpening,
    pub(super) sent: StreamIndex,
    pub(super) received: StreamIndex,
    /// Bytes of the server and of the client that were received and not captured.
    pub(super) uncaptured: Vec<Range<u64>>,
    pub(super) uncaptured_sent: Vec<Range<u64>>,
}

impl<'a> ObservedFlow<'a> {
    /// Looks at a flow, whose packets' times are placed on an axis by a clock.
    pub fn new(clock: &'a ClockMap, flow: &'a Flow) -> Self {
        let (sent, received) = (
            StreamIndex::new(flow, Direction::Sent),
            StreamIndex::new(flow, Direction::Received),
        );
        Self {
            flow,
            clock,
            vantage: Vantage::estimate(flow),
            handshake: TcpOpening::find(flow),
            uncaptured: received.uncaptured(flow),
            uncaptured_sent: sent.uncaptured(flow),
            sent,
            received,
        }
    }

    /// The place of the capture.
    pub const fn vantage(&self) -> Vantage {
        self.vantage
    }

    /// Returns the ledgers of requests, which are in the order in which they were sent. `None` for
    /// one whose packets are not listed, and for those after so many that overlap that following
    /// each would take too long.
    pub fn requests(&self, requests: &[ObservedRequest]) -> Vec<Option<Ledger>> {
        let mut behind = self.walk();
        let exchanged = self.exchanged_flow(requests);
        let mut upload = exchanged.as_ref().map(|flow| self.exchanged_walk(flow));
        let listed = self.flow.packets().len();
        let mut steps = listed.saturating_mul(MAX_WALKS).max(MIN_STEPS)
            + COST_OF_KNOWLEDGE * requests.len().min(4_096);
        let mut answered_before = None;
        let mut ledgers = Vec::with_capacity(requests.len());
        for (number, request) in requests.iter().enumerate() {
            let affordable = self.steps_of(request).filter(|cost| *cost <= steps);
            let packets = affordable.and_then(|_| self.packets_of(request, number == 0));
            let (Some(packets), Some(cost)) = (packets, affordable) else {
                ledgers.push(None);
                continue;
            };
            steps -= cost;
            let next = requests.get(number + 1);
            let overlaps = next
                .and_then(|next| self.sent.packet_with(next.sent.start))
                .is_some_and(|next| packets.complete.is_none_or(|complete| next <= complete));
            behind.observe_until(packets.start);
            let before = request.is_in_order.then_some(answered_before).flatten();
            let ledger = if overlaps {
                let mut walk = self.walk_with(behind.knowledge.clone());
                self.request((&mut walk, upload.as_mut()), request, &packets, before)
            } else {
                self.request((&mut behind, upload.as_mut()), request, &packets, before)
            };
            answered_before = packets.complete.max(answered_before);
            ledgers.push(Some(self.numbered(ledger)));
        }
        ledgers
    }

    /// Returns the ledger of a connection whose requests cannot be told apart, from its first
    /// packet to the server's last byte; `None` without packets.
    ///
    /// From an offset in the client's stream on, nothing is known to be outstanding between an
    /// answer and the client's next bytes.
    pub fn turns(&self, idle_from: u64) -> Option<Ledger> {
        let packets = self.flow.packets();
        let payload = |direction: Option<Direction>| {
            packets.iter().rposition(|packet| {
                packet.payload_bytes > 0 && direction.is_none_or(|of| of == packet.direction)
            })
        };
        let last = payload(Some(Direction::Received))
            .or_else(|| payload(None))
            .or(self.handshake.acknowledged)
            .unwrap_or(packets.len().checked_sub(1)?);
        let mut walk = self.walk();
        let mut partition = self.partition(0, last)?;
        self.connect(&walk, &mut partition);
        let first_payload = packets.iter().position(|packet| packet.payload_bytes > 0);
        if let Some(first) = self.handshake.acknowledged.or(first_payload) {
            let how = Incoming {
                excess: Attribution::THINK,
                has_turns: true,
                first_byte: 0,
                last_byte: None,
                idle_from,
            };
            let delivered = walk.tcp.end(Direction::Received);
            let mut progress = walk.begin_incoming(first, delivered);
            partition.conceal_pauses();
            walk.advance_incoming(&mut partition, &mut progress, last + 1, how);
            walk.end_incoming(&mut partition, &mut progress, last + 1, how);
        }
        Some(self.numbered(Self::finish(partition)))
    }

    fn walk(&self) -> Walk<'_> {
        let mut knowledge = Knowledge::new(self.flow, 0..self.flow.packets().len(), None);
        knowledge.path.to_client = self.vantage.to_client;
        self.walk_with(knowledge)
    }

    const fn walk_with(&self, knowledge: Knowledge) -> Walk<'_> {
        Walk {
            flow: self.flow,
            clock: self.clock,
            connection: None,
            uncaptured: self.uncaptured.as_slice(),
            knowledge,
        }
    }

    fn partition(&self, first: usize, last: usize) -> Option<Partition> {
        let at = |index: usize| Some(self.moment(self.flow.packets().get(index)?.wall));
        Some(Partition::new(at(first)?, at(last)?, &[]))
    }

    fn moment(&self, wall: WallTime) -> Moment {
        self.clock.moment_of(wall).unwrap_or(Moment::START)
    }

    /// Returns the packets that have to be looked at for a request.
    fn steps_of(&self, request: &ObservedRequest) -> Option<usize> {
        let first = self.sent.packet_with(request.sent.start)?;
        let last_byte = request.last_byte.and_then(|end| end.checked_sub(1));
        let end = last_byte
            .and_then(|offset| self.received.packet_with(offset))
            .unwrap_or(self.flow.packets().len());
        Some(end.saturating_sub(first) + COST_OF_KNOWLEDGE)
    }

    fn packets_of(&self, request: &ObservedRequest, is_first: bool) -> Option<RequestPackets> {
        let first = self.sent.packet_with(request.sent.start)?;
        let last_byte = request.sent.end.saturating_sub(1).max(request.sent.start);
        let is_unfinished = request.sent.end == u64::MAX;
        let last = match self.sent.packet_with(last_byte) {
            None if is_unfinished => self.sent.last_packet(),
            last => last,
        };
        let mut last = last.unwrap_or(first).max(first);
        let answered = request
            .first_byte
            .and_then(|offset| self.received.packet_with(offset));
        // An early answer ends the request (RFC 9112 §9.3).
        if let Some(answered) = answered.filter(|answered| (first..last).contains(answered)) {
            last = (first..answered)
                .rev()
                .find(|index| {
                    self.flow.packets().get(*index).is_some_and(|packet| {
                        packet.direction == Direction::Sent && packet.payload_bytes > 0
                    })
                })
                .unwrap_or(first);
        }
        let is_opening = is_first && self.handshake.syns.is_some();
        Some(RequestPackets {
            start: if is_opening { 0 } else { first },
            first,
            last,
            answered,
            complete: request.last_byte.and_then(|end| {
                self.received.packet_completing(
                    self.flow,
                    request.first_byte?..end,
                    &self.uncaptured,
                )
            }),
        })
    }

    fn request(
        &self,
        (walk, upload): (&mut Walk<'_>, Option<&mut Walk<'_>>),
        request: &ObservedRequest,
        packets: &RequestPackets,
        answered_before: Option<usize>,
    ) -> Ledger {
        let end = self.flow.packets().len();
        let last = packets.complete.unwrap_or(end.saturating_sub(1));
        let Some(mut partition) = self.partition(packets.start, last) else {
            return Ledger::from_entries(Vec::new());
        };
        if packets.start < packets.first {
            self.open(walk, &mut partition, packets.first);
        }
        walk.was_idle = packets.start == packets.first && walk.was_idle_before(packets.first);
        Self::send((walk, upload), request, &mut partition, packets);
        if request.sent.end == u64::MAX && packets.answered.is_none() {
            let reason = walk.not_sent(packets.first, end);
            partition.until(partition.end(), reason);
            return Self::finish(partition);
        }
        let ended_before = answered_before.filter(|before| *before > packets.last);
        let begun = Self::after_earlier_response(walk, &mut partition, packets, ended_before);
        let first_byte = request.first_byte.unwrap_or(u64::MAX);
        let how = Incoming {
            excess: request.answering,
            has_turns: false,
            first_byte,
            last_byte: request.last_byte.filter(|_| packets.complete.is_some()),
            idle_from: u64::MAX,
        };
        walk.observe_until(begun + 1);
        let delivered = walk.tcp.end(Direction::Received).min(first_byte);
        let mut progress = walk.begin_incoming(begun, delivered);
        let limit = packets.complete.map_or(end, |complete| complete + 1);
        let complete = walk.advance_incoming(&mut partition, &mut progress, limit, how);
        if complete.is_none() && packets.complete.is_none() && self.uncaptured.is_empty() {
            walk.end_incoming(&mut partition, &mut progress, limit, how);
        } else if complete.is_none() {
            // Whether the rest was received cannot be told, or packets are listed out of order.
            walk.end_burst(&mut partition, &mut progress);
        }
        Self::finish(partition)
    }

    /// A pipelined request waits behind the response to an earlier one. Returns the packet from
    /// which on its own response is awaited.
    fn after_earlier_response(
        walk: &Walk<'_>,
        partition: &mut Partition,
        packets: &RequestPackets,
        ended_before: Option<usize>,
    ) -> usize {
        let Some((before, ended)) =
            ended_before.and_then(|before| Some((before, walk.packet(before)?)))
        else {
            return packets.last;
        };
        let queue = Attribution::new(Owner::Client, Cause::Queue);
        let evidence = (packets.last, before);
        let reason = Reason::on_wire(queue, "behind_earlier_response", evidence);
        partition.until(walk.moment(ended.wall), reason);
        let sent = walk
            .packet(packets.last)
            .map_or(ended.wall, |packet| packet.wall);
        let had_arrived = ended.wall.since(sent) >= walk.path.round_trip.unwrap_or_default();
        let Some(answered) = packets.answered.filter(|_| had_arrived) else {
            return packets.last;
        };
        if let Some(packet) = walk.packet(answered) {
            let reason = Reason::on_wire(
                Attribution::THINK,
                "after_earlier_response",
                (before, answered),
            );
            partition.until(walk.moment(packet.wall), reason);
        }
        answered.max(before)
    }

    /// Ends a ledger; what no rule has reached is unexplained.
    fn finish(mut partition: Partition) -> Ledger {
        let end = partition.end();
        let reason = Reason {
            packets: None,
            ..Reason::on_wire(Attribution::UNEXPLAINED, "until_last_byte", (0, 0))
        };
        partition.until(end, reason);
        Ledger::from_entries(partition.finish().0)
    }

    /// Numbers the packets of the evidence among those of the capture.
    fn numbered(&self, mut ledger: Ledger) -> Ledger {
        let number = |index| usize::try_from(self.flow.packet_number(index)?).ok();
        for entry in &mut ledger.entries {
            entry.packets = entry.packets.and_then(|(first, last)| {
                Some((number(first.min(last))?, number(first.max(last))?))
            });
        }
        ledger
    }
}

/// The packets of a request, as indexes among the flow's packets.
pub(super) struct RequestPackets {
    /// Where its time starts.
    pub(super) start: usize,
    /// With its first byte and its last one.
    pub(super) first: usize,
    pub(super) last: usize,
    /// With the response's first byte.
    pub(super) answered: Option<usize>,
    /// That completed the response.
    pub(super) complete: Option<usize>,
}
