//! One exchange over a path with a round trip of 40 ms, packet by packet: each rule and what looks
//! like it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use super::{Cause, Detail, ExchangeLedger, Ledger, LiveLedger, Owner};
use crate::trace::{
    ConnectionId, Event, EventKind, ExchangeCause, ExchangeId, Packet, Phase, StreamPosition, Trace,
};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::{TcpFlags, TcpHeader, TransportHeader};

const SYN: u8 = TcpFlags::SYN;
const ACK: u8 = TcpFlags::ACK;
const PSH: u8 = TcpFlags::PSH;
const FULL: u32 = 1_448;
const WALL: u64 = 1_700_000_000_000_000_000;
const EXCHANGE: ExchangeId = ExchangeId(0);
const CONNECTION: ConnectionId = ConnectionId(0);

/// Times are in tenths of a millisecond.
const TICK: u64 = 100_000;

/// An exchange over plain HTTP: connected at 400, the request of 200 bytes sent at 410.
struct Scene {
    packets: Vec<(u64, Packet)>,
    window: [u16; 2],
    /// When the server sent its packets, if they have timestamps.
    server_clock: Option<u64>,
    /// Bytes of the request.
    request: u32,
    /// When the program read the first byte and the last one.
    read: (u64, u64),
    response: u32,
}

impl Scene {
    fn opened() -> Self {
        Self {
            packets: Vec::new(),
            window: [u16::MAX; 2],
            server_clock: None,
            request: 200,
            read: (0, 0),
            response: 0,
        }
        .packet(0, true, SYN, 0, 0, 0)
        .packet(400, false, SYN | ACK, 0, 0, 0)
        .up(400, 0, 0, 0)
    }

    /// The same with timestamps.
    fn asked_with_timestamps() -> Self {
        let mut scene = Self::opened();
        if let Some((_, syn_ack)) = scene.packets.get_mut(1)
            && let TransportHeader::Tcp(header) = &mut syn_ack.transport
        {
            header.timestamp = Some(65_500);
        }
        scene.up(410, 0, 200, 0)
    }

    /// From the server, sent at an instant at which its SYN-ACK would have been sent at 200.
    fn sent_down(mut self, sent: u64, at: u64, offset: u32, bytes: u32) -> Self {
        self.server_clock = Some(sent);
        let mut scene = self.down(at, offset, bytes, 200);
        scene.server_clock = None;
        scene
    }

    /// With the request's only packet.
    fn asked() -> Self {
        Self::opened().up(410, 0, 200, 0)
    }

    fn up(self, at: u64, offset: u32, bytes: u32, ack: u32) -> Self {
        self.packet(at, true, ACK, offset, bytes, ack)
    }

    fn down(self, at: u64, offset: u32, bytes: u32, ack: u32) -> Self {
        let push = if bytes == FULL { 0 } else { PSH };
        self.packet(at, false, ACK | push, offset, bytes, ack)
    }

    /// Full segments from the server, each acknowledged at once.
    fn flight(mut self, at: u64, spacing: u64, first: u32, segments: u32) -> Self {
        for number in 0..segments {
            let at = at + u64::from(number) * spacing;
            let offset = (first + number) * FULL;
            self = self
                .down(at, offset, FULL, 200)
                .up(at, 200, 0, offset + FULL);
        }
        self
    }

    fn client_window(mut self, window: u16) -> Self {
        self.window[0] = window;
        self
    }

    fn packet(mut self, at: u64, up: bool, flags: u8, offset: u32, bytes: u32, ack: u32) -> Self {
        let client = SocketAddr::from(([10, 0, 0, 1], 50_000));
        let server = SocketAddr::from(([10, 0, 0, 2], 80));
        let is_syn = flags & SYN != 0;
        let (source, destination) = if up {
            (client, server)
        } else {
            (server, client)
        };
        let header = TcpHeader {
            seq: 1_000 + offset + u32::from(!is_syn),
            ack: 1_001 + ack,
            flags: TcpFlags(flags),
            window: self.window[usize::from(!up)],
            mss: is_syn.then_some(1_460),
            window_scale: None,
            timestamp: self
                .server_clock
                .map(|sent| 65_480 + u32::try_from(sent / 10).unwrap()),
        };
        self.packets.push((
            at,
            Packet {
                wall: WallTime(WALL + at * TICK),
                source,
                destination,
                frame_bytes: bytes + 66,
                payload_bytes: bytes,
                transport: TransportHeader::Tcp(header),
                stored: None,
                segment_bytes: None,
            },
        ));
        self
    }

