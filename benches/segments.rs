//! `make bench`: what a picture of the segments costs, at 200×60, of a flow of a million packets,
//! as a whole and looked at closely.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use tapline::trace::{
    ConnectionId, EVENT_SCHEMA, Endpoint, Event, EventKind, ExchangeCause, ExchangeId, Packet,
    Phase, StreamPosition,
};
use tapline::tui::{ScreenMessage, ScreenState, Settings, draw};
use tapline::units::{Moment, Nanos, Untrusted, WallTime};
use tapline::wire::{TcpFlags, TcpHeader, TransportHeader};

const URL: &str = "http://api.lab.test/bytes";
const PACKETS: u32 = 1_000_000;
const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 300;
/// When the run began.
const EPOCH: u64 = 1_795_176_000_000_000_000;
/// Between two packets.
const PACE: u64 = 1_000;

fn main() {
    for (name, loss, sizes) in [
        ("full segments", 0, 1),
        ("2 % sent again", 50, 1),
        ("sizes of every kind", 50, 1_400),
    ] {
        let mut state = ScreenState::new(
            Settings {
                color: true,
                url: Some(URL.to_owned()),
                ..Settings::default()
            },
            Size::new(SIZE.0, SIZE.1),
        );
        let now = Moment(i64::try_from(u64::from(PACKETS) * PACE).unwrap() + 2_000_000);
        let began = Instant::now();
        for event in run(loss, sizes) {
            state.update(ScreenMessage::Trace(event), now);
        }
        println!(
            "{name}: {PACKETS} packets told in {:.0} ms",
            began.elapsed().as_secs_f64() * 1_000.0
        );
        press(&mut state, '1', now);
        measure("the timeline beside it", "packets", &state, now);
        press(&mut state, '4', now);
        measure("segments, all of it", "sizes in", &state, now);
        for _ in 0..6 {
            press(&mut state, '+', now);
        }
        measure("segments, a part", "sizes in", &state, now);
    }
}

fn press(state: &mut ScreenState, key: char, now: Moment) {
    state.update(
        ScreenMessage::Terminal(TerminalEvent::Key(KeyEvent::new(
            KeyCode::Char(key),
            KeyModifiers::NONE,
        ))),
        now,
    );
}

fn measure(name: &str, shown: &str, state: &ScreenState, now: Moment) {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
    terminal.draw(|frame| draw(frame, state, now)).unwrap();
    // What is not seen costs nothing.
    let text: String = terminal
        .backend()
        .buffer()
        .content
        .iter()
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(text.contains(shown), "{name}: {text}");
    let mut frame = || {
        let began = Instant::now();
        terminal.draw(|frame| draw(frame, state, now)).unwrap();
        began.elapsed()
    };
    let mut took: Vec<Duration> = (0..FRAMES).map(|_| frame()).collect();
    took.sort_unstable();
    let millis = |part: usize| took[(FRAMES * part / 100).min(FRAMES - 1)].as_secs_f64() * 1_000.0;
    println!(
        "  {name:<28} p50 {:>7.2} ms  p99 {:>7.2} ms",
        millis(50),
        millis(99)
    );
}

