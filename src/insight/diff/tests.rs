//! Comparisons of runs that are built event by event.

use super::*;
use crate::insight::ServerNames;
use crate::insight::trace_builder::TraceBuilder;
use crate::trace::{
    AttemptId, AttemptOutcome, Certificate, ConnectionId, DnsAnswer, DnsServer, DnsTransport,
    EventKind, ExchangeCause, ExchangeId, Failure, FailureCode, HttpHeader, HttpVersion, Phase,
    QueryId, ResolutionSource, TcpInfo, Trace, Verification,
};
use crate::units::Nanos;

const FIRST: ExchangeId = TraceBuilder::FIRST;
const CONNECTION: ConnectionId = ConnectionId(0);

fn compared_run(scene: TraceBuilder) -> ComparedRun {
    compared_trace(&scene.build())
}

fn compared_trace(trace: &Trace) -> ComparedRun {
    ComparedRun::from_trace(trace, &ServerNames::default())
}

/// An exchange with TLS over TCP, given each phase's length in microseconds.
fn tls_exchange([dns, connect, tls, wait, receive]: [i64; 5]) -> TraceBuilder {
    let mut at = 0;
    let mut phase = |scene: TraceBuilder, phase, took| {
        let began = at;
        at += took;
        if took == 0 {
            scene
        } else {
            scene.phase_without_position(phase, began, at)
        }
    };
    let mut scene = TraceBuilder::new();
    for (each, took) in [
        (Phase::Dns, dns),
        (Phase::Connect, connect),
        (Phase::Tls, tls),
        (Phase::Wait, wait),
        (Phase::Receive, receive),
    ] {
        scene = phase(scene, each, took);
    }
    scene
        .connected(dns + connect, false)
        .ended(dns + connect + tls + wait + receive)
}

const USUAL: [i64; 5] = [20_000, 40_000, 40_000, 60_000, 10_000];

fn usual_except(place: usize, took: i64) -> [i64; 5] {
    let mut all = USUAL;
    all[place] = took;
    all
}

/// The causes found for a phase.
fn causes_of_phase(before: TraceBuilder, after: TraceBuilder, phase: Phase) -> Vec<String> {
    let before = compared_run(before);
    let after = compared_run(after);
    let found = compare_runs(&before, &after, DiffTolerance::default());
    let phases = &found.transfers[0].hops[0].phases;
    let of_phase = phases.iter().find(|each| each.phase == phase).unwrap();
    of_phase
        .causes
        .iter()
        .map(|cause| cause.description.raw().to_owned())
        .collect()
}

fn described_changes(before: TraceBuilder, after: TraceBuilder) -> Vec<String> {
    let before = compared_run(before);
    let after = compared_run(after);
    let found = compare_runs(&before, &after, DiffTolerance::default());
    found.transfers[0].hops[0]
        .changes
        .iter()
        .map(|change| change.description.raw().to_owned())
        .collect()
}

fn regression_names(
    before: TraceBuilder,
    after: TraceBuilder,
    tolerance: &str,
) -> Vec<&'static str> {
    let before = compared_run(before);
    let after = compared_run(after);
    compare_runs(&before, &after, tolerance.parse().unwrap())
        .regressions
        .iter()
        .map(|it| it.kind.name())
        .collect()
}

#[test]
fn nothing_differs_from_itself() {
    let run = compared_run(
        tls_exchange(USUAL)
            .tls("TLSv1.3", "full")
            .answered(100, HttpVersion::Http2),
    );
    let found = compare_runs(&run, &run, DiffTolerance::default());
    let hop = &found.transfers[0].hops[0];
    assert_eq!(
        (hop.changes.len(), hop.fields.len(), found.regressions.len()),
        (0, 0, 0)
    );
    assert!(
        hop.phases.len() == 5
            && hop
                .phases
                .iter()
                .all(|phase| phase.figure().judgement == Judgement::WithinNoise)
    );
    assert_eq!((found.only_before.len(), found.only_after.len()), (0, 0));
}

