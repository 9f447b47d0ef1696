//! Two lists of events in, what is found out.

use super::*;
use crate::insight::ServerNames;
use crate::insight::scene::Scene;
use crate::trace::{
    AttemptId, AttemptOutcome, Cause, Certificate, Code, ConnectionId, DnsAnswer, DnsServer,
    DnsTransport, ExchangeId, Failure, Header, HttpVersion, KernelTcp, Phase, QueryId,
    ResolutionSource, Trace, Verification, What,
};
use crate::units::Nanos;

const FIRST: ExchangeId = Scene::FIRST;
const CONNECTION: ConnectionId = ConnectionId(0);

fn side(scene: Scene) -> Side {
    of(&scene.told())
}

fn of(trace: &Trace) -> Side {
    Side::of(trace, &ServerNames::default())
}

/// TLS over TCP, each phase's length in microseconds as given.
fn request([dns, connect, tls, wait, receive]: [i64; 5]) -> Scene {
    let mut at = 0;
    let mut phase = |scene: Scene, phase, took| {
        let began = at;
        at += took;
        if took == 0 {
            scene
        } else {
            scene.bare_phase(phase, began, at)
        }
    };
    let mut scene = Scene::new();
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
        .over(dns + connect + tls + wait + receive)
}

const USUAL: [i64; 5] = [20_000, 40_000, 40_000, 60_000, 10_000];

fn with(place: usize, took: i64) -> [i64; 5] {
    let mut all = USUAL;
    all[place] = took;
    all
}

/// Why a phase differs.
fn why(before: Scene, after: Scene, phase: Phase) -> Vec<String> {
    let (before, after) = (side(before), side(after));
    let found = difference(&before, &after, Tolerance::default());
    let phases = &found.transfers[0].hops[0].phases;
    let of_phase = phases.iter().find(|each| each.phase == phase).unwrap();
    of_phase
        .causes
        .iter()
        .map(|cause| cause.words.raw().to_owned())
        .collect()
}

fn changes(before: Scene, after: Scene) -> Vec<String> {
    let (before, after) = (side(before), side(after));
    let found = difference(&before, &after, Tolerance::default());
    found.transfers[0].hops[0]
        .changes
        .iter()
        .map(|change| change.words.raw().to_owned())
        .collect()
}

fn worse(before: Scene, after: Scene, tolerance: &str) -> Vec<&'static str> {
    let (before, after) = (side(before), side(after));
    difference(&before, &after, tolerance.parse().unwrap())
        .regressions
        .iter()
        .map(|it| it.worse.name())
        .collect()
}

#[test]
fn nothing_differs_from_itself() {
    let run = side(
        request(USUAL)
            .tls("TLSv1.3", "full")
            .answered(100, HttpVersion::Http2),
    );
    let found = difference(&run, &run, Tolerance::default());
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
                .all(|phase| phase.figure().judgement == Judgement::Within)
    );
    assert_eq!((found.only_before.len(), found.only_after.len()), (0, 0));
}

#[test]
fn a_handshake_tells_its_round_trips() {
    let run = |tls, version, kind| request(with(2, tls)).tls(version, kind);
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
        let (was, is) = (
            run(40_000, before.0, before.1),
            run(80_000, after.0, after.1),
        );
        assert_eq!(why(was, is, Phase::Tls), [words]);
    }
    let faster = why(
        run(80_000, "TLSv1.2", "full"),
        run(40_000, "TLSv1.3", "full"),
        Phase::Tls,
    );
    assert_eq!(faster, ["one round trip less, TLS 1.3 instead of 1.2"]);
    let contrary = why(
        run(40_000, "TLSv1.2", "full"),
        run(80_000, "TLSv1.3", "full"),
        Phase::Tls,
    );
    assert_eq!(
        contrary, [""; 0],
        "what saves time is not why it takes more"
    );
}

