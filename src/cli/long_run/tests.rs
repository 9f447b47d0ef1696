//! A long run of which most goes from memory, beside the same run held whole.

use std::net::SocketAddr;

use super::*;
use crate::insight::runs;
use crate::report::{self, Format, Options};
use crate::trace::{
    Cause, Code, ConnectionId, DnsAnswer, DnsServer, DnsTransport, ExchangeId, Failure,
    HttpVersion, Packet, Phase, QueryId, StreamPosition, TcpFlags, TcpHeader, Transport, What,
};
use crate::units::{Moment, Nanos, WallTime};

/// The wall clock at the start.
const WALL: u64 = 1_700_000_000_000_000_000;

/// One of many runs: its number, and when it begins.
struct Run {
    number: u32,
    began: i64,
    events: Vec<Event>,
}

impl Run {
    fn say(&mut self, after_micros: i64, what: What) {
        self.events.push(Event {
            at: Moment(self.began + after_micros * 1_000),
            what,
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
        self.say(
            from,
            What::PhaseBegan {
                exchange,
                phase,
                position: began,
            },
        );
        self.say(
            to,
            What::PhaseEnded {
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
        let (client, server) = self.ends();
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
        };
        let wall = WALL + u64::try_from(self.began + after_micros * 1_000).unwrap();
        let transport = Transport::Tcp(header);
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

    /// Ports are used again after a while.
    fn ends(&self) -> (SocketAddr, SocketAddr) {
        let port = 20_000 + u16::try_from(self.number % 700).unwrap();
        (
            SocketAddr::from(([127, 0, 0, 1], port)),
            SocketAddr::from(([127, 0, 0, 2], 80)),
        )
    }
}

/// A run: a name is asked, a connection made, a request sent and answered; each third one a
/// redirect of the one before it. Its packets are told some runs later.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn run(number: u32) -> (Vec<Event>, Event) {
    let took = 100 + i64::from(number) * 7_919 % 500;
    let mut run = Run {
        number,
        began: i64::from(number) * 1_000_000,
        events: Vec::new(),
    };
    let (exchange, connection) = (ExchangeId(number), ConnectionId(number));
    let cause = if number == 0 {
        Cause::Asked
    } else if number % 3 == 2 {
        Cause::Redirect
    } else {
        Cause::Repeat
    };
    let (local, remote) = run.ends();
    run.say(
        0,
        What::ClockPaired {
            wall: WallTime(WALL + u64::try_from(run.began).unwrap() + u64::from(number) * 3),
            uncertainty: Nanos(50),
        },
    );
    run.say(
        0,
        What::ExchangeStarted {
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
    run.say(
        0,
        What::PhaseBegan {
            exchange,
            phase: Phase::Dns,
            position: None,
        },
    );
    run.say(
        1,
        What::DnsQueried {
            exchange,
            query: QueryId(number),
            name: "api.lab.test".into(),
            kind: "A".into(),
            server,
        },
    );
    run.say(
        3,
        What::DnsAnswered {
            exchange,
            query: QueryId(number),
            answer: DnsAnswer {
                rcode: "NOERROR".into(),
                truncated: false,
                records: Vec::new(),
            },
        },
    );
    run.say(
        4,
        What::PhaseEnded {
            exchange,
            phase: Phase::Dns,
            position: None,
        },
    );
    run.phase(Phase::Connect, 5, 20, [(0, 0), (0, 0)]);
    run.say(
        20,
        What::Connected {
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
            code: Code::WaitClosed,
            message: format!("closed {number}").into(),
            hint: "again".to_owned(),
        };
        run.say(
            40,
            What::Failed {
                exchange,
                phase: Phase::Wait,
                failure,
            },
        );
    } else {
        run.phase(Phase::Wait, 30, took, [(50, 0), (50, 1)]);
        let (version, headers) = (HttpVersion::Http11, Vec::new());
        run.say(
            took,
            What::ResponseHead {
                exchange,
                version,
                status: 200,
                reason: "OK".into(),
                headers,
                header_bytes: 40,
            },
        );
    }
    run.say(
        took + 1,
        What::Note {
            exchange: Some(exchange),
            text: "noted".into(),
        },
    );
    run.say(took + 2, What::ExchangeEnded { exchange });
    run.say(took + 3, What::Disconnected { connection });
    let packets = vec![
        run.packet(6, true, TcpFlags::SYN, (0, 0)),
        run.packet(18, false, TcpFlags::SYN | TcpFlags::ACK, (0, 0)),
        run.packet(25, true, TcpFlags::ACK, (1, 50)),
        run.packet(took - 5, false, TcpFlags::ACK, (1, 40)),
    ];
    let told = Event {
        at: Moment(run.began + 5_000_000),
        what: What::Packets { packets },
    };
    (run.events, told)
}

/// Packets are told late.
fn events(runs: u32) -> Vec<Event> {
    let mut all = vec![Event {
        at: Moment::START,
        what: What::RunStarted {
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
        what: What::RunEnded,
    });
    all
}

/// Little is held, so that a run need not be long.
const LITTLE: Holding = Holding {
    all: 480,
    first: 320,
    latest: 90,
    failed: 4,
    requests: 2,
    cuts_runs: false,
};
const LITTLE_WINDOW: Holding = Holding {
    all: 100,
    latest: 60,
    ..Holding::WINDOW
};

struct Again<'a>(&'a Spool);

impl Every for Again<'_> {
    fn each(&self, to: &mut EachTransfer<'_>) -> io::Result<()> {
        let mut reading = Reading::begin(LITTLE_WINDOW);
        self.0.read(|event| {
            assert!(reading.trace.exchanges().len() <= 200);
            reading.take(event, to)
        })?;
        reading.end(to).map(drop)
    }
}

#[test]
fn reports_of_a_long_run_are_those_of_the_same_run_held_whole() {
    const RUNS: u32 = 1_000;
    let events = events(RUNS);
    let budget: Budget =
        "p95(total)<=1ms,total<=300us,mean(wait)<=1us,failures<=5,wire_connect<=1ms"
            .parse()
            .unwrap();
    let mut options = Options {
        budget: Some(budget),
        ..Options::default()
    };
    let whole = Trace::of(events.iter().cloned());
    let wanted = Format::ALL.map(|format| report::write(&whole, format, &options));
    let mut long = LongRun {
        trace: Trace::default(),
        retirement: Some(Retirement::new(LITTLE)),
        spool: Some(Spool::default()),
    };
    for event in events {
        long.take(event, options.budget.as_mut());
        assert!(
            long.trace.exchanges().len() <= 600,
            "{}",
            long.trace.exchanges().len()
        );
    }
    let trace = &long.trace;
    let every = Again(long.spool.as_ref().unwrap());
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
        (runs(trace), trace.failure()),
        (runs(&whole), whole.failure())
    );
    assert_eq!(trace.capture(), whole.capture());
    for (format, wanted) in Format::ALL.into_iter().zip(wanted) {
        let mut written = Vec::new();
        report::write_every_to(trace, &every, format, &options, &mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        match format {
            // They list what is held, and JUnit says how many more there are.
            Format::Events => {}
            Format::Junit => assert!(
                written.contains("tapline.exchanges.beyond") && written.contains("(exchange 999)"),
                "{written}"
            ),
            // A flow's place in the list names its packets on the page.
            Format::Html => assert_eq!(without_places(&written), without_places(&wanted)),
            _ => assert!(
                written == wanted,
                "{}",
                difference(format, &written, &wanted)
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

/// The page's lines without those about single packets.
fn without_places(page: &str) -> Vec<&str> {
    page.lines().filter(|line| !line.contains("=\"f")).collect()
}

/// The first line that differs.
fn difference(format: Format, one: &str, other: &str) -> String {
    let lines = one
        .lines()
        .zip(other.lines())
        .enumerate()
        .find(|(_, (one, other))| one != other);
    format!("{}: {lines:?}", format.name())
}

#[test]
fn a_run_of_few_requests_is_held_whole() {
    let mut short = LongRun::of(FEW, true);
    let events = events(60);
    for event in events.clone() {
        short.take(event, None);
    }
    assert!(short.spool.is_none() && short.trace == Trace::of(events));
}
