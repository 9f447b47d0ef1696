//! Phases on the wire's clock, and what was sent again, beside an independent capture of the same
//! interface.

use std::collections::BTreeMap;
use std::ops::Range;

use tapline::insight::wire_phase;
use tapline::trace::{Connection, Direction, Exchange, Phase, Trace};
use tapline::wire::TcpFlags;

use super::recording::{Recording, nanos};

/// How often each is run.
const RUNS: u32 = 7;

/// What the two captures may differ by: both have the kernel's stamps.
const TOLERANCE: u64 = 100_000;

/// A packet in tcpdump's file. Offsets count from the first byte after the SYN.
struct Theirs {
    at: u64,
    sent: bool,
    flags: u8,
    stretch: Range<u64>,
}

/// The connection's local port.
fn port(connection: &Connection) -> u16 {
    connection.local.ip().unwrap().port()
}

/// The packets of the connection with a local port, those of them that a filter lets through.
fn theirs(recording: &Recording, port: u16, filter: &str) -> Vec<Theirs> {
    let fields = [
        "frame.time_epoch",
        "tcp.srcport",
        "tcp.flags",
        "tcp.seq",
        "tcp.len",
    ];
    let packet = |row: Vec<String>| {
        let flags =
            u8::try_from(u16::from_str_radix(row[2].trim_start_matches("0x"), 16).unwrap() & 0xff)
                .unwrap();
        let start = row[3].parse::<u64>().unwrap().saturating_sub(1);
        let stretch = start..start + row[4].parse::<u64>().unwrap();
        Theirs {
            at: nanos(&row[0]),
            sent: row[1] == port.to_string(),
            flags,
            stretch,
        }
    };
    recording
        .frames(&format!("tcp.port == {port}{filter}"), &fields)
        .into_iter()
        .map(packet)
        .collect()
}

/// Where in the streams phases begin and end.
struct Edges {
    handshake: Option<[Range<u64>; 2]>,
    request_end: u64,
    response: Range<u64>,
}

impl Edges {
    /// As the engine told, since only it knows what the bytes under TLS are.
    fn told(exchange: &Exchange) -> Self {
        let position = |phase| {
            let span = exchange.phases.get(phase).unwrap();
            (span.began_position.unwrap(), span.ended_position.unwrap())
        };
        let ((from, to), (began, ended)) = (position(Phase::Tls), position(Phase::Receive));
        let handshake = Some([from.sent..to.sent, from.received..to.received]);
        Self {
            handshake,
            request_end: position(Phase::Send).1.sent,
            response: began.received..ended.received,
        }
    }

    /// Of one exchange in the clear: all that passed.
    fn of_all(packets: &[Theirs]) -> Self {
        // What comes behind the FIN counts one byte more.
        let of = |sent| {
            packets
                .iter()
                .filter(move |packet| packet.sent == sent && !packet.stretch.is_empty())
        };
        let end = |sent| of(sent).map(|packet| packet.stretch.end).max().unwrap();
        Self {
            handshake: None,
            request_end: end(true),
            response: 0..end(false),
        }
    }
}

/// The phases in tcpdump's packets.
fn phases(packets: &[Theirs], edges: &Edges) -> BTreeMap<&'static str, u64> {
    let flagged = |flags| {
        packets
            .iter()
            .find(|packet| packet.flags & (TcpFlags::SYN | TcpFlags::ACK) == flags)
            .unwrap()
            .at
    };
    let carried = |sent, offset| {
        packets
            .iter()
            .find(|packet| packet.sent == sent && packet.stretch.contains(&offset))
            .unwrap()
            .at
    };
    // Nothing was lost: the last byte is the last to come.
    let requested = carried(true, edges.request_end - 1);
    let (first, last) = (
        carried(false, edges.response.start),
        carried(false, edges.response.end - 1),
    );
    let connect = flagged(TcpFlags::SYN | TcpFlags::ACK) - flagged(TcpFlags::SYN);
    let mut phases = BTreeMap::from([
        ("connect", connect),
        ("wait", first - requested),
        ("receive", last - first),
    ]);
    if let Some([sent, received]) = &edges.handshake {
        phases.insert(
            "tls",
            carried(false, received.end - 1) - carried(true, sent.start),
        );
    }
    phases
}

