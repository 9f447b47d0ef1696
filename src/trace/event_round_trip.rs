//! Property test of the fold: any events, serialized, deserialized and folded again, give the same
//! trace. The strategies are used by other modules' tests too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::units::{BitRate, Fraction, Moment, Nanos, Untrusted, WallTime};
use crate::wire::{IcmpError, Side, TcpFlags, TcpHeader, Transport, TransportHeader};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_written_read_and_folded_again_give_the_same_trace(events in vec(any_event(), 0..60)) {
        let lines: Result<Vec<String>, _> = events.iter().map(serde_json::to_string).collect();
        let read: Result<Vec<Event>, _> = lines
            .iter()
            .flatten()
            .map(|line| serde_json::from_str(line))
            .collect();
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&read, &events);
        prop_assert_eq!(Trace::from_events(read), Trace::from_events(events));
    }

    #[test]
    fn a_phase_never_ends_before_it_begins(events in vec(any_event(), 0..60)) {
        let trace = Trace::from_events(events);
        for (_, span) in trace.exchanges().iter().flat_map(|exchange| exchange.phases.iter()) {
            prop_assert!(span.ended.is_none_or(|ended| ended >= span.began));
        }
    }
}

/// Any event. Identifiers are few, so that events refer to each other; times are arbitrary.
pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    (any::<i64>(), any_event_kind()).prop_map(|(at, kind)| Event {
        at: Moment(at),
        kind,
    })
}

fn any_event_kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        2 => run_events(),
        2 => capture_events(),
        4 => phase_events(),
        3 => dns_events(),
        3 => connection_events(),
        3 => tls_events(),
        4 => message_events(),
    ]
}

fn any_untrusted() -> BoxedStrategy<Untrusted> {
    prop_oneof![
        "[a-z]{0,8}",
        "\\PC{0,6}",
        any::<String>(),
        Just("\x1b[2J\u{202e}\r\n\0\u{e0041}\u{fffd}".to_owned())
    ]
    .prop_map(Untrusted::new)
    .boxed()
}

fn any_string() -> BoxedStrategy<String> {
    prop_oneof!["[A-Za-z0-9_]{0,8}", any::<String>()].boxed()
}

fn any_exchange_id() -> impl Strategy<Value = ExchangeId> {
    (0..4_u32).prop_map(ExchangeId)
}

fn any_connection_id() -> impl Strategy<Value = ConnectionId> {
    (0..4_u32).prop_map(ConnectionId)
}

fn any_phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

fn any_socket_address() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<[u8; 4]>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits))),
        any::<[u16; 8]>().prop_map(|bits| IpAddr::from(Ipv6Addr::from(bits)))
    ];
    prop_oneof![
        (ip, any::<u16>()).prop_map(SocketAddr::from),
        (1..3_u8, 1..3_u16).prop_map(|(host, port)| SocketAddr::from(([10, 0, 0, host], port)))
    ]
}

fn any_endpoint() -> BoxedStrategy<Endpoint> {
    prop_oneof![
        any_socket_address().prop_map(Endpoint::Ip),
        any_untrusted().prop_map(Endpoint::Unix)
    ]
    .boxed()
}

fn any_headers() -> impl Strategy<Value = Vec<HttpHeader>> {
    vec(
        (any_untrusted(), any_untrusted()).prop_map(|(name, value)| HttpHeader { name, value }),
        0..4,
    )
}

fn any_http_version() -> impl Strategy<Value = HttpVersion> {
    prop::sample::select(vec![
        HttpVersion::Http10,
        HttpVersion::Http11,
        HttpVersion::Http2,
        HttpVersion::Http3,
    ])
}

fn any_stream_position() -> impl Strategy<Value = Option<StreamPosition>> {
    of((any_connection_id(), any::<u64>(), any::<u64>()).prop_map(
        |(connection, sent, received)| StreamPosition {
            connection,
            sent,
            received,
        },
    ))
}

fn run_events() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        (any_string(), any_string(), any::<u64>()).prop_map(|(schema, tool_version, at)| {
            EventKind::RunStarted {
                schema,
                tool_version,
                started_at: WallTime(at),
            }
        }),
        (any::<u64>(), any::<u64>()).prop_map(|(wall, off)| EventKind::ClockPaired {
            wall: WallTime(wall),
            uncertainty: Nanos(off)
        }),
        Just(EventKind::RunEnded),
        any::<u64>().prop_map(|count| EventKind::Dropped { count }),
        (of(any_exchange_id()), any_untrusted())
            .prop_map(|(exchange, text)| EventKind::Note { exchange, text }),
        (
            of(any::<u16>()),
            any::<u64>(),
            any::<u64>(),
            of(any_untrusted())
        )
            .prop_map(
                |(status, headers, total, error)| EventKind::ControlMeasured {
                    status,
                    headers: Nanos(headers),
                    total: Nanos(total),
                    error
                }
            ),
        any_link_config().prop_map(|link| EventKind::LinkSet { link }),
        any::<u64>().prop_map(|length| EventKind::Delayed {
            reason: DelayReason::Interval,
            length: Nanos(length),
        }),
    ]
}

