//! Whatever comes, at whatever size: the screen is drawn, and nothing on it acts on a terminal.

use std::net::{IpAddr, SocketAddr};

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use proptest::prelude::*;
use tapline::insight::redact::RedactionPolicy;
use tapline::trace::{
    AttemptId, AttemptOutcome, Certificate, ConnectionId, DeliveryError, DnsAnswer, DnsRecord,
    DnsServer, DnsTransport, EVENT_SCHEMA, Endpoint, Event, EventKind, ExchangeCause, ExchangeId,
    Failure, FailureCode, Handshake, HttpHeader, HttpVersion, LinkConfig, LinkCounts, OtherFrames,
    Packet, PacketLimits, Phase, QueryId, ResolutionSource, StreamPosition, TcpInfo, TlsMessage,
    Verification,
};
use tapline::tui::{ScreenMessage, Settings, Theme};
use tapline::units::{
    BitRate, Fraction, Moment, Nanos, Untrusted, WallTime, is_unsafe_for_terminal,
};
use tapline::wire::{IcmpError, Side, TcpFlags, TcpHeader, Transport, TransportHeader};

use crate::desk::{Desk, exhibits};

/// Text as crafted as it may be.
fn text() -> impl Strategy<Value = Untrusted> {
    prop_oneof![
        "[a-z.:/ ]{0,40}".prop_map(Untrusted::new),
        "[\\PC\\p{Cc}\\p{Cf}\u{1b}\u{202e}東🦀]{0,60}".prop_map(Untrusted::new),
        Just(Untrusted::new("https://user:pass@h.test/p?q#f")),
        Just(Untrusted::new("")),
    ]
}

fn header() -> impl Strategy<Value = HttpHeader> {
    prop_oneof![
        (text(), text()).prop_map(|(name, value)| HttpHeader { name, value }),
        Just(HttpHeader::new(
            "Server-Timing",
            "db;dur=53.5;desc=\"a,b\", x;dur=1e99, y;dur=-1"
        )),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![8 => 0..2_000_000_000_i64, 1 => any::<i64>(), 1 => Just(0)].prop_map(Moment)
}

fn address() -> impl Strategy<Value = SocketAddr> {
    (
        prop_oneof![Just([10, 0, 0, 1]), Just([10, 0, 0, 2])],
        1..4_u16,
    )
        .prop_map(|(ip, port)| (IpAddr::from(ip), port).into())
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    prop_oneof![4 => address().prop_map(Endpoint::from), 1 => text().prop_map(Endpoint::Unix)]
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(&Phase::ALL)
}

fn position() -> impl Strategy<Value = Option<StreamPosition>> {
    let position = (0..3_u32, 0..5_000_u64, 0..5_000_u64);
    prop::option::of(position.prop_map(|(id, sent, received)| StreamPosition {
        connection: ConnectionId(id),
        sent,
        received,
    }))
}

fn packet() -> impl Strategy<Value = Packet> {
    (
        0..3_000_000_000_u64,
        address(),
        address(),
        0..70_000_u32,
        any::<u8>(),
        any::<u32>(),
        any::<bool>(),
    )
        .prop_map(
            |(wall, source, destination, payload_bytes, flags, seq, tcp)| Packet {
                wall: WallTime(wall),
                source,
                destination,
                frame_bytes: payload_bytes,
                payload_bytes,
                transport: if tcp {
                    TransportHeader::Tcp(TcpHeader {
                        seq,
                        ack: 0,
                        flags: TcpFlags(flags),
                        window: 0,
                        mss: Some(1460),
                        window_scale: Some(7),
                        timestamp: None,
                    })
                } else {
                    TransportHeader::Udp
                },
                stored: None,
                segment_bytes: None,
            },
        )
}

fn outcome() -> impl Strategy<Value = AttemptOutcome> {
    prop_oneof![
        Just(AttemptOutcome::Connected),
        Just(AttemptOutcome::Refused),
        Just(AttemptOutcome::Abandoned),
        text().prop_map(AttemptOutcome::Failed)
    ]
}

fn certificate() -> impl Strategy<Value = Certificate> {
    (
        text(),
        text(),
        any::<i64>(),
        any::<i64>(),
        prop::collection::vec(text(), 0..4),
    )
        .prop_map(
            |(subject, issuer, not_before, not_after, names)| Certificate {
                subject,
                issuer,
                not_before,
                not_after,
                sha256: "ab".repeat(32),
                names,
            },
        )
}

fn run_started(started_at: WallTime) -> EventKind {
    EventKind::RunStarted {
        schema: EVENT_SCHEMA.to_owned(),
        tool_version: String::new(),
        started_at,
    }
}

fn clock_paired(wall: u64, uncertainty: u64) -> EventKind {
    EventKind::ClockPaired {
        wall: WallTime(wall),
        uncertainty: Nanos(uncertainty),
    }
}

fn capture_opened(interface: String, link_type: String) -> EventKind {
    EventKind::CaptureOpened {
        interface,
        link_type,
    }
}

fn packets_event() -> impl Strategy<Value = EventKind> {
    prop::collection::vec(packet(), 0..20).prop_map(|packets| EventKind::Packets { packets })
}

fn of_the_run() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        1 => Just(run_started(WallTime(1_700_000_000_000_000_000))),
        1 => Just(EventKind::RunEnded),
        2 => (0..3_000_000_000_u64).prop_map(|wall| clock_paired(wall, 1)),
        1 => Just(capture_opened("lo".to_owned(), "EN10MB".to_owned())),
        1 => Just(EventKind::CaptureUnavailable {
            reason: "not permitted".to_owned(),
            remedy: "sudo".to_owned(),
        }),
        2 => packets_event(),
        1 => (prop::option::of(0..3_u32), text()).prop_map(|(id, text)| EventKind::Note {
            exchange: id.map(ExchangeId),
            text,
        }),
        1 => any::<u64>().prop_map(|count| EventKind::Dropped { count }),
        1 => linkage().prop_map(|(link, _)| EventKind::LinkSet { link }),
    ]
}

