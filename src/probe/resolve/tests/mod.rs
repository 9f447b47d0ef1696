//! Name resolution with name servers on loopback.

mod https;
mod peer;
mod zone;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;

use self::peer::{Question, address_record, alias_record, start_server};
use super::configuration::ResolverConfiguration;
use super::resolve;
use super::sources::from_servers;
use crate::probe::spec::{AddressFamily, DnsChoice, ResolveRule};
use crate::probe::test_context::TestContext;
use crate::trace::{
    DnsAnswer, DnsRecord, DnsTransport, EventKind, FailureCode, Phase, ResolutionSource,
};

const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 7));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn context_with_server(server: SocketAddr) -> TestContext {
    let mut test = TestContext::new();
    test.spec.dns = DnsChoice::Servers(vec![server]);
    test
}

/// Answers with one address of each kind.
fn answer_any(question: &Question) -> peer::Answers {
    let last = if question.kind == RecordType::A { 7 } else { 1 };
    question.reply(
        ResponseCode::NoError,
        vec![address_record(&question.name, question.kind, last)],
    )
}

fn emitted_queries(test: &TestContext) -> Vec<(String, String, DnsTransport)> {
    let query = |what| match what {
        EventKind::DnsQueried {
            name, kind, server, ..
        } => Some((name.raw().to_owned(), kind, server.transport)),
        _ => None,
    };
    test.emitted().into_iter().filter_map(query).collect()
}

fn emitted_answers(test: &TestContext) -> Vec<DnsAnswer> {
    test.emitted()
        .into_iter()
        .filter_map(|what| {
            if let EventKind::DnsAnswered { answer, .. } = what {
                Some(answer)
            } else {
                None
            }
        })
        .collect()
}

fn emitted_failures(test: &TestContext) -> Vec<String> {
    let failed = |what| {
        if let EventKind::DnsFailed { reason, .. } = what {
            Some(reason.raw().to_owned())
        } else {
            None
        }
    };
    test.emitted().into_iter().filter_map(failed).collect()
}

/// Resolves `api.test` at a server with this script and returns the code and the message of its
/// failure.
async fn resolution_failure(
    script: impl Fn(&Question) -> peer::Answers + Clone + Send + 'static,
) -> (FailureCode, String) {
    let test = context_with_server(start_server(script).await);
    let failed = resolve(&test.exchange_context(), "api.test", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.phase, Phase::Dns);
    (failed.failure.code, failed.failure.message.raw().to_owned())
}

#[tokio::test]
async fn a_literal_address_has_no_dns_phase() {
    let test = TestContext::new();
    assert_eq!(
        resolve(&test.exchange_context(), "127.0.0.1", 80)
            .await
            .unwrap(),
        ["127.0.0.1:80".parse().unwrap()]
    );
    assert_eq!(
        resolve(&test.exchange_context(), "[::1]", 80)
            .await
            .unwrap(),
        ["[::1]:80".parse().unwrap()]
    );
    assert_eq!(test.emitted(), []);
}

#[tokio::test]
async fn a_literal_address_of_the_unwanted_family_fails() {
    let mut test = TestContext::new();
    test.spec.family = AddressFamily::V6;
    let failed = resolve(&test.exchange_context(), "127.0.0.1", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsNoAddress);
}

#[tokio::test]
async fn localhost_and_given_names_are_never_asked_for() {
    let mut test = TestContext::new();
    test.spec.resolve = vec![ResolveRule {
        host: "given.test".to_owned(),
        port: 80,
        addresses: vec![V4],
    }];
    for (host, source) in [
        ("app.localhost", ResolutionSource::HostsFile),
        ("given.test", ResolutionSource::Given),
    ] {
        let addresses = resolve(&test.exchange_context(), host, 80).await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        assert!(test.emitted().iter().any(
            |what| matches!(what, EventKind::Resolved { source: from, .. } if *from == source)
        ));
    }
    assert_eq!(emitted_queries(&test), []);
    assert_eq!(test.expected_remotes(), []);
}

