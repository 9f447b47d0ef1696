//! The law of the fold: events of a trace, encoded, decoded and folded again, give the same trace.
//! Whatever the events.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::units::{BitRate, Moment, Nanos, Share, Untrusted, WallTime};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_written_read_and_folded_again_give_the_same_trace(events in vec(event(), 0..60)) {
        let lines: Result<Vec<String>, _> = events.iter().map(serde_json::to_string).collect();
        let read: Result<Vec<Event>, _> = lines.iter().flatten().map(|line| serde_json::from_str(line)).collect();
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&read, &events);
        prop_assert_eq!(Trace::of(read), Trace::of(events));
    }

    #[test]
    fn a_phase_never_ends_before_it_begins(events in vec(event(), 0..60)) {
        let trace = Trace::of(events);
        for (_, span) in trace.exchanges().iter().flat_map(|exchange| exchange.phases.iter()) {
            prop_assert!(span.ended.is_none_or(|ended| ended >= span.began));
        }
    }
}

/// Any event. Few numbers, so that events meet; times anywhere.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    (any::<i64>(), what()).prop_map(|(at, what)| Event {
        at: Moment(at),
        what,
    })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        2 => about_the_run(),
        2 => about_capture(),
        4 => about_phases(),
        3 => about_names(),
        3 => about_connections(),
        3 => about_tls(),
        4 => about_messages(),
    ]
}

fn text() -> BoxedStrategy<Untrusted> {
    prop_oneof![
        "[a-z]{0,8}",
        "\\PC{0,6}",
        any::<String>(),
        Just("\x1b[2J\u{202e}\r\n\0\u{e0041}\u{fffd}".to_owned())
    ]
    .prop_map(Untrusted::new)
    .boxed()
}

fn word() -> BoxedStrategy<String> {
    prop_oneof!["[A-Za-z0-9_]{0,8}", any::<String>()].boxed()
}

fn exchange() -> impl Strategy<Value = ExchangeId> {
    (0..4_u32).prop_map(ExchangeId)
}

fn connection() -> impl Strategy<Value = ConnectionId> {
    (0..4_u32).prop_map(ConnectionId)
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

fn address() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<[u8; 4]>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits))),
        any::<[u16; 8]>().prop_map(|bits| IpAddr::from(Ipv6Addr::from(bits)))
    ];
    prop_oneof![
        (ip, any::<u16>()).prop_map(SocketAddr::from),
        (1..3_u8, 1..3_u16).prop_map(|(host, port)| SocketAddr::from(([10, 0, 0, host], port)))
    ]
}

fn endpoint() -> BoxedStrategy<Endpoint> {
    prop_oneof![
        address().prop_map(Endpoint::Ip),
        text().prop_map(Endpoint::Unix)
    ]
    .boxed()
}

fn headers() -> impl Strategy<Value = Vec<Header>> {
    vec(
        (text(), text()).prop_map(|(name, value)| Header { name, value }),
        0..4,
    )
}

fn version() -> impl Strategy<Value = HttpVersion> {
    prop::sample::select(vec![
        HttpVersion::Http10,
        HttpVersion::Http11,
        HttpVersion::Http2,
        HttpVersion::Http3,
    ])
}

fn position() -> impl Strategy<Value = Option<StreamPosition>> {
    of(
        (connection(), any::<u64>(), any::<u64>()).prop_map(|(connection, sent, received)| {
            StreamPosition {
                connection,
                sent,
                received,
            }
        }),
    )
}

fn about_the_run() -> impl Strategy<Value = What> {
    prop_oneof![
        (word(), word(), any::<u64>()).prop_map(|(schema, tool_version, at)| What::RunStarted {
            schema,
            tool_version,
            started_at: WallTime(at)
        }),
        (any::<u64>(), any::<u64>()).prop_map(|(wall, off)| What::ClockPaired {
            wall: WallTime(wall),
            uncertainty: Nanos(off)
        }),
        Just(What::RunEnded),
        any::<u64>().prop_map(|count| What::Dropped { count }),
        (of(exchange()), text()).prop_map(|(exchange, text)| What::Note { exchange, text }),
        (of(any::<u16>()), any::<u64>(), any::<u64>(), of(text())).prop_map(
            |(status, headers, total, error)| What::ControlMeasured {
                status,
                headers: Nanos(headers),
                total: Nanos(total),
                error
            }
        ),
        link().prop_map(|link| What::LinkSet { link }),
    ]
}

