//! Records opened one by one.

use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs;
use tapline::wire::Side;
use tapline::wire::tls::{Decipherer, KeyLog, ServerHello, Undecipherable};

use super::talk::Talk;

fn records(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while !stream.is_empty() {
        let (record, rest) =
            stream.split_at(5 + usize::from(u16::from_be_bytes([stream[3], stream[4]])));
        records.push(record);
        stream = rest;
    }
    records
}

/// What application data there is in a direction.
fn text(decipherer: &mut Decipherer, from: Side, stream: &[u8]) -> Vec<u8> {
    let opened = records(stream)
        .into_iter()
        .map(|record| decipherer.decrypt(from, record).unwrap());
    opened
        .filter(|opened| opened.kind == 23)
        .flat_map(|opened| opened.plaintext)
        .collect()
}

#[test]
fn every_suite_of_both_versions_is_opened() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES
        .iter()
        .filter(|suite| !format!("{:?}", suite.suite()).contains("RSA_WITH"))
    {
        let mut talk = Talk::new(*suite, None);
        talk.settle();
        let (question, answer) = (b"GET /".as_slice(), vec![b'x'; 40_000]);
        talk.say(question, &answer);
        talk.say(question, b"again");
        let (client, server) = talk.hellos();
        let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
        assert_eq!(
            text(&mut decipherer, Side::Client, &talk.passed[0]),
            [question, question].concat(),
            "{suite:?}"
        );
        assert_eq!(
            text(&mut decipherer, Side::Server, &talk.passed[1]),
            [answer.as_slice(), b"again"].concat(),
            "{suite:?}"
        );
    }
}

fn tls13() -> SupportedCipherSuite {
    aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384
}

#[test]
fn keys_may_change_on_the_way() {
    let mut talk = Talk::new(tls13(), None);
    talk.settle();
    talk.say(b"one", b"1");
    talk.client.refresh_traffic_keys().unwrap();
    talk.say(b"two", b"2");
    talk.server.refresh_traffic_keys().unwrap();
    talk.say(b"three", b"3");
    let (client, server) = talk.hellos();
    let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
    assert_eq!(text(&mut decipherer, Side::Server, &talk.passed[1]), b"123");
    assert_eq!(
        text(&mut decipherer, Side::Client, &talk.passed[0]),
        b"onetwothree"
    );
}

#[test]
fn a_hello_that_was_asked_for_again_is_the_one_that_counts() {
    let mut talk = Talk::new(tls13(), Some(1));
    talk.settle();
    talk.say(b"question", b"answer");
    let (client, server) = talk.hellos();
    assert!(!server.is_retry);
    let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
    assert_eq!(
        text(&mut decipherer, Side::Server, &talk.passed[1]),
        b"answer"
    );
}

#[test]
fn what_cannot_be_opened_is_named_and_what_follows_can_be() {
    let mut talk = Talk::new(tls13(), None);
    talk.settle();
    talk.say(b"question", b"answer");
    let (client, server) = talk.hellos();
    assert_eq!(
        Decipherer::new(&client, &server, &KeyLog::default()).err(),
        Some(Undecipherable::NoSecrets)
    );
    let other = ServerHello {
        cipher_suite: 0x1304,
        ..server.clone()
    };
    assert_eq!(
        Decipherer::new(&client, &other, &talk.key_log()).err(),
        Some(Undecipherable::Suite(0x1304))
    );

    let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
    let down = records(&talk.passed[1]);
    let mut changed = down[2].to_vec();
    *changed.last_mut().unwrap() ^= 1;
    decipherer.decrypt(Side::Server, down[0]).unwrap();
    assert_eq!(
        decipherer.decrypt(Side::Server, &changed),
        Err(Undecipherable::Record)
    );
    assert!(
        down[1..]
            .iter()
            .all(|record| decipherer.decrypt(Side::Server, record).is_ok())
    );
}

#[test]
fn a_log_that_was_begun_late_opens_what_it_can() {
    let mut talk = Talk::new(tls13(), None);
    talk.settle();
    talk.say(b"question", b"answer");
    let late: String = talk
        .log
        .0
        .lock()
        .unwrap()
        .lines()
        .filter(|line| !line.contains("HANDSHAKE"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut log = KeyLog::default();
    log.read(late.as_bytes());
    let (client, server) = talk.hellos();
    let mut decipherer = Decipherer::new(&client, &server, &log).unwrap();
    let opened: Vec<_> = records(&talk.passed[1])
        .into_iter()
        .filter_map(|record| decipherer.decrypt(Side::Server, record).ok())
        .collect();
    assert!(
        opened
            .iter()
            .any(|opened| opened.kind == 23 && opened.plaintext == b"answer")
    );
}
