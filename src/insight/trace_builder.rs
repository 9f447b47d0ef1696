//! A builder of traces for tests: what the program did and what passed on the wire, each at its
//! time in microseconds.

use std::net::SocketAddr;

use crate::trace::{
    ConnectionId, DnsServer, DnsTransport, Event, EventKind, Exchange, ExchangeCause, ExchangeId,
    Handshake, HttpVersion, Packet, Phase, QueryId, StreamPosition, TcpInfo, Trace,
};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::{TcpFlags, TcpHeader, TransportHeader};

/// The wall clock at the start of the run.
const WALL: u64 = 1_700_000_000_000_000_000;
/// Initial sequence numbers of the two sides; one of them is close to wrapping.
const OUR_ISN: u32 = u32::MAX - 100;
const THEIR_ISN: u32 = 7_000;

pub(super) struct TraceBuilder {
    events: Vec<Event>,
    exchange: ExchangeId,
    connection: ConnectionId,
}

impl TraceBuilder {
    pub(super) const FIRST: ExchangeId = ExchangeId(0);

    pub(super) fn new() -> Self {
        let mut scene = Self {
            events: Vec::new(),
            exchange: Self::FIRST,
            connection: ConnectionId(0),
        };
        scene.push(
            0,
            EventKind::ClockPaired {
                wall: WallTime(WALL),
                uncertainty: Nanos(50),
            },
        );
        scene.start(0, Self::FIRST)
    }

    /// Starts an exchange; subsequent calls are about it.
    pub(super) fn start(self, at: i64, id: ExchangeId) -> Self {
        self.start_because(at, id, ExchangeCause::Asked)
    }

    /// Starts an exchange with a cause; subsequent calls are about it.
    pub(super) fn start_because(mut self, at: i64, id: ExchangeId, cause: ExchangeCause) -> Self {
        self.exchange = id;
        self.event(
            at,
            EventKind::ExchangeStarted {
                exchange: id,
                cause,
                method: "GET".into(),
                url: "https://api.lab.test/".into(),
            },
        )
    }

    pub(super) fn connected(self, at: i64, reused: bool) -> Self {
        let exchange = self.exchange;
        let connection = self.connection;
        self.event(
            at,
            EventKind::Connected {
                exchange,
                connection,
                local: local_address().into(),
                remote: remote_address().into(),
                reused,
            },
        )
    }

    /// A phase with its start and end times, and the positions (sent, received) at both.
    pub(super) fn phase(
        self,
        phase: Phase,
        began: i64,
        ended: i64,
        from: (u64, u64),
        to: (u64, u64),
    ) -> Self {
        let exchange = self.exchange;
        let connection = self.connection;
        let position = |(sent, received)| {
            Some(StreamPosition {
                connection,
                sent,
                received,
            })
        };
        self.event(
            began,
            EventKind::PhaseBegan {
                exchange,
                phase,
                position: position(from),
            },
        )
        .event(
            ended,
            EventKind::PhaseEnded {
                exchange,
                phase,
                position: position(to),
            },
        )
    }

    /// A phase without positions.
    pub(super) fn phase_without_position(self, phase: Phase, began: i64, ended: i64) -> Self {
        let exchange = self.exchange;
        self.event(
            began,
            EventKind::PhaseBegan {
                exchange,
                phase,
                position: None,
            },
        )
        .event(
            ended,
            EventKind::PhaseEnded {
                exchange,
                phase,
                position: None,
            },
        )
    }

    pub(super) fn tls(self, version: &str, kind: &str) -> Self {
        let handshake = Handshake {
            version: version.into(),
            cipher_suite: "TLS_AES_128_GCM_SHA256".into(),
            key_exchange: None,
            alpn: None,
            kind: kind.into(),
        };
        let connection = self.connection;
        self.event(
            0,
            EventKind::TlsEstablished {
                connection,
                handshake,
            },
        )
    }

    pub(super) fn answered(self, at: i64, version: HttpVersion) -> Self {
        let exchange = self.exchange;
        self.event(
            at,
            EventKind::ResponseHead {
                exchange,
                version,
                status: 200,
                reason: "OK".into(),
                headers: Vec::new(),
                header_bytes: 40,
            },
        )
    }