#[test]
fn a_handshake_change_reports_its_round_trips() {
    let run = |tls, version, kind| tls_exchange(usual_except(2, tls)).tls(version, kind);
    for (before, after, words) in [
        (
            ("TLSv1.3", "full"),
            ("TLSv1.3", "hello_retry"),
            "one more round trip, HelloRetryRequest",
        ),
        (
            ("TLSv1.3", "full"),
            ("TLSv1.2", "full"),
            "one more round trip, TLS 1.2 instead of 1.3",
        ),
        (
            ("TLSv1.3", "resumed"),
            ("TLSv1.3", "full"),
            "resumed before, a full handshake now",
        ),
        (
            ("TLSv1.2", "resumed"),
            ("TLSv1.2", "full"),
            "one more round trip, resumed before, a full handshake now",
        ),
        (
            ("TLSv1.3", "early_data"),
            ("TLSv1.3", "hello_retry"),
            "2 more round trips, early data before, a HelloRetryRequest now",
        ),
    ] {
        let was = run(40_000, before.0, before.1);
        let is = run(80_000, after.0, after.1);
        assert_eq!(causes_of_phase(was, is, Phase::Tls), [words]);
    }
    let faster = causes_of_phase(
        run(80_000, "TLSv1.2", "full"),
        run(40_000, "TLSv1.3", "full"),
        Phase::Tls,
    );
    assert_eq!(faster, ["one fewer round trip, TLS 1.3 instead of 1.2"]);
    let contrary = causes_of_phase(
        run(40_000, "TLSv1.2", "full"),
        run(80_000, "TLSv1.3", "full"),
        Phase::Tls,
    );
    assert_eq!(
        contrary, [""; 0],
        "what saves time is not why it takes more"
    );
}

fn with_query(
    scene: TraceBuilder,
    number: u32,
    kind: &str,
    server: &str,
    answered: Option<i64>,
) -> TraceBuilder {
    let server = DnsServer {
        address: server.parse().unwrap(),
        transport: DnsTransport::Udp,
    };
    let query = QueryId(number);
    let asked = scene.event(
        100,
        EventKind::DnsQueried {
            exchange: FIRST,
            query,
            name: "h.".into(),
            kind: kind.into(),
            server,
        },
    );
    let answer = DnsAnswer {
        rcode: "NOERROR".into(),
        truncated: false,
        records: Vec::new(),
    };
    match answered {
        Some(at) => asked.event(
            at,
            EventKind::DnsAnswered {
                exchange: FIRST,
                query,
                answer,
            },
        ),
        None => asked.event(
            5_000,
            EventKind::DnsFailed {
                exchange: FIRST,
                query,
                reason: "no answer".into(),
            },
        ),
    }
}

#[test]
fn a_dns_change_reports_servers_and_queries() {
    let slow = || tls_exchange(usual_except(0, 5_000_000));
    let once = || with_query(tls_exchange(USUAL), 0, "A", "10.0.0.1:53", Some(200));
    let twice = with_query(
        with_query(slow(), 0, "A", "10.0.0.1:53", None),
        1,
        "A",
        "10.0.0.2:53",
        Some(300),
    );
    assert_eq!(
        causes_of_phase(once(), twice, Phase::Dns),
        [
            "the same DNS question was asked twice, once before",
            "10.0.0.1:53 did not answer",
            "10.0.0.2:53 answered instead of 10.0.0.1:53"
        ]
    );
    let more = with_query(
        with_query(slow(), 0, "A", "10.0.0.1:53", Some(200)),
        1,
        "HTTPS",
        "10.0.0.1:53",
        Some(300),
    );
    assert_eq!(
        causes_of_phase(once(), more, Phase::Dns),
        ["A and HTTPS records were queried, A before"]
    );
    let from = |scene: TraceBuilder, source| {
        scene.event(
            1,
            EventKind::Resolved {
                exchange: FIRST,
                source,
                addresses: Vec::new(),
            },
        )
    };
    let found = causes_of_phase(
        from(tls_exchange(USUAL), ResolutionSource::HostsFile),
        from(slow(), ResolutionSource::Dns),
        Phase::Dns,
    );
    assert_eq!(
        found,
        ["the address came from DNS, from the hosts file before"]
    );
    assert_eq!(
        causes_of_phase(
            tls_exchange(usual_except(0, 0)),
            tls_exchange(USUAL),
            Phase::Dns
        ),
        ["no lookup was needed before"]
    );
}

