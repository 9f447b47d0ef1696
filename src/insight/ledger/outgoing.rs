//! The critical path while this side sends a request: what each of its packets waited for.
//!
//! A sender is released by acknowledgments, so they are to an upload what arriving payload is to a
//! download: those that come evenly show the narrowest link, a silence before them a window.

use super::burst::Burst;
use super::owner::{Attribution, Cause, Owner};
use super::partition::{Partition, Reason};
use super::walk::Walk;
use crate::trace::{Direction, PacketEntry};
use crate::units::{Nanos, WallTime};

/// What follows an acknowledgment within this time was sent because of it.
const IMMEDIATELY: Nanos = Nanos::from_millis(2);
/// A delayed acknowledgment comes at least so long after the round trip (RFC 9293 §3.8.6.3).
const MIN_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(30);
/// Acknowledgments between two packets of this side that are looked at.
const MAX_PENDING: usize = 4_096;

/// An acknowledgment by the other side.
#[derive(Clone, Copy, Debug)]
struct Release {
    index: usize,
    at: WallTime,
    /// Bytes that it acknowledges for the first time.
    bytes: u64,
    /// The other side's window had no room for another segment before it.
    was_window_full: bool,
    /// It opened a window of HTTP/2.
    updates_stream_window: bool,
}

/// How far a walk over an upload has come.
#[derive(Clone, Debug)]
pub(super) struct UploadProgress {
    /// The latest packet with payload.
    previous: (usize, PacketEntry),
    /// Acknowledgments since then.
    pending: Vec<Release>,
    /// Acknowledgments that follow each other without a silence.
    burst: Option<Burst>,
    burst_from: usize,
    acknowledged: u64,
    /// The packet with the request's first byte.
    first: usize,
    /// The next packet.
    next: usize,
}

impl UploadProgress {
    /// The packet with the request's first byte.
    pub(super) const fn first(&self) -> usize {
        self.first
    }
}