fn of_an_exchange() -> impl Strategy<Value = EventKind> {
    let id = || (0..4_u32).prop_map(ExchangeId);
    let lookup =
        (id(), 0..3_u32, text(), address()).prop_map(|(exchange, query, name, address)| {
            EventKind::DnsQueried {
                exchange,
                query: QueryId(query),
                name,
                kind: "A".to_owned(),
                server: DnsServer {
                    address,
                    transport: DnsTransport::Tls,
                },
            }
        });
    let answer = (id(), 0..3_u32, text(), text(), 0..5_usize).prop_map(
        |(exchange, query, name, data, count)| EventKind::DnsAnswered {
            exchange,
            query: QueryId(query),
            answer: DnsAnswer {
                rcode: "NXDOMAIN".to_owned(),
                truncated: true,
                records: vec![
                    DnsRecord {
                        name,
                        kind: "CNAME".to_owned(),
                        ttl: 1,
                        data
                    };
                    count
                ],
            },
        },
    );
    prop_oneof![
        (id(), text()).prop_map(|(exchange, url)| EventKind::ExchangeStarted {
            exchange,
            cause: ExchangeCause::Asked,
            method: "GET".to_owned(),
            url
        }),
        (id(), phase(), position()).prop_map(|(exchange, phase, position)| EventKind::PhaseBegan {
            exchange,
            phase,
            position
        }),
        (id(), phase(), position()).prop_map(|(exchange, phase, position)| EventKind::PhaseEnded {
            exchange,
            phase,
            position
        }),
        (id(), phase(), text(), "\\PC{0,80}").prop_map(|(exchange, phase, message, hint)| {
            EventKind::Failed {
                exchange,
                phase,
                failure: Failure {
                    code: FailureCode::Internal,
                    message,
                    hint,
                },
            }
        }),
        id().prop_map(|exchange| EventKind::ExchangeEnded { exchange }),
        lookup,
        answer,
        (id(), address()).prop_map(|(exchange, address)| EventKind::Resolved {
            exchange,
            source: ResolutionSource::HostsFile,
            addresses: vec![address.ip(); 3]
        }),
        (id(), 0..4_u32, endpoint()).prop_map(|(exchange, attempt, remote)| {
            EventKind::AttemptStarted {
                exchange,
                attempt: AttemptId(attempt),
                remote,
                local: None,
            }
        }),
        (id(), 0..4_u32, outcome()).prop_map(|(exchange, attempt, outcome)| {
            EventKind::AttemptEnded {
                exchange,
                attempt: AttemptId(attempt),
                outcome,
            }
        }),
        (id(), 0..3_u32, endpoint(), endpoint(), any::<bool>()).prop_map(
            |(exchange, connection, local, remote, reused)| EventKind::Connected {
                exchange,
                connection: ConnectionId(connection),
                local,
                remote,
                reused
            }
        ),
    ]
}