#[test]
fn a_slow_dns_response_is_reported_with_its_server() {
    let run = |took: i64| {
        with_query(
            tls_exchange(usual_except(0, took)),
            0,
            "A",
            "10.0.0.1:53",
            Some(took),
        )
    };
    assert_eq!(
        causes_of_phase(run(20_000), run(90_000), Phase::Dns),
        ["10.0.0.1:53 took 89.9 ms to answer, 19.9 ms before"]
    );
}

fn with_attempt(
    scene: TraceBuilder,
    number: u32,
    remote: &str,
    began: i64,
    ended: i64,
    outcome: AttemptOutcome,
) -> TraceBuilder {
    let attempt = AttemptId(number);
    let remote: std::net::SocketAddr = remote.parse().unwrap();
    let started = EventKind::AttemptStarted {
        exchange: FIRST,
        attempt,
        remote: remote.into(),
        local: None,
    };
    scene.event(began, started).event(
        ended,
        EventKind::AttemptEnded {
            exchange: FIRST,
            attempt,
            outcome,
        },
    )
}

#[test]
fn another_address_is_reported_with_its_family_and_delay() {
    let connect = |scene: TraceBuilder, remote: &str| {
        let (local, remote): (std::net::SocketAddr, std::net::SocketAddr) =
            ("[::1]:9".parse().unwrap(), remote.parse().unwrap());
        let connected = EventKind::Connected {
            exchange: FIRST,
            connection: CONNECTION,
            local: local.into(),
            remote: remote.into(),
            reused: false,
        };
        scene.event(50_000, connected)
    };
    let bare = |took: i64| {
        TraceBuilder::new()
            .phase_without_position(Phase::Connect, 0, took)
            .ended(took + 60_000)
    };
    let one = connect(
        with_attempt(
            bare(40_000),
            0,
            "[2001:db8::1]:443",
            0,
            40_000,
            AttemptOutcome::Connected,
        ),
        "[2001:db8::1]:443",
    );
    let two = with_attempt(
        bare(290_000),
        0,
        "[2001:db8::1]:443",
        0,
        290_000,
        AttemptOutcome::Abandoned,
    );
    let two = connect(
        with_attempt(
            two,
            1,
            "192.0.2.1:443",
            250_000,
            290_000,
            AttemptOutcome::Connected,
        ),
        "192.0.2.1:443",
    );
    assert_eq!(
        causes_of_phase(one, two, Phase::Connect),
        [
            "another address answered: IPv4 instead of IPv6, after 250 ms",
            "[2001:db8::1]:443 was abandoned: another was faster"
        ]
    );
}

#[test]
fn a_retransmission_and_a_longer_round_trip_are_reported() {
    let over = |took: i64| {
        TraceBuilder::new()
            .phase_without_position(Phase::Connect, 0, took)
            .connected(took, false)
            .ended(took + 60_000)
    };
    let once = || over(40_000).syn(0).syn_ack(40_000);
    let found = causes_of_phase(
        once(),
        over(1_040_000).syn(0).syn(1_000_000).syn_ack(1_040_000),
        Phase::Connect,
    );
    assert_eq!(
        found,
        [
            "the SYN was sent twice, once before",
            "retransmission timeouts took 1.00 s"
        ]
    );
    assert_eq!(
        causes_of_phase(once(), over(90_000).syn(0).syn_ack(90_000), Phase::Connect),
        ["the round-trip time is 90.0 ms, 40.0 ms before"]
    );
}

#[test]
fn waiting_is_the_networks_or_the_servers() {
    let kernel = |rtt| TcpInfo {
        min_rtt: Some(Nanos::from_millis(rtt)),
        ..TcpInfo::default()
    };
    let run = |wait, rtt| tls_exchange(usual_except(3, wait)).kernel(kernel(rtt));
    assert_eq!(
        causes_of_phase(run(60_000, 40), run(100_000, 80), Phase::Wait),
        ["the round-trip time is 80.0 ms, 40.0 ms before"]
    );
    let server = causes_of_phase(run(60_000, 40), run(160_000, 41), Phase::Wait);
    assert_eq!(
        server,
        [
            "the server took longer; the round-trip time (41.0 ms, 40.0 ms before) does not \
             explain it"
        ]
    );
    let answered = |scene: TraceBuilder, timing: &str| {
        let headers = vec![HttpHeader::new("Server-Timing", timing)];
        let head = EventKind::ResponseHead {
            exchange: FIRST,
            version: HttpVersion::Http2,
            status: 200,
            reason: "".into(),
            headers,
            header_bytes: 40,
        };
        scene.event(60_000, head)
    };
    let found = causes_of_phase(
        answered(run(60_000, 40), "db;dur=15, cpu;dur=1"),
        answered(run(160_000, 40), "db;dur=110, cpu;dur=1"),
        Phase::Wait,
    );
    assert_eq!(found, ["the server reports 110 ms for db, 15.0 ms before"]);
}