fn link() -> impl Strategy<Value = Link> {
    let share = || (0..=1_000_000_u32).prop_map(Share::from_millionths);
    let delays = (any::<u64>(), any::<u64>());
    (
        delays,
        share(),
        share(),
        share(),
        of(any::<u64>()),
        any::<u16>(),
        word(),
        any::<u64>(),
    )
        .prop_map(
            |((round_trip, jitter), loss, reorder, duplicate, bandwidth, mtu, congestion, seed)| {
                Link {
                    round_trip: Nanos(round_trip),
                    jitter: Nanos(jitter),
                    loss,
                    reorder,
                    duplicate,
                    bandwidth: bandwidth.map(BitRate),
                    mtu,
                    congestion,
                    seed,
                }
            },
        )
}

fn about_capture() -> impl Strategy<Value = What> {
    prop_oneof![
        (word(), word()).prop_map(|(interface, link_type)| What::CaptureOpened {
            interface,
            link_type
        }),
        (word(), word()).prop_map(|(reason, remedy)| What::CaptureUnavailable { reason, remedy }),
        Just(What::CaptureOff),
        (any::<u64>(), any::<u64>())
            .prop_map(|(received, dropped)| What::CaptureClosed { received, dropped }),
        vec(packet(), 0..8).prop_map(|packets| What::Packets { packets }),
        other_frames().prop_map(|frames| What::OtherFrames { frames }),
        vec(undelivered(), 0..8).prop_map(|errors| What::Undelivered { errors }),
    ]
}

fn other_frames() -> impl Strategy<Value = OtherFrames> {
    (
        any::<u64>(),
        any::<u64>(),
        any::<u64>(),
        any::<u64>(),
        any::<u64>(),
    )
        .prop_map(|(arp, icmp, fragments, unreadable, other)| OtherFrames {
            arp,
            icmp,
            fragments,
            unreadable,
            other,
        })
}

fn undelivered() -> impl Strategy<Value = Undelivered> {
    (
        any::<u64>(),
        (address(), address(), address()),
        any::<bool>(),
        any::<u8>(),
        any::<u8>(),
    )
        .prop_map(
            |(wall, (from, source, destination), tcp, kind, code)| Undelivered {
                wall: WallTime(wall),
                from: from.ip(),
                source,
                destination,
                tcp,
                kind,
                code,
            },
        )
}

fn stored() -> impl Strategy<Value = Stored> {
    (any::<u64>(), any::<NonZeroU32>(), any::<u16>()).prop_map(|(at, bytes, interface)| Stored {
        at,
        bytes,
        interface,
    })
}

fn packet() -> impl Strategy<Value = Packet> {
    let tcp = (
        any::<u32>(),
        any::<u32>(),
        any::<u8>(),
        any::<u16>(),
        of(any::<u16>()),
        of(any::<u8>()),
    );
    let tcp = tcp.prop_map(|(seq, ack, flags, window, mss, window_scale)| {
        Transport::Tcp(TcpHeader {
            seq,
            ack,
            flags: TcpFlags(flags),
            window,
            mss,
            window_scale,
        })
    });
    let ends = (address(), address());
    (
        any::<u64>(),
        ends,
        any::<u32>(),
        any::<u32>(),
        prop_oneof![3 => tcp, 1 => Just(Transport::Udp)],
        of(stored()),
    )
        .prop_map(
            |(wall, (source, destination), frame_bytes, payload_bytes, transport, stored)| Packet {
                wall: WallTime(wall),
                source,
                destination,
                frame_bytes,
                payload_bytes,
                transport,
                stored,
                segment_bytes: None,
            },
        )
}

fn about_phases() -> impl Strategy<Value = What> {
    let cause = prop::sample::select(vec![
        Cause::Asked,
        Cause::Redirect,
        Cause::Repeat,
        Cause::Retry,
    ]);
    let failure = (
        prop::sample::select(vec![Code::DnsTimeout, Code::BodyShort, Code::Internal]),
        text(),
        word(),
    );
    let failure = failure.prop_map(|(code, message, hint)| Failure {
        code,
        message,
        hint,
    });
    prop_oneof![
        3 => (exchange(), cause, word(), text()).prop_map(|(exchange, cause, method, url)| What::ExchangeStarted { exchange, cause, method, url }),
        3 => (exchange(), phase(), position()).prop_map(|(exchange, phase, position)| What::PhaseBegan { exchange, phase, position }),
        3 => (exchange(), phase(), position()).prop_map(|(exchange, phase, position)| What::PhaseEnded { exchange, phase, position }),
        1 => (exchange(), phase(), failure).prop_map(|(exchange, phase, failure)| What::Failed { exchange, phase, failure }),
        1 => exchange().prop_map(|exchange| What::ExchangeEnded { exchange }),
    ]
}