#[tokio::test]
async fn both_families_are_asked_and_every_question_is_recorded() {
    let server = start_server(answer_any).await;
    let test = context_with_server(server);
    let addresses = resolve(&test.exchange_context(), "api.test", 443)
        .await
        .unwrap();
    let mut ips: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
    ips.sort();
    assert_eq!(ips, [V4, V6]);
    assert!(addresses.iter().all(|address| address.port() == 443));

    let udp = DnsTransport::Udp;
    assert_eq!(
        emitted_queries(&test),
        [
            ("api.test".into(), "AAAA".into(), udp),
            ("api.test".into(), "A".into(), udp)
        ]
    );
    let mut records: Vec<DnsRecord> = emitted_answers(&test)
        .into_iter()
        .flat_map(|answer| answer.records)
        .collect();
    records.sort_by(|a, b| a.kind.cmp(&b.kind));
    let shown = records.iter().map(|record| {
        (
            record.name.raw(),
            record.kind.as_str(),
            record.ttl,
            record.data.raw(),
        )
    });
    assert!(shown.eq([
        ("api.test", "A", 300, "127.0.0.7"),
        ("api.test", "AAAA", 300, "::1")
    ]));
    assert_eq!(test.expected_remotes(), [server]);
    let emitted = test.emitted();
    assert!(matches!(
        emitted.first(),
        Some(EventKind::PhaseBegan {
            phase: Phase::Dns,
            ..
        })
    ));
    assert!(matches!(
        emitted.last(),
        Some(EventKind::PhaseEnded {
            phase: Phase::Dns,
            ..
        })
    ));
    assert!(matches!(
        &emitted[emitted.len() - 2],
        EventKind::Resolved {
            source: ResolutionSource::Dns,
            ..
        }
    ));
}

#[tokio::test]
async fn only_the_wanted_family_is_asked_for() {
    let mut test = context_with_server(start_server(answer_any).await);
    test.spec.family = AddressFamily::V4;
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    assert_eq!(
        emitted_queries(&test),
        [("api.test".into(), "A".into(), DnsTransport::Udp)]
    );
}

#[tokio::test]
async fn a_silent_family_does_not_delay_the_other() {
    let script = |question: &Question| {
        if question.kind == RecordType::A {
            answer_any(question)
        } else {
            Vec::new()
        }
    };
    let test = context_with_server(start_server(script).await);
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    assert_eq!(emitted_failures(&test), ["abandoned before an answer came"]);
}

#[tokio::test]
async fn a_failing_family_does_not_matter() {
    let script = |question: &Question| match question.kind {
        RecordType::A => answer_any(question),
        _ => question.reply(ResponseCode::ServFail, Vec::new()),
    };
    let test = context_with_server(start_server(script).await);
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        [SocketAddr::new(V4, 80)]
    );
}