/// A request over a path with that round trip and a server that thinks, in microseconds.
fn over_path(round_trip: i64, think: i64) -> TraceBuilder {
    let sent = round_trip + 100;
    let answered = sent + round_trip + think;
    TraceBuilder::new()
        .phase_without_position(Phase::Connect, 0, round_trip)
        .connected(round_trip, false)
        .syn(0)
        .syn_ack(round_trip)
        .phase(Phase::Send, round_trip, sent, (0, 0), (300, 0))
        .payload_sent(sent, 0, 300)
        .phase(Phase::Wait, sent, answered, (300, 0), (300, 0))
        .payload_received(answered, 0, 1_000)
        .phase(Phase::Receive, answered, answered, (300, 0), (300, 1_000))
        .answered(answered, HttpVersion::Http11)
        .ended(answered)
}

/// The owner and cause that differ most, by how many milliseconds.
fn main_difference(before: TraceBuilder, after: TraceBuilder) -> (String, i64) {
    let (before, after) = (compared_run(before), compared_run(after));
    let difference = compare_runs(&before, &after, DiffTolerance::default());
    let main = difference.transfers[0].ledger[0];
    let name = format!("{}.{}", main.owner.name(), main.cause.name());
    (name, main.time.difference().unwrap() / 1_000_000)
}

#[test]
fn whose_time_differs_is_told_by_the_ledgers() {
    let usual = || over_path(40_000, 30_000);
    assert_eq!(
        main_difference(usual(), over_path(80_000, 30_000)),
        ("network.round_trip".to_owned(), 80)
    );
    assert_eq!(
        main_difference(usual(), over_path(40_000, 330_000)),
        ("server.think".to_owned(), 300)
    );
    assert_eq!(
        main_difference(over_path(40_000, 330_000), usual()),
        ("server.think".to_owned(), -300)
    );
}

#[test]
fn without_a_ledger_on_both_sides_none_is_compared() {
    let mut before = compared_run(over_path(40_000, 30_000));
    let after = compared_run(over_path(80_000, 30_000));
    before.exchanges[0].spent.clear();
    let difference = compare_runs(&before, &after, DiffTolerance::default());
    assert_eq!(difference.transfers[0].ledger, []);
    let of_phases = &difference.transfers[0].hops[0].phases;
    assert!(of_phases.iter().any(|phase| !phase.causes.is_empty()));
}

fn with_body(scene: TraceBuilder, bytes: u64, coding: Option<&str>) -> TraceBuilder {
    let headers = coding
        .map(|coding| HttpHeader::new("Content-Encoding", coding))
        .into_iter()
        .chain([HttpHeader::new("A", "b")])
        .collect();
    let head = EventKind::ResponseHead {
        exchange: FIRST,
        version: HttpVersion::Http2,
        status: 200,
        reason: "".into(),
        headers,
        header_bytes: 40,
    };
    scene.event(60_000, head).event(
        70_000,
        EventKind::ResponseBody {
            exchange: FIRST,
            received: bytes,
            decoded: bytes,
            expected: None,
        },
    )
}

#[test]
fn a_larger_body_is_why_receiving_takes_longer() {
    let was = with_body(tls_exchange(USUAL), 1_000, Some("gzip"));
    let is = with_body(tls_exchange(usual_except(4, 90_000)), 41_960, None);
    assert_eq!(
        causes_of_phase(was, is, Phase::Receive),
        [
            "the response body is 40,960 B larger (41,960 B, 1,000 B before)",
            "no longer compressed (gzip before)"
        ]
    );
}