fn any_link_config() -> impl Strategy<Value = LinkConfig> {
    let share = || (0..=1_000_000_u32).prop_map(Fraction::from_millionths);
    let delays = (any::<u64>(), any::<u64>());
    (
        delays,
        share(),
        share(),
        share(),
        of(any::<u64>()),
        any::<u16>(),
        any_string(),
        any::<u64>(),
    )
        .prop_map(
            |((round_trip, jitter), loss, reorder, duplicate, bandwidth, mtu, congestion, seed)| {
                LinkConfig {
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

fn capture_events() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        (any_string(), any_string()).prop_map(|(interface, link_type)| EventKind::CaptureOpened {
            interface,
            link_type
        }),
        (any_string(), any_string())
            .prop_map(|(reason, remedy)| EventKind::CaptureUnavailable { reason, remedy }),
        Just(EventKind::CaptureOff),
        (any::<u64>(), any::<u64>())
            .prop_map(|(received, dropped)| EventKind::CaptureClosed { received, dropped }),
        vec(any_packet(), 0..8).prop_map(|packets| EventKind::Packets { packets }),
        any_other_frames().prop_map(|frames| EventKind::OtherFrames { frames }),
        vec(any_delivery_error(), 0..8).prop_map(|errors| EventKind::Undelivered { errors }),
    ]
}

fn any_other_frames() -> impl Strategy<Value = OtherFrames> {
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

fn any_delivery_error() -> impl Strategy<Value = DeliveryError> {
    (
        any::<u64>(),
        (
            any_socket_address(),
            any_socket_address(),
            any_socket_address(),
        ),
        prop::sample::select(vec![Transport::Tcp, Transport::Udp]),
        any::<u8>(),
        any::<u8>(),
    )
        .prop_map(
            |(wall, (from, source, destination), transport, kind, code)| DeliveryError {
                wall: WallTime(wall),
                icmp: IcmpError {
                    reporter: from.ip(),
                    source,
                    destination,
                    transport,
                    kind,
                    code,
                },
            },
        )
}

fn any_packet_location() -> impl Strategy<Value = PacketLocation> {
    (any::<u64>(), any::<NonZeroU32>(), any::<u16>()).prop_map(|(at, bytes, interface)| {
        PacketLocation {
            at,
            bytes,
            interface,
        }
    })
}

fn any_packet() -> impl Strategy<Value = Packet> {
    let tcp = (
        any::<u32>(),
        any::<u32>(),
        any::<u8>(),
        any::<u16>(),
        of(any::<u16>()),
        of(any::<u8>()),
        of(any::<u32>()),
    );
    let tcp = tcp.prop_map(|(seq, ack, flags, window, mss, window_scale, timestamp)| {
        TransportHeader::Tcp(TcpHeader {
            seq,
            ack,
            flags: TcpFlags(flags),
            window,
            mss,
            window_scale,
            timestamp,
        })
    });
    let ends = (any_socket_address(), any_socket_address());
    (
        any::<u64>(),
        ends,
        any::<u32>(),
        any::<u32>(),
        prop_oneof![3 => tcp, 1 => Just(TransportHeader::Udp)],
        of(any_packet_location()),
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

fn phase_events() -> impl Strategy<Value = EventKind> {
    let cause = prop::sample::select(vec![
        ExchangeCause::Asked,
        ExchangeCause::Redirect,
        ExchangeCause::Repeat,
        ExchangeCause::Retry,
    ]);
    let failure = (
        prop::sample::select(vec![
            FailureCode::DnsTimeout,
            FailureCode::BodyShort,
            FailureCode::Internal,
        ]),
        any_untrusted(),
        any_string(),
    );
    let failure = failure.prop_map(|(code, message, hint)| Failure {
        code,
        message,
        hint,
    });
    let started = (any_exchange_id(), cause, any_string(), any_untrusted()).prop_map(
        |(exchange, cause, method, url)| EventKind::ExchangeStarted {
            exchange,
            cause,
            method,
            url,
        },
    );
    let edge = || (any_exchange_id(), any_phase(), any_stream_position());
    let began = edge().prop_map(|(exchange, phase, position)| EventKind::PhaseBegan {
        exchange,
        phase,
        position,
    });
    let ended = edge().prop_map(|(exchange, phase, position)| EventKind::PhaseEnded {
        exchange,
        phase,
        position,
    });
    let failed =
        (any_exchange_id(), any_phase(), failure).prop_map(|(exchange, phase, failure)| {
            EventKind::Failed {
                exchange,
                phase,
                failure,
            }
        });
    prop_oneof![
        3 => started,
        3 => began,
        3 => ended,
        1 => failed,
        1 => any_exchange_id().prop_map(|exchange| EventKind::ExchangeEnded { exchange }),
    ]
}

fn dns_events() -> impl Strategy<Value = EventKind> {
    let transport = prop::sample::select(vec![
        DnsTransport::Udp,
        DnsTransport::Tcp,
        DnsTransport::Tls,
        DnsTransport::Https,
    ]);
    let server = (any_socket_address(), transport)
        .prop_map(|(address, transport)| DnsServer { address, transport });
    let record = (any_untrusted(), any_string(), any::<u32>(), any_untrusted()).prop_map(
        |(name, kind, ttl, data)| DnsRecord {
            name,
            kind,
            ttl,
            data,
        },
    );
    let answer =
        (any_string(), any::<bool>(), vec(record, 0..4)).prop_map(|(rcode, truncated, records)| {
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
        (
            any_exchange_id(),
            query(),
            any_untrusted(),
            any_string(),
            server
        )
            .prop_map(
                |(exchange, query, name, kind, server)| EventKind::DnsQueried {
                    exchange,
                    query,
                    name,
                    kind,
                    server
                }
            ),
        (any_exchange_id(), query(), answer).prop_map(|(exchange, query, answer)| {
            EventKind::DnsAnswered {
                exchange,
                query,
                answer,
            }
        }),
        (any_exchange_id(), query(), any_untrusted()).prop_map(|(exchange, query, reason)| {
            EventKind::DnsFailed {
                exchange,
                query,
                reason,
            }
        }),
        (
            any_exchange_id(),
            source,
            vec(any_socket_address().prop_map(|address| address.ip()), 0..4)
        )
            .prop_map(|(exchange, source, addresses)| EventKind::Resolved {
                exchange,
                source,
                addresses
            }),
    ]
}

fn connection_events() -> impl Strategy<Value = EventKind> {
    let outcome = prop_oneof![
        Just(AttemptOutcome::Connected),
        Just(AttemptOutcome::Refused),
        Just(AttemptOutcome::Unreachable),
        Just(AttemptOutcome::TimedOut),
        Just(AttemptOutcome::Abandoned),
        any_untrusted().prop_map(AttemptOutcome::Failed),
    ];
    let attempt = || (0..3_u32).prop_map(AttemptId);
    let figures = (of(any::<u64>()), of(any::<u64>()), of(any::<u32>()));
    let figures = figures.prop_map(|(rtt, retransmits, send_mss)| TcpInfo {
        rtt: rtt.map(Nanos),
        retransmits,
        send_mss,
        ..TcpInfo::default()
    });
    prop_oneof![
        (
            any_exchange_id(),
            attempt(),
            any_endpoint(),
            of(any_endpoint())
        )
            .prop_map(
                |(exchange, attempt, remote, local)| EventKind::AttemptStarted {
                    exchange,
                    attempt,
                    remote,
                    local
                }
            ),
        (any_exchange_id(), attempt(), outcome).prop_map(|(exchange, attempt, outcome)| {
            EventKind::AttemptEnded {
                exchange,
                attempt,
                outcome,
            }
        }),
        (
            any_exchange_id(),
            any_connection_id(),
            any_endpoint(),
            any_endpoint(),
            any::<bool>()
        )
            .prop_map(|(exchange, connection, local, remote, reused)| {
                EventKind::Connected {
                    exchange,
                    connection,
                    local,
                    remote,
                    reused,
                }
            }),
        (any_exchange_id(), any_string(), any_untrusted()).prop_map(|(exchange, kind, text)| {
            EventKind::ProxyTalked {
                exchange,
                step: ProxyStep { kind, text },
            }
        }),
        layered_event(),
        (any_connection_id(), figures).prop_map(|(connection, figures)| {
            EventKind::KernelMeasured {
                connection,
                figures: Box::new(figures),
            }
        }),
        any_connection_id().prop_map(|connection| EventKind::Disconnected { connection }),
    ]
}

fn layered_event() -> BoxedStrategy<EventKind> {
    // Mostly small offsets, so that ranges adjoin; and arbitrary ones, since a file may be crafted.
    let offset = || prop_oneof![4 => 0..200_u64, 1 => any::<u64>()];
    let size = || prop_oneof![4 => 0..60_u32, 1 => any::<u32>()];
    let record = (offset(), size(), any::<u8>(), offset(), size());
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
    let part = (offset(), offset(), kind).prop_map(|(at, bytes, what)| Part { at, bytes, what });
    let from = prop::sample::select(vec![Side::Client, Side::Server]);
    (
        any_connection_id(),
        from,
        vec(record, 0..6),
        vec(part, 0..6),
        any::<u64>(),
    )
        .prop_map(
            |(connection, from, records, parts, unlisted)| EventKind::Layered {
                connection,
                from,
                records,
                parts,
                unlisted,
            },
        )
        .boxed()
}

fn tls_events() -> impl Strategy<Value = EventKind> {
    let message = (
        prop::sample::select(vec![Side::Client, Side::Server]),
        any_string(),
        any::<u64>(),
        any::<u64>(),
        of(any_untrusted()),
    );
    let message = message.prop_map(|(from, name, bytes, offset, detail)| TlsMessage {
        from,
        name,
        bytes,
        offset,
        detail,
    });
    let certificate = (
        any_untrusted(),
        any_untrusted(),
        any::<i64>(),
        any::<i64>(),
        any_string(),
        vec(any_untrusted(), 0..3),
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
        any_untrusted().prop_map(Verification::Rejected),
        any_untrusted().prop_map(Verification::Ignored)
    ];
    let handshake = (
        any_string(),
        any_string(),
        of(any_string()),
        of(any_untrusted()),
        any_string(),
    );
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
        (any_connection_id(), message).prop_map(|(connection, message)| EventKind::TlsMessage {
            connection,
            message
        }),
        (any_connection_id(), vec(certificate, 0..3)).prop_map(|(connection, certificates)| {
            EventKind::TlsCertificates {
                connection,
                certificates,
            }
        }),
        (any_connection_id(), verification, any::<u64>()).prop_map(
            |(connection, verification, took)| {
                EventKind::TlsVerified {
                    connection,
                    verification,
                    took: Nanos(took),
                }
            }
        ),
        (any_connection_id(), handshake).prop_map(|(connection, handshake)| {
            EventKind::TlsEstablished {
                connection,
                handshake,
            }
        }),
    ]
}

fn message_events() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        (
            any_exchange_id(),
            any_http_version(),
            any_string(),
            any_untrusted(),
            any_headers(),
            any::<u64>()
        )
            .prop_map(
                |(exchange, version, method, target, headers, header_bytes)| {
                    EventKind::RequestHead {
                        exchange,
                        version,
                        method,
                        target,
                        headers,
                        header_bytes,
                    }
                }
            ),
        (any_exchange_id(), any::<u64>(), of(any::<u64>())).prop_map(
            |(exchange, sent, expected)| {
                EventKind::RequestBody {
                    exchange,
                    sent,
                    expected,
                }
            }
        ),
        (any_exchange_id(), any::<u16>(), any_headers()).prop_map(|(exchange, status, headers)| {
            EventKind::Informational {
                exchange,
                status,
                headers,
            }
        }),
        (
            any_exchange_id(),
            any_http_version(),
            any::<u16>(),
            any_untrusted(),
            any_headers(),
            any::<u64>()
        )
            .prop_map(
                |(exchange, version, status, reason, headers, header_bytes)| {
                    EventKind::ResponseHead {
                        exchange,
                        version,
                        status,
                        reason,
                        headers,
                        header_bytes,
                    }
                }
            ),
        (
            any_exchange_id(),
            any::<u64>(),
            any::<u64>(),
            of(any::<u64>())
        )
            .prop_map(
                |(exchange, received, decoded, expected)| EventKind::ResponseBody {
                    exchange,
                    received,
                    decoded,
                    expected
                }
            ),
        (any_exchange_id(), any_headers())
            .prop_map(|(exchange, headers)| EventKind::Trailers { exchange, headers }),
        (any_exchange_id(), any_untrusted(), any::<bool>()).prop_map(
            |(exchange, text, truncated)| {
                EventKind::BodyPreview {
                    exchange,
                    text,
                    truncated,
                }
            }
        ),
        (
            any_exchange_id(),
            any_untrusted(),
            vec(any_untrusted(), 0..3)
        )
            .prop_map(|(exchange, to, withheld)| {
                EventKind::Redirected {
                    exchange,
                    to,
                    withheld,
                }
            }),
    ]
}