#[tokio::test]
async fn a_cut_answer_is_asked_for_again_over_tcp() {
    let script = |question: &Question| {
        if question.over_tcp {
            return answer_any(question);
        }
        let mut answer = question.answer(ResponseCode::NoError, Vec::new());
        answer.metadata.truncation = true;
        vec![answer.to_vec().unwrap()]
    };
    let mut test = context_with_server(start_server(script).await);
    test.spec.family = AddressFamily::V4;
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    let transports: Vec<DnsTransport> = emitted_queries(&test)
        .into_iter()
        .map(|(_, _, transport)| transport)
        .collect();
    assert_eq!(transports, [DnsTransport::Udp, DnsTransport::Tcp]);
    let cut: Vec<bool> = emitted_answers(&test)
        .iter()
        .map(|answer| answer.truncated)
        .collect();
    assert_eq!(cut, [true, false]);
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_is_asked_for_itself() {
    let script = |question: &Question| match question.name.as_str() {
        "api.test." => question.reply(
            ResponseCode::NoError,
            vec![alias_record("api.test.", "cdn.test.")],
        ),
        _ => answer_any(question),
    };
    let mut test = context_with_server(start_server(script).await);
    test.spec.family = AddressFamily::V4;
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    let names: Vec<String> = emitted_queries(&test)
        .into_iter()
        .map(|(name, _, _)| name)
        .collect();
    assert_eq!(names, ["api.test", "cdn.test"]);
}

#[tokio::test]
async fn aliases_in_a_loop_end() {
    let (code, message) = resolution_failure(|question| {
        let target = if question.name == "api.test." {
            "cdn.test."
        } else {
            "api.test."
        };
        question.reply(
            ResponseCode::NoError,
            vec![alias_record(&question.name, target)],
        )
    })
    .await;
    assert_eq!(code, FailureCode::DnsServerFailure);
    assert!(message.contains("form a loop"), "{message}");
}

#[tokio::test]
async fn response_codes_become_failures() {
    for (rcode, code, emitted) in [
        (
            ResponseCode::NXDomain,
            FailureCode::DnsNoSuchName,
            "api.test does not exist: ",
        ),
        (
            ResponseCode::NoError,
            FailureCode::DnsNoAddress,
            "api.test exists but has no IPv4 or IPv6 address: ",
        ),
        (
            ResponseCode::ServFail,
            FailureCode::DnsServerFailure,
            "answered SERVFAIL after",
        ),
        (
            ResponseCode::Refused,
            FailureCode::DnsRefused,
            "answered REFUSED after",
        ),
        (
            ResponseCode::NotImp,
            FailureCode::DnsRefused,
            "answered NOTIMP after",
        ),
        (
            ResponseCode::Unknown(3841),
            FailureCode::DnsRefused,
            "answered RCODE",
        ),
    ] {
        let (got, message) =
            resolution_failure(move |question| question.reply(rcode, Vec::new())).await;
        assert_eq!(got, code, "{message}");
        assert!(message.contains(emitted), "{message}");
        assert!(message.contains(" over UDP"), "{message}");
    }
}

#[tokio::test]
async fn malformed_and_forged_responses() {
    let (code, message) = resolution_failure(|question| {
        let id = question
            .answer(ResponseCode::NoError, Vec::new())
            .metadata
            .id
            .to_be_bytes();
        vec![[id.as_slice(), b"\xff\xff\xff\xff\xff\xff\xff"].concat()]
    })
    .await;
    assert_eq!(code, FailureCode::DnsUnreachable);
    assert!(message.contains("not a DNS message"), "{message}");

    let forging = |question: &Question| {
        let mut wrong_id = question.answer(ResponseCode::NXDomain, Vec::new());
        wrong_id.metadata.id = wrong_id.metadata.id.wrapping_add(1);
        let mut other_name = question.answer(ResponseCode::NXDomain, Vec::new());
        other_name.queries[0].name = "evil.test.".parse().unwrap();
        let forged = [
            wrong_id.to_vec().unwrap(),
            other_name.to_vec().unwrap(),
            b"x".to_vec(),
            Vec::new(),
        ];
        forged.into_iter().chain(answer_any(question)).collect()
    };
    let test = context_with_server(start_server(forging).await);
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn no_server_at_the_address() {
    // A connected socket occupies the port and receives datagrams only from its peer.
    let holder = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    holder.connect("127.0.0.1:9").unwrap();
    let closed = holder.local_addr().unwrap();
    let test = context_with_server(closed);
    let failed = resolve(&test.exchange_context(), "api.test", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsUnreachable);
    let message = failed.failure.message.raw();
    assert!(
        message.contains(&format!(
            "{closed} over UDP could not be queried: nothing is listening there"
        )),
        "{message}"
    );
}

#[tokio::test]
async fn silence_ends_with_the_limit() {
    let test = context_with_server(start_server(|_| Vec::new()).await);
    let failed = resolve(
        &test.exchange_context_within(Duration::from_millis(50)),
        "api.test",
        80,
    )
    .await
    .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsTimeout);
    let message = failed.failure.message.raw();
    assert!(
        message.contains("no answer from") && message.contains("--connect-timeout"),
        "{message}"
    );
    assert_eq!(emitted_failures(&test).len(), 2);
}

#[tokio::test]
async fn a_silent_server_is_queried_again_and_so_is_the_next() {
    let silent = start_server(|_| Vec::new()).await;
    let answering = start_server(answer_any).await;
    let mut test = TestContext::new();
    test.spec.family = AddressFamily::V4;
    let brief = |servers: &[SocketAddr]| {
        let mut configuration = ResolverConfiguration::from_addresses(servers);
        configuration.timeout = Duration::from_millis(250);
        configuration
    };

    let (_, addresses) = from_servers(
        &test.exchange_context(),
        "api.test",
        &brief(&[silent, answering]),
    )
    .await
    .unwrap();
    assert_eq!(addresses, [V4]);
    assert_eq!(emitted_failures(&test), ["no answer within 250 ms"]);

    let failed = from_servers(&test.exchange_context(), "api.test", &brief(&[silent]))
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsTimeout);
    assert!(
        failed.failure.message.raw().contains("queried 2 times"),
        "{:?}",
        failed.failure
    );
}

#[tokio::test]
async fn after_a_failed_server_the_next_is_queried() {
    let failing =
        start_server(|question: &Question| question.reply(ResponseCode::ServFail, Vec::new()))
            .await;
    let mut test = context_with_server(failing);
    test.spec.family = AddressFamily::V4;
    test.spec.dns = DnsChoice::Servers(vec![failing, start_server(answer_any).await]);
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        [SocketAddr::new(V4, 80)]
    );
}

#[tokio::test]
async fn a_name_that_is_not_valid_in_dns() {
    let test = context_with_server(start_server(answer_any).await);
    for host in [
        &format!("{}.test", "x".repeat(64)),
        &"x.".repeat(128),
        "api..test",
        "bücher.test",
    ] {
        let failed = resolve(&test.exchange_context(), host, 80)
            .await
            .unwrap_err();
        assert_eq!(failed.failure.code, FailureCode::DnsNoSuchName);
        assert!(
            failed
                .failure
                .message
                .raw()
                .contains("is not a valid DNS name"),
            "{:?}",
            failed.failure
        );
    }
    assert_eq!(emitted_queries(&test), []);
    assert!(
        resolve(&test.exchange_context(), "under_score.test", 80)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_systems_resolver_can_be_asked_instead() {
    let mut test = TestContext::new();
    test.spec.dns = DnsChoice::System;
    let failed = resolve(&test.exchange_context(), "no such name", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsNoSuchName);
    assert_eq!(emitted_queries(&test), []);
}