#[test]
fn losses_are_found_in_the_phase_in_which_they_are_waited_for() {
    let over = |took: i64| {
        TraceBuilder::new()
            .phase_without_position(Phase::Connect, 0, 20_000)
            .connected(20_000, false)
            .syn(0)
            .syn_ack(20_000)
            .phase(Phase::Send, 20_000, 20_100, (0, 0), (200, 0))
            .payload_sent(20_100, 0, 200)
            .phase(Phase::Wait, 20_100, 40_100, (200, 0), (200, 0))
            .phase(Phase::Receive, 40_100, took, (200, 0), (200, 4_200))
            .payload_received(40_100, 0, 1_400)
            .ended(took)
    };
    let well = over(50_000)
        .payload_received(41_000, 1_400, 1_400)
        .payload_received(41_100, 2_800, 1_400);
    let lossy = over(300_000)
        .payload_received(41_000, 2_800, 1_400)
        .payload_received(290_000, 1_400, 1_400);
    let found = causes_of_phase(well, lossy, Phase::Receive);
    assert!(
        found
            .iter()
            .any(|cause| cause.starts_with("retransmission timeouts took 24")),
        "{found:?}"
    );
}

#[test]
fn local_work_is_distinguished_from_the_wire() {
    let run = |receive: i64| {
        let scene = TraceBuilder::new()
            .connected(10, false)
            .syn(0)
            .syn_ack(5)
            .payload_sent(100, 0, 100)
            .payload_received(20_000, 0, 1_000);
        scene
            .phase(
                Phase::Receive,
                20_000,
                20_000 + receive,
                (100, 0),
                (100, 1_000),
            )
            .ended(20_000 + receive)
    };
    assert_eq!(
        causes_of_phase(run(500), run(40_000), Phase::Receive),
        ["local processing took 40.0 ms, 500 µs before"]
    );
}

#[test]
fn a_connection_that_is_used_again_says_so() {
    let reused = TraceBuilder::new()
        .phase_without_position(Phase::Wait, 0, 60_000)
        .connected(0, true)
        .ended(60_000);
    let found = described_changes(reused, tls_exchange(usual_except(2, 0)));
    assert_eq!(found, ["a new connection; before, one was reused"]);
}

#[test]
fn certificates_versions_and_verdicts_are_changes() {
    let certificate = |sha256: &str, not_after| Certificate {
        subject: "CN=h".into(),
        issuer: "CN=ca".into(),
        not_before: 0,
        not_after,
        sha256: sha256.into(),
        names: Vec::new(),
    };
    let run = |version, sha256, not_after, verification| {
        let scene = tls_exchange(USUAL).answered(100_000, version).event(
            90_000,
            EventKind::TlsCertificates {
                connection: CONNECTION,
                certificates: vec![certificate(sha256, not_after)],
            },
        );
        scene.event(
            95_000,
            EventKind::TlsVerified {
                connection: CONNECTION,
                verification,
                took: Nanos(1),
            },
        )
    };
    let before = || {
        run(
            HttpVersion::Http2,
            "a",
            1_794_139_200,
            Verification::Trusted,
        )
    };
    let after = || {
        run(
            HttpVersion::Http11,
            "b",
            1_802_865_600,
            Verification::Ignored("it expired".into()),
        )
    };
    assert_eq!(
        described_changes(before(), after()),
        [
            "certificate changed (expires 2027-02-17, 2026-11-08 before)",
            "the certificate is not verified: it expired",
            "HTTP/1.1 instead of HTTP/2"
        ]
    );
    assert_eq!(regression_names(before(), after(), "0"), ["unverified"]);
    assert_eq!(regression_names(after(), before(), "0"), [""; 0]);
}

fn with_failure(scene: TraceBuilder) -> TraceBuilder {
    let failure = Failure {
        code: FailureCode::TlsCertificateExpired,
        message: "the certificate expired".into(),
        hint: String::new(),
    };
    scene.event(
        1,
        EventKind::Failed {
            exchange: FIRST,
            phase: Phase::Tls,
            failure,
        },
    )
}

#[test]
fn failing_is_a_regression_and_its_time_compares_with_nothing() {
    assert_eq!(
        described_changes(tls_exchange(USUAL), with_failure(tls_exchange(USUAL))),
        ["failed in TLS: the certificate expired"]
    );
    let slow = || tls_exchange(usual_except(3, 900_000));
    assert_eq!(
        regression_names(tls_exchange(USUAL), with_failure(slow()), "0"),
        ["fails"]
    );
    assert_eq!(
        regression_names(with_failure(tls_exchange(USUAL)), slow(), "0"),
        [""; 0]
    );
}

