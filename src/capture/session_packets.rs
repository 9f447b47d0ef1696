//! Packets of the capturing session: parsing, selection and delivery.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::open_connections::OpenConnections;
use super::packet_filter::{RemoteAddress, remote_address};
use super::run::CaptureRun;
use crate::trace::{EventKind, Packet, PacketLocation};
use crate::units::WallTime;
use crate::wire::{LinkType, TcpFlags, TransportHeader, parse_segment};

/// The reading thread's state for the current session.
pub(super) struct SessionPackets {
    run: Arc<CaptureRun>,
    /// The addresses when last read.
    watched: Arc<BTreeSet<RemoteAddress>>,
    connections: OpenConnections,
    /// Packets that the sink rejected, not reported yet.
    lost: u64,
    /// The device last announced; `None` where several were.
    announced_device: Option<usize>,
}

impl SessionPackets {
    pub(super) fn new(run: Arc<CaptureRun>, announced: Option<usize>) -> Self {
        Self {
            watched: run.watched(),
            run,
            connections: OpenConnections::default(),
            lost: 0,
            announced_device: announced,
        }
    }

    pub(super) fn is_for(&self, run: &Arc<CaptureRun>) -> bool {
        Arc::ptr_eq(&self.run, run)
    }

    /// Stores the captured bytes of a packet, where packets are kept.
    pub(super) fn store_frame(&self, device: usize, frame: &[u8]) -> Option<PacketLocation> {
        self.run.packet_store()?.store(device, frame)
    }

    /// Returns true if a packet belongs to the session.
    pub(super) fn is_of_session(&mut self, packet: &Packet) -> bool {
        if self.is_watched(packet) {
            return true;
        }
        // The kernel's filter already passes packets to addresses that were added a moment ago, so
        // the list has to be read again before a packet is rejected.
        let latest = self.run.watched();
        if Arc::ptr_eq(&latest, &self.watched) {
            return false;
        }
        self.watched = latest;
        self.is_watched(packet)
    }

    fn is_watched(&self, packet: &Packet) -> bool {
        self.watched.contains(&remote_address(packet.destination))
            || self.watched.contains(&remote_address(packet.source))
    }

    /// Delivers a batch, after the report of what was lost before it. `interface` and `link_type`
    /// are the device's.
    pub(super) fn deliver(
        &mut self,
        packets: Vec<Packet>,
        device: usize,
        interface: &str,
        link_type: &str,
    ) {
        if packets.is_empty() {
            return;
        }
        self.announce_interface(&packets, device, interface, link_type);
        let changed = packets
            .iter()
            .filter(|packet| self.connections.track(packet))
            .count()
            > 0;
        let count = u64::try_from(packets.len()).unwrap_or(u64::MAX);
        self.report_lost();
        if self.lost > 0 || !self.run.emit(EventKind::Packets { packets }) {
            self.lost = self.lost.saturating_add(count);
        }
        if changed {
            self.run.set_open_connections(self.connections.count());
        }
    }

    /// Reports lost packets, if the sink has room by now. Batches wait for this, so that the report
    /// appears where the loss happened.
    pub(super) fn report_lost(&mut self) {
        if self.lost > 0 && self.run.emit(EventKind::Dropped { count: self.lost }) {
            self.lost = 0;
        }
    }

    /// Lost packets that could not be reported yet.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Announces the interface on which a connection is opened, where several are captured.
    fn announce_interface(
        &mut self,
        packets: &[Packet],
        device: usize,
        interface: &str,
        link_type: &str,
    ) {
        let opens = |packet: &Packet| match packet.transport {
            TransportHeader::Tcp(tcp) => tcp.flags.has(TcpFlags::SYN),
            TransportHeader::Udp => false,
        };
        if self.announced_device != Some(device)
            && packets.iter().any(opens)
            && self.run.emit(EventKind::CaptureOpened {
                interface: interface.to_owned(),
                link_type: link_type.to_owned(),
            })
        {
            self.announced_device = Some(device);
        }
    }
}

/// Parses a frame into a packet of the trace; `None` unless it is readable TCP or UDP.
pub(super) fn packet_from_frame(link: LinkType, frame: &pcap::Packet<'_>) -> Option<Packet> {
    let segment = parse_segment(link, frame.data, frame.header.len)?;
    Some(Packet::from_segment(
        &segment,
        wall_time(frame.header)?,
        frame.header.len,
        None,
    ))
}

