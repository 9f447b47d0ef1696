//! Resolution against name servers of this machine.

mod https;
mod peer;
mod zone;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;

use self::peer::{Question, address, alias, serve};
use super::configuration::Configuration;
use super::resolve;
use super::sources::from_servers;
use crate::probe::spec::{Dns, Family, Resolve};
use crate::probe::witness::Witness;
use crate::trace::{Code, DnsAnswer, DnsRecord, DnsTransport, Phase, ResolutionSource, What};

const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 7));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn asking(server: SocketAddr) -> Witness {
    let mut witness = Witness::new();
    witness.spec.dns = Dns::Servers(vec![server]);
    witness
}

/// Answers with one address of each kind.
fn plain(question: &Question) -> peer::Answers {
    let last = if question.kind == RecordType::A { 7 } else { 1 };
    question.reply(
        ResponseCode::NoError,
        vec![address(&question.name, question.kind, last)],
    )
}

fn queried(witness: &Witness) -> Vec<(String, String, DnsTransport)> {
    let query = |what| match what {
        What::DnsQueried {
            name, kind, server, ..
        } => Some((name.raw().to_owned(), kind, server.transport)),
        _ => None,
    };
    witness.said().into_iter().filter_map(query).collect()
}

fn answers(witness: &Witness) -> Vec<DnsAnswer> {
    witness
        .said()
        .into_iter()
        .filter_map(|what| {
            if let What::DnsAnswered { answer, .. } = what {
                Some(answer)
            } else {
                None
            }
        })
        .collect()
}

fn failures(witness: &Witness) -> Vec<String> {
    let failed = |what| {
        if let What::DnsFailed { reason, .. } = what {
            Some(reason.raw().to_owned())
        } else {
            None
        }
    };
    witness.said().into_iter().filter_map(failed).collect()
}

/// Resolves `api.test` at a server with this script, which is to fail; gives the code and the
/// sentence.
async fn refusal(
    script: impl Fn(&Question) -> peer::Answers + Clone + Send + 'static,
) -> (Code, String) {
    let witness = asking(serve(script).await);
    let failed = resolve(&witness.step(), "api.test", 80).await.unwrap_err();
    assert_eq!(failed.phase, Phase::Dns);
    (failed.failure.code, failed.failure.message.raw().to_owned())
}

#[tokio::test]
async fn a_literal_address_has_no_dns_phase() {
    let witness = Witness::new();
    assert_eq!(
        resolve(&witness.step(), "127.0.0.1", 80).await.unwrap(),
        ["127.0.0.1:80".parse().unwrap()]
    );
    assert_eq!(
        resolve(&witness.step(), "[::1]", 80).await.unwrap(),
        ["[::1]:80".parse().unwrap()]
    );
    assert_eq!(witness.said(), []);
}

#[tokio::test]
async fn a_literal_address_of_the_unwanted_family_fails() {
    let mut witness = Witness::new();
    witness.spec.family = Family::V6;
    let failed = resolve(&witness.step(), "127.0.0.1", 80).await.unwrap_err();
    assert_eq!(failed.failure.code, Code::DnsNoAddress);
}

#[tokio::test]
async fn localhost_and_given_names_are_never_asked_for() {
    let mut witness = Witness::new();
    witness.spec.resolve = vec![Resolve {
        host: "given.test".to_owned(),
        port: 80,
        addresses: vec![V4],
    }];
    for (host, source) in [
        ("app.localhost", ResolutionSource::HostsFile),
        ("given.test", ResolutionSource::Given),
    ] {
        let addresses = resolve(&witness.step(), host, 80).await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        assert!(
            witness
                .said()
                .iter()
                .any(|what| matches!(what, What::Resolved { source: from, .. } if *from == source))
        );
    }
    assert_eq!(queried(&witness), []);
    assert_eq!(witness.expected(), []);
}

#[tokio::test]
async fn both_families_are_asked_and_every_question_is_recorded() {
    let server = serve(plain).await;
    let witness = asking(server);
    let addresses = resolve(&witness.step(), "api.test", 443).await.unwrap();
    let mut ips: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
    ips.sort();
    assert_eq!(ips, [V4, V6]);
    assert!(addresses.iter().all(|address| address.port() == 443));

    let udp = DnsTransport::Udp;
    assert_eq!(
        queried(&witness),
        [
            ("api.test".into(), "AAAA".into(), udp),
            ("api.test".into(), "A".into(), udp)
        ]
    );
    let mut records: Vec<DnsRecord> = answers(&witness)
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
    assert_eq!(witness.expected(), [server]);
    let said = witness.said();
    assert!(matches!(
        said.first(),
        Some(What::PhaseBegan {
            phase: Phase::Dns,
            ..
        })
    ));
    assert!(matches!(
        said.last(),
        Some(What::PhaseEnded {
            phase: Phase::Dns,
            ..
        })
    ));
    assert!(matches!(
        &said[said.len() - 2],
        What::Resolved {
            source: ResolutionSource::Dns,
            ..
        }
    ));
}