    /// The program read the response of so many bytes from `first` to `last`.
    fn answered(self, first: u64, last: u64, bytes: u32) -> Ledger {
        Self {
            read: (first, last),
            response: bytes,
            ..self
        }
        .ledger(last + 1)
    }

    /// The run was cut short.
    fn cut(self, end: u64) -> Ledger {
        self.ledger(end)
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one exchange from its start to its end"
    )]
    fn events(self, end: u64) -> Vec<(u64, EventKind)> {
        let mut events = vec![
            (
                0,
                EventKind::ClockPaired {
                    wall: WallTime(WALL),
                    uncertainty: Nanos(50),
                },
            ),
            (
                0,
                EventKind::ExchangeStarted {
                    exchange: EXCHANGE,
                    cause: ExchangeCause::Asked,
                    method: "GET".into(),
                    url: "http://10.0.0.2/".into(),
                },
            ),
        ];
        let request = u64::from(self.request);
        let sent_at = self
            .packets
            .iter()
            .filter(|(_, packet)| packet.source.port() == 50_000 && packet.payload_bytes > 0)
            .map(|(at, _)| *at)
            .next()
            .unwrap_or(410);
        let mut phases = vec![
            (Phase::Connect, 0, 401, None),
            (Phase::Send, 402, sent_at, Some(((0, 0), (request, 0)))),
        ];
        if self.response > 0 {
            let received = u64::from(self.response);
            phases.push((
                Phase::Wait,
                sent_at,
                self.read.0,
                Some(((request, 0), (request, 0))),
            ));
            phases.push((
                Phase::Receive,
                self.read.0,
                self.read.1,
                Some(((request, 0), (request, received))),
            ));
        }
        for (phase, began, ended, positions) in phases {
            let at = |(sent, received)| StreamPosition {
                connection: CONNECTION,
                sent,
                received,
            };
            events.push((
                began,
                EventKind::PhaseBegan {
                    exchange: EXCHANGE,
                    phase,
                    position: positions.map(|(from, _)| at(from)),
                },
            ));
            if phase == Phase::Connect {
                events.push((
                    ended,
                    EventKind::Connected {
                        exchange: EXCHANGE,
                        connection: CONNECTION,
                        local: SocketAddr::from(([10, 0, 0, 1], 50_000)).into(),
                        remote: SocketAddr::from(([10, 0, 0, 2], 80)).into(),
                        reused: false,
                    },
                ));
            }
            events.push((
                ended,
                EventKind::PhaseEnded {
                    exchange: EXCHANGE,
                    phase,
                    position: positions.map(|(_, to)| at(to)),
                },
            ));
        }
        if self.response == 0 {
            events.push((
                sent_at,
                EventKind::PhaseBegan {
                    exchange: EXCHANGE,
                    phase: Phase::Wait,
                    position: None,
                },
            ));
        }
        let packets = self.packets.into_iter().map(|(at, packet)| {
            (
                at,
                EventKind::Packets {
                    packets: vec![packet],
                },
            )
        });
        events.extend(packets);
        events.sort_by_key(|(at, _)| *at);
        events.push((end, EventKind::ExchangeEnded { exchange: EXCHANGE }));
        events
    }

    fn ledger(self, end: u64) -> Ledger {
        let events = self.events(end).into_iter();
        let trace = Trace::from_events(events.map(|(at, kind)| Event {
            at: Moment(i64::try_from(at * TICK).unwrap()),
            kind,
        }));
        let ledger = ExchangeLedger::new(&trace, &trace.exchanges()[0]).whole;
        let sum: Nanos = ledger.entries.iter().map(|entry| entry.duration).sum();
        assert_eq!(sum, ledger.total, "the partition is exact");
        assert_eq!(ledger.total, Nanos(end * TICK));
        ledger
    }
}