fn query(scene: Scene, number: u32, kind: &str, server: &str, answered: Option<i64>) -> Scene {
    let server = DnsServer {
        address: server.parse().unwrap(),
        transport: DnsTransport::Udp,
    };
    let query = QueryId(number);
    let asked = scene.and(
        100,
        What::DnsQueried {
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
        Some(at) => asked.and(
            at,
            What::DnsAnswered {
                exchange: FIRST,
                query,
                answer,
            },
        ),
        None => asked.and(
            5_000,
            What::DnsFailed {
                exchange: FIRST,
                query,
                reason: "no answer".into(),
            },
        ),
    }
}

#[test]
fn name_resolution_tells_whom_it_asked_and_how_often() {
    let slow = || request(with(0, 5_000_000));
    let once = || query(request(USUAL), 0, "A", "10.0.0.1:53", Some(200));
    let twice = query(
        query(slow(), 0, "A", "10.0.0.1:53", None),
        1,
        "A",
        "10.0.0.2:53",
        Some(300),
    );
    assert_eq!(
        why(once(), twice, Phase::Dns),
        [
            "DNS was asked twice for the same, once before",
            "10.0.0.1:53 did not answer",
            "10.0.0.2:53 answered instead of 10.0.0.1:53"
        ]
    );
    let more = query(
        query(slow(), 0, "A", "10.0.0.1:53", Some(200)),
        1,
        "HTTPS",
        "10.0.0.1:53",
        Some(300),
    );
    assert_eq!(
        why(once(), more, Phase::Dns),
        ["A and HTTPS records were asked for, A before"]
    );
    let from = |scene: Scene, source| {
        scene.and(
            1,
            What::Resolved {
                exchange: FIRST,
                source,
                addresses: Vec::new(),
            },
        )
    };
    let found = why(
        from(request(USUAL), ResolutionSource::HostsFile),
        from(slow(), ResolutionSource::Dns),
        Phase::Dns,
    );
    assert_eq!(
        found,
        ["the address came from DNS, from the hosts file before"]
    );
    assert_eq!(
        why(request(with(0, 0)), request(USUAL), Phase::Dns),
        ["the name had not to be looked up before"]
    );
}

#[test]
fn a_slow_answer_of_dns_is_told_with_whose_it_is() {
    let run = |took: i64| query(request(with(0, took)), 0, "A", "10.0.0.1:53", Some(took));
    assert_eq!(
        why(run(20_000), run(90_000), Phase::Dns),
        ["10.0.0.1:53 took 89.9 ms to answer, 19.9 ms before"]
    );
}

fn attempt(
    scene: Scene,
    number: u32,
    remote: &str,
    began: i64,
    ended: i64,
    outcome: AttemptOutcome,
) -> Scene {
    let attempt = AttemptId(number);
    let remote: std::net::SocketAddr = remote.parse().unwrap();
    let started = What::AttemptStarted {
        exchange: FIRST,
        attempt,
        remote: remote.into(),
        local: None,
    };
    scene.and(began, started).and(
        ended,
        What::AttemptEnded {
            exchange: FIRST,
            attempt,
            outcome,
        },
    )
}

#[test]
fn another_address_is_told_with_its_family_and_how_long_it_was_waited_for() {
    let connect = |scene: Scene, remote: &str| {
        let (local, remote): (std::net::SocketAddr, std::net::SocketAddr) =
            ("[::1]:9".parse().unwrap(), remote.parse().unwrap());
        let connected = What::Connected {
            exchange: FIRST,
            connection: CONNECTION,
            local: local.into(),
            remote: remote.into(),
            reused: false,
        };
        scene.and(50_000, connected)
    };
    let bare = |took: i64| {
        Scene::new()
            .bare_phase(Phase::Connect, 0, took)
            .over(took + 60_000)
    };
    let one = connect(
        attempt(
            bare(40_000),
            0,
            "[2001:db8::1]:443",
            0,
            40_000,
            AttemptOutcome::Connected,
        ),
        "[2001:db8::1]:443",
    );
    let two = attempt(
        bare(290_000),
        0,
        "[2001:db8::1]:443",
        0,
        290_000,
        AttemptOutcome::Abandoned,
    );
    let two = connect(
        attempt(
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
        why(one, two, Phase::Connect),
        [
            "another address answered: IPv4 instead of IPv6, after 250 ms",
            "[2001:db8::1]:443 was given up: another was faster"
        ]
    );
}

#[test]
fn a_segment_sent_twice_and_a_longer_way_are_told() {
    let over = |took: i64| {
        Scene::new()
            .bare_phase(Phase::Connect, 0, took)
            .connected(took, false)
            .over(took + 60_000)
    };
    let once = || over(40_000).syn(0).syn_ack(40_000);
    let found = why(
        once(),
        over(1_040_000).syn(0).syn(1_000_000).syn_ack(1_040_000),
        Phase::Connect,
    );
    assert_eq!(
        found,
        [
            "the SYN was sent twice, once before",
            "1.00 s of waiting for retransmission timeouts"
        ]
    );
    assert_eq!(
        why(once(), over(90_000).syn(0).syn_ack(90_000), Phase::Connect),
        ["the round trip takes 90.0 ms, 40.0 ms before"]
    );
}

#[test]
fn waiting_is_the_networks_or_the_servers() {
    let kernel = |rtt| KernelTcp {
        min_rtt: Some(Nanos::from_millis(rtt)),
        ..KernelTcp::default()
    };
    let run = |wait, rtt| request(with(3, wait)).kernel(kernel(rtt));
    assert_eq!(
        why(run(60_000, 40), run(100_000, 80), Phase::Wait),
        ["the round trip takes 80.0 ms, 40.0 ms before"]
    );
    let server = why(run(60_000, 40), run(160_000, 41), Phase::Wait);
    assert_eq!(
        server,
        ["the server took longer; the round trip (41.0 ms, 40.0 ms before) does not tell it"]
    );
    let answered = |scene: Scene, timing: &str| {
        let headers = vec![Header::new("Server-Timing", timing)];
        let head = What::ResponseHead {
            exchange: FIRST,
            version: HttpVersion::Http2,
            status: 200,
            reason: "".into(),
            headers,
            header_bytes: 40,
        };
        scene.and(60_000, head)
    };
    let found = why(
        answered(run(60_000, 40), "db;dur=15, cpu;dur=1"),
        answered(run(160_000, 40), "db;dur=110, cpu;dur=1"),
        Phase::Wait,
    );
    assert_eq!(found, ["the server says db took 110 ms, 15.0 ms before"]);
}

fn body(scene: Scene, bytes: u64, coding: Option<&str>) -> Scene {
    let headers = coding
        .map(|coding| Header::new("Content-Encoding", coding))
        .into_iter()
        .chain([Header::new("A", "b")])
        .collect();
    let head = What::ResponseHead {
        exchange: FIRST,
        version: HttpVersion::Http2,
        status: 200,
        reason: "".into(),
        headers,
        header_bytes: 40,
    };
    scene.and(60_000, head).and(
        70_000,
        What::ResponseBody {
            exchange: FIRST,
            received: bytes,
            decoded: bytes,
            expected: None,
        },
    )
}

#[test]
fn a_larger_body_is_why_receiving_takes_longer() {
    let (was, is) = (
        body(request(USUAL), 1_000, Some("gzip")),
        body(request(with(4, 90_000)), 41_960, None),
    );
    assert_eq!(
        why(was, is, Phase::Receive),
        [
            "the body is 40,960 B larger (41,960 B, 1,000 B before)",
            "not compressed any more (gzip before)"
        ]
    );
}

#[test]
fn losses_are_found_in_the_phase_in_which_they_are_waited_for() {
    let over = |took: i64| {
        let phase = Scene::new()
            .bare_phase(Phase::Connect, 0, 20_000)
            .connected(20_000, false)
            .syn(0)
            .syn_ack(20_000);
        phase
            .up(20_100, 0, 200)
            .bare_phase(Phase::Receive, 40_000, took)
            .down(40_100, 0, 1_400)
            .over(took)
    };
    let well = over(50_000).down(41_000, 1_400, 1_400);
    let lossy = over(300_000)
        .down(41_000, 2_800, 1_400)
        .down(290_000, 1_400, 1_400);
    let found = why(well, lossy, Phase::Receive);
    assert!(
        found.len() == 1 && found[0].contains("of waiting for"),
        "{found:?}"
    );
}

#[test]
fn what_is_this_machines_own_is_told_apart_from_the_wire() {
    let run = |receive: i64| {
        let scene = Scene::new()
            .connected(10, false)
            .syn(0)
            .syn_ack(5)
            .up(100, 0, 100)
            .down(20_000, 0, 1_000);
        scene
            .phase(
                Phase::Receive,
                20_000,
                20_000 + receive,
                (100, 0),
                (100, 1_000),
            )
            .over(20_000 + receive)
    };
    assert_eq!(
        why(run(500), run(40_000), Phase::Receive),
        ["this machine's own work took 40.0 ms, 500 µs before"]
    );
}

#[test]
fn a_connection_that_is_used_again_says_so() {
    let reused = Scene::new()
        .bare_phase(Phase::Wait, 0, 60_000)
        .connected(0, true)
        .over(60_000);
    let found = changes(reused, request(with(2, 0)));
    assert_eq!(found, ["a new connection; before, one was used again"]);
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
        let scene = request(USUAL).answered(100_000, version).and(
            90_000,
            What::TlsCertificates {
                connection: CONNECTION,
                certificates: vec![certificate(sha256, not_after)],
            },
        );
        scene.and(
            95_000,
            What::TlsVerified {
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
        changes(before(), after()),
        [
            "certificate changed (expires 2027-02-17, 2026-11-08 before)",
            "the certificate is not verified: it expired",
            "HTTP/1.1 instead of HTTP/2"
        ]
    );
    assert_eq!(worse(before(), after(), "0"), ["unverified"]);
    assert_eq!(worse(after(), before(), "0"), [""; 0]);
}

fn failed(scene: Scene) -> Scene {
    let failure = Failure {
        code: Code::TlsCertificateExpired,
        message: "the certificate expired".into(),
        hint: String::new(),
    };
    scene.and(
        1,
        What::Failed {
            exchange: FIRST,
            phase: Phase::Tls,
            failure,
        },
    )
}

#[test]
fn failing_is_a_regression_and_its_time_compares_with_nothing() {
    assert_eq!(
        changes(request(USUAL), failed(request(USUAL))),
        ["failed in TLS: the certificate expired"]
    );
    let slow = || request(with(3, 900_000));
    assert_eq!(worse(request(USUAL), failed(slow()), "0"), ["fails"]);
    assert_eq!(worse(failed(request(USUAL)), slow(), "0"), [""; 0]);
}

#[test]
fn slower_is_more_than_noise_and_tolerance() {
    let slow = |wait| request(with(3, wait));
    // A tenth of 170 ms is noise where nothing is known of it.
    assert_eq!(worse(request(USUAL), slow(76_000), "0"), [""; 0]);
    assert_eq!(worse(request(USUAL), slow(90_000), "0"), ["slower"]);
    assert_eq!(worse(request(USUAL), slow(90_000), "20%"), [""; 0]);
    assert_eq!(worse(request(USUAL), slow(90_000), "29ms"), ["slower"]);
    assert_eq!(worse(slow(90_000), request(USUAL), "0"), [""; 0]);
    for text in ["", "ten", "-1%", "%", "5"] {
        assert!(text.parse::<Tolerance>().is_err(), "{text}");
    }
    assert_eq!(
        ["2.5%", "20ms"].map(|text| text.parse::<Tolerance>().unwrap().to_string()),
        ["2.5 %", "20.0 ms"]
    );
}

/// Repeats of a request that took so many microseconds each.
fn repeated(times: &[i64]) -> Scene {
    let mut at = 0;
    let mut scene = None::<Scene>;
    for (number, took) in times.iter().enumerate() {
        let id = ExchangeId(u32::try_from(number).unwrap());
        let begun = scene.map_or_else(Scene::new, |scene| {
            scene.start_because(at, id, Cause::Repeat)
        });
        scene = Some(begun.bare_phase(Phase::Wait, at, at + took).over(at + took));
        at += took;
    }
    scene.unwrap()
}

#[test]
fn repeats_measure_noise() {
    let judged = |before: &[i64], after: &[i64]| {
        let (before, after) = (side(repeated(before)), side(repeated(after)));
        let figure = difference(&before, &after, Tolerance::default()).transfers[0].total;
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
    assert_eq!(judged(&wild, &moved), (Judgement::Within, true));
    assert_eq!(
        judged(&[10_000], &moved),
        (Judgement::Slower, true),
        "a single run is as spread as the others"
    );
    assert_eq!(judged(&[10_000], &[10_400]), (Judgement::Within, false));
    let steps = [10_000, 10_010, 10_020];
    assert_eq!(
        judged(&steps, &[10_060, 10_070, 10_080]),
        (Judgement::Within, true),
        "100 µs are nothing"
    );
}

fn redirected(scene: Scene, to: &str) -> Scene {
    scene.and(
        59_000,
        What::Redirected {
            exchange: FIRST,
            to: to.into(),
            withheld: Vec::new(),
        },
    )
}

#[test]
fn one_more_redirect_stands_alone() {
    let url = |number: u32| What::ExchangeStarted {
        exchange: ExchangeId(number),
        cause: Cause::Redirect,
        method: "GET".into(),
        url: "https://api.lab.test/new".into(),
    };
    let one = Scene::new()
        .bare_phase(Phase::Wait, 0, 60_000)
        .answered(60_000, HttpVersion::Http2)
        .over(60_000);
    let two = redirected(
        Scene::new()
            .bare_phase(Phase::Wait, 0, 60_000)
            .answered(60_000, HttpVersion::Http2),
        "/new",
    )
    .over(60_000);
    let two = two.and(60_000, url(1)).and(
        130_000,
        What::ExchangeEnded {
            exchange: ExchangeId(1),
        },
    );
    let (before, after) = (side(one), side(two));
    let found = difference(&before, &after, Tolerance::default());
    let hops = &found.transfers[0].hops;
    assert_eq!(hops.len(), 2);
    assert!(hops[0].before.is_some() && hops[0].after.is_some() && hops[1].before.is_none());
    assert_eq!(hops[0].changes[0].words.raw(), "redirected to /new");
    assert_eq!(found.transfers[0].total.difference(), Some(70_000_000));
    assert_eq!(found.regressions.len(), 1);
}

#[test]
fn requests_are_paired_by_path_and_order_whatever_else_there_is() {
    let facts = |method: &str, url: &str| Facts {
        cause: Some(Cause::Asked),
        method: method.into(),
        url: url.into(),
        ..Facts::default()
    };
    let run = |urls: &[&str]| Side {
        exchanges: urls.iter().map(|url| facts("GET", url)).collect(),
        ..Side::default()
    };
    let (before, after) = (
        run(&["http://a/x?1", "http://a/y", "http://a/z"]),
        run(&["http://b/y", "http://a/new", "http://b/x", "http://b/x"]),
    );
    let found = difference(&before, &after, Tolerance::default());
    let pairs: Vec<_> = found
        .transfers
        .iter()
        .map(|it| it.last().map(|facts| facts.unwrap().url.raw()))
        .collect();
    assert_eq!(
        pairs,
        [["http://a/x?1", "http://b/x"], ["http://a/y", "http://b/y"]]
    );
    let only = |facts: &[&Facts]| {
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
        difference(&one, &other, Tolerance::default())
            .transfers
            .len(),
        1,
        "one and one are meant to be compared"
    );
}

#[test]
fn fields_that_differ_are_listed_and_what_is_masked_is_not_compared() {
    let facts = |fields: &[(&str, &str)]| Facts {
        response_fields: fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect(),
        ..Facts::default()
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
    let (before, after) = (
        Side {
            exchanges: vec![before],
            ..Side::default()
        },
        Side {
            exchanges: vec![after],
            ..Side::default()
        },
    );
    let found = difference(&before, &after, Tolerance::default());
    let names = |header: &[&Header]| {
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
    let run = |met| Side {
        verdicts: vec![Verdict {
            rule: "total<=1s".into(),
            met,
        }],
        ..Side::default()
    };
    let worse = |before, after| {
        difference(&run(before), &run(after), Tolerance::default())
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
