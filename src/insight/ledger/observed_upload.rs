//! The request of a captured connection, if it takes several packets.

use super::incoming::Incoming;
use super::observed::{ObservedFlow, ObservedRequest, RequestPackets};
use super::owner::Attribution;
use super::partition::{Partition, Reason};
use super::vantage::CapturePlace;
use super::walk::{Knowledge, Walk};
use crate::trace::Flow;

impl ObservedFlow<'_> {
    /// The request's packets after its first one.
    pub(super) fn send(
        (walk, exchanged): (&mut Walk<'_>, Option<&mut Walk<'_>>),
        request: &ObservedRequest,
        partition: &mut Partition,
        packets: &RequestPackets,
    ) {
        walk.observe_until(packets.first);
        if let Some(packet) = walk.packet(packets.first) {
            let evidence = (packets.first, packets.first);
            let reason = Reason::on_wire(Attribution::PROCESSING, "before_request", evidence);
            partition.until(walk.moment(packet.wall), reason);
        }
        if packets.last == packets.first {
            return;
        }
        if let Some(exchanged) = exchanged {
            receive_request(exchanged, request, partition, packets);
        } else if let Some(mut upload) = walk.begin_upload(packets.first) {
            walk.advance_upload(partition, &mut upload, packets.last + 1);
        }
    }

    /// The packets as the server's end sees them, if a request of several packets arrives from a
    /// client at a distance: there it is what a response is elsewhere.
    pub(super) fn exchanged_flow(&self, requests: &[ObservedRequest]) -> Option<Flow> {
        let has_several = |request: &ObservedRequest| {
            let last = request.sent.end.saturating_sub(1).max(request.sent.start);
            self.sent.packet_with(request.sent.start) != self.sent.packet_with(last)
        };
        let place = self.vantage.place();
        (place != Some(CapturePlace::Client) && requests.iter().any(has_several))
            .then(|| self.flow.with_ends_exchanged())
    }

    pub(super) fn exchanged_walk<'f>(&'f self, exchanged: &'f Flow) -> Walk<'f> {
        let mut knowledge = Knowledge::new(exchanged, 0..exchanged.packets().len(), None);
        knowledge.path.round_trip = self.vantage.to_client;
        knowledge.path.to_client = self.vantage.to_server;
        Walk {
            flow: exchanged,
            clock: self.clock,
            connection: None,
            uncaptured: self.uncaptured_sent.as_slice(),
            knowledge,
        }
    }
}

/// A request that arrives as a response does elsewhere.
fn receive_request(
    walk: &mut Walk<'_>,
    request: &ObservedRequest,
    partition: &mut Partition,
    packets: &RequestPackets,
) {
    let how = Incoming {
        excess: Attribution::THINK,
        has_turns: false,
        first_byte: request.sent.start,
        last_byte: Some(request.sent.end),
        idle_from: u64::MAX,
    };
    walk.observe_until(packets.first);
    let mut progress = walk.begin_incoming(packets.first, request.sent.start);
    partition.exchange_ends(true);
    walk.advance_incoming(partition, &mut progress, packets.last + 1, how);
    if let Some(packet) = walk.packet(packets.last) {
        walk.end_burst(partition, &mut progress);
        let evidence = (packets.first, packets.last);
        let reason = Reason::on_wire(Attribution::UNEXPLAINED, "request_not_complete", evidence);
        partition.until(walk.moment(packet.wall), reason);
    }
    partition.exchange_ends(false);
}