/// Owner, cause and time in tenths of a millisecond, where that is at least a millisecond.
fn causes(ledger: &Ledger) -> Vec<(Owner, Cause, u64)> {
    let mut causes: Vec<_> = ledger
        .cause_totals()
        .into_iter()
        .map(|cause| {
            (
                cause.attribution.owner,
                cause.attribution.cause,
                cause.total.0 / TICK,
            )
        })
        .filter(|(_, _, time)| *time >= 10)
        .collect();
    causes.sort_unstable();
    causes
}

fn time(ledger: &Ledger, owner: Owner, cause: Cause) -> u64 {
    ledger.caused_by(owner, cause).0 / TICK
}

#[test]
fn an_answer_after_a_round_trip_is_the_networks() {
    let ledger = Scene::asked()
        .down(815, 0, 500, 200)
        .answered(817, 817, 500);
    assert_eq!(
        causes(&ledger),
        [
            (Owner::Client, Cause::Processing, 13),
            (Owner::Network, Cause::RoundTrip, 805)
        ]
    );
}

#[test]
fn beyond_the_round_trip_the_server_thinks() {
    let acknowledged = Scene::asked()
        .down(810, 0, 0, 200)
        .down(5_810, 0, 500, 200)
        .answered(5_812, 5_812, 500);
    assert_eq!(time(&acknowledged, Owner::Server, Cause::Think), 5_000);
    let not_acknowledged = Scene::asked()
        .down(5_810, 0, 500, 200)
        .answered(5_812, 5_812, 500);
    assert_eq!(time(&not_acknowledged, Owner::Server, Cause::Think), 5_000);
    assert_eq!(
        time(&not_acknowledged, Owner::Network, Cause::RoundTrip),
        800
    );
}

#[test]
fn a_request_that_was_sent_again_waited_for_a_timeout() {
    let ledger = Scene::asked()
        .up(2_810, 0, 200, 0)
        .down(3_215, 0, 500, 200)
        .answered(3_216, 3_216, 500);
    assert_eq!(time(&ledger, Owner::Network, Cause::Timeout), 2_400);
    assert_eq!(time(&ledger, Owner::Network, Cause::RoundTrip), 805);
    assert_eq!(time(&ledger, Owner::Server, Cause::Think), 0);
}

#[test]
fn a_late_acknowledgment_shows_a_queue() {
    let ledger = Scene::asked()
        .down(1_010, 0, 0, 200)
        .down(1_030, 0, 500, 200)
        .answered(1_031, 1_031, 500);
    assert_eq!(time(&ledger, Owner::Network, Cause::Queueing), 200);
    assert_eq!(time(&ledger, Owner::Server, Cause::Think), 20);
    // A delayed acknowledgment is no queue.
    let ledger = Scene::asked()
        .down(1_210, 0, 0, 200)
        .down(1_410, 0, 500, 200)
        .answered(1_411, 1_411, 500);
    assert_eq!(time(&ledger, Owner::Network, Cause::Queueing), 0);
    assert_eq!(time(&ledger, Owner::Server, Cause::Think), 600);
}

#[test]
fn the_answers_timestamp_tells_a_queue_from_a_server_that_thinks() {
    let queued = Scene::asked_with_timestamps()
        .sent_down(710, 1_810, 0, 500)
        .answered(1_811, 1_811, 500);
    assert_eq!(
        causes(&queued),
        [
            (Owner::Client, Cause::Processing, 12),
            (Owner::Network, Cause::RoundTrip, 800),
            (Owner::Network, Cause::Queueing, 900),
            (Owner::Server, Cause::Think, 100),
        ]
    );
    let thinking = Scene::asked_with_timestamps()
        .sent_down(1_610, 1_810, 0, 500)
        .answered(1_811, 1_811, 500);
    assert_eq!(time(&thinking, Owner::Network, Cause::Queueing), 0);
    assert_eq!(time(&thinking, Owner::Server, Cause::Think), 1_000);
}

