//! Expected output of the parser for connections of each protocol.

use super::record::{ParserInput, client, frame, hello, parse_all, record, server};
use crate::wire::Side;
use crate::wire::http2::PREFACE;
use crate::wire::stream::{StreamParser, UnreportedBytes};

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn heads_bodies_and_chunks_are_units() {
    let answer = b"HTTP/1.1 103 Early\r\n\r\n\
        HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\nabc\r\n0\r\nX: y\r\n\r\n";
    let lines = parse_all(&[client(GET), server(answer)]).both();
    assert_eq!(
        lines[1],
        [
            "speaks Http1 from 0 for None",
            "unit Transport { stream: 0 } 0..22 Http1Head { status: Some(103) } true",
            "head 0 Some(0) 103",
            "unit Transport { stream: 0 } 22..69 Http1Head { status: Some(200) } true",
            "head 22 Some(0) 200",
            "unit Transport { stream: 0 } 69..72 Http1ChunkHeader true",
            "unit Transport { stream: 0 } 72..75 Http1Body true",
            "unit Transport { stream: 0 } 75..80 Http1ChunkHeader true",
            "unit Transport { stream: 0 } 80..88 Http1Trailers true",
            "message Some(0)",
        ]
    );
}

#[test]
fn a_response_to_head_has_no_body() {
    let head = b"HEAD / HTTP/1.1\r\n\r\n";
    let answer = [&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"[..], OK].concat();
    let heads = parse_all(&[client(&[head, GET].concat()), server(&answer)]).lines("head");
    assert_eq!(heads[2..], ["head 0 Some(0) 200", "head 38 Some(1) 200"]);
}

#[test]
fn the_request_that_asked_for_http2_is_its_first_stream() {
    let ask = b"GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n";
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n";
    let settings = frame(4, 0, 0, &[]);
    let answer = [switch.to_vec(), settings.clone(), frame(1, 5, 1, &[0x88])].concat();
    let passing = [
        client(ask),
        server(&answer),
        client(&[PREFACE, &settings].concat()),
    ];
    let told = parse_all(&passing).both();
    assert!(
        told[0].contains(&"speaks Http2 from 33 for Some(0)".to_owned()),
        "{told:?}"
    );
    assert!(
        told[1].contains(&"speaks Http2 from 50 for Some(0)".to_owned()),
        "{told:?}"
    );
    assert!(
        told[1].contains(&"head 59 None stream 1 :status=200".to_owned()),
        "{told:?}"
    );
}

#[test]
fn bytes_after_an_upgrade_are_not_http1() {
    let ask = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    let passing = [
        client(ask),
        server(&[&switch[..], b"\x81\x05hello"].concat()),
        client(b"\x81\x85aaaabcdef"),
    ];
    let heads = parse_all(&passing).lines("head");
    assert_eq!(heads, ["head 0 Some(0) GET /", "head 0 Some(0) 101"]);
}

#[test]
fn a_request_for_an_upgrade_that_is_refused_is_followed_by_others() {
    let ask = b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n";
    let heads = parse_all(&[client(ask), server(OK), client(GET), server(OK)]).lines("head");
    assert_eq!(heads[1], "head 32 Some(1) GET /a");
    assert_eq!(heads[3], "head 43 Some(1) 200");
}

#[test]
fn tls_in_a_tunnel_is_detected() {
    let connect = b"CONNECT inner:443 HTTP/1.1\r\n\r\n";
    let greeting: [&[u8]; 2] = [
        &[5, 1, 0, 5, 1, 0, 3, 1, b'h', 1, 187],
        &[5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 1, 187],
    ];
    for [ask, answer] in [[&connect[..], b"HTTP/1.1 200 OK\r\n\r\n"], greeting] {
        let passing = [
            client(ask),
            server(answer),
            client(&hello(true)),
            server(&hello(false)),
        ];
        let hellos = parse_all(&passing).lines("hello");
        assert_eq!(hellos, ["hello Some(\"host\")", "hello 0304"]);
    }
}

#[test]
fn tls_after_starttls_is_detected() {
    let passing = [
        server(b"220 mail ESMTP\r\n"),
        client(b"EHLO c\r\n"),
        server(b"250-mail\r\n250 STARTTLS\r\n"),
        client(b"STARTTLS\r\n"),
        server(b"220 go\r\n"),
        client(&hello(true)),
        server(&hello(false)),
    ];
    let told = parse_all(&passing).both().concat();
    assert!(
        told.contains(&"speaks Text(Some(\"SMTP\")) from 0 for None".to_owned()),
        "{told:?}"
    );
    let hellos: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("hello"))
        .collect();
    assert_eq!(hellos, ["hello Some(\"host\")", "hello 0304"]);
}

