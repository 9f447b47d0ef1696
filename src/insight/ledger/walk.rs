//! A walk over the packets of a connection, and what it knows of the path and of both sides.

use std::ops::{Deref, DerefMut, Range};

use super::path::Path;
use super::tcp_view::TcpView;
use super::tunnel::TunnelPath;
use crate::trace::{ClockMap, Connection, Flow, PacketEntry, PartKind};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::http2::Frame;

/// The least retransmission timeout in use (Linux; RFC 6298 says 1 s).
pub(super) const MIN_TIMEOUT: Nanos = Nanos::from_millis(190);

/// Packets before those of interest that are looked at too: they show the path, and what each side
/// knew.
const PACKETS_BEFORE: usize = 8_192;

/// Walks over a connection's packets.
pub(super) struct Walk<'a> {
    pub(super) flow: &'a Flow,
    pub(super) clock: &'a ClockMap,
    /// The connection, where it is one of this program's own.
    pub(super) connection: Option<&'a Connection>,
    /// Bytes of the other side that it received, and that the capture lacks.
    pub(super) uncaptured: &'a [Range<u64>],
    pub(super) knowledge: Knowledge,
}

/// What a walk has learned from the packets so far.
#[derive(Clone, Debug)]
pub(super) struct Knowledge {
    pub(super) path: Path,
    pub(super) tcp: TcpView,
    /// The next packet to be observed.
    next: usize,
    /// The proxy's tunnel that the packets are in.
    pub(super) tunnel: Option<TunnelPath>,
    /// The connection had been idle for so long before this exchange that its congestion window
    /// was reset (RFC 5681 §4.1).
    pub(super) was_idle: bool,
    /// A loss was seen.
    pub(super) loss_seen: bool,
    /// Bytes of a flight before the latest loss, until a flight is as large again.
    pub(super) flight_before_loss: Option<u64>,
}

impl Knowledge {
    /// Knows the path by the packets in a range and some before it.
    pub(super) fn new(flow: &Flow, range: Range<usize>, round_trip: Option<Nanos>) -> Self {
        let start = range.start.saturating_sub(PACKETS_BEFORE);
        let mut path = Path::new(round_trip);
        path.observe(flow, start..range.end);
        Self {
            path,
            tcp: TcpView::before(flow, start),
            next: start,
            tunnel: None,
            was_idle: false,
            loss_seen: false,
            flight_before_loss: None,
        }
    }
}

impl Deref for Walk<'_> {
    type Target = Knowledge;

    fn deref(&self) -> &Knowledge {
        &self.knowledge
    }
}

impl DerefMut for Walk<'_> {
    fn deref_mut(&mut self) -> &mut Knowledge {
        &mut self.knowledge
    }
}

impl<'a> Walk<'a> {
    pub(super) fn packet(&self, index: usize) -> Option<&'a PacketEntry> {
        self.flow.packets().get(index)
    }

    pub(super) fn moment(&self, wall: WallTime) -> Moment {
        self.clock.moment_of(wall).unwrap_or(Moment::START)
    }

    /// Returns true if there were packets after an index that are not listed.
    pub(super) fn is_cut_short(&self, end: usize) -> bool {
        end == self.flow.packets().len() && self.flow.unlisted() > 0
    }

    /// Observes all packets before an index.
    pub(super) fn observe_until(&mut self, index: usize) {
        while self.next < index
            && let Some(packet) = self.packet(self.next)
        {
            let (flow, next) = (self.flow, self.next);
            self.tcp.observe(flow, next, packet);
            self.next += 1;
        }
    }

    /// Returns true if nothing passed before a packet for longer than the least retransmission
    /// timeout, after which Linux resets its congestion window (RFC 5681 §4.1).
    pub(super) fn was_idle_before(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.packet(before));
        before
            .zip(self.packet(index))
            .is_some_and(|(before, packet)| {
                let round_trip = self.path.whole_round_trip().unwrap_or_default();
                packet.wall.since(before.wall) >= MIN_TIMEOUT + round_trip
            })
    }

    /// Returns true if a packet carries a `WINDOW_UPDATE` frame of HTTP/2 (RFC 9113 §6.9).
    pub(super) fn updates_stream_window(&self, index: usize) -> bool {
        let (Some(connection), Some(packet)) = (self.connection, self.packet(index)) else {
            return false;
        };
        connection
            .contents(packet.direction.side(), packet.offset..packet.end_offset())
            .parts()
            .any(|part| {
                matches!(
                    part.of.what,
                    PartKind::Http2Frame {
                        kind: Frame::WINDOW_UPDATE,
                        ..
                    }
                )
            })
    }

    /// A round trip and an eighth more, at least a millisecond.
    pub(super) fn round_trip_limit(&self) -> Nanos {
        let round_trip = self.path.round_trip.unwrap_or_default();
        round_trip + Nanos(round_trip.0 / 8).max(Nanos::from_millis(1))
    }

    /// A round trip and a quarter: what comes within it may answer what was sent.
    pub(super) fn round_trip_and_quarter(&self) -> Nanos {
        let round_trip = self.path.whole_round_trip().unwrap_or_default();
        round_trip + Nanos(round_trip.0 / 4)
    }

    /// A round trip less an eighth: an answer can hardly come sooner.
    pub(super) fn seven_eighths(&self) -> Nanos {
        let round_trip = self.path.round_trip.unwrap_or_default();
        Nanos(round_trip.0 - round_trip.0 / 8)
    }
}
