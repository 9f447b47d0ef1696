#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use etherparse::{PacketBuilder, SlicedPacket, TransportSlice};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{ClearText, RedactionRules};
use crate::wire::LinkType;

const CANARY: &str = "Canary-7f3a";
const REQUEST: &str = "POST /a?token=Canary-7f3a&page=2 HTTP/1.1\r\nHost: \
    shop.test\r\nAuthorization: Bearer Canary-7f3a\r\nCookie: id=Canary-7f3a\r\nContent-Length: \
20\r\n\r\nsecret=Canary-7f3a&b";
const RESPONSE: &str = "HTTP/1.1 200 OK\r\nServer: test\r\nSet-Cookie: id=Canary-7f3a; \
    Path=/\r\nTransfer-Encoding: chunked\r\n\r\n10;x=Canary-7f3a\r\nyes, \
Canary-7f3a\r\n0\r\nX-Sum: Canary-7f3a\r\n\r\n";

/// A segment: by the client, where in its stream, and what.
type Piece = (bool, usize, Vec<u8>);

fn frame((by_client, at, payload): &Piece) -> Vec<u8> {
    let (client, server) = (([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 80));
    let ((source, from), (destination, to)) = if *by_client {
        (client, server)
    } else {
        (server, client)
    };
    let seq = if *by_client { u32::MAX - 20 } else { 7_000 };
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(source, destination, 64);
    let syn = payload.is_empty();
    let tcp = builder.tcp(
        from,
        to,
        seq.wrapping_add(u32::from(!syn))
            .wrapping_add(u32::try_from(*at).unwrap()),
        1_000,
    );
    let mut frame = Vec::new();
    if syn { tcp.syn() } else { tcp.ack(1) }
        .write(&mut frame, payload)
        .unwrap();
    frame
}

/// The segments' payloads as they are handed on. Their lengths are as they were, and their
/// checksums right.
fn masked(pieces: &[Piece], rules: &RedactionRules) -> Vec<Vec<u8>> {
    let mut mask = ClearText::default();
    let mut all = VecDeque::from([(true, 0, Vec::new()), (false, 0, Vec::new())]);
    all.extend(pieces.iter().cloned());
    let mut payloads: Vec<Vec<u8>> = all
        .iter()
        .map(|piece| {
            let mut frame = frame(piece);
            mask.over(
                LinkType::Ethernet,
                frame.len().try_into().unwrap(),
                &mut frame,
                rules,
            );
            let sliced = SlicedPacket::from_ethernet(&frame).unwrap();
            let Some(TransportSlice::Tcp(tcp)) = sliced.transport else {
                panic!("a segment")
            };
            let (source, destination) = if piece.0 {
                ([10, 0, 0, 1], [10, 0, 0, 2])
            } else {
                ([10, 0, 0, 2], [10, 0, 0, 1])
            };
            assert_eq!(
                tcp.to_header()
                    .calc_checksum_ipv4_raw(source, destination, tcp.payload())
                    .unwrap(),
                tcp.checksum()
            );
            assert_eq!(tcp.payload().len(), piece.2.len());
            tcp.payload().to_vec()
        })
        .collect();
    payloads.split_off(2)
}

fn said(pieces: &[(bool, usize, &str)]) -> Vec<String> {
    let pieces: Vec<Piece> = pieces
        .iter()
        .map(|(by_client, at, text)| (*by_client, *at, text.as_bytes().to_vec()))
        .collect();
    masked(&pieces, &RedactionRules::default())
        .into_iter()
        .map(|payload| String::from_utf8(payload).unwrap())
        .collect()
}

#[test]
fn heads_keep_what_is_harmless_and_bodies_nothing() {
    let said = said(&[(true, 0, REQUEST), (false, 0, RESPONSE)]);
    assert_eq!(
        said,
        [
            "POST /a?token=***********&page=2 HTTP/1.1\r\nHost: shop.test\r\nAuthorization: \
                Bearer ***********\r\nCookie: id=***********\r\nContent-Length: \
            20\r\n\r\n********************",
            "HTTP/1.1 200 OK\r\nServer: test\r\nSet-Cookie: id=***********; \
                Path=/\r\nTransfer-Encoding: \
            chunked\r\n\r\n10**************\r\n****************\r\n0\r\n**********************",
        ],
    );
}

#[test]
fn what_is_sent_again_is_overwritten_as_before_and_what_follows_a_tunnel_is_let_through() {
    let connect = "CONNECT h:443 HTTP/1.1\r\nProxy-Authorization: Basic Q2FuYXJ5\r\n\r\n";
    let record = "\u{16}\u{3}\u{1}\u{0}\u{5}hello";
    let said = said(&[
        (true, 0, connect),
        (false, 0, "HTTP/1.1 200 OK\r\n\r\n"),
        (true, connect.len(), record),
        (true, 10, &connect[10..]),
    ]);
    assert_eq!(
        said[0],
        "CONNECT h:443 HTTP/1.1\r\nProxy-Authorization: Basic ********\r\n\r\n"
    );
    assert_eq!(said[2], record);
    assert_eq!(said[3], &said[0][10..]);
}

#[test]
fn what_is_nothing_known_is_overwritten_and_passwords_of_socks() {
    assert_eq!(
        said(&[(true, 0, "AUTH Canary-7f3a\r\n"), (false, 0, "+OK")]),
        ["*".repeat(18), "***".to_owned()]
    );
    assert_eq!(
        said(&[
            (true, 0, "\u{5}\u{1}\u{2}"),
            (true, 3, "\u{1}\u{3}ada\u{4}pass")
        ])[1],
        "\u{1}\u{3}***\u{4}****"
    );
}

#[test]
fn what_follows_a_head_that_violates_the_grammar_is_overwritten() {
    let response = "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\nContent-Length: 2\r\n\r\nok";
    let next = "HTTP/1.1 200 OK\r\nServer: test\r\n\r\n";
    let said = said(&[(false, 0, response), (false, response.len(), next)]);
    assert_eq!(
        said[0],
        "HTTP/1.1 200 OK\r\nX: 1\r\n*******\r\nContent-Length: 2\r\n\r\n**"
    );
    assert_eq!(said[1], "*".repeat(next.len()));
}

#[test]
fn of_many_connections_the_latest_are_followed() {
    let (mut mask, rules) = (ClearText::default(), RedactionRules::default());
    let record = [22, 3, 1, 0, 5, 1, 2, 3, 4, 5];
    for port in 0..2 * u16::try_from(ClearText::MOST).unwrap() {
        for (syn, payload) in [(true, &[][..]), (false, &record)] {
            let tcp = PacketBuilder::ethernet2([2; 6], [4; 6])
                .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
                .tcp(1_000 + port, 443, 7 + u32::from(!syn), 9);
            let mut frame = Vec::new();
            if syn { tcp.syn() } else { tcp.ack(1) }
                .write(&mut frame, payload)
                .unwrap();
            let before = frame.clone();
            mask.over(
                LinkType::Ethernet,
                frame.len().try_into().unwrap(),
                &mut frame,
                &rules,
            );
            assert!(frame == before, "{port}");
        }
    }
    assert_eq!(
        (mask.talks.len(), mask.began.len()),
        (ClearText::MOST, ClearText::MOST)
    );
}

#[test]
fn a_line_that_is_cut_is_secret_until_it_is_whole() {
    let said = said(&[
        (true, 0, "GET / HTTP/1.1\r\nAccept: */*\r\nAuthoriz"),
        (true, 37, "ation: Bearer Canary-7f3a\r\nHost: h\r\n\r\n"),
    ]);
    assert_eq!(
        said,
        [
            "GET / HTTP/1.1\r\nAccept: */*\r\n********",
            "ation: Bearer ***********\r\nHost: h\r\n\r\n"
        ]
    );
}

/// Stretches of both sides' streams, cut anywhere, some sent twice, in a disturbed order.
fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let cut = |by_client: bool, text: &'static str| {
        vec(1..text.len(), 0..6).prop_map(move |mut cuts| {
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            cuts.dedup();
            cuts.windows(2)
                .map(|ends| {
                    (
                        by_client,
                        ends[0],
                        text.as_bytes()[ends[0]..ends[1]].to_vec(),
                    )
                })
                .collect::<Vec<Piece>>()
        })
    };
    (
        cut(true, REQUEST),
        cut(false, RESPONSE),
        vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
            0..4,
        ),
    )
        .prop_map(|(client, server, disturbed)| {
            let mut pieces = [client, server].concat();
            for (one, other) in disturbed {
                let again = pieces[one.index(pieces.len())].clone();
                let place = other.index(pieces.len() + 1);
                pieces.insert(place, again);
            }
            pieces
        })
}

proptest! {
    #[test]
    fn no_secret_gets_through_however_it_is_cut(pieces in pieces()) {
        for payload in masked(&pieces, &RedactionRules::default()) {
            prop_assert!(!String::from_utf8_lossy(&payload).contains(CANARY));
        }
        // Put together, too.
        for side in [true, false] {
            let mut stream = vec![b' '; 400];
            for ((by_client, at, _), payload) in pieces.iter().zip(masked(&pieces, &RedactionRules::default())) {
                if *by_client == side {
                    stream[*at..*at + payload.len()].copy_from_slice(&payload);
                }
            }
            prop_assert!(!String::from_utf8_lossy(&stream).contains(CANARY));
        }
    }

    #[test]
    fn whatever_is_said_does_no_harm(
        pieces in vec((any::<bool>(), 0_usize..400, vec(any::<u8>(), 1..200)), 0..12),
    ) {
        masked(&pieces, &RedactionRules::default());
    }
}
