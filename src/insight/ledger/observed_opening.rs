//! The opening of a captured connection: TCP's handshake, and what is above it until the first
//! request.

use super::incoming::Incoming;
use super::observed::ObservedFlow;
use super::owner::{Attribution, Cause};
use super::partition::{Partition, Reason};
use super::walk::Walk;
use crate::trace::Direction;
use crate::wire::TcpFlags;

impl ObservedFlow<'_> {
    /// From the connection's first packet to its first request.
    pub(super) fn open(&self, walk: &mut Walk<'_>, partition: &mut Partition, request: usize) {
        self.connect(walk, partition);
        let sends = |index: &usize| {
            walk.packet(*index).is_some_and(|packet| {
                packet.direction == Direction::Sent && packet.payload_bytes > 0
            })
        };
        let acknowledged = self.handshake.acknowledged.unwrap_or(0);
        let Some(first) = (acknowledged..request).find(sends) else {
            return;
        };
        let how = Incoming {
            excess: Attribution::THINK,
            has_turns: true,
            first_byte: 0,
            last_byte: None,
            idle_from: u64::MAX,
        };
        if let Some(packet) = walk.packet(first) {
            let reason = Reason::on_wire(
                Attribution::PROCESSING,
                "own_packets",
                (acknowledged, first),
            );
            partition.until(walk.moment(packet.wall), reason);
        }
        let mut progress = walk.begin_incoming(first, 0);
        // The request's first packet ends the last turn.
        walk.advance_incoming(partition, &mut progress, request + 1, how);
    }

    /// TCP's handshake.
    pub(super) fn connect(&self, walk: &Walk<'_>, partition: &mut Partition) {
        let Some((first, last)) = self.handshake.syns else {
            return;
        };
        let mut until = |index: usize, attribution, rule, evidence| {
            if let Some(packet) = walk.packet(index) {
                let reason = Reason::on_wire(attribution, rule, evidence);
                partition.until(walk.moment(packet.wall), reason);
            }
        };
        let timeout = Attribution::network(Cause::Timeout);
        let (to_server, to_client) = (
            attribution_of_way(walk.path.has_network_to_server()),
            attribution_of_way(walk.path.has_network_to_client()),
        );
        until(last, timeout, "syn_again", (first, last));
        let Some((answer, again)) = self.handshake.answers else {
            let reset = self.flow.packets().iter().position(|packet| {
                packet.direction == Direction::Received && packet.flags.has(TcpFlags::RST)
            });
            if let Some(reset) = reset {
                until(
                    reset,
                    Attribution::ROUND_TRIP,
                    "syn_to_reset",
                    (last, reset),
                );
            }
            let end = self.flow.packets().len().saturating_sub(1);
            let unanswered = Attribution::network(Cause::Unanswered);
            until(end, unanswered, "syn_never_answered", (first, end));
            return;
        };
        until(answer, to_server, "syn_to_syn_ack", (last, answer));
        until(again, timeout, "syn_ack_again", (answer, again));
        if let Some(known) = self.handshake.acknowledged {
            until(known, to_client, "syn_ack_to_ack", (again, known));
        }
    }
}

const fn attribution_of_way(has_network: bool) -> Attribution {
    if has_network {
        Attribution::ROUND_TRIP
    } else {
        Attribution::PROCESSING
    }
}