fn of_a_message() -> impl Strategy<Value = EventKind> {
    let id = || (0..4_u32).prop_map(ExchangeId);
    let connection = || (0..3_u32).prop_map(ConnectionId);
    let headers = || prop::collection::vec(header(), 0..6);
    prop_oneof![
        (connection(), any::<u64>()).prop_map(|(connection, n)| EventKind::KernelMeasured {
            connection,
            figures: Box::new(TcpInfo {
                rtt: Some(Nanos(n)),
                segments_out: Some(n),
                retransmits: Some(n),
                ..TcpInfo::default()
            })
        }),
        (connection(), text()).prop_map(|(connection, detail)| EventKind::TlsMessage {
            connection,
            message: TlsMessage {
                from: Side::Client,
                name: "ClientHello".to_owned(),
                bytes: 517,
                offset: 0,
                detail: Some(detail)
            }
        }),
        (connection(), prop::collection::vec(certificate(), 0..3)).prop_map(
            |(connection, certificates)| EventKind::TlsCertificates {
                connection,
                certificates
            }
        ),
        (connection(), text()).prop_map(|(connection, why)| EventKind::TlsVerified {
            connection,
            verification: Verification::Rejected(why),
            took: Nanos(5)
        }),
        (connection(), text()).prop_map(|(connection, alpn)| EventKind::TlsEstablished {
            connection,
            handshake: Handshake {
                version: "TLSv1.3".to_owned(),
                cipher_suite: "TLS_AES_128_GCM_SHA256".to_owned(),
                key_exchange: None,
                alpn: Some(alpn),
                kind: "hello_retry".to_owned()
            }
        }),
        (id(), text(), headers()).prop_map(|(exchange, target, headers)| EventKind::RequestHead {
            exchange,
            version: HttpVersion::Http2,
            method: "GET".to_owned(),
            target,
            headers,
            header_bytes: 9
        }),
        (id(), any::<u16>(), headers()).prop_map(|(exchange, status, headers)| {
            EventKind::Informational {
                exchange,
                status,
                headers,
            }
        }),
        (id(), any::<u16>(), text(), headers()).prop_map(|(exchange, status, reason, headers)| {
            EventKind::ResponseHead {
                exchange,
                version: HttpVersion::Http11,
                status,
                reason,
                headers,
                header_bytes: 9,
            }
        }),
        (
            id(),
            any::<u64>(),
            any::<u64>(),
            prop::option::of(any::<u64>())
        )
            .prop_map(
                |(exchange, received, decoded, expected)| EventKind::ResponseBody {
                    exchange,
                    received,
                    decoded,
                    expected
                }
            ),
        (id(), text()).prop_map(|(exchange, text)| EventKind::BodyPreview {
            exchange,
            text,
            truncated: true
        }),
        (id(), text(), prop::collection::vec(text(), 0..3)).prop_map(|(exchange, to, withheld)| {
            EventKind::Redirected {
                exchange,
                to,
                withheld,
            }
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let what = prop_oneof![1 => of_the_run(), 3 => of_an_exchange(), 3 => of_a_message()];
    (moment(), what).prop_map(|(at, what)| Event { at, kind: what })
}

fn hand() -> impl Strategy<Value = TerminalEvent> {
    let keys = [
        'r', 'e', ' ', 'j', 'k', 'g', 'G', '+', '-', '0', 'h', 'l', 'l', 'n', 'p', 'y', 't', '?',
        '%', '/', 's', '1', '2', '4',
    ];
    let vertical = vec![
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
    ];
    let others = vec![
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::F(2),
    ];
    let key = prop_oneof![
        3 => prop::sample::select(keys.to_vec()).prop_map(KeyCode::Char),
        2 => prop::sample::select(vertical),
        2 => prop::sample::select(others),
    ];
    let kinds = vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ];
    let mouse = (prop::sample::select(kinds), 0..220_u16, 0..70_u16);
    prop_oneof![
        4 => key.prop_map(|code| TerminalEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))),
        2 => mouse.prop_map(|(kind, column, row)| TerminalEvent::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })),
        1 => "\\PC{0,30}".prop_map(TerminalEvent::Paste),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let lab = (any::<bool>(), prop::option::of("\\PC{0,90}"));
    (
        prop::sample::select(&Theme::ALL),
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.7),
        lab,
        limits(),
    )
        .prop_map(
            |(theme, color, ascii, run, (lab, notice), limits)| Settings {
                theme,
                color,
                ascii,
                url: run.then(|| "https://a.test/".to_owned()),
                suggestions: if lab { exhibits() } else { Vec::new() },
                opened: None,
                notice,
                masking: RedactionPolicy::default(),
                limits,
            },
        )
}