/// With nanosecond precision, libpcap's field for microseconds holds nanoseconds.
fn wall_time(header: &pcap::PacketHeader) -> Option<WallTime> {
    let seconds = u64::try_from(header.ts.tv_sec).ok()?;
    let nanos = u64::try_from(header.ts.tv_usec).ok()?;
    Some(WallTime(
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?,
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::SocketAddr;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::units::Moment;
    use crate::wire::TcpHeader;

    /// A run whose sink can be full, and the events that it received.
    struct Scene {
        run: Arc<CaptureRun>,
        full: Arc<AtomicBool>,
        given: Arc<Mutex<Vec<EventKind>>>,
    }

    impl Scene {
        fn new() -> Self {
            let full = Arc::new(AtomicBool::new(false));
            let given = Arc::new(Mutex::new(Vec::new()));
            let is_full = Arc::clone(&full);
            let into = Arc::clone(&given);
            let sink = move |event: crate::trace::Event| {
                let room = !is_full.load(Ordering::Relaxed);
                if room {
                    into.lock().unwrap().push(event.kind);
                }
                room
            };
            Self {
                run: Arc::new(CaptureRun::new(
                    Arc::new(sink),
                    Arc::new(|| Moment::START),
                    None,
                )),
                full,
                given,
            }
        }

        fn given(&self) -> Vec<EventKind> {
            std::mem::take(&mut *self.given.lock().unwrap())
        }
    }

    fn server() -> SocketAddr {
        ([10, 0, 0, 10], 443).into()
    }

    fn packet(flags: u8) -> Packet {
        let header = TcpHeader {
            seq: 0,
            ack: 0,
            flags: TcpFlags(flags),
            window: 0,
            mss: None,
            window_scale: None,
            timestamp: None,
        };
        let source = ([10, 0, 0, 2], 50_000).into();
        Packet {
            wall: WallTime(0),
            source,
            destination: server(),
            frame_bytes: 66,
            payload_bytes: 0,
            transport: TransportHeader::Tcp(header),
            stored: None,
            segment_bytes: None,
        }
    }

    #[test]
    fn only_watched_addresses_are_admitted_from_when_they_are_added() {
        let scene = Scene::new();
        let mut session = SessionPackets::new(Arc::clone(&scene.run), Some(0));
        assert!(!session.is_of_session(&packet(0)));
        scene.run.watch(&[server()]);
        assert!(session.is_of_session(&packet(0)));
        let mut other = packet(0);
        other.destination.set_port(80);
        assert!(!session.is_of_session(&other));
    }

    #[test]
    fn lost_packets_are_reported_before_later_ones() {
        let scene = Scene::new();
        let mut session = SessionPackets::new(Arc::clone(&scene.run), Some(0));
        scene.full.store(true, Ordering::Relaxed);
        session.deliver(vec![packet(0), packet(0)], 0, "lo", "EN10MB");
        session.deliver(vec![packet(0)], 0, "lo", "EN10MB");
        assert!(scene.given().is_empty());
        scene.full.store(false, Ordering::Relaxed);
        session.deliver(vec![packet(0)], 0, "lo", "EN10MB");
        assert_eq!(
            scene.given(),
            [
                EventKind::Dropped { count: 3 },
                EventKind::Packets {
                    packets: vec![packet(0)]
                }
            ]
        );
    }

    #[test]
    fn the_interface_that_a_connection_is_opened_on_is_named() {
        let scene = Scene::new();
        let mut session = SessionPackets::new(Arc::clone(&scene.run), None);
        session.deliver(vec![packet(0)], 1, "eth0", "EN10MB");
        assert!(matches!(
            scene.given().as_slice(),
            [EventKind::Packets { .. }]
        ));
        session.deliver(vec![packet(TcpFlags::SYN)], 1, "eth0", "EN10MB");
        assert!(matches!(
            scene.given().as_slice(),
            [EventKind::CaptureOpened { interface, .. }, EventKind::Packets { .. }]
                if interface == "eth0"
        ));
        session.deliver(vec![packet(TcpFlags::SYN)], 1, "eth0", "EN10MB");
        assert!(matches!(
            scene.given().as_slice(),
            [EventKind::Packets { .. }]
        ));
    }
}
