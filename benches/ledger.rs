//! `make bench`: what a ledger costs of a download of a million packets over a path with a round
//! trip of 20 ms, at its end and with each batch while it goes on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tapline::insight::ledger::{ExchangeLedger, LiveLedger};
use tapline::trace::{
    ConnectionId, EVENT_SCHEMA, Endpoint, Event, EventKind, ExchangeCause, ExchangeId, Packet,
    Phase, StreamPosition, Trace,
};
use tapline::units::{Moment, Nanos, Untrusted, WallTime};
use tapline::wire::{TcpFlags, TcpHeader, TransportHeader};

const PACKETS: usize = 1_000_000;
/// Packets that come at a time.
const BATCH: usize = 512;
/// When the run began.
const EPOCH: u64 = 1_795_176_000_000_000_000;
const ROUND_TRIP: u64 = 20_000_000;
const FULL: u32 = 1_448;
const REQUEST: u32 = 200;
const EXCHANGE: ExchangeId = ExchangeId(0);

fn main() {
    for (name, flight, lost) in [
        ("flights of 100 segments", 100, None),
        ("flights of 10 segments", 10, None),
        ("one of 100 segments lost", 400, Some(100)),
    ] {
        measure(name, &download(flight, lost));
    }
}

fn measure(name: &str, packets: &[Packet]) {
    let mut trace = Trace::from_events(events_before(packets));
    let mut live = LiveLedger::default();
    let mut updates = Vec::new();
    for batch in packets.chunks(BATCH) {
        let at = moment(batch.last().unwrap().wall);
        let packets = batch.to_vec();
        trace.apply(event(at, EventKind::Packets { packets }));
        let began = Instant::now();
        std::hint::black_box(live.update(&trace, &trace.exchanges()[0]));
        updates.push(began.elapsed());
    }
    for event in events_after(packets) {
        trace.apply(event);
    }
    let began = Instant::now();
    let ledger = ExchangeLedger::new(&trace, &trace.exchanges()[0]);
    let whole = began.elapsed();
    updates.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{name}: ledger of {} packets {:.0} ms; with each batch of {BATCH} p50 {:.2} ms  p99 {:.2} \
            ms  max {:.2} ms; {}",
        packets.len(),
        millis(whole),
        millis(updates[updates.len() / 2]),
        millis(updates[updates.len() * 99 / 100]),
        millis(*updates.last().unwrap()),
        ledger.whole.verdict().unwrap_or_default(),
    );
}

/// Flights of so many segments, a round trip apart, each segment acknowledged; of so many one is
/// lost and comes a round trip later.
fn download(flight: u32, lost: Option<u32>) -> Vec<Packet> {
    let mut packets = vec![
        packet(true, TcpFlags::SYN, 0, (0, 0), 0),
        packet(false, TcpFlags::SYN | TcpFlags::ACK, ROUND_TRIP, (0, 1), 0),
        packet(true, TcpFlags::ACK, ROUND_TRIP, (1, 1), 0),
        packet(true, TcpFlags::ACK, ROUND_TRIP, (1, 1), REQUEST),
    ];
    let mut at = 2 * ROUND_TRIP;
    let mut next = 0_u32;
    while packets.len() < PACKETS {
        let mut missing = Vec::new();
        for number in next..next + flight {
            at += 12_000;
            if lost.is_some_and(|lost| number % lost == lost - 1) {
                missing.push(number);
                continue;
            }
            let acknowledged = missing.first().copied().unwrap_or(number + 1);
            push_segment(&mut packets, at, number, acknowledged);
        }
        next += flight;
        at += ROUND_TRIP;
        for number in missing {
            push_segment(&mut packets, at, number, next);
        }
    }
    packets
}

fn push_segment(packets: &mut Vec<Packet>, at: u64, number: u32, acknowledged: u32) {
    let offset = |segments: u32| segments.wrapping_mul(FULL).wrapping_add(1);
    let asked = 1 + REQUEST;
    let segment = (offset(number), asked);
    packets.push(packet(false, TcpFlags::ACK, at, segment, FULL));
    let acknowledgment = (asked, offset(acknowledged));
    packets.push(packet(true, TcpFlags::ACK, at + 2_000, acknowledgment, 0));
}