impl Walk<'_> {
    /// Begins at the packet with a request's first byte.
    pub(super) fn begin_upload(&self, first: usize) -> Option<UploadProgress> {
        Some(UploadProgress {
            previous: (first, self.packet(first).copied()?),
            pending: Vec::new(),
            burst: None,
            burst_from: first,
            acknowledged: self.tcp.acknowledged_by(Direction::Received),
            first,
            next: first + 1,
        })
    }

    /// Goes on to the packets before `end`.
    pub(super) fn advance_upload(
        &mut self,
        partition: &mut Partition,
        upload: &mut UploadProgress,
        end: usize,
    ) {
        for index in upload.next..end {
            let Some(packet) = self.packet(index).copied() else {
                break;
            };
            upload.next = index + 1;
            self.observe_until(index);
            if packet.direction == Direction::Received {
                if let Some(release) = self.release(upload, index, &packet)
                    && upload.pending.len() < MAX_PENDING
                {
                    upload.acknowledged += release.bytes;
                    upload.pending.push(release);
                }
            } else if packet.payload_bytes > 0 {
                self.sent_next(partition, upload, index, &packet);
                upload.previous = (index, packet);
                upload.pending.clear();
            }
        }
    }

    /// Gives the time between two packets of this side.
    fn sent_next(
        &mut self,
        partition: &mut Partition,
        upload: &mut UploadProgress,
        index: usize,
        packet: &PacketEntry,
    ) {
        let (from, before) = upload.previous;
        if packet.retransmitted && !self.is_busy(upload, packet) {
            self.retransmission(partition, from, index, packet);
            upload.burst = None;
            return;
        }
        if packet.retransmitted {
            self.remember_retransmission();
        }
        if packet.wall.since(before.wall) <= IMMEDIATELY {
            // Released together with the one before it.
            return;
        }
        if was_released_by_stream_window(upload, packet) {
            upload.burst = None;
            let reason = Reason::on_wire(
                Attribution::new(Owner::Server, Cause::FlowControl),
                "released_by_window_update",
                (from, index),
            );
            partition.until(self.moment(packet.wall), reason);
            return;
        }
        // What acknowledges nothing new acknowledges selectively, and lets the sender go on too
        // (RFC 3042, RFC 6675 §5).
        let is_prompt = |release: &Release| packet.wall.since(release.at) <= IMMEDIATELY;
        let released = upload.pending.iter().rposition(is_prompt);
        let Some(last) = released else {
            upload.burst = None;
            let (attribution, rule) = self.not_released(upload, packet);
            let reason = Reason::on_wire(attribution, rule, (from, index));
            partition.until(self.moment(packet.wall), reason);
            return;
        };
        let pending: Vec<Release> = upload.pending.drain(..=last).collect();
        for release in pending {
            self.acknowledgment(partition, upload, &before, release);
        }
    }

    /// Returns true if acknowledgments go on arriving at the link's rate: it is busy, and a segment
    /// that is sent again among others costs no more time than they.
    fn is_busy(&self, upload: &UploadProgress, packet: &PacketEntry) -> bool {
        let Some((burst, latest)) = upload.burst.as_ref().zip(upload.pending.last()) else {
            return false;
        };
        burst.spacing() > Nanos::ZERO
            && packet.wall.since(latest.at) <= IMMEDIATELY
            && latest.at.since(burst.last()) < self.path.silence(Direction::Sent, burst)
    }

    /// Why a packet was sent though no acknowledgment came: a timer of this side, if what it had
    /// sent should have been acknowledged by then, such as a tail loss probe with new bytes (RFC
    /// 8985 §7.3); else this side's own time.
    fn not_released(
        &self,
        upload: &UploadProgress,
        packet: &PacketEntry,
    ) -> (Attribution, &'static str) {
        let (_, before) = &upload.previous;
        let is_overdue = packet.wall.since(before.wall) >= self.round_trip_and_quarter();
        if upload.acknowledged < before.end_offset() && is_overdue && self.path.has_network() {
            (Attribution::network(Cause::Timeout), "probe_with_new_bytes")
        } else {
            (Attribution::PROCESSING, "not_released_by_acknowledgment")
        }
    }

    fn remember_retransmission(&mut self) {
        self.loss_seen = true;
        let flight = self.in_flight();
        _ = self.flight_before_loss.get_or_insert(flight);
    }

    fn retransmission(
        &mut self,
        partition: &mut Partition,
        from: usize,
        index: usize,
        packet: &PacketEntry,
    ) {
        self.remember_retransmission();
        let cause = if self.tcp.duplicates_by(Direction::Received) >= 3 {
            Cause::Loss
        } else {
            Cause::Timeout
        };
        let reason = Reason::on_wire(
            Attribution::network(cause),
            "own_retransmission",
            (from, index),
        );
        partition.until(self.moment(packet.wall), reason);
    }

    /// Why the rest of a request was not sent after the packets before `end`.
    pub(super) fn not_sent(&mut self, first: usize, end: usize) -> Reason {
        self.observe_until(end);
        let sent = self.tcp.end(Direction::Sent);
        let full = u64::from(self.path.full_payload(Direction::Sent).unwrap_or(1));
        let edge = self.packet(end.saturating_sub(1)).and_then(|packet| {
            let after = WallTime(packet.wall.0.saturating_add(1));
            self.tcp.window_edge_before(Direction::Received, after)
        });
        let attribution = if self.is_cut_short(end) {
            Attribution::UNEXPLAINED
        } else if edge.is_some_and(|edge| sent.saturating_add(full) > edge) {
            Attribution::new(Owner::Server, Cause::Window)
        } else if self.tcp.acknowledged_by(Direction::Received) < sent {
            Attribution::network(Cause::Unanswered)
        } else {
            Attribution::UNEXPLAINED
        };
        Reason::on_wire(
            attribution,
            "request_not_sent",
            (first, end.saturating_sub(1)),
        )
    }

    /// Bytes that were sent and not acknowledged.
    pub(super) fn in_flight(&self) -> u64 {
        self.tcp
            .end(Direction::Sent)
            .saturating_sub(self.tcp.acknowledged_by(Direction::Received))
    }

    fn release(
        &self,
        upload: &UploadProgress,
        index: usize,
        packet: &PacketEntry,
    ) -> Option<Release> {
        let sent = self.tcp.end(Direction::Sent);
        let to = self.flow.acknowledged_offset(packet, sent)?;
        let full = u64::from(self.path.full_payload(Direction::Sent).unwrap_or(1));
        let edge = self
            .tcp
            .window_edge_before(Direction::Received, packet.wall);
        Some(Release {
            index,
            at: packet.wall,
            bytes: to.saturating_sub(upload.acknowledged),
            was_window_full: edge.is_some_and(|edge| sent + full > edge),
            updates_stream_window: packet.payload_bytes > 0 && self.updates_stream_window(index),
        })
    }

    /// Gives the time until an acknowledgment that released this side.
    fn acknowledgment(
        &mut self,
        partition: &mut Partition,
        upload: &mut UploadProgress,
        before: &PacketEntry,
        release: Release,
    ) {
        let bytes = u32::try_from(release.bytes).unwrap_or(u32::MAX);
        let at = self.moment(release.at);
        if let Some(burst) = &mut upload.burst
            && release.at.since(burst.last()) < self.path.silence(Direction::Sent, burst)
        {
            burst.add(release.at, bytes, true);
            let bandwidth = Attribution::network(Cause::Bandwidth);
            let reason = Reason::on_wire(
                bandwidth,
                "even_acknowledgments",
                (upload.burst_from, release.index),
            );
            partition.until(at, reason);
            return;
        }
        let evidence = (upload.burst_from, release.index);
        let (attribution, rule) = self.released_by(before, release);
        partition.until(at, Reason::on_wire(attribution, rule, evidence));
        upload.burst = Some(Burst::begin(release.at, bytes, true));
        upload.burst_from = release.index;
        if self
            .flight_before_loss
            .is_some_and(|flight| self.in_flight() >= flight)
        {
            self.flight_before_loss = None;
        }
    }

    /// What this side waited for until an acknowledgment after a silence.
    fn released_by(&self, before: &PacketEntry, release: Release) -> (Attribution, &'static str) {
        if release.was_window_full {
            return (
                Attribution::new(Owner::Server, Cause::Window),
                "window_full",
            );
        }
        let round_trip = self.path.round_trip.unwrap_or_default();
        let delay = release.at.since(before.wall).saturating_sub(round_trip);
        if !self.path.is_full(before) && delay >= MIN_ACKNOWLEDGMENT_DELAY {
            return (
                Attribution::new(Owner::Client, Cause::Nagle),
                "small_segment_unacknowledged",
            );
        }
        if !self.path.has_network() {
            return (Attribution::PROCESSING, "stream_without_network");
        }
        if self.flight_before_loss.is_some() {
            return (Attribution::network(Cause::Loss), "small_flight_after_loss");
        }
        (self.congestion_window(), "sent_on_acknowledgment")
    }
}

/// Returns true if a packet followed at once on more room in a window of HTTP/2, and room in the
/// congestion window alone had not let it go: an acknowledgment before it released nothing, or
/// nothing was in flight any more.
fn was_released_by_stream_window(upload: &UploadProgress, packet: &PacketEntry) -> bool {
    let Some(update) = upload
        .pending
        .iter()
        .rposition(|release| release.updates_stream_window)
    else {
        return false;
    };
    let (earlier, later) = upload.pending.split_at(update);
    let is_prompt = later
        .first()
        .is_some_and(|release| packet.wall.since(release.at) <= IMMEDIATELY);
    let had_room = earlier
        .iter()
        .any(|release| release.bytes > 0 && packet.wall.since(release.at) > IMMEDIATELY);
    is_prompt && (had_room || upload.acknowledged >= upload.previous.1.end_offset())
}
