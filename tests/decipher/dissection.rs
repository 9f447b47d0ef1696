//! Whole connections taken apart from the packets that carried them.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use etherparse::PacketBuilder;
use proptest::collection::vec;
use proptest::prelude::*;
use rustls::crypto::aws_lc_rs::cipher_suite;
use tapline::dissect::{Dissection, StartLine, dissect, pair_messages};
use tapline::trace::PartKind::{
    self, Http1Body as Body, Http1ChunkHeader as Size, Http1Head as Head,
    Http1InformationalHead as Informs, Http1Trailers as Trailers,
};
use tapline::trace::{
    ByteStore, Event, EventKind, Flow, HttpHeader, Packet, PacketLocation, StoreError, Trace,
};
use tapline::units::{Moment, Nanos, WallTime};
use tapline::wire::tls::KeyLog;
use tapline::wire::{LinkType, Side, parse_segment};

use super::talk::Talk;

/// Frames in memory.
#[derive(Default)]
struct Memory(Vec<u8>);

impl ByteStore for Memory {
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let begin = usize::try_from(stored.at).unwrap();
        let end = begin + (stored.bytes.get() as usize).min(most);
        self.0[begin..end].clone_into(into);
        Ok(())
    }

    fn link_type(&self, _: u16) -> Option<u16> {
        Some(1)
    }
}

/// A capture of one connection.
#[derive(Default)]
struct Captured {
    store: Memory,
    events: Vec<Event>,
}

const ISN: [u32; 2] = [u32::MAX - 50, 9_000];

impl Captured {
    fn opened() -> Self {
        let mut captured = Self::default();
        captured.packet(0, 0, &[], true);
        captured.packet(1, 0, &[], true);
        captured
    }

    /// A segment from a side (0: the client) at an offset of its stream.
    fn packet(&mut self, from: usize, offset: u32, payload: &[u8], syn: bool) {
        let ends: [SocketAddr; 2] = [([10, 0, 0, 1], 50_000).into(), ([10, 0, 0, 2], 443).into()];
        let address = |end: SocketAddr| {
            if let SocketAddr::V4(end) = end {
                end.ip().octets()
            } else {
                [0; 4]
            }
        };
        let (source, destination) = (ends[from], ends[1 - from]);
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(
            address(source),
            address(destination),
            64,
        );
        let seq = ISN[from].wrapping_add(offset).wrapping_add(u32::from(!syn));
        let mut builder = builder.tcp(source.port(), destination.port(), seq, 500);
        if syn {
            builder = builder.syn();
        }
        if !syn || from == 1 {
            builder = builder.ack(ISN[1 - from].wrapping_add(1));
        }
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).unwrap();
        self.keep(&frame, 1_000_000);
    }

    /// A datagram between a client and port 53, 5 ms after the one before.
    fn datagram(&mut self, from: usize, payload: &[u8]) {
        let ends = [([10, 0, 0, 1], 50_000), ([10, 0, 0, 2], 53)];
        let builder =
            PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(ends[from].0, ends[1 - from].0, 64);
        let mut frame = Vec::new();
        builder
            .udp(ends[from].1, ends[1 - from].1)
            .write(&mut frame, payload)
            .unwrap();
        self.keep(&frame, 5_000_000);
    }

    fn keep(&mut self, frame: &[u8], pace: u64) {
        let bytes = u32::try_from(frame.len()).unwrap();
        let stored = PacketLocation {
            at: self.store.0.len() as u64,
            bytes: NonZeroU32::new(bytes).unwrap(),
            interface: 0,
        };
        let segment = parse_segment(LinkType::Ethernet, frame, bytes).unwrap();
        let wall = WallTime(pace * self.events.len() as u64);
        self.store.0.extend(frame);
        let packet = Packet::from_segment(&segment, wall, bytes, Some(stored));
        self.events.push(Event {
            at: Moment::START,
            kind: EventKind::Packets {
                packets: vec![packet],
            },
        });
    }

    /// A stream cut into segments of a length.
    fn stream(&mut self, from: usize, bytes: &[u8], length: usize) {
        for (place, piece) in bytes.chunks(length).enumerate() {
            self.packet(from, u32::try_from(place * length).unwrap(), piece, false);
        }
    }

    fn dissect(&self, keys: &KeyLog) -> Dissection {
        let trace = Trace::from_events(self.events.clone());
        let flow: &Flow = &trace.flows()[0];
        dissect(flow, &self.store, keys)
    }
}

fn starts(dissection: &Dissection) -> Vec<String> {
    let line = |start: &StartLine| match start {
        StartLine::Request { method, target } => format!("{} {}", method.raw(), target.raw()),
        StartLine::Response { status } => status.to_string(),
        StartLine::Trailers => "trailers".to_owned(),
    };
    dissection
        .messages
        .iter()
        .map(|message| line(&message.start))
        .collect()
}