    pub(super) fn ended(self, at: i64) -> Self {
        let exchange = self.exchange;
        self.event(at, EventKind::ExchangeEnded { exchange })
    }

    pub(super) fn dns_query(
        self,
        at: i64,
        query: u32,
        server: SocketAddr,
        transport: DnsTransport,
    ) -> Self {
        let exchange = self.exchange;
        let server = DnsServer {
            address: server,
            transport,
        };
        self.event(
            at,
            EventKind::DnsQueried {
                exchange,
                query: QueryId(query),
                name: "api.lab.test".into(),
                kind: "A".into(),
                server,
            },
        )
    }

    pub(super) fn kernel(self, figures: TcpInfo) -> Self {
        let connection = self.connection;
        self.event(
            0,
            EventKind::KernelMeasured {
                connection,
                figures: Box::new(figures),
            },
        )
    }

    pub(super) fn syn(self, at: i64) -> Self {
        self.tcp(at, true, OUR_ISN, TcpFlags::SYN, 0, Some(1_460))
    }

    pub(super) fn syn_ack(self, at: i64) -> Self {
        self.tcp(
            at,
            false,
            THEIR_ISN,
            TcpFlags::SYN | TcpFlags::ACK,
            0,
            Some(1_400),
        )
    }

    /// Payload to the server at a stream offset.
    pub(super) fn payload_sent(self, at: i64, offset: u32, bytes: u32) -> Self {
        self.tcp(
            at,
            true,
            OUR_ISN.wrapping_add(1 + offset),
            TcpFlags::ACK,
            bytes,
            None,
        )
    }

    /// Payload from the server at a stream offset.
    pub(super) fn payload_received(self, at: i64, offset: u32, bytes: u32) -> Self {
        self.tcp(
            at,
            false,
            THEIR_ISN + 1 + offset,
            TcpFlags::ACK,
            bytes,
            None,
        )
    }

    pub(super) fn datagram(self, at: i64, source: SocketAddr, destination: SocketAddr) -> Self {
        self.packet(at, source, destination, 40, TransportHeader::Udp)
    }

    /// Makes the latest packet an offload aggregate of segments of that many bytes.
    pub(super) fn of_segments(mut self, bytes: u16) -> Self {
        if let Some(Event {
            kind: EventKind::Packets { packets },
            ..
        }) = self.events.last_mut()
        {
            for packet in packets {
                packet.segment_bytes = std::num::NonZeroU16::new(bytes);
            }
        }
        self
    }

    /// Adds any other event.
    pub(super) fn event(mut self, at: i64, what: EventKind) -> Self {
        self.push(at, what);
        self
    }

    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }

    pub(super) fn build(self) -> Trace {
        Trace::from_events(self.events)
    }

    fn tcp(self, at: i64, up: bool, seq: u32, flags: u8, bytes: u32, mss: Option<u16>) -> Self {
        let (source, destination) = if up {
            (local_address(), remote_address())
        } else {
            (remote_address(), local_address())
        };
        let header = TcpHeader {
            seq,
            ack: 0,
            flags: TcpFlags(flags),
            window: 500,
            mss,
            window_scale: None,
            timestamp: None,
        };
        self.packet(at, source, destination, bytes, TransportHeader::Tcp(header))
    }

    fn packet(
        self,
        at: i64,
        source: SocketAddr,
        destination: SocketAddr,
        payload_bytes: u32,
        transport: TransportHeader,
    ) -> Self {
        let wall = WallTime(WALL.saturating_add_signed(at * 1_000));
        let packet = Packet {
            wall,
            source,
            destination,
            frame_bytes: payload_bytes + 66,
            payload_bytes,
            transport,
            stored: None,
            segment_bytes: None,
        };
        self.event(
            at,
            EventKind::Packets {
                packets: vec![packet],
            },
        )
    }

    fn push(&mut self, at: i64, what: EventKind) {
        self.events.push(Event {
            at: Moment(at * 1_000),
            kind: what,
        });
    }
}

/// The trace's first exchange.
pub(super) fn first_exchange(trace: &Trace) -> &Exchange {
    &trace.exchanges()[0]
}

pub(super) fn local_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10], 51_312))
}

pub(super) fn remote_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 443))
}