#[test]
fn lines_of_other_protocols_are_no_http() {
    let passing = [
        server(b"220 ftp\r\n"),
        client(b"USER anonymous\r\n"),
        server(b"331 pw\r\n"),
    ];
    let told = parse_all(&passing);
    assert_eq!(
        told.lines("speaks"),
        [
            "speaks Text(None) from 0 for None",
            "speaks Text(Some(\"FTP\")) from 0 for None"
        ]
    );
}

#[test]
fn a_response_whose_head_is_lost_does_not_shift_those_after_it() {
    let mut passing = Vec::new();
    for round in 0..3 {
        passing.push(client(GET));
        passing.push(if round == 0 {
            ParserInput::Gap(Side::Server, 40)
        } else {
            server(OK)
        });
        if round == 0 {
            passing.push(server(b"hello"));
        }
    }
    let heads = parse_all(&passing).lines("head");
    assert_eq!(heads[3..], ["head 45 Some(1) 200", "head 88 Some(2) 200"]);
}

#[test]
fn a_gap_within_a_body_or_a_chunk_does_not_matter() {
    for (answer, cut, gap) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"[..], 0, 50),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nab",
            2,
            30,
        ),
    ] {
        let rest: &[u8] = if cut == 0 { b"" } else { b"\r\n0\r\n\r\n" };
        let passing = [
            client(&[GET, GET].concat()),
            server(answer),
            ParserInput::Gap(Side::Server, gap),
            server(&[rest, OK].concat()),
        ];
        let heads = parse_all(&passing).lines("head");
        assert_eq!(heads.len(), 4, "{heads:?}");
        assert!(heads[3].contains("Some(1) 200"), "{heads:?}");
    }
}

#[test]
fn a_request_is_found_behind_a_gap() {
    let passing = [
        ParserInput::Gap(Side::Client, 9),
        client(&[b"x=1", GET].concat()),
        server(OK),
    ];
    let told = parse_all(&passing).both();
    assert_eq!(
        told[0],
        [
            "gap 0+9 within None",
            "unit Transport { stream: 0 } 9..12 Skipped false",
            "speaks Http1 from 12 for None",
            "unit Transport { stream: 0 } 12..40 Http1Head { status: None } true",
            "head 12 Some(0) GET /a",
            "message Some(0)",
        ]
    );
}

#[test]
fn records_are_found_behind_a_gap_and_followed_through_one() {
    let data = record(23, &[9; 20]);
    let passing = [
        client(&hello(true)),
        client(&data[..9]),
        ParserInput::Gap(Side::Client, 16),
        client(&data),
        ParserInput::Gap(Side::Client, 7),
        client(&[1, 2, 3]),
        client(&[data.clone(), data.clone()].concat()),
    ];
    let begun = u64::try_from(hello(true).len()).unwrap();
    let units = parse_all(&passing).lines("unit");
    let ranges: Vec<String> = [
        (0, begun),
        (begun, begun + 9),
        (begun + 25, begun + 50),
        (begun + 57, begun + 60),
        (begun + 60, begun + 85),
        (begun + 85, begun + 110),
    ]
    .iter()
    .map(|(start, end)| format!("{start}..{end}"))
    .collect();
    assert_eq!(units.len(), ranges.len(), "{units:?}");
    assert!(
        units
            .iter()
            .zip(ranges)
            .all(|(unit, range)| unit.contains(&range)),
        "{units:?}"
    );
}

