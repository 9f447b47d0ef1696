//! Property: however the bytes are split, and in whatever order the directions arrive, the units
//! are the same.

use proptest::collection::vec;
use proptest::prelude::*;

use super::record::{ParserInput, client, frame, hello, parse_all, record, server};
use crate::wire::Side;
use crate::wire::http2::PREFACE;

const CHUNKED: &[u8] = b"HTTP/1.1 103 E\r\n\r\n\
    HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
    3;x\r\nabc\r\n0\r\nT: u\r\n\r\n";

/// Generates conversations in which the sides take turns.
fn dialogues() -> impl Strategy<Value = Vec<ParserInput>> {
    let get = || client(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    let ok = || server(b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let chunked = || server(CHUNKED);
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

/// Removes a range from one of the pieces.
fn with_gap(
    mut said: Vec<ParserInput>,
    at: prop::sample::Index,
    from: usize,
    length: usize,
) -> Vec<ParserInput> {
    let place = at.index(said.len());
    let ParserInput::Bytes(side, bytes) = said[place].clone() else {
        return said;
    };
    let begin = from.min(bytes.len());
    let end = (begin + length).min(bytes.len());
    if begin < end {
        let pieces = [
            ParserInput::Bytes(side, bytes[..begin].to_vec()),
            ParserInput::Gap(side, (end - begin) as u64),
            ParserInput::Bytes(side, bytes[end..].to_vec()),
        ];
        said.splice(place..=place, pieces);
    }
    said
}

/// Splits the input into pieces of the given lengths, used in rotation.
fn split_pieces(said: &[ParserInput], lengths: &[usize]) -> Vec<ParserInput> {
    let mut lengths = lengths.iter().copied().cycle();
    let mut pieces = Vec::new();
    for one in said {
        let ParserInput::Bytes(side, bytes) = one else {
            pieces.push(one.clone());
            continue;
        };
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(lengths.next().unwrap().min(rest.len()));
            pieces.push(ParserInput::Bytes(*side, piece.to_vec()));
            rest = behind;
        }
    }
    pieces
}

/// Moves the client's pieces ahead of the server's pieces directly before them, `times` times.
fn with_client_ahead(mut pieces: Vec<ParserInput>, times: usize) -> Vec<ParserInput> {
    let is_client = |piece: &ParserInput| {
        matches!(
            piece,
            ParserInput::Bytes(Side::Client, _) | ParserInput::Gap(Side::Client, _)
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
        prop_assert_eq!(parse_all(&split_pieces(&said, &lengths)).both(), parse_all(&said).both());
    }

    #[test]
    fn pieces_do_not_matter_around_a_gap(
        said in dialogues(),
        lengths in vec(1_usize..30, 1..6),
        at in any::<prop::sample::Index>(),
        from in 0_usize..90,
        length in 1_usize..90,
    ) {
        let said = with_gap(said, at, from, length);
        prop_assert_eq!(parse_all(&split_pieces(&said, &lengths)).both(), parse_all(&said).both());
    }

    #[test]
    fn a_client_may_send_before_it_is_answered(said in dialogues(), times in 0_usize..12) {
        // A server that speaks first does so unprompted; otherwise its responses follow the
        // requests.
        let ahead = with_client_ahead(said.clone(), times);
        prop_assert_eq!(parse_all(&ahead).both(), parse_all(&said).both());
    }

    #[test]
    fn every_byte_is_reported_once(
        said in dialogues(),
        at in any::<prop::sample::Index>(),
        from in 0_usize..90,
        length in 1_usize..90,
    ) {
        for said in [said.clone(), with_gap(said, at, from, length)] {
            let lines = parse_all(&said).both();
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
                            let start: u64 = start.parse().unwrap();
                            let count: u64 = count.parse().unwrap();
                            (start, start + count)
                        }
                        _ => continue,
                    };
                    prop_assert_eq!(start, end, "{:?}", lines);
                    end = next;
                }
                let bytes: u64 = said.iter().map(|one| match one {
                    ParserInput::Bytes(from, bytes) if *from == side => bytes.len() as u64,
                    ParserInput::Gap(from, bytes) if *from == side => *bytes,
                    _ => 0,
                }).sum();
                prop_assert_eq!(end, bytes, "{:?}", lines);
            }
        }
    }
}