#[test]
fn a_segment_that_others_overtook_is_not_a_loss() {
    let late = |sent: u64, at: u64| {
        let mut scene = Scene::asked_with_timestamps();
        for number in (0..5).chain(6..12) {
            let arrives = 815 + u64::from(number);
            scene = scene.sent_down(620, arrives, number * FULL, FULL);
        }
        scene
            .sent_down(sent, at, 5 * FULL, FULL)
            .answered(at + 1, at + 2, 12 * FULL)
    };
    let original = late(610, 1_230);
    assert_eq!(time(&original, Owner::Network, Cause::Queueing), 404);
    assert_eq!(time(&original, Owner::Network, Cause::Loss), 0);
    let again = late(1_030, 1_230);
    assert_eq!(time(&again, Owner::Network, Cause::Queueing), 0);
    assert_eq!(time(&again, Owner::Network, Cause::Loss), 404);
}

#[test]
fn a_timer_that_sent_again_what_had_come_was_spurious() {
    let ledger = Scene::asked()
        .flight(815, 1, 0, 10)
        .down(4_000, 0, FULL, 200)
        .up(4_000, 200, 0, 10 * FULL)
        .flight(4_405, 1, 10, 10)
        .answered(4_415, 4_416, 20 * FULL);
    assert_eq!(time(&ledger, Owner::Network, Cause::Timeout), 3_581);
    let timeout = ledger
        .entries
        .iter()
        .find(|entry| entry.attribution.cause == Cause::Timeout)
        .unwrap();
    assert_eq!(timeout.attribution.detail, Some(Detail::Spurious));
}

#[test]
fn a_fin_shows_that_the_end_before_it_was_lost() {
    let fin = ACK | TcpFlags::FIN;
    let ledger = Scene::asked()
        .flight(815, 1, 0, 6)
        .packet(900, false, fin, 6 * FULL + 300, 0, 200)
        .down(2_800, 6 * FULL, 300, 200)
        .answered(2_801, 2_801, 6 * FULL + 300);
    assert_eq!(time(&ledger, Owner::Network, Cause::Timeout), 1_980);
    assert_eq!(time(&ledger, Owner::Server, Cause::Pause), 0);
}

#[test]
fn a_response_that_the_servers_fin_delimits_goes_on_until_the_fin() {
    let fin = ACK | TcpFlags::FIN;
    let scene = || {
        Scene::asked()
            .down(815, 0, 500, 200)
            .packet(3_815, false, fin, 500, 0, 200)
    };
    let delimited = scene().answered(816, 3_816, 500);
    assert_eq!(time(&delimited, Owner::Server, Cause::Pause), 3_000);
    let known_before = scene().answered(816, 817, 500);
    assert_eq!(time(&known_before, Owner::Server, Cause::Pause), 0);
}

#[test]
fn a_flight_after_a_round_trip_waited_for_the_congestion_window() {
    let ledger = Scene::asked()
        .flight(815, 1, 0, 10)
        .flight(1_220, 1, 10, 20)
        .answered(1_240, 1_241, 30 * FULL);
    assert_eq!(time(&ledger, Owner::Network, Cause::CongestionWindow), 396);
    assert_eq!(time(&ledger, Owner::Server, Cause::Pause), 0);
    // A pause of the same length after a short segment is the server's.
    let ledger = Scene::asked()
        .down(815, 0, 700, 200)
        .up(815, 200, 0, 700)
        .down(1_220, 700, 700, 200)
        .answered(1_240, 1_241, 1_400);
    assert_eq!(time(&ledger, Owner::Network, Cause::CongestionWindow), 0);
    assert_eq!(time(&ledger, Owner::Server, Cause::Pause), 405);
}

#[test]
fn segments_at_an_even_rate_show_the_links_bandwidth() {
    let ledger = Scene::asked()
        .flight(815, 58, 0, 200)
        .answered(12_360, 12_361, 200 * FULL);
    assert_eq!(time(&ledger, Owner::Network, Cause::Bandwidth), 58 * 199);
}