#[test]
fn a_gap_within_a_frame_leaves_the_next_in_place_and_a_larger_one_ends_it() {
    let begin = [
        PREFACE.to_vec(),
        frame(4, 0, 0, &[]),
        frame(0, 0, 1, &[7; 30])[..19].to_vec(),
    ]
    .concat();
    let headers = frame(1, 5, 3, &[0x82, 0x84]);
    let passing = [
        client(&begin),
        ParserInput::Gap(Side::Client, 20),
        client(&headers),
    ];
    assert_eq!(
        parse_all(&passing).lines("head"),
        ["head 72 None stream 3 :method=GET :path=/"]
    );
    let passing = [
        client(&begin),
        ParserInput::Gap(Side::Client, 21),
        client(&headers),
    ];
    let lost = parse_all(&passing);
    assert_eq!(
        lost.of(Side::Client).last().unwrap(),
        "fault 73 where a frame of HTTP/2 begins is not known any more"
    );
    assert_eq!(lost.lines("head"), Vec::<String>::new());
}

#[test]
fn a_lost_field_section_is_reported_and_frames_continue() {
    let begin = [PREFACE.to_vec(), frame(1, 5, 1, &[7; 9])[..9].to_vec()].concat();
    let passing = [
        client(&begin),
        ParserInput::Gap(Side::Client, 9),
        client(&frame(1, 5, 3, &[0x82])),
    ];
    let told = parse_all(&passing).both().concat();
    assert!(
        told.iter()
            .any(|line| line.starts_with("fault 33 a field section")),
        "{told:?}"
    );
    assert_eq!(
        told.iter()
            .filter(|line| line.starts_with("unit") && line.contains("Http2Frame"))
            .count(),
        2
    );
}

#[test]
fn a_direction_begins_anew() {
    let (mut parser, mut record) = (
        StreamParser::default(),
        super::record::RecordedUnits::default(),
    );
    parser.push(Side::Client, GET, &mut record);
    parser.restart(Side::Client, true);
    assert_eq!(parser.reported_to(Side::Client), 0);
    parser.push(Side::Client, &GET[..4], &mut record);
    assert_eq!(
        parser.unreported(Side::Client),
        UnreportedBytes::Unrecognised
    );
}

#[test]
fn units_are_the_same_whether_fields_are_wanted_or_not() {
    let bytes = [
        PREFACE.to_vec(),
        frame(1, 5, 1, &[0x82, 0xff]),
        frame(0, 1, 1, b"a"),
    ]
    .concat();
    let units = |skips_fields| {
        let mut record = super::record::RecordedUnits::default();
        record.skips_fields = skips_fields;
        StreamParser::default().push(Side::Client, &bytes, &mut record);
        record.lines("unit")
    };
    assert_eq!(units(true), units(false));
}

#[test]
fn a_head_without_end_is_cut_at_the_same_place_in_any_pieces() {
    let line = [
        b"\r\nGET / HTTP/1.1\r\nA: ".as_slice(),
        &vec![b'x'; 300_000],
    ]
    .concat();
    let whole = parse_all(&[client(&line)]).both();
    let pieces: Vec<ParserInput> = line.chunks(1_000).map(client).collect();
    assert_eq!(parse_all(&pieces).both(), whole);
    let fault = "fault 262146 a head of HTTP/1 has no end".to_owned();
    assert!(whole[0].contains(&fault), "{:?}", whole[0]);
}

#[test]
fn tls_within_an_unknown_protocol_is_detected() {
    let passing = [
        client(&[0, 0, 0, 8, 4, 210, 22, 47]),
        server(b"\x01S"),
        client(&hello(true)),
        server(&hello(false)),
    ];
    let hellos = parse_all(&passing).lines("hello");
    assert_eq!(hellos, ["hello Some(\"host\")", "hello 0304"]);
}
