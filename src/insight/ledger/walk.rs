//! A walk over the packets of a connection, and what it knows of the path and of both sides.

use super::path::Path;
use super::tcp_view::TcpView;
use crate::trace::{ClockMap, Flow, PacketEntry};
use crate::units::{Moment, Nanos, WallTime};

/// Walks over a connection's packets.
pub(super) struct Walk<'a> {
    pub(super) flow: &'a Flow,
    pub(super) clock: &'a ClockMap,
    pub(super) path: Path,
    pub(super) tcp: TcpView<'a>,
    /// The next packet to be observed.
    next: usize,
    /// Whether HTTP/2 is spoken, which has windows of its own.
    pub(super) has_inner_windows: bool,
    /// A loss was seen.
    pub(super) loss_seen: bool,
    /// Bytes of a flight before the latest loss, until a flight is as large again.
    pub(super) flight_before_loss: Option<u64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(flow: &'a Flow, clock: &'a ClockMap, round_trip: Option<Nanos>) -> Self {
        let mut path = Path::estimate(flow);
        path.round_trip = path.round_trip.or(round_trip);
        Self {
            flow,
            clock,
            path,
            tcp: TcpView::new(flow),
            next: 0,
            has_inner_windows: false,
            loss_seen: false,
            flight_before_loss: None,
        }
    }

    pub(super) fn packet(&self, index: usize) -> Option<&'a PacketEntry> {
        self.flow.packets().get(index)
    }

    pub(super) fn moment(&self, wall: WallTime) -> Moment {
        self.clock.moment_of(wall).unwrap_or(Moment::START)
    }

    /// Observes all packets before an index.
    pub(super) fn observe_until(&mut self, index: usize) {
        while self.next < index
            && let Some(packet) = self.packet(self.next)
        {
            self.tcp.observe(packet);
            self.next += 1;
        }
    }

    /// A round trip and an eighth more, at least a millisecond.
    pub(super) fn round_trip_limit(&self) -> Nanos {
        let round_trip = self.path.round_trip.unwrap_or_default();
        round_trip + Nanos(round_trip.0 / 8).max(Nanos::from_millis(1))
    }

    /// A round trip less an eighth: an answer can hardly come sooner.
    pub(super) fn seven_eighths(&self) -> Nanos {
        let round_trip = self.path.round_trip.unwrap_or_default();
        Nanos(round_trip.0 - round_trip.0 / 8)
    }
}