#[test]
fn phases_on_the_wires_clock_are_those_of_another_capture() {
    if !Recording::is_possible("wire clock") {
        return;
    }
    for (url, names) in [
        (
            "https://api.lab.test/bytes/200000",
            &[Phase::Connect, Phase::Tls, Phase::Wait, Phase::Receive][..],
        ),
        (
            "http://api.lab.test/bytes/200000",
            &[Phase::Connect, Phase::Wait, Phase::Receive],
        ),
    ] {
        let commands = format!(
            "for run in $(seq {RUNS}); do \"$0\" probe --capture on --http1.1 -4 -o /dev/null \
                --format events=$run.jsonl {url} || exit; done"
        );
        let recording = Recording::of(&["--rtt", "40ms"], &commands, &[]);
        let mut differences = BTreeMap::<&str, Vec<u64>>::new();
        for run in 1..=RUNS {
            let trace = recording.trace(&format!("{run}.jsonl"));
            let exchange = trace.exchanges().first().unwrap();
            let packets = theirs(&recording, port(connection_of(&trace)), "");
            let edges = if names.contains(&Phase::Tls) {
                Edges::told(exchange)
            } else {
                Edges::of_all(&packets)
            };
            let theirs = phases(&packets, &edges);
            assert_eq!(theirs.len(), names.len());
            for phase in names {
                let ours = wire_phase(&trace, exchange, *phase)
                    .unwrap_or_else(|| panic!("{url}: no {} in run {run}", phase.name()));
                let ours = ours.duration().0;
                differences
                    .entry(phase.name())
                    .or_default()
                    .push(ours.abs_diff(theirs[phase.name()]));
            }
        }
        for (phase, mut differences) in differences {
            differences.sort_unstable();
            let median = differences[differences.len() / 2];
            assert!(
                median <= TOLERANCE,
                "{url}: {phase} is off by {differences:?} ns"
            );
        }
    }
}

fn connection_of(trace: &Trace) -> &Connection {
    trace.connections().first().unwrap()
}

#[test]
fn what_tshark_takes_for_sent_again_is_so_here() {
    if !Recording::is_possible("sent again") {
        return;
    }
    let body = vec![b'x'; 500_000];
    for (name, way, direction) in [
        (
            "upload",
            "--data-binary @body http://api.lab.test/upload",
            Direction::Sent,
        ),
        (
            "download",
            "-o /dev/null http://api.lab.test/bytes/500000",
            Direction::Received,
        ),
    ] {
        let mut found = 0;
        for seed in 1..=3 {
            let commands =
                format!("\"$0\" probe --capture on -4 --format events=run.jsonl {way} || exit");
            let options = ["--rtt", "40ms", "--loss", "2%", "--seed", &seed.to_string()];
            let recording = Recording::of(&options, &commands, &[("body", &body)]);
            let trace = recording.trace("run.jsonl");
            let flow = trace.flow_of(connection_of(&trace)).unwrap();
            // tcpdump goes on for longer.
            let last = flow
                .packets()
                .iter()
                .map(|packet| packet.wall.0)
                .max()
                .unwrap();
            for again in theirs(
                &recording,
                port(connection_of(&trace)),
                " && tcp.analysis.retransmission",
            ) {
                let towards = if again.sent {
                    Direction::Sent
                } else {
                    Direction::Received
                };
                let mut ours = flow.packets().iter().filter(|packet| {
                    packet.direction == towards && packet.offset == again.stretch.start
                });
                let is_it = |wall: u64| wall.abs_diff(again.at) <= TOLERANCE;
                let same = ours.find(|packet| is_it(packet.wall.0));
                assert!(
                    same.map_or(again.at > last, |packet| packet.retransmitted),
                    "{name}, seed {seed}: {:?} at {} is {same:?} here",
                    again.stretch,
                    again.at
                );
                found += usize::from(same.is_some() && towards == direction);
            }
        }
        assert!(found > 0, "nothing was sent again in an {name}");
    }
}
