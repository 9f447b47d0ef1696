//! Names that do not resolve, and answers that are wrong.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use crate::fixture::dns::{
    A, AAAA, Answer, CNAME, Data, DnsServer, LOOPBACKS, Question, Reply, labels,
};
use crate::fixture::recorder::Recorder;
use crate::probe::{Report, phase, phase_names, probe};

const NXDOMAIN: u8 = 3;
const SERVFAIL: u8 = 2;
const REFUSED: u8 = 5;

/// Probes a name that only this server knows of.
fn ask(dns: &DnsServer, url: &str, options: &[&str]) -> Report {
    let server = dns.address().to_string();
    probe(&[&["--dns-servers", &server], options, &[url]].concat())
}

fn rcode(code: u8) -> DnsServer {
    DnsServer::start(move |question| Answer::empty(code).reply(question))
}

fn questions(exchange: &Value) -> &[Value] {
    exchange["dns"]["questions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

#[test]
fn nxdomain() {
    let dns = rcode(NXDOMAIN);
    let report = ask(&dns, "http://nowhere.test/", &[]).failed(
        &["dns"],
        &["dns_no_such_name"],
        &["nowhere.test"],
    );
    let exchange = report.only();
    assert!(
        questions(exchange)
            .iter()
            .any(|question| question["rcode"] == "NXDOMAIN"),
        "{report}"
    );
    assert_eq!(phase_names(exchange), ["dns"]);
    assert_eq!(
        (&exchange["status"], &exchange["remote"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn servfail() {
    let dns = rcode(SERVFAIL);
    let report = ask(&dns, "http://broken.test/", &[]).failed(
        &["dns"],
        &["dns_server_failure"],
        &["broken.test"],
    );
    assert!(
        questions(report.only())
            .iter()
            .any(|question| question["rcode"] == "SERVFAIL"),
        "{report}"
    );
}

#[test]
fn refused_by_the_server() {
    let dns = rcode(REFUSED);
    ask(&dns, "http://www.test/", &[]).failed(&["dns"], &["dns_refused"], &["www.test"]);
}

#[test]
fn no_address_of_any_family() {
    let dns = rcode(0);
    ask(&dns, "http://empty.test/", &[]).failed(&["dns"], &["dns_no_address"], &["empty.test"]);
}

#[test]
fn no_address_of_the_wanted_family() {
    let dns = DnsServer::with_addresses(&[IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    ask(&dns, "http://four.test/", &["-6"]).failed(&["dns"], &["dns_no_address"], &["four.test"]);
    let asked: Vec<u16> = dns.asked().iter().map(|question| question.kind).collect();
    assert!(
        !asked.contains(&A),
        "with -6 no A record is asked for: {asked:?}"
    );
}

#[test]
fn no_answer() {
    let dns = DnsServer::start(|_| Reply::Silence);
    let address = dns.address().ip().to_string();
    let report = ask(&dns, "http://silent.test/", &["--connect-timeout", "1"]).failed(
        &["dns"],
        &["dns_timeout"],
        &["silent.test"],
    );
    assert!(
        report.json["outcome"]["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains(&address)),
        "the server's address\n{report}"
    );
    assert!(!dns.asked().is_empty());
}

/// Nothing listens: the kernel says so at once (ICMP port unreachable).
#[test]
fn no_server_there() {
    let port = crate::fixture::port::closed();
    let server = format!("127.0.0.1:{port}");
    probe(&[
        "--dns-servers",
        &server,
        "--connect-timeout",
        "2",
        "http://www.test/",
    ])
    .failed(&["dns"], &["dns_unreachable", "dns_timeout"], &["www.test"]);
}

/// An answer with another id is not an answer (RFC 5452 §9.1).
#[test]
fn an_answer_with_the_wrong_id_is_not_taken() {
    let forged = |question: &Question| {
        let mut message = Answer::addresses(question, &LOOPBACKS).bytes(question);
        message[0] ^= 0xff;
        message
    };
    let dns = DnsServer::start(move |question| Reply::Message(forged(question)));
    ask(&dns, "http://forged.test/", &["--connect-timeout", "1"]).failed(
        &["dns"],
        &["dns_timeout", "dns_unreachable"],
        &["forged.test"],
    );
}

#[test]
fn a_forged_answer_does_not_keep_the_true_one_out() {
    let server = Recorder::ok();
    let dns = DnsServer::start(|question| {
        let truth = Answer::addresses(question, &LOOPBACKS[1..]).bytes(question);
        let mut forged =
            Answer::addresses(question, &[IpAddr::V4(Ipv4Addr::new(127, 6, 6, 6))]).bytes(question);
        forged[0] ^= 0xff;
        Reply::Messages(vec![forged, truth])
    });
    let report = ask(&dns, &format!("http://raced.test:{}/", server.port()), &[]).ok();
    assert_eq!(
        report.only()["remote"],
        format!("127.0.0.1:{}", server.port())
    );
}

/// A compression pointer that points to itself (RFC 1035 §4.1.4), and an answer cut short.
#[test]
fn answers_that_cannot_be_read() {
    let looping = |question: &Question| {
        let mut message = Answer::empty(0).bytes(question);
        message[7] = 1;
        let here = u8::try_from(message.len()).expect("a short message");
        message.extend_from_slice(&[0xc0, here, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        message
    };
    let dns = DnsServer::start(move |question| Reply::Message(looping(question)));
    ask(&dns, "http://looping.test/", &["--connect-timeout", "2"]).failed(
        &["dns"],
        &["dns_unreachable", "dns_timeout"],
        &["looping.test"],
    );
    let dns = DnsServer::start(|question| {
        let mut message = Answer::addresses(question, &LOOPBACKS).bytes(question);
        message.truncate(message.len() - 2);
        Reply::Message(message)
    });
    ask(&dns, "http://cut.test/", &["--connect-timeout", "2"]).failed(
        &["dns"],
        &["dns_unreachable", "dns_timeout"],
        &["cut.test"],
    );
}

/// An alias of itself must come to an end.
#[test]
fn an_alias_of_itself() {
    let dns = DnsServer::start(|question| {
        let mut answer = Answer::empty(0);
        answer.records.push((
            labels(&question.name),
            CNAME,
            60,
            Data::Alias(labels(&question.name)),
        ));
        answer.reply(question)
    });
    ask(&dns, "http://circle.test/", &["--connect-timeout", "5"]).failed(
        &["dns"],
        &[
            "dns_no_address",
            "dns_server_failure",
            "dns_unreachable",
            "dns_timeout",
        ],
        &["circle.test"],
    );
}

#[test]
fn a_cut_answer_is_asked_for_again_over_tcp() {
    let server = Recorder::ok();
    let dns = DnsServer::start(|question| {
        if question.over_tcp {
            return Answer::addresses(question, &LOOPBACKS[1..]).reply(question);
        }
        Answer {
            truncated: true,
            ..Answer::empty(0)
        }
        .reply(question)
    });
    let report = ask(&dns, &format!("http://large.test:{}/", server.port()), &[]).ok();
    assert!(dns.asked().iter().any(|question| question.over_tcp));
    assert_eq!(report.only()["status"], 200);
}

/// An alias chain, both families, and the figures that the document gives of them.
#[test]
fn a_resolution_is_described() {
    let server = Recorder::ok();
    let dns = DnsServer::start(|question| {
        let mut answer = Answer::empty(0);
        answer.records.push((
            labels(&question.name),
            CNAME,
            300,
            Data::Alias(labels("edge.test")),
        ));
        answer.records.push((
            labels("edge.test"),
            CNAME,
            30,
            Data::Alias(labels("node.test")),
        ));
        if question.kind == A {
            answer.records.push((
                labels("node.test"),
                A,
                7,
                Data::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            ));
        }
        answer.reply(question)
    });
    let report = ask(&dns, &format!("http://www.test:{}/", server.port()), &[]).ok();
    let exchange = report.only();
    assert_eq!(
        exchange["dns"]["server"],
        dns.address().to_string(),
        "{report}"
    );
    assert_eq!(exchange["dns"]["transport"], "udp", "{report}");
    let question = |kind: &str| {
        questions(exchange)
            .iter()
            .find(|question| question["type"] == kind)
            .unwrap_or_else(|| panic!("no {kind}\n{report}"))
    };
    let (four, six) = (question("A"), question("AAAA"));
    let name = |value: &Value| {
        value
            .as_str()
            .map(|name| name.trim_end_matches('.').to_owned())
    };
    assert_eq!(name(&four["name"]).as_deref(), Some("www.test"));
    assert_eq!(
        (&four["rcode"], &six["rcode"]),
        (&json!("NOERROR"), &json!("NOERROR"))
    );
    assert!(
        four["duration_ns"].as_u64().is_some_and(|took| took > 0),
        "{report}"
    );
    let told: Vec<_> = four["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            (
                name(&record["name"]),
                record["type"].as_str(),
                record["ttl"].as_u64(),
                name(&record["data"]),
            )
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (
                text("www.test"),
                Some("CNAME"),
                Some(300),
                text("edge.test")
            ),
            (
                text("edge.test"),
                Some("CNAME"),
                Some(30),
                text("node.test")
            ),
            (text("node.test"), Some("A"), Some(7), text("127.0.0.1")),
        ]
    );
    assert!(phase(exchange, "dns").is_some_and(|took| took > 0.0));
    let kinds: Vec<u16> = dns.asked().iter().map(|question| question.kind).collect();
    assert!(
        kinds.contains(&A) && kinds.contains(&AAAA),
        "both families are asked for: {kinds:?}"
    );
}

/// RFC 8305: nothing listens on the IPv6 address, so the IPv4 address is used, and both attempts
/// are told.
#[test]
fn the_other_family_is_tried() {
    let server = Recorder::ok();
    let dns = DnsServer::with_addresses(&LOOPBACKS);
    let report = ask(&dns, &format!("http://both.test:{}/", server.port()), &[]).ok();
    let attempts = report.only()["tcp"]["attempts"]
        .as_array()
        .expect("attempts");
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            (
                attempt["address"].as_str().unwrap(),
                attempt["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    let (six, four) = (
        format!("[::1]:{}", server.port()),
        format!("127.0.0.1:{}", server.port()),
    );
    assert_eq!(
        told,
        [(six.as_str(), "refused"), (four.as_str(), "connected")]
    );
}