#[test]
fn segments_that_take_a_good_part_of_a_round_trip_each_show_a_slow_link() {
    let slow = |spacing: u64, timestamps: bool| {
        let mut scene = if timestamps {
            Scene::asked_with_timestamps()
        } else {
            Scene::asked()
        };
        for number in 0..30 {
            let at = 815 + u64::from(number) * spacing;
            // All of it was sent at once, and queues.
            let sent = if timestamps { 615 } else { at };
            scene = if timestamps {
                scene.sent_down(sent, at, number * FULL, FULL)
            } else {
                scene.down(at, number * FULL, FULL, 200)
            };
            scene = scene.up(at, 200, 0, (number + 1) * FULL);
        }
        let last = 815 + 29 * spacing;
        scene.answered(last + 1, last + 1, 30 * FULL)
    };
    let quarter = slow(120, false);
    assert_eq!(time(&quarter, Owner::Network, Cause::Bandwidth), 29 * 120);
    // A round trip apart: a congestion window of one segment, unless they queue.
    let apart = slow(405, false);
    assert_eq!(time(&apart, Owner::Network, Cause::Bandwidth), 0);
    assert_eq!(
        time(&apart, Owner::Network, Cause::CongestionWindow),
        29 * 405
    );
}

#[test]
fn a_small_segment_that_came_a_round_trip_after_a_delayed_acknowledgment_had_waited_for_it() {
    let pieces = |second: u64| {
        Scene::asked()
            .down(815, 0, 40, 200)
            .up(1_215, 200, 0, 40)
            .down(second, 40, 200, 200)
            .answered(second + 1, second + 2, 240)
    };
    let nagle = pieces(1_617);
    assert_eq!(time(&nagle, Owner::Server, Cause::Nagle), 802);
    let pause = pieces(1_517);
    assert_eq!(time(&pause, Owner::Server, Cause::Nagle), 0);
    assert_eq!(time(&pause, Owner::Server, Cause::Pause), 702);
}

#[test]
fn tickets_and_settings_are_no_answer() {
    let ledger = Scene::asked().down(815, 0, 50, 200).cut(10_000);
    assert_eq!(time(&ledger, Owner::Server, Cause::Pause), 0);
    assert!(
        time(&ledger, Owner::Server, Cause::Think) >= 9_000,
        "{ledger:?}"
    );
}

#[test]
fn a_gap_that_acknowledgments_found_is_a_loss_and_one_that_a_timer_found_a_timeout() {
    let lost = |again: u64| {
        let mut scene = Scene::asked().flight(815, 1, 0, 5);
        for number in 6..12 {
            let at = 815 + u64::from(number);
            scene = scene
                .down(at, number * FULL, FULL, 200)
                .up(at, 200, 0, 5 * FULL);
        }
        scene
            .down(again, 5 * FULL, FULL, 200)
            .up(again, 200, 0, 12 * FULL)
            .answered(again + 1, again + 2, 12 * FULL)
    };
    let by_acknowledgments = lost(1_230);
    assert_eq!(time(&by_acknowledgments, Owner::Network, Cause::Loss), 404);
    let by_timer = lost(3_000);
    assert_eq!(time(&by_timer, Owner::Network, Cause::Timeout), 2_174);
}

#[test]
fn a_full_window_belongs_to_its_owner() {
    let window = u16::try_from(10 * FULL).unwrap();
    let mut scene = Scene::opened()
        .client_window(window)
        .up(405, 0, 0, 0)
        .up(410, 0, 200, 0);
    for number in 0..10 {
        scene = scene.down(815 + u64::from(number), number * FULL, FULL, 200);
    }
    let ledger = scene
        .client_window(0)
        .up(826, 200, 0, 10 * FULL)
        .client_window(window)
        .up(2_000, 200, 0, 10 * FULL)
        .down(2_402, 10 * FULL, FULL, 200)
        .answered(2_403, 2_404, 11 * FULL);
    assert_eq!(time(&ledger, Owner::Client, Cause::Window), 1_578);
}

#[test]
fn a_ledger_that_goes_on_with_each_batch_is_that_of_the_whole() {
    let scene = Scene::asked()
        .flight(815, 1, 0, 10)
        .flight(1_220, 1, 10, 20)
        .down(3_000, 30 * FULL, 700, 200)
        .down(5_000, 30 * FULL + 700, 700, 200);
    let events = Scene {
        read: (817, 5_001),
        response: 30 * FULL + 1_400,
        ..scene
    }
    .events(5_002);
    let mut trace = Trace::default();
    let mut live = LiveLedger::default();
    for (at, kind) in events {
        trace.apply(Event {
            at: Moment(i64::try_from(at * TICK).unwrap()),
            kind,
        });
        let Some(exchange) = trace.exchanges().first() else {
            continue;
        };
        let whole = ExchangeLedger::new(&trace, exchange);
        assert_eq!(live.update(&trace, exchange), whole, "at {at}");
    }
    assert!(trace.exchanges()[0].ended.is_some());
}