fn packet(sent: bool, flags: u8, at: u64, (seq, ack): (u32, u32), payload_bytes: u32) -> Packet {
    let (client, server) = ends();
    let (source, destination) = if sent {
        (client, server)
    } else {
        (server, client)
    };
    let is_syn = flags & TcpFlags::SYN != 0;
    Packet {
        wall: WallTime(EPOCH + at),
        source,
        destination,
        frame_bytes: payload_bytes + 66,
        payload_bytes,
        transport: TransportHeader::Tcp(TcpHeader {
            seq,
            ack,
            flags: TcpFlags(flags),
            window: 50_000,
            mss: is_syn.then_some(1_460),
            window_scale: is_syn.then_some(7),
            timestamp: u32::try_from(at / 1_000_000).ok(),
        }),
        stored: None,
        segment_bytes: None,
    }
}

fn ends() -> (SocketAddr, SocketAddr) {
    (
        SocketAddr::from(([10, 7, 0, 2], 51_700)),
        SocketAddr::from(([10, 7, 0, 10], 80)),
    )
}

fn moment(wall: WallTime) -> Moment {
    Moment(i64::try_from(wall.0 - EPOCH).unwrap())
}

const fn event(at: Moment, kind: EventKind) -> Event {
    Event { at, kind }
}

const fn position(sent: u64, received: u64) -> StreamPosition {
    StreamPosition {
        connection: ConnectionId(0),
        sent,
        received,
    }
}

/// Until the response begins.
fn events_before(packets: &[Packet]) -> Vec<Event> {
    let (client, server) = ends();
    let uncertainty = Nanos(200);
    let started = [
        EventKind::RunStarted {
            schema: EVENT_SCHEMA.to_owned(),
            tool_version: "bench".to_owned(),
            started_at: WallTime(EPOCH),
        },
        EventKind::ClockPaired {
            wall: WallTime(EPOCH),
            uncertainty,
        },
        EventKind::ExchangeStarted {
            exchange: EXCHANGE,
            cause: ExchangeCause::Asked,
            method: "GET".to_owned(),
            url: Untrusted::new("http://api.lab.test/bytes"),
        },
    ];
    let connected = EventKind::Connected {
        exchange: EXCHANGE,
        connection: ConnectionId(0),
        local: Endpoint::Ip(client),
        remote: Endpoint::Ip(server),
        reused: false,
    };
    let sent = u64::from(REQUEST);
    let first = packets.get(4).unwrap().wall;
    let mut events: Vec<Event> = started
        .into_iter()
        .map(|kind| event(Moment(0), kind))
        .collect();
    events.extend(phase(
        Phase::Connect,
        0,
        ROUND_TRIP,
        [None, Some(position(0, 0))],
    ));
    events.insert(events.len() - 1, event(Moment(0), connected));
    let request = [position(0, 0), position(sent, 0)].map(Some);
    events.extend(phase(Phase::Send, ROUND_TRIP, ROUND_TRIP, request));
    let waited = u64::try_from(moment(first).0).unwrap();
    let response = [Some(position(sent, 0)); 2];
    events.extend(phase(Phase::Wait, ROUND_TRIP, waited, response));
    events.push(began(Phase::Receive, waited, Some(position(sent, 0))));
    events
}

/// The end of the response.
fn events_after(packets: &[Packet]) -> Vec<Event> {
    let end = moment(packets.last().unwrap().wall);
    let segments = packets.iter().filter(|packet| packet.payload_bytes == FULL);
    let received = segments.count() as u64 * u64::from(FULL);
    [
        EventKind::PhaseEnded {
            exchange: EXCHANGE,
            phase: Phase::Receive,
            position: Some(position(u64::from(REQUEST), received)),
        },
        EventKind::ExchangeEnded { exchange: EXCHANGE },
        EventKind::RunEnded,
    ]
    .into_iter()
    .map(|kind| event(end, kind))
    .collect()
}

fn phase(
    phase: Phase,
    from: u64,
    to: u64,
    [first, last]: [Option<StreamPosition>; 2],
) -> [Event; 2] {
    let ended = EventKind::PhaseEnded {
        exchange: EXCHANGE,
        phase,
        position: last,
    };
    [
        began(phase, from, first),
        event(Moment(i64::try_from(to).unwrap()), ended),
    ]
}

fn began(phase: Phase, at: u64, position: Option<StreamPosition>) -> Event {
    let began = EventKind::PhaseBegan {
        exchange: EXCHANGE,
        phase,
        position,
    };
    event(Moment(i64::try_from(at).unwrap()), began)
}