#[test]
fn slower_is_more_than_noise_and_tolerance() {
    let slow = |wait| tls_exchange(usual_except(3, wait));
    // A tenth of 170 ms is the assumed noise of single runs.
    assert_eq!(
        regression_names(tls_exchange(USUAL), slow(76_000), "0"),
        [""; 0]
    );
    assert_eq!(
        regression_names(tls_exchange(USUAL), slow(90_000), "0"),
        ["slower"]
    );
    assert_eq!(
        regression_names(tls_exchange(USUAL), slow(90_000), "20%"),
        [""; 0]
    );
    assert_eq!(
        regression_names(tls_exchange(USUAL), slow(90_000), "29ms"),
        ["slower"]
    );
    assert_eq!(
        regression_names(slow(90_000), tls_exchange(USUAL), "0"),
        [""; 0]
    );
    for text in ["", "ten", "-1%", "%", "5"] {
        assert!(text.parse::<DiffTolerance>().is_err(), "{text}");
    }
    assert_eq!(
        ["2.5%", "20ms"].map(|text| text.parse::<DiffTolerance>().unwrap().to_string()),
        ["2.5 %", "20.0 ms"]
    );
}

/// Repeats of a request, given each one's duration in microseconds.
fn repeated_exchanges(times: &[i64]) -> TraceBuilder {
    let mut at = 0;
    let mut scene = None::<TraceBuilder>;
    for (number, took) in times.iter().enumerate() {
        let id = ExchangeId(u32::try_from(number).unwrap());
        let begun = scene.map_or_else(TraceBuilder::new, |scene| {
            scene.start_because(at, id, ExchangeCause::Repeat)
        });
        scene = Some(
            begun
                .phase_without_position(Phase::Wait, at, at + took)
                .ended(at + took),
        );
        at += took;
    }
    scene.unwrap()
}

#[test]
fn repeats_measure_noise() {
    let judged = |before: &[i64], after: &[i64]| {
        let before = compared_run(repeated_exchanges(before));
        let after = compared_run(repeated_exchanges(after));
        let figure = compare_runs(&before, &after, DiffTolerance::default()).transfers[0].total;
        (figure.judgement, figure.noise.unwrap().measured)
    };
    let steady: Vec<i64> = (0..20).map(|i| 10_000 + i * 10).collect();
    let moved: Vec<i64> = steady.iter().map(|took| took + 400).collect();
    let wild: Vec<i64> = (0..20).map(|i| 8_000 + i * 400).collect();
    assert_eq!(
        judged(&steady, &moved),
        (Judgement::Slower, true),
        "4 % are much where runs differ by 1 %"
    );
    assert_eq!(judged(&moved, &steady), (Judgement::Faster, true));
    assert_eq!(judged(&wild, &moved), (Judgement::WithinNoise, true));
    assert_eq!(
        judged(&[10_000], &moved),
        (Judgement::Slower, true),
        "a single run is as spread as the others"
    );
    assert_eq!(
        judged(&[10_000], &[10_400]),
        (Judgement::WithinNoise, false)
    );
    let steps = [10_000, 10_010, 10_020];
    assert_eq!(
        judged(&steps, &[10_060, 10_070, 10_080]),
        (Judgement::WithinNoise, true),
        "100 µs are nothing"
    );
}

fn with_redirect(scene: TraceBuilder, to: &str) -> TraceBuilder {
    scene.event(
        59_000,
        EventKind::Redirected {
            exchange: FIRST,
            to: to.into(),
            withheld: Vec::new(),
        },
    )
}

#[test]
fn an_additional_redirect_has_no_counterpart() {
    let url = |number: u32| EventKind::ExchangeStarted {
        exchange: ExchangeId(number),
        cause: ExchangeCause::Redirect,
        method: "GET".into(),
        url: "https://api.lab.test/new".into(),
    };
    let one = TraceBuilder::new()
        .phase_without_position(Phase::Wait, 0, 60_000)
        .answered(60_000, HttpVersion::Http2)
        .ended(60_000);
    let two = with_redirect(
        TraceBuilder::new()
            .phase_without_position(Phase::Wait, 0, 60_000)
            .answered(60_000, HttpVersion::Http2),
        "/new",
    )
    .ended(60_000);
    let two = two.event(60_000, url(1)).event(
        130_000,
        EventKind::ExchangeEnded {
            exchange: ExchangeId(1),
        },
    );
    let before = compared_run(one);
    let after = compared_run(two);
    let found = compare_runs(&before, &after, DiffTolerance::default());
    let hops = &found.transfers[0].hops;
    assert_eq!(hops.len(), 2);
    assert!(hops[0].before.is_some() && hops[0].after.is_some() && hops[1].before.is_none());
    assert_eq!(hops[0].changes[0].description.raw(), "redirected to /new");
    assert_eq!(found.transfers[0].total.difference(), Some(70_000_000));
    assert_eq!(found.regressions.len(), 1);
}