/// So many packets and flows that all are listed, or so few that the oldest go again and again.
fn limits() -> impl Strategy<Value = PacketLimits> {
    let few =
        (1..60_usize, 1..20_usize, 1..4_usize).prop_map(|(packets, of_flow, flows)| PacketLimits {
            packets,
            packets_per_flow: of_flow,
            flows,
            keeps_latest: true,
        });
    prop_oneof![Just(PacketLimits::KEEP_FIRST), few]
}

/// A link as crafted as it may be, and what it did.
fn linkage() -> impl Strategy<Value = (LinkConfig, LinkCounts)> {
    let delays = (any::<u64>(), any::<u64>());
    let share = || (0..=1_000_000_u32).prop_map(Fraction::from_millionths);
    (
        delays,
        share(),
        prop::option::of(any::<u64>()),
        any::<u16>(),
        text(),
        any::<u64>(),
    )
        .prop_map(
            |((round_trip, jitter), loss, bandwidth, mtu, congestion, passed)| {
                let congestion = congestion.raw().to_owned();
                let (round_trip, jitter, bandwidth) =
                    (Nanos(round_trip), Nanos(jitter), bandwidth.map(BitRate));
                let link = LinkConfig {
                    round_trip,
                    jitter,
                    loss,
                    reorder: loss,
                    duplicate: loss,
                    bandwidth,
                    mtu,
                    congestion,
                    seed: 0,
                };
                (
                    link,
                    LinkCounts {
                        passed,
                        overflowed: passed,
                        ..LinkCounts::default()
                    },
                )
            },
        )
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        (1..220_u16, 1..70_u16),
        (1..30_u16, 1..12_u16),
        Just((80, 24))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn the_screen_is_drawn(
        settings in settings(),
        linkage in prop::option::of(linkage()),
        refused in any::<bool>(),
        events in prop::collection::vec(event(), 0..60),
        hands in prop::collection::vec((hand(), size()), 0..12),
        last in size(),
        now in moment(),
    ) {
        let mut desk = Desk::with(last, settings);
        desk.tell(events);
        if let Some((link, counts)) = linkage {
            desk.link(link, counts);
        }
        desk.now = now;
        for (hand, size) in hands {
            desk.resize(size);
            desk.send(ScreenMessage::Terminal(hand));
            desk.buffer();
        }
        if refused {
            desk.send(ScreenMessage::LinkRefused("it is not there".to_owned()));
        }
        desk.resize(last);
        for cell in desk.buffer().content() {
            let harmful = cell.symbol().chars().any(is_unsafe_for_terminal);
            prop_assert!(!harmful, "{:?}", cell.symbol());
        }
    }

    #[test]
    fn a_capture_of_others_is_drawn(
        (settings, opened) in (settings(), text()),
        events in prop::collection::vec(of_a_capture(), 0..30),
        names in prop::collection::vec(text(), 0..20),
        (more, ended) in (prop::collection::vec(of_a_capture(), 0..8), any::<bool>()),
        hands in prop::collection::vec((hand(), size()), 0..16),
        last in size(),
        now in moment(),
    ) {
        let opened = Some(opened.escaped().into_owned());
        let mut desk = Desk::with(last, Settings { url: None, opened, ..settings });
        let at = Moment::START;
        desk.tell([run_started(WallTime(1)), clock_paired(1, 0)].map(|kind| Event { at, kind }));
        desk.tell(events);
        let names = desk.state.trace().flows().iter().map(|flow| flow.key).zip(names).collect();
        desk.send(ScreenMessage::ServerNames(names));
        if ended {
            desk.tell([Event { at, kind: EventKind::RunEnded }]);
        }
        desk.now = now;
        for (hand, size) in hands {
            desk.resize(size);
            desk.send(ScreenMessage::Terminal(hand));
            desk.buffer();
        }
        desk.tell(more);
        desk.resize(last);
        for cell in desk.buffer().content() {
            let harmful = cell.symbol().chars().any(is_unsafe_for_terminal);
            prop_assert!(!harmful, "{:?}", cell.symbol());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever is looked at goes as the run becomes long, or stays because it is looked at.
    #[test]
    fn a_run_that_becomes_long_is_drawn(
        settings in settings(),
        events in prop::collection::vec(event(), 0..40),
        hands in prop::collection::vec((hand(), size(), 0..700_u32), 0..12),
        now in moment(),
    ) {
        let mut desk = Desk::with((120, 36), settings);
        desk.tell(events);
        desk.now = now;
        let mut many = exchanges();
        desk.tell(many.by_ref().take(3 * 2_600));
        for (hand, size, more) in hands {
            desk.resize(size);
            desk.send(ScreenMessage::Terminal(hand));
            desk.buffer();
            desk.tell(many.by_ref().take(3 * more as usize));
            desk.buffer();
        }
        prop_assert!(desk.state.trace().exchanges().len() <= 4_000);
    }
}

/// Requests without end, each of three events.
fn exchanges() -> impl Iterator<Item = Event> {
    (0..).flat_map(|number: u32| {
        let (exchange, at) = (ExchangeId(number), Moment(i64::from(number) * 1_000_000));
        let cause = if number.is_multiple_of(1_000) {
            ExchangeCause::Asked
        } else {
            ExchangeCause::Repeat
        };
        let started = EventKind::ExchangeStarted {
            exchange,
            cause,
            method: "GET".to_owned(),
            url: Untrusted::new("http://h.test/"),
        };
        let waited = EventKind::PhaseBegan {
            exchange,
            phase: Phase::Wait,
            position: None,
        };
        [started, waited, EventKind::ExchangeEnded { exchange }]
            .map(|what| Event { at, kind: what })
    })
}

/// What a capture file may tell, with times anywhere.
fn of_a_capture() -> impl Strategy<Value = Event> {
    let error = (
        any::<u64>(),
        address(),
        address(),
        prop::sample::select(vec![Transport::Tcp, Transport::Udp]),
        any::<u8>(),
        any::<u8>(),
    )
        .prop_map(
            |(wall, source, destination, transport, kind, code)| DeliveryError {
                wall: WallTime(wall),
                icmp: IcmpError {
                    reporter: source.ip(),
                    source,
                    destination,
                    transport,
                    kind,
                    code,
                },
            },
        );
    let what = prop_oneof![
        6 => packets_event(),
        2 => prop::collection::vec(error, 0..4)
            .prop_map(|errors| EventKind::Undelivered { errors }),
        1 => text().prop_map(|text| EventKind::Note { exchange: None, text }),
        1 => any::<u64>().prop_map(|arp| EventKind::OtherFrames {
            frames: OtherFrames { arp, ..OtherFrames::default() },
        }),
        1 => (text(), text()).prop_map(|(interface, link_type)| {
            capture_opened(interface.raw().to_owned(), link_type.raw().to_owned())
        }),
        1 => (any::<u64>(), any::<u64>())
            .prop_map(|(received, dropped)| EventKind::CaptureClosed { received, dropped }),
    ];
    (moment(), what).prop_map(|(at, what)| Event { at, kind: what })
}
