//! A long run with most exchanges retired, compared with the same run kept whole.

mod redirects;

use std::net::SocketAddr;

use super::*;
use crate::insight::{HopLimits, run_statistics};
use crate::report::{self, Format, ReportOptions};
use crate::trace::{
    ConnectionId, DnsAnswer, DnsServer, DnsTransport, EventKind, ExchangeCause, ExchangeId,
    Failure, FailureCode, HttpVersion, Packet, Phase, QueryId, StreamPosition,
};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::{TcpFlags, TcpHeader, TransportHeader};

/// The wall-clock time at the start.
const WALL: u64 = 1_700_000_000_000_000_000;

/// One of many runs, with its number and start time.
struct Run {
    number: u32,
    began: i64,
    events: Vec<Event>,
}

impl Run {
    fn emit(&mut self, after_micros: i64, what: EventKind) {
        self.events.push(Event {
            at: Moment(self.began + after_micros * 1_000),
            kind: what,
        });
    }

    fn phase(&mut self, phase: Phase, from: i64, to: i64, bytes: [(u64, u64); 2]) {
        let exchange = ExchangeId(self.number);
        let [began, ended] = bytes.map(|(sent, received)| {
            Some(StreamPosition {
                connection: ConnectionId(self.number),
                sent,
                received,
            })
        });
        self.emit(
            from,
            EventKind::PhaseBegan {
                exchange,
                phase,
                position: began,
            },
        );
        self.emit(
            to,
            EventKind::PhaseEnded {
                exchange,
                phase,
                position: ended,
            },
        );
    }

    fn packet(
        &self,
        after_micros: i64,
        to_server: bool,
        flags: u8,
        (seq, payload_bytes): (u32, u32),
    ) -> Packet {
        let (client, server) = self.addresses();
        let (source, destination) = if to_server {
            (client, server)
        } else {
            (server, client)
        };
        let header = TcpHeader {
            seq: self.number.wrapping_mul(100_003).wrapping_add(seq),
            ack: 1,
            flags: TcpFlags(flags),
            window: 100,
            mss: None,
            window_scale: None,
            timestamp: None,
        };
        let wall = WALL + u64::try_from(self.began + after_micros * 1_000).unwrap();
        let transport = TransportHeader::Tcp(header);
        Packet {
            wall: WallTime(wall),
            source,
            destination,
            frame_bytes: 60,
            payload_bytes,
            transport,
            stored: None,
            segment_bytes: None,
        }
    }

    /// Port numbers are reused after a while.
    fn addresses(&self) -> (SocketAddr, SocketAddr) {
        let port = 20_000 + u16::try_from(self.number % 700).unwrap();
        (
            SocketAddr::from(([127, 0, 0, 1], port)),
            SocketAddr::from(([127, 0, 0, 2], 80)),
        )
    }
}

/// One run: a DNS query, a connection, a request and its response. Every third run is a redirect of
/// the previous one. Packet events follow some runs later.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn run(number: u32) -> (Vec<Event>, Event) {
    let took = 100 + i64::from(number) * 7_919 % 500;
    let mut run = Run {
        number,
        began: i64::from(number) * 1_000_000,
        events: Vec::new(),
    };
    let exchange = ExchangeId(number);
    let connection = ConnectionId(number);
    let cause = if number == 0 {
        ExchangeCause::Asked
    } else if number % 3 == 2 {
        ExchangeCause::Redirect
    } else {
        ExchangeCause::Repeat
    };
    let (local, remote) = run.addresses();
    run.emit(
        0,
        EventKind::ClockPaired {
            wall: WallTime(WALL + u64::try_from(run.began).unwrap() + u64::from(number) * 3),
            uncertainty: Nanos(50),
        },
    );
    run.emit(
        0,
        EventKind::ExchangeStarted {
            exchange,
            cause,
            method: "GET".into(),
            url: "http://api.lab.test/".into(),
        },
    );
    let server = DnsServer {
        address: SocketAddr::from(([127, 0, 0, 3], 53)),
        transport: DnsTransport::Udp,
    };
    run.emit(
        0,
        EventKind::PhaseBegan {
            exchange,
            phase: Phase::Dns,
            position: None,
        },
    );
    run.emit(
        1,
        EventKind::DnsQueried {
            exchange,
            query: QueryId(number),
            name: "api.lab.test".into(),
            kind: "A".into(),
            server,
        },
    );
    run.emit(
        3,
        EventKind::DnsAnswered {
            exchange,
            query: QueryId(number),
            answer: DnsAnswer {
                rcode: "NOERROR".into(),
                truncated: false,
                records: Vec::new(),
            },
        },
    );
    run.emit(
        4,
        EventKind::PhaseEnded {
            exchange,
            phase: Phase::Dns,
            position: None,
        },
    );
    run.phase(Phase::Connect, 5, 20, [(0, 0), (0, 0)]);
    run.emit(
        20,
        EventKind::Connected {
            exchange,
            connection,
            local: local.into(),
            remote: remote.into(),
            reused: false,
        },
    );
    run.phase(Phase::Send, 20, 30, [(0, 0), (50, 0)]);
    if number % 400 == 7 {
        let failure = Failure {
            code: FailureCode::WaitClosed,
            message: format!("closed {number}").into(),
            hint: "again".to_owned(),
        };
        run.emit(
            40,
            EventKind::Failed {
                exchange,
                phase: Phase::Wait,
                failure,
            },
        );
    } else {
        run.phase(Phase::Wait, 30, took, [(50, 0), (50, 1)]);
        let version = HttpVersion::Http11;
        let headers = Vec::new();
        run.emit(
            took,
            EventKind::ResponseHead {
                exchange,
                version,
                status: 200,
                reason: "OK".into(),
                headers,
                header_bytes: 40,
            },
        );
    }
    run.emit(
        took + 1,
        EventKind::Note {
            exchange: Some(exchange),
            text: "noted".into(),
        },
    );
    run.emit(took + 2, EventKind::ExchangeEnded { exchange });
    run.emit(took + 3, EventKind::Disconnected { connection });
    let packets = vec![
        run.packet(6, true, TcpFlags::SYN, (0, 0)),
        run.packet(18, false, TcpFlags::SYN | TcpFlags::ACK, (0, 0)),
        run.packet(25, true, TcpFlags::ACK, (1, 50)),
        run.packet(took - 5, false, TcpFlags::ACK, (1, 40)),
    ];
    let packets_event = Event {
        at: Moment(run.began + 5_000_000),
        kind: EventKind::Packets { packets },
    };
    (run.events, packets_event)
}