#[test]
fn requests_are_paired_by_path_and_order() {
    let facts = |method: &str, url: &str| ExchangeFacts {
        cause: Some(ExchangeCause::Asked),
        method: method.into(),
        url: url.into(),
        ..ExchangeFacts::default()
    };
    let run = |urls: &[&str]| ComparedRun {
        exchanges: urls.iter().map(|url| facts("GET", url)).collect(),
        ..ComparedRun::default()
    };
    let (before, after) = (
        run(&["http://a/x?1", "http://a/y", "http://a/z"]),
        run(&["http://b/y", "http://a/new", "http://b/x", "http://b/x"]),
    );
    let found = compare_runs(&before, &after, DiffTolerance::default());
    let pairs: Vec<_> = found
        .transfers
        .iter()
        .map(|it| it.last_exchanges().map(|facts| facts.unwrap().url.raw()))
        .collect();
    assert_eq!(
        pairs,
        [["http://a/x?1", "http://b/x"], ["http://a/y", "http://b/y"]]
    );
    let only = |facts: &[&ExchangeFacts]| {
        facts
            .iter()
            .map(|facts| facts.url.raw().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (only(&found.only_before), only(&found.only_after)),
        (
            vec!["http://a/z".into()],
            vec!["http://a/new".into(), "http://b/x".into()]
        )
    );
    let (one, other) = (run(&["http://a/x"]), run(&["http://b/y"]));
    assert_eq!(
        compare_runs(&one, &other, DiffTolerance::default())
            .transfers
            .len(),
        1,
        "one and one are meant to be compared"
    );
}

#[test]
fn different_fields_are_listed_and_masked_parts_not_compared() {
    let facts = |fields: &[(&str, &str)]| ExchangeFacts {
        response_fields: fields
            .iter()
            .map(|(name, value)| HttpHeader::new(*name, *value))
            .collect(),
        ..ExchangeFacts::default()
    };
    let before = facts(&[
        ("Date", "1"),
        ("A", "1"),
        ("Gone", "x"),
        ("Set-Cookie", "id=secret"),
        ("Set-Cookie", "b=2"),
    ]);
    let after = facts(&[
        ("date", "2"),
        ("a", "2"),
        ("New", "y"),
        ("set-cookie", "id=REDACTED"),
        ("set-cookie", "b=REDACTED"),
    ]);
    let before = ComparedRun {
        exchanges: vec![before],
        ..ComparedRun::default()
    };
    let after = ComparedRun {
        exchanges: vec![after],
        ..ComparedRun::default()
    };
    let found = compare_runs(&before, &after, DiffTolerance::default());
    let names = |header: &[&HttpHeader]| {
        header
            .iter()
            .map(|header| header.name.raw().to_owned())
            .collect::<Vec<_>>()
    };
    let fields: Vec<_> = found.transfers[0].hops[0]
        .fields
        .iter()
        .map(|field| (names(&field.before), names(&field.after)))
        .collect();
    let listed = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        fields,
        [
            (listed(&["A"]), listed(&["a"])),
            (listed(&["Gone"]), listed(&[])),
            (listed(&[]), listed(&["New"]))
        ]
    );
}

#[test]
fn a_limit_that_was_met_and_is_missed_is_a_regression() {
    let run = |met| ComparedRun {
        limit_results: vec![LimitResult {
            rule: "total<=1s".into(),
            met,
        }],
        ..ComparedRun::default()
    };
    let worse = |before, after| {
        compare_runs(&run(before), &run(after), DiffTolerance::default())
            .regressions
            .len()
    };
    assert_eq!(
        [
            worse(Some(true), Some(false)),
            worse(None, Some(false)),
            worse(Some(false), Some(true))
        ],
        [1, 0, 0]
    );
}