/// A download: every second packet is an acknowledgment; of `loss` segments one comes again later;
/// `sizes` different ones.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn run(loss: u32, sizes: u32) -> Vec<Event> {
    let exchange = ExchangeId(0);
    let (client, server): (SocketAddr, SocketAddr) = (
        "10.7.0.2:51700".parse().unwrap(),
        "10.7.0.10:80".parse().unwrap(),
    );
    let event = |at: i64, what| Event {
        at: Moment(at),
        kind: what,
    };
    let end = i64::try_from(u64::from(PACKETS) * PACE).unwrap();
    let mut traffic = Traffic {
        client,
        server,
        seq: 1,
        packets: Vec::new(),
    };
    traffic.open();
    for n in 0..PACKETS / 2 {
        traffic.step(n, loss, sizes);
    }
    let total = u64::from(traffic.seq) - 1;
    let position = |sent, received| {
        Some(StreamPosition {
            connection: ConnectionId(0),
            sent,
            received,
        })
    };
    let mut events = vec![
        event(
            0,
            EventKind::RunStarted {
                schema: EVENT_SCHEMA.to_owned(),
                tool_version: "bench".to_owned(),
                started_at: WallTime(EPOCH),
            },
        ),
        event(
            0,
            EventKind::ClockPaired {
                wall: WallTime(EPOCH),
                uncertainty: Nanos(200),
            },
        ),
        event(
            0,
            EventKind::CaptureOpened {
                interface: "eth0".to_owned(),
                link_type: "EN10MB".to_owned(),
            },
        ),
        event(
            0,
            EventKind::ExchangeStarted {
                exchange,
                cause: ExchangeCause::Asked,
                method: "GET".to_owned(),
                url: Untrusted::new(URL),
            },
        ),
        event(
            200,
            EventKind::Connected {
                exchange,
                connection: ConnectionId(0),
                local: Endpoint::Ip(client),
                remote: Endpoint::Ip(server),
                reused: false,
            },
        ),
        event(
            300,
            EventKind::PhaseBegan {
                exchange,
                phase: Phase::Receive,
                position: position(0, 0),
            },
        ),
    ];
    events.extend(traffic.packets.chunks(512).map(|packets| {
        event(
            i64::try_from(PACE).unwrap(),
            EventKind::Packets {
                packets: packets.to_vec(),
            },
        )
    }));
    events.push(event(
        end,
        EventKind::PhaseEnded {
            exchange,
            phase: Phase::Receive,
            position: position(0, total),
        },
    ));
    events.push(event(
        end,
        EventKind::ClockPaired {
            wall: WallTime(EPOCH + end.unsigned_abs() + 300),
            uncertainty: Nanos(200),
        },
    ));
    events.push(event(end, EventKind::ExchangeEnded { exchange }));
    events.push(event(end, EventKind::RunEnded));
    events
}

struct Traffic {
    client: SocketAddr,
    server: SocketAddr,
    /// The server's next.
    seq: u32,
    packets: Vec<Packet>,
}

impl Traffic {
    fn open(&mut self) {
        self.push(true, TcpFlags::SYN, (0, 0), 0);
        self.push(false, TcpFlags::SYN | TcpFlags::ACK, (0, 1), 0);
    }

    fn step(&mut self, n: u32, loss: u32, sizes: u32) {
        let bytes = if sizes > 1 {
            n.wrapping_mul(2_654_435_761) % sizes + 48
        } else {
            1_448
        };
        if loss > 0 && n % loss == loss - 1 {
            self.push(
                false,
                TcpFlags::ACK,
                (self.seq.wrapping_sub(bytes), 1),
                bytes,
            );
        } else {
            self.push(false, TcpFlags::ACK, (self.seq, 1), bytes);
            self.seq = self.seq.wrapping_add(bytes);
        }
        self.push(true, TcpFlags::ACK, (1, self.seq), 0);
    }

    fn push(&mut self, sent: bool, flags: u8, (seq, ack): (u32, u32), payload_bytes: u32) {
        let (source, destination) = if sent {
            (self.client, self.server)
        } else {
            (self.server, self.client)
        };
        let is_syn = flags & TcpFlags::SYN != 0;
        let transport = TransportHeader::Tcp(TcpHeader {
            seq,
            ack,
            flags: TcpFlags(flags),
            window: 5_000,
            mss: is_syn.then_some(1_460),
            window_scale: is_syn.then_some(7),
            timestamp: None,
        });
        let wall = WallTime(EPOCH + self.packets.len() as u64 * PACE);
        self.packets.push(Packet {
            wall,
            source,
            destination,
            frame_bytes: payload_bytes + 66,
            payload_bytes,
            transport,
            stored: None,
            segment_bytes: None,
        });
    }
}