fn parts(dissection: &Dissection, from: Side) -> Vec<(u64, u64, PartKind)> {
    dissection
        .layers
        .of(from)
        .parts()
        .iter()
        .map(|part| (part.at, part.bytes, part.what))
        .collect()
}

const QUESTION: &[u8] = b"GET /a HTTP/1.1\r\nHost: site.test\r\n\r\nHEAD /b HTTP/1.1\r\nHost: \
    site.test\r\n\r\nGET /c HTTP/1.1\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: \
    chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n\
                        HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 Not \
Found\r\nContent-Length: 2\r\n\r\nno";

fn expect_http1(dissection: &Dissection) {
    assert_eq!(
        starts(dissection),
        ["GET /a", "HEAD /b", "GET /c", "103", "200", "200", "404"]
    );
    assert_eq!(
        dissection.messages[0].headers,
        [HttpHeader::new("Host", "site.test")]
    );
    let pairs: Vec<_> = pair_messages(&dissection.messages)
        .map(|(_, answer)| answer.map(|answer| answer.start.clone()))
        .collect();
    assert_eq!(
        pairs,
        [200, 200, 404].map(|status| Some(StartLine::Response { status }))
    );
    let server = parts(dissection, Side::Server);
    let kinds: Vec<PartKind> = server.iter().map(|(_, _, what)| *what).collect();
    assert_eq!(
        kinds,
        [Informs, Head, Size, Body, Size, Trailers, Head, Head, Body]
    );
    assert_eq!(
        server.iter().map(|(_, bytes, _)| bytes).sum::<u64>(),
        ANSWER.len() as u64
    );
    assert_eq!(dissection.notes, Vec::<String>::new());
}

#[test]
fn http1_in_the_clear_in_segments_of_any_length() {
    for length in [1, 7, 100, 1_448] {
        let mut captured = Captured::opened();
        captured.stream(0, QUESTION, length);
        captured.stream(1, ANSWER, length);
        let dissection = captured.dissect(&KeyLog::default());
        assert_eq!(dissection.protocols, ["HTTP/1"]);
        expect_http1(&dissection);
    }
}

#[test]
fn tls_is_opened_with_a_key_log_and_said_to_be_shut_without() {
    for suite in [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ] {
        let mut talk = Talk::new(suite, None);
        talk.settle();
        talk.say(QUESTION, ANSWER);
        let mut captured = Captured::opened();
        captured.stream(0, &talk.passed[0], 1_448);
        captured.stream(1, &talk.passed[1], 1_448);
        let dissection = captured.dissect(&talk.key_log());
        assert_eq!(dissection.protocols[1], "HTTP/1");
        expect_http1(&dissection);
        let records = dissection.layers.of(Side::Server).records();
        assert_eq!(
            records
                .iter()
                .map(|record| u64::from(record.bytes))
                .sum::<u64>(),
            talk.passed[1].len() as u64
        );
        assert_eq!(
            records
                .iter()
                .map(|record| u64::from(record.plain_bytes))
                .sum::<u64>(),
            ANSWER.len() as u64
        );

        let shut = captured.dissect(&KeyLog::default());
        assert!(shut.messages.is_empty() && shut.layers.of(Side::Server).parts().is_empty());
        assert_eq!(shut.layers.of(Side::Server).records().len(), records.len());
        assert_eq!(
            shut.notes,
            ["what is inside TLS is not shown: the key log has no secrets of this connection"]
        );
    }
}

#[test]
fn order_and_repetition_do_not_matter_and_a_gap_is_said() {
    let mut captured = Captured::opened();
    captured.stream(0, QUESTION, 1_448);
    let pieces: Vec<(u32, &[u8])> = ANSWER
        .chunks(40)
        .enumerate()
        .map(|(place, piece)| (u32::try_from(place * 40).unwrap(), piece))
        .collect();
    for (offset, piece) in pieces.iter().rev().chain(&pieces) {
        captured.packet(1, *offset, piece, false);
    }
    expect_http1(&captured.dissect(&KeyLog::default()));

    let mut lossy = Captured::opened();
    lossy.stream(0, QUESTION, 1_448);
    for (offset, piece) in pieces.iter().filter(|(offset, _)| *offset != 40) {
        lossy.packet(1, *offset, piece, false);
    }
    let dissection = lossy.dissect(&KeyLog::default());
    // The next head is found again; which of three requests it answers, nobody can know.
    let found = ["GET /a", "HEAD /b", "GET /c", "103", "200"];
    assert_eq!(starts(&dissection), found);
    assert!(pair_messages(&dissection.messages).all(|(_, answer)| answer.is_none()));
    assert_eq!(
        dissection.notes[0],
        "40 bytes at offset 40 were not captured"
    );
}