fn about_names() -> impl Strategy<Value = What> {
    let transport = prop::sample::select(vec![
        DnsTransport::Udp,
        DnsTransport::Tcp,
        DnsTransport::Tls,
        DnsTransport::Https,
    ]);
    let server =
        (address(), transport).prop_map(|(address, transport)| DnsServer { address, transport });
    let record =
        (text(), word(), any::<u32>(), text()).prop_map(|(name, kind, ttl, data)| DnsRecord {
            name,
            kind,
            ttl,
            data,
        });
    let answer =
        (word(), any::<bool>(), vec(record, 0..4)).prop_map(|(rcode, truncated, records)| {
            DnsAnswer {
                rcode,
                truncated,
                records,
            }
        });
    let source = prop::sample::select(vec![
        ResolutionSource::Dns,
        ResolutionSource::HostsFile,
        ResolutionSource::System,
        ResolutionSource::Given,
    ]);
    let query = || (0..3_u32).prop_map(QueryId);
    prop_oneof![
        (exchange(), query(), text(), word(), server).prop_map(
            |(exchange, query, name, kind, server)| What::DnsQueried {
                exchange,
                query,
                name,
                kind,
                server
            }
        ),
        (exchange(), query(), answer).prop_map(|(exchange, query, answer)| What::DnsAnswered {
            exchange,
            query,
            answer
        }),
        (exchange(), query(), text()).prop_map(|(exchange, query, reason)| What::DnsFailed {
            exchange,
            query,
            reason
        }),
        (
            exchange(),
            source,
            vec(address().prop_map(|address| address.ip()), 0..4)
        )
            .prop_map(|(exchange, source, addresses)| What::Resolved {
                exchange,
                source,
                addresses
            }),
    ]
}

fn about_connections() -> impl Strategy<Value = What> {
    let outcome = prop_oneof![
        Just(AttemptOutcome::Connected),
        Just(AttemptOutcome::Refused),
        Just(AttemptOutcome::Unreachable),
        Just(AttemptOutcome::TimedOut),
        Just(AttemptOutcome::Abandoned),
        text().prop_map(AttemptOutcome::Failed),
    ];
    let attempt = || (0..3_u32).prop_map(AttemptId);
    let figures = (of(any::<u64>()), of(any::<u64>()), of(any::<u32>()));
    let figures = figures.prop_map(|(rtt, retransmits, send_mss)| KernelTcp {
        rtt: rtt.map(Nanos),
        retransmits,
        send_mss,
        ..KernelTcp::default()
    });
    prop_oneof![
        (exchange(), attempt(), endpoint(), of(endpoint())).prop_map(
            |(exchange, attempt, remote, local)| What::AttemptStarted {
                exchange,
                attempt,
                remote,
                local
            }
        ),
        (exchange(), attempt(), outcome).prop_map(|(exchange, attempt, outcome)| {
            What::AttemptEnded {
                exchange,
                attempt,
                outcome,
            }
        }),
        (
            exchange(),
            connection(),
            endpoint(),
            endpoint(),
            any::<bool>()
        )
            .prop_map(
                |(exchange, connection, local, remote, reused)| What::Connected {
                    exchange,
                    connection,
                    local,
                    remote,
                    reused
                }
            ),
        (exchange(), word(), text()).prop_map(|(exchange, kind, text)| What::ProxyTalked {
            exchange,
            step: ProxyStep { kind, text }
        }),
        layered(),
        (connection(), figures).prop_map(|(connection, figures)| What::KernelMeasured {
            connection,
            figures
        }),
        connection().prop_map(|connection| What::Disconnected { connection }),
    ]
}