#[tokio::test]
async fn only_the_wanted_family_is_asked_for() {
    let mut witness = asking(serve(plain).await);
    witness.spec.family = Family::V4;
    assert_eq!(
        resolve(&witness.step(), "api.test", 80).await.unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    assert_eq!(
        queried(&witness),
        [("api.test".into(), "A".into(), DnsTransport::Udp)]
    );
}

#[tokio::test]
async fn a_silent_family_holds_nothing_up() {
    let script = |question: &Question| {
        if question.kind == RecordType::A {
            plain(question)
        } else {
            Vec::new()
        }
    };
    let witness = asking(serve(script).await);
    assert_eq!(
        resolve(&witness.step(), "api.test", 80).await.unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    assert_eq!(
        failures(&witness),
        ["no answer yet when it was no longer waited for"]
    );
}

#[tokio::test]
async fn a_failing_family_does_not_matter() {
    let script = |question: &Question| match question.kind {
        RecordType::A => plain(question),
        _ => question.reply(ResponseCode::ServFail, Vec::new()),
    };
    let witness = asking(serve(script).await);
    assert_eq!(
        resolve(&witness.step(), "api.test", 80).await.unwrap(),
        [SocketAddr::new(V4, 80)]
    );
}

#[tokio::test]
async fn a_cut_answer_is_asked_for_again_over_tcp() {
    let script = |question: &Question| {
        if question.over_tcp {
            return plain(question);
        }
        let mut answer = question.answer(ResponseCode::NoError, Vec::new());
        answer.metadata.truncation = true;
        vec![answer.to_vec().unwrap()]
    };
    let mut witness = asking(serve(script).await);
    witness.spec.family = Family::V4;
    assert_eq!(
        resolve(&witness.step(), "api.test", 80).await.unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    let transports: Vec<DnsTransport> = queried(&witness)
        .into_iter()
        .map(|(_, _, transport)| transport)
        .collect();
    assert_eq!(transports, [DnsTransport::Udp, DnsTransport::Tcp]);
    let cut: Vec<bool> = answers(&witness)
        .iter()
        .map(|answer| answer.truncated)
        .collect();
    assert_eq!(cut, [true, false]);
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_is_asked_for_itself() {
    let script = |question: &Question| match question.name.as_str() {
        "api.test." => question.reply(ResponseCode::NoError, vec![alias("api.test.", "cdn.test.")]),
        _ => plain(question),
    };
    let mut witness = asking(serve(script).await);
    witness.spec.family = Family::V4;
    assert_eq!(
        resolve(&witness.step(), "api.test", 80).await.unwrap(),
        [SocketAddr::new(V4, 80)]
    );
    let names: Vec<String> = queried(&witness)
        .into_iter()
        .map(|(name, _, _)| name)
        .collect();
    assert_eq!(names, ["api.test", "cdn.test"]);
}

#[tokio::test]
async fn aliases_in_a_circle_end() {
    let (code, message) = refusal(|question| {
        let target = if question.name == "api.test." {
            "cdn.test."
        } else {
            "api.test."
        };
        question.reply(ResponseCode::NoError, vec![alias(&question.name, target)])
    })
    .await;
    assert_eq!(code, Code::DnsServerFailure);
    assert!(message.contains("in a circle"), "{message}");
}

#[tokio::test]
async fn response_codes_become_failures() {
    for (rcode, code, said) in [
        (
            ResponseCode::NXDomain,
            Code::DnsNoSuchName,
            "api.test does not exist: ",
        ),
        (
            ResponseCode::NoError,
            Code::DnsNoAddress,
            "api.test exists but has no IPv4 or IPv6 address: ",
        ),
        (
            ResponseCode::ServFail,
            Code::DnsServerFailure,
            "answered SERVFAIL after",
        ),
        (
            ResponseCode::Refused,
            Code::DnsRefused,
            "answered REFUSED after",
        ),
        (
            ResponseCode::NotImp,
            Code::DnsRefused,
            "answered NOTIMP after",
        ),
        (
            ResponseCode::Unknown(3841),
            Code::DnsRefused,
            "answered RCODE",
        ),
    ] {
        let (got, message) = refusal(move |question| question.reply(rcode, Vec::new())).await;
        assert_eq!(got, code, "{message}");
        assert!(message.contains(said), "{message}");
        assert!(message.contains(" over UDP"), "{message}");
    }
}

#[tokio::test]
async fn nonsense_and_forged_answers() {
    let (code, message) = refusal(|question| {
        let id = question
            .answer(ResponseCode::NoError, Vec::new())
            .metadata
            .id
            .to_be_bytes();
        vec![[id.as_slice(), b"\xff\xff\xff\xff\xff\xff\xff"].concat()]
    })
    .await;
    assert_eq!(code, Code::DnsUnreachable);
    assert!(message.contains("no DNS message"), "{message}");

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
        forged.into_iter().chain(plain(question)).collect()
    };
    let witness = asking(serve(forging).await);
    assert_eq!(
        resolve(&witness.step(), "api.test", 80)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn nobody_at_the_servers_address() {
    // A connected socket holds the port, and takes datagrams from nobody but its peer.
    let holder = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    holder.connect("127.0.0.1:9").unwrap();
    let closed = holder.local_addr().unwrap();
    let witness = asking(closed);
    let failed = resolve(&witness.step(), "api.test", 80).await.unwrap_err();
    assert_eq!(failed.failure.code, Code::DnsUnreachable);
    let message = failed.failure.message.raw();
    assert!(
        message.contains(&format!(
            "{closed} over UDP could not be asked: nothing listens there"
        )),
        "{message}"
    );
}

#[tokio::test]
async fn silence_ends_with_the_limit() {
    let witness = asking(serve(|_| Vec::new()).await);
    let failed = resolve(
        &witness.step_within(Duration::from_millis(50)),
        "api.test",
        80,
    )
    .await
    .unwrap_err();
    assert_eq!(failed.failure.code, Code::DnsTimeout);
    let message = failed.failure.message.raw();
    assert!(
        message.contains("no answer from") && message.contains("--connect-timeout"),
        "{message}"
    );
    assert_eq!(failures(&witness).len(), 2);
}

#[tokio::test]
async fn a_silent_server_is_asked_again_and_the_next_one_too() {
    let (silent, answering) = (serve(|_| Vec::new()).await, serve(plain).await);
    let mut witness = Witness::new();
    witness.spec.family = Family::V4;
    let brief = |servers: &[SocketAddr]| {
        let mut configuration = Configuration::of_addresses(servers);
        configuration.timeout = Duration::from_millis(250);
        configuration
    };

    let (_, addresses) = from_servers(&witness.step(), "api.test", &brief(&[silent, answering]))
        .await
        .unwrap();
    assert_eq!(addresses, [V4]);
    assert_eq!(failures(&witness), ["no answer within 250 ms"]);

    let failed = from_servers(&witness.step(), "api.test", &brief(&[silent]))
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, Code::DnsTimeout);
    assert!(
        failed.failure.message.raw().contains("asked 2 times"),
        "{:?}",
        failed.failure
    );
}

#[tokio::test]
async fn a_server_that_fails_makes_way_for_the_next() {
    let failing =
        serve(|question: &Question| question.reply(ResponseCode::ServFail, Vec::new())).await;
    let mut witness = asking(failing);
    witness.spec.family = Family::V4;
    witness.spec.dns = Dns::Servers(vec![failing, serve(plain).await]);
    assert_eq!(
        resolve(&witness.step(), "api.test", 80).await.unwrap(),
        [SocketAddr::new(V4, 80)]
    );
}

#[tokio::test]
async fn a_name_that_dns_cannot_hold() {
    let witness = asking(serve(plain).await);
    for host in [
        &format!("{}.test", "x".repeat(64)),
        &"x.".repeat(128),
        "api..test",
        "bücher.test",
    ] {
        let failed = resolve(&witness.step(), host, 80).await.unwrap_err();
        assert_eq!(failed.failure.code, Code::DnsNoSuchName);
        assert!(
            failed.failure.message.raw().contains("cannot be a name"),
            "{:?}",
            failed.failure
        );
    }
    assert_eq!(queried(&witness), []);
    assert!(
        resolve(&witness.step(), "under_score.test", 80)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_systems_resolver_can_be_asked_instead() {
    let mut witness = Witness::new();
    witness.spec.dns = Dns::System;
    let failed = resolve(&witness.step(), "no such name", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, Code::DnsNoSuchName);
    assert_eq!(queried(&witness), []);
}