#[test]
fn what_is_never_answered_is_told_from_a_server_that_thinks() {
    let silent = Scene::asked().down(810, 0, 0, 200).cut(10_000);
    assert_eq!(time(&silent, Owner::Server, Cause::Think), 9_190);
    let away = Scene::asked()
        .up(2_410, 0, 200, 0)
        .up(6_410, 0, 200, 0)
        .cut(10_000);
    assert_eq!(time(&away, Owner::Network, Cause::Unanswered), 9_590);
    assert_eq!(time(&away, Owner::Server, Cause::Think), 0);
}

#[test]
fn the_sentence_names_the_rate_of_the_link_and_what_would_help() {
    // 200 segments of 1,500 bytes every 6 ms: 2 Mbit/s.
    let ledger = Scene::asked()
        .flight(815, 60, 0, 200)
        .answered(820, 12_756, 200 * FULL);
    let verdict = ledger.verdict().unwrap();
    assert!(
        verdict.contains("the link carries 2.0 Mbit/s, segments 6.00 ms apart"),
        "{verdict}"
    );
    assert!(
        verdict.ends_with("What would help: fewer bytes, or a faster link."),
        "{verdict}"
    );
}

#[test]
fn the_sentence_counts_lost_segments_and_those_found_by_timeout() {
    // Of two flights one segment is lost each. The first is found by acknowledgments, the second,
    // after which one more came, by a timer.
    let segment = |scene: Scene, at: u64, number: u32| scene.down(at, number * FULL, FULL, 200);
    let mut scene = Scene::asked().flight(815, 1, 0, 2);
    for (at, number) in [(818, 3), (819, 4), (820, 5), (821, 6), (1_230, 2)] {
        scene = segment(scene, at, number);
    }
    scene = scene.up(1_230, 200, 0, 7 * FULL);
    for (at, number) in [(1_640, 7), (1_641, 9), (4_000, 8)] {
        scene = segment(scene, at, number);
    }
    let ledger = scene.answered(820, 4_001, 10 * FULL);
    let verdict = ledger.verdict().unwrap();
    assert!(
        verdict.starts_with("2 segments were lost, 1 of them found by timeout: recovery took "),
        "{verdict}"
    );
    assert!(
        verdict.contains("What would help: a path that loses less"),
        "{verdict}"
    );
}

#[test]
fn shorter_wordings_leave_out_the_rest_before_the_advice() {
    let ledger = Scene::asked()
        .down(810, 0, 0, 200)
        .down(5_810, 0, 500, 200)
        .answered(5_812, 5_812, 500);
    let wordings = ledger.verdict_wordings();
    let main = "The server thought for 500 ms before it answered (86 %).";
    let advice = "What would help: a look at the server's own time (Server-Timing would tell).";
    let rest = "Most of the rest: round trips (80.0 ms).";
    assert_eq!(
        wordings,
        [
            format!("{main} {rest} {advice}"),
            format!("{main} {advice}"),
            format!("{main} {rest}"),
            main.to_owned(),
        ]
    );
    assert_eq!(ledger.verdict(), wordings.first().cloned());
}

#[test]
fn what_others_overtook_is_not_counted_as_lost() {
    let late = |sent: u64, at: u64| {
        let mut scene = Scene::asked_with_timestamps();
        for number in (0..5).chain(6..12) {
            let arrives = 815 + u64::from(number);
            scene = scene.sent_down(620, arrives, number * FULL, FULL);
        }
        scene
            .sent_down(sent, at, 5 * FULL, FULL)
            .answered(at + 1, at + 2, 12 * FULL)
    };
    assert_eq!(late(1_030, 1_230).figures.lost, 1);
    let original = late(610, 1_230);
    assert_eq!(original.figures.lost, 0);
}