fn layered() -> BoxedStrategy<What> {
    // Small places, so that some follow each other; and any, since a file may be crafted.
    let place = || prop_oneof![4 => 0..200_u64, 1 => any::<u64>()];
    let size = || prop_oneof![4 => 0..60_u32, 1 => any::<u32>()];
    let record = (place(), size(), any::<u8>(), place(), size());
    let record = record.prop_map(|(at, bytes, kind, plain_at, plain_bytes)| Record {
        at,
        bytes,
        kind,
        plain_at,
        plain_bytes,
    });
    let kind = prop_oneof![
        prop::sample::select(vec![
            PartKind::Http1Head,
            PartKind::Http1InformationalHead,
            PartKind::Http1Body,
            PartKind::Http1ChunkHeader,
            PartKind::Http1Trailers,
            PartKind::Http2Preface
        ]),
        any::<(u8, u8, u32)>().prop_map(|(kind, flags, stream)| PartKind::Http2Frame {
            kind,
            flags,
            stream
        }),
    ];
    let part = (place(), place(), kind).prop_map(|(at, bytes, what)| Part { at, bytes, what });
    let from = prop::sample::select(vec![Side::Client, Side::Server]);
    (
        connection(),
        from,
        vec(record, 0..6),
        vec(part, 0..6),
        any::<u64>(),
    )
        .prop_map(
            |(connection, from, records, parts, unlisted)| What::Layered {
                connection,
                from,
                records,
                parts,
                unlisted,
            },
        )
        .boxed()
}

fn about_tls() -> impl Strategy<Value = What> {
    let message = (
        prop::sample::select(vec![Side::Client, Side::Server]),
        word(),
        any::<u64>(),
        any::<u64>(),
        of(text()),
    );
    let message = message.prop_map(|(from, name, bytes, offset, detail)| TlsMessage {
        from,
        name,
        bytes,
        offset,
        detail,
    });
    let certificate = (
        text(),
        text(),
        any::<i64>(),
        any::<i64>(),
        word(),
        vec(text(), 0..3),
    );
    let certificate =
        certificate.prop_map(|(subject, issuer, not_before, not_after, sha256, names)| {
            Certificate {
                subject,
                issuer,
                not_before,
                not_after,
                sha256,
                names,
            }
        });
    let verification = prop_oneof![
        Just(Verification::Trusted),
        text().prop_map(Verification::Rejected),
        text().prop_map(Verification::Ignored)
    ];
    let handshake = (word(), word(), of(word()), of(text()), word());
    let handshake =
        handshake.prop_map(
            |(version, cipher_suite, key_exchange, alpn, kind)| Handshake {
                version,
                cipher_suite,
                key_exchange,
                alpn,
                kind,
            },
        );
    prop_oneof![
        (connection(), message).prop_map(|(connection, message)| What::TlsMessage {
            connection,
            message
        }),
        (connection(), vec(certificate, 0..3)).prop_map(|(connection, certificates)| {
            What::TlsCertificates {
                connection,
                certificates,
            }
        }),
        (connection(), verification, any::<u64>()).prop_map(|(connection, verification, took)| {
            What::TlsVerified {
                connection,
                verification,
                took: Nanos(took),
            }
        }),
        (connection(), handshake).prop_map(|(connection, handshake)| What::TlsEstablished {
            connection,
            handshake
        }),
    ]
}

fn about_messages() -> impl Strategy<Value = What> {
    prop_oneof![
        (
            exchange(),
            version(),
            word(),
            text(),
            headers(),
            any::<u64>()
        )
            .prop_map(
                |(exchange, version, method, target, headers, header_bytes)| {
                    What::RequestHead {
                        exchange,
                        version,
                        method,
                        target,
                        headers,
                        header_bytes,
                    }
                }
            ),
        (exchange(), any::<u64>(), of(any::<u64>())).prop_map(|(exchange, sent, expected)| {
            What::RequestBody {
                exchange,
                sent,
                expected,
            }
        }),
        (exchange(), any::<u16>(), headers()).prop_map(|(exchange, status, headers)| {
            What::Informational {
                exchange,
                status,
                headers,
            }
        }),
        (
            exchange(),
            version(),
            any::<u16>(),
            text(),
            headers(),
            any::<u64>()
        )
            .prop_map(
                |(exchange, version, status, reason, headers, header_bytes)| {
                    What::ResponseHead {
                        exchange,
                        version,
                        status,
                        reason,
                        headers,
                        header_bytes,
                    }
                }
            ),
        (exchange(), any::<u64>(), any::<u64>(), of(any::<u64>())).prop_map(
            |(exchange, received, decoded, expected)| What::ResponseBody {
                exchange,
                received,
                decoded,
                expected
            }
        ),
        (exchange(), headers())
            .prop_map(|(exchange, headers)| What::Trailers { exchange, headers }),
        (exchange(), text(), any::<bool>()).prop_map(|(exchange, text, truncated)| {
            What::BodyPreview {
                exchange,
                text,
                truncated,
            }
        }),
        (exchange(), text(), vec(text(), 0..3)).prop_map(|(exchange, to, withheld)| {
            What::Redirected {
                exchange,
                to,
                withheld,
            }
        }),
    ]
}
