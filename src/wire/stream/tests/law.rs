//! However bytes are cut, and in whatever order of arrival, the units are the same.

use proptest::collection::vec;
use proptest::prelude::*;

use super::record::{Passing, client, frame, hello, record, server, told};
use crate::wire::Side;
use crate::wire::http2::PREFACE;

/// What is said in turn: each piece of a list after the ones before it.
fn dialogues() -> impl Strategy<Value = Vec<Passing>> {
    let get = || client(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    let ok = || server(b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let chunked = || {
        server(b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\n")
    };
    let post = || client(b"POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    let settings = || frame(4, 0, 0, &[]);
    let http2_client =
        || client(&[PREFACE.to_vec(), settings(), frame(1, 5, 3, &[0x82, 0x84])].concat());
    let http2_server = || {
        server(
            &[
                settings(),
                frame(1, 4, 3, &[0x88]),
                frame(0, 1, 3, b"hello"),
            ]
            .concat(),
        )
    };
    let tls = || {
        vec![
            client(&hello(true)),
            server(&hello(false)),
            client(&record(23, &[1; 40])),
            server(&record(23, &[2; 90])),
        ]
    };
    let http1 = vec(
        prop::sample::select(vec![
            vec![get(), ok()],
            vec![post(), chunked()],
            vec![get(), chunked()],
            vec![get(), server(b"HTTP/1.1 204 No\r\n\r\n")],
        ]),
        1..4,
    )
    .prop_map(|rounds| rounds.concat());
    let connect = || {
        vec![
            client(b"CONNECT h:443 HTTP/1.1\r\n\r\n"),
            server(b"HTTP/1.1 200 OK\r\n\r\n"),
        ]
    };
    let refused = || {
        vec![
            client(b"CONNECT h:443 HTTP/1.1\r\n\r\n"),
            server(b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"),
        ]
    };
    let h2c = || {
        vec![
            client(b"GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"),
            server(b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n"),
        ]
    };
    let socks = || {
        vec![
            client(&[5, 1, 2]),
            server(&[5, 2]),
            client(b"\x01\x03ada\x04pass"),
            server(&[1, 0]),
            client(&[5, 1, 0, 1, 1, 2, 3, 4, 0, 80]),
            server(&[5, 0, 0, 3, 1, b'h', 0, 80]),
        ]
    };
    let starttls = || {
        vec![
            server(b"220 m ESMTP\r\n"),
            client(b"EHLO c\r\n"),
            server(b"250-m\r\n250 STARTTLS\r\n"),
            client(b"STARTTLS\r\n"),
            server(b"220 go\r\n"),
        ]
    };
    let anything = vec((any::<bool>(), vec(any::<u8>(), 1..60)), 1..5).prop_map(|said| {
        said.into_iter()
            .map(|(by_client, bytes)| {
                if by_client {
                    client(&bytes)
                } else {
                    server(&bytes)
                }
            })
            .collect::<Vec<_>>()
    });
    prop_oneof![
        http1.clone(),
        http1
            .clone()
            .prop_map(move |rounds| [refused(), rounds].concat()),
        http1.prop_map(move |rounds| [connect(), rounds].concat()),
        Just([connect(), tls()].concat()),
        Just([socks(), tls()].concat()),
        Just([starttls(), tls()].concat()),
        Just(tls()),
        Just(vec![http2_client(), http2_server()]),
        Just([h2c(), vec![http2_client(), http2_server()]].concat()),
        anything,
    ]
}

/// Takes some bytes out: a stretch of one of the pieces.
fn with_a_gap(
    mut said: Vec<Passing>,
    at: prop::sample::Index,
    from: usize,
    length: usize,
) -> Vec<Passing> {
    let place = at.index(said.len());
    let Passing::Bytes(side, bytes) = said[place].clone() else {
        return said;
    };
    let begin = from.min(bytes.len());
    let end = (begin + length).min(bytes.len());
    if begin < end {
        let pieces = [
            Passing::Bytes(side, bytes[..begin].to_vec()),
            Passing::Gap(side, (end - begin) as u64),
            Passing::Bytes(side, bytes[end..].to_vec()),
        ];
        said.splice(place..=place, pieces);
    }
    said
}

/// The same in pieces of given lengths, one after the other and around again.
fn cut(said: &[Passing], lengths: &[usize]) -> Vec<Passing> {
    let mut lengths = lengths.iter().copied().cycle();
    let mut pieces = Vec::new();
    for one in said {
        let Passing::Bytes(side, bytes) = one else {
            pieces.push(one.clone());
            continue;
        };
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(lengths.next().unwrap().min(rest.len()));
            pieces.push(Passing::Bytes(*side, piece.to_vec()));
            rest = behind;
        }
    }
    pieces
}

/// The client's pieces as early as can be: each before those of the server that came right before
/// it, so often.
fn client_hurries(mut pieces: Vec<Passing>, times: usize) -> Vec<Passing> {
    let is_client = |piece: &Passing| {
        matches!(
            piece,
            Passing::Bytes(Side::Client, _) | Passing::Gap(Side::Client, _)
        )
    };
    for _ in 0..times {
        let early = (1..pieces.len())
            .find(|place| is_client(&pieces[*place]) && !is_client(&pieces[place - 1]));
        let Some(place) = early else { break };
        pieces.swap(place - 1, place);
    }
    pieces
}

proptest! {
    #[test]
    fn pieces_do_not_matter(said in dialogues(), lengths in vec(1_usize..30, 1..6)) {
        prop_assert_eq!(told(&cut(&said, &lengths)).both(), told(&said).both());
    }

    #[test]
    fn pieces_do_not_matter_around_a_gap(
        said in dialogues(), lengths in vec(1_usize..30, 1..6), at in any::<prop::sample::Index>(), from in 0_usize..90, length in 1_usize..90,
    ) {
        let said = with_a_gap(said, at, from, length);
        prop_assert_eq!(told(&cut(&said, &lengths)).both(), told(&said).both());
    }

    #[test]
    fn a_client_may_send_before_it_is_answered(said in dialogues(), times in 0_usize..12) {
        // A server that speaks first speaks by itself; else its answers follow what they answer.
        prop_assert_eq!(told(&client_hurries(said.clone(), times)).both(), told(&said).both());
    }

    #[test]
    fn every_byte_is_told_once(said in dialogues(), at in any::<prop::sample::Index>(), from in 0_usize..90, length in 1_usize..90) {
        for said in [said.clone(), with_a_gap(said, at, from, length)] {
            let lines = told(&said).both();
            for (side, lines) in [Side::Client, Side::Server].into_iter().zip(lines) {
                let mut end = 0;
                for line in &lines {
                    let words: Vec<&str> = line.split(' ').collect();
                    let (start, next) = match words.as_slice() {
                        ["unit", "Transport", "{", "stream:", "0", "}", range, ..] => {
                            let (start, next) = range.split_once("..").unwrap();
                            (start.parse().unwrap(), next.parse().unwrap())
                        }
                        ["gap", range, ..] => {
                            let (start, count) = range.split_once('+').unwrap();
                            let (start, count): (u64, u64) = (start.parse().unwrap(), count.parse().unwrap());
                            (start, start + count)
                        }
                        _ => continue,
                    };
                    prop_assert_eq!(start, end, "{:?}", lines);
                    end = next;
                }
                let bytes: u64 = said.iter().map(|one| match one {
                    Passing::Bytes(from, bytes) if *from == side => bytes.len() as u64,
                    Passing::Gap(from, bytes) if *from == side => *bytes,
                    _ => 0,
                }).sum();
                prop_assert_eq!(end, bytes, "{:?}", lines);
            }
        }
    }
}
