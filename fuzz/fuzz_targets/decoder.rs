//! Arbitrary bytes as the input of every decoder: the first byte selects one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tapline::wire::LinkType;
use tapline::wire::dns::DnsMessage;
use tapline::wire::hpack::FieldDecoder;
use tapline::wire::http1::{BodyReader, HeadBuffer, request_framing, response_framing};
use tapline::wire::packet_headers::parse_headers;
use tapline::wire::quic::{InitialReader, long_header_packets};
use tapline::wire::stream::{StreamParser, UnitPiece, UnitSink};
use tapline::wire::tls::{
    ClientHello, Decipherer, HandshakeReader, KeyLog, RecordBoundary, Side, ServerHello,
};

const LINK_TYPES: [LinkType; 5] = [
    LinkType::Ethernet,
    LinkType::LinuxCooked,
    LinkType::LinuxCooked2,
    LinkType::Raw,
    LinkType::Loopback,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    match choice % 10 {
        0 => drop(parse_headers(
            LINK_TYPES[usize::from(choice / 10) % LINK_TYPES.len()],
            bytes,
        )),
        1 => drop(DnsMessage::parse(bytes)),
        2 => {
            let mut decoder = FieldDecoder::default();
            bytes
                .chunks(64)
                .for_each(|section| drop(decoder.decode(section)));
        }
        3 => http1(bytes),
        4 => {
            let (mut parser, mut reported) = (StreamParser::new_http2(true), ByteCount(0));
            bytes
                .chunks(7)
                .for_each(|piece| parser.push(Side::Client, piece, &mut reported));
            parser.push(Side::Server, bytes, &mut reported);
            assert!(reported.0 <= 2 * bytes.len() as u64);
        }
        5 => {
            assert!(long_header_packets(bytes).count() <= bytes.len());
            drop(InitialReader::default().read(Side::Client, bytes));
        }
        6 => {
            let (mut seen, mut headers) = (0_usize, 0_usize);
            HandshakeReader::default().read(Side::Server, bytes, |_| seen += 1);
            RecordBoundary::default().for_each_header(bytes, |_| headers += 1);
            assert!(seen <= bytes.len() && headers <= bytes.len());
        }
        7 => KeyLog::default().read(bytes),
        8 => stream(bytes),
        _ => decipher(bytes),
    }
});

fn http1(bytes: &[u8]) {
    let mut head = HeadBuffer::default();
    let Ok(taken) = head.take(bytes) else { return };
    let rest = bytes.get(taken..).unwrap_or_default();
    let mut reported = 0_usize;
    if let Ok(request) = head.request() {
        BodyReader::new(request_framing(&request)).read(rest, |_, bytes, _| reported += bytes);
    }
    if let Ok(response) = head.response() {
        BodyReader::new(response_framing(&response, false))
            .read(rest, |_, bytes, _| reported += bytes);
    }
    assert!(reported <= 2 * rest.len());
}

/// Number of bytes in the units reported by a parser.
struct ByteCount(u64);

impl UnitSink for ByteCount {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        self.0 += piece.bytes.len() as u64;
    }
}

/// Parses pieces of both directions, with gaps.
fn stream(bytes: &[u8]) {
    let (mut parser, mut reported) = (StreamParser::default(), ByteCount(0));
    for piece in bytes.chunks(40) {
        let from = if piece[0] & 1 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        match piece[0] & 0xf0 {
            0xf0 => parser.push_gap(from, u64::from(piece[0]), &mut reported),
            _ => parser.push(from, &piece[1..], &mut reported),
        }
    }
    parser.finish(Side::Client, &mut reported);
    parser.finish(Side::Server, &mut reported);
    assert!(reported.0 <= bytes.len() as u64);
}

/// Decrypts records with a key log, after two hellos.
fn decipher(bytes: &[u8]) {
    let third = bytes.len() / 3;
    let (client, rest) = bytes.split_at(third);
    let (server, records) = rest.split_at(third);
    let (Some(client), Some(server)) = (ClientHello::parse(client), ServerHello::parse(server))
    else {
        return;
    };
    let mut log = KeyLog::default();
    log.read(records);
    if let Ok(mut decipherer) = Decipherer::new(&client, &server, &log) {
        for record in records.chunks(300) {
            drop(decipherer.decrypt(Side::Server, record));
        }
    }
}