/// Packet events arrive late, as in a real capture.
fn long_run_events(runs: u32) -> Vec<Event> {
    let mut all = vec![Event {
        at: Moment::START,
        kind: EventKind::RunStarted {
            schema: String::new(),
            tool_version: "1".into(),
            started_at: WallTime(WALL),
        },
    }];
    let mut late = Vec::new();
    for number in 0..runs {
        let (events, packets) = run(number);
        all.extend(events);
        late.push(packets);
        if late.len() == 20 {
            all.append(&mut late);
        }
    }
    all.append(&mut late);
    all.push(Event {
        at: Moment(i64::from(runs) * 1_000_000),
        kind: EventKind::RunEnded,
    });
    all
}

/// Small limits, so that the run need not be long.
const LITTLE: RetentionLimits = RetentionLimits {
    all: 480,
    first: 320,
    latest: 90,
    failed: 4,
    requests: 2,
    hops: HopLimits::REPORTED,
};
const LITTLE_WINDOW: RetentionLimits = RetentionLimits {
    all: 100,
    latest: 60,
    ..RetentionLimits::STREAMING
};

struct SpoolReplay<'a>(&'a Spool);

impl ExchangeSource for SpoolReplay<'_> {
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        let mut reading = WindowedReplay::begin(LITTLE_WINDOW);
        self.0.read(|event| {
            assert!(reading.trace.exchanges().len() <= 200);
            reading.apply(event, to)
        })?;
        reading.end(to).map(drop)
    }
}

#[test]
fn reports_of_a_long_run_are_those_of_the_same_run_held_whole() {
    const RUNS: u32 = 1_000;
    let events = long_run_events(RUNS);
    let budget: Budget =
        "p95(total)<=1ms,total<=300us,mean(wait)<=1us,failures<=5,wire_connect<=1ms"
            .parse()
            .unwrap();
    let mut options = ReportOptions {
        budget: Some(budget),
        ..ReportOptions::default()
    };
    let whole = Trace::from_events(events.iter().cloned());
    let wanted = Format::ALL.map(|format| report::write_report(&whole, format, &options));
    let mut long = LongRun {
        trace: Trace::default(),
        retirement: Some(Retirement::new(LITTLE)),
        spool: Some(Spool::default()),
    };
    for event in events {
        long.apply(event, options.budget.as_mut());
        assert!(
            long.trace.exchanges().len() <= 600,
            "{}",
            long.trace.exchanges().len()
        );
    }
    let trace = &long.trace;
    let every = SpoolReplay(long.spool.as_ref().unwrap());
    assert!(
        trace.retired().exchanges > 300 && trace.log().len() < 8_000,
        "{}",
        trace.log().len()
    );
    assert!(
        trace.connections().len() < 600 && trace.flows().len() < 800,
        "{}",
        trace.flows().len()
    );
    assert_eq!(
        (run_statistics(trace), trace.failure()),
        (run_statistics(&whole), whole.failure())
    );
    assert_eq!(trace.capture(), whole.capture());
    for (format, wanted) in Format::ALL.into_iter().zip(wanted) {
        let mut written = Vec::new();
        report::write_full_report_to(trace, &every, format, &options, &mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        match format {
            // They list the exchanges still held; JUnit also says how many more there were.
            Format::Events => {}
            Format::Junit => assert!(
                written.contains("tapline.exchanges.beyond") && written.contains("(exchange 999)"),
                "{written}"
            ),
            // On the page, packets are named by the index of their flow.
            Format::Html => assert_eq!(without_places(&written), without_places(&wanted)),
            _ => assert!(
                written == wanted,
                "{}",
                first_difference(format, &written, &wanted)
            ),
        }
    }
    let line = "%{urlnum} %{time_total} %{num_redirects}\\n";
    let mut written = String::new();
    report::write_each_out(line, &every, &options, &mut |one| {
        written.push_str(&one.stdout);
        Ok(())
    })
    .unwrap();
    assert_eq!(written, report::write_out(line, &whole, &options).stdout);
}

/// The page's lines, without those about single packets.
fn without_places(page: &str) -> Vec<&str> {
    page.lines().filter(|line| !line.contains("=\"f")).collect()
}

/// The first line that differs between two reports.
fn first_difference(format: Format, one: &str, other: &str) -> String {
    let lines = one
        .lines()
        .zip(other.lines())
        .enumerate()
        .find(|(_, (one, other))| one != other);
    format!("{}: {lines:?}", format.name())
}

#[test]
fn a_run_of_few_requests_is_held_whole() {
    let mut short = LongRun::new(MAX_HELD_WHOLE, true);
    let events = long_run_events(60);
    for event in events.clone() {
        short.apply(event, None);
    }
    assert!(short.spool.is_none() && short.trace == Trace::from_events(events));
}