#[test]
fn a_body_of_known_length_is_followed_over_a_gap() {
    let mut captured = Captured::opened();
    captured.stream(0, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", 1_448);
    let answer = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".as_slice(),
        &[b'x'; 1_000],
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ]
    .concat();
    for (place, piece) in answer
        .chunks(100)
        .enumerate()
        .filter(|(place, _)| *place != 4)
    {
        captured.packet(1, u32::try_from(place * 100).unwrap(), piece, false);
    }
    assert_eq!(
        starts(&captured.dissect(&KeyLog::default())),
        ["GET /a", "GET /b", "200", "204"]
    );
}

#[test]
fn http2_is_told_frame_by_frame() {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let mut bytes = vec![
            0,
            0,
            u8::try_from(payload.len()).unwrap(),
            kind,
            flags,
            0,
            0,
            0,
            stream,
        ];
        bytes.extend(payload);
        bytes
    };
    // GET https / with an authority, and 200: RFC 7541 §A, §C.
    let request = [
        &[3_u8, 0, 0, 0, 0, 9, 0x82, 0x87][..],
        &[0x84, 0x41, 1, b'x', 0, 0, 0],
    ]
    .concat();
    let client = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, &[]),
        frame(1, 0x2d, 1, &request),
    ]
    .concat();
    let server = [
        frame(4, 0, 0, &[]),
        frame(1, 0, 1, &[0x88]),
        frame(9, 4, 1, &[]),
        frame(0, 1, 1, b"hello"),
    ]
    .concat();
    for length in [1, 10, 1_448] {
        let mut captured = Captured::opened();
        captured.stream(0, &client, length);
        captured.stream(1, &server, length);
        let dissection = captured.dissect(&KeyLog::default());
        assert_eq!(
            (dissection.protocols.as_slice(), starts(&dissection)),
            (
                ["HTTP/2"].as_slice(),
                vec!["GET /".to_owned(), "200".to_owned()]
            )
        );
        assert_eq!(dissection.messages[1].stream, Some(1));
        let frames: Vec<_> = parts(&dissection, Side::Server)
            .iter()
            .map(|(at, bytes, _)| (*at, *bytes))
            .collect();
        assert_eq!(frames, [(0, 9), (9, 10), (19, 9), (28, 14)]);
    }
}

#[test]
fn questions_to_a_dns_server_find_their_answers() {
    let message = |id: u8, flags: u8, name: &[u8], answers: &[u8]| {
        let count = u8::from(!answers.is_empty());
        let mut bytes = vec![0, id, flags, 3 * (flags >> 7), 0, 1, 0, count, 0, 0, 0, 0];
        bytes.extend(name);
        bytes.extend([0, 0, 1, 0, 1]);
        bytes.extend(answers);
        bytes
    };
    let mut captured = Captured::default();
    captured.datagram(0, &message(1, 1, b"\x01a\x04test", &[]));
    captured.datagram(0, &message(2, 1, b"\x01b\x04test", &[]));
    captured.datagram(1, &message(2, 0x81, b"\x01b\x04test", &[]));
    captured.datagram(1, &message(9, 0x81, b"\x01a\x04test", &[]));
    let dissection = captured.dissect(&KeyLog::default());
    assert_eq!(dissection.protocols, ["DNS"]);
    let said: Vec<_> = dissection
        .asked
        .iter()
        .map(|asked| {
            (
                asked.name.raw(),
                asked.answer.as_ref().map(|answer| answer.rcode.as_str()),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("a.test", None),
            ("b.test", Some("NXDOMAIN")),
            ("a.test", Some("NXDOMAIN"))
        ]
    );
    assert_eq!(dissection.asked[1].took, Some(Nanos::from_millis(5)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_in_any_order_make_it_panic(
        segments in vec((0_usize..2, 0_u32..3_000, vec(any::<u8>(), 0..300)), 0..20),
        opening in 0_usize..4,
    ) {
        let openings: [&[u8]; 4] = [
            b"",
            b"GET / HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            &[22, 3, 1, 0, 40, 1, 0, 0, 36],
        ];
        let mut captured = Captured::opened();
        captured.packet(0, 0, openings[opening], false);
        for (from, offset, bytes) in &segments {
            captured.packet(*from, *offset, bytes, false);
        }
        let dissection = captured.dissect(&KeyLog::default());
        for side in [Side::Client, Side::Server] {
            let layers = dissection.layers.of(side);
            prop_assert!(layers.parts().is_sorted_by_key(|part| part.at));
            prop_assert!(layers.records().is_sorted_by_key(|record| record.at));
        }
    }
}
