//! Any bytes as what each decoder reads: the first byte chooses which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tapline::wire::packet_headers::parse_headers;
use tapline::wire::dns::DnsMessage;
use tapline::wire::hpack::FieldDecoder;
use tapline::wire::http1::{BodyReader, HeadBuffer, request_framing, response_framing};
use tapline::wire::quic::{InitialReader, long_packets};
use tapline::wire::stream::{StreamParser, UnitPiece, UnitSink};
use tapline::wire::tls::{ClientHello, Decipherer, HandshakeReader, KeyLog, RecordBoundary, ServerHello};
use tapline::wire::{LinkType, Side};

const LINKS: [LinkType; 5] = [LinkType::Ethernet, LinkType::LinuxCooked, LinkType::LinuxCooked2, LinkType::Raw, LinkType::Loopback];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    match choice % 10 {
        0 => drop(parse_headers(LINKS[usize::from(choice / 10) % LINKS.len()], bytes)),
        1 => drop(DnsMessage::parse(bytes)),
        2 => {
            let mut decoder = FieldDecoder::default();
            bytes.chunks(64).for_each(|section| drop(decoder.decode(section)));
        }
        3 => http1(bytes),
        4 => {
            let (mut parser, mut told) = (StreamParser::of_http2(true), Count(0));
            bytes.chunks(7).for_each(|piece| parser.push(Side::Client, piece, &mut told));
            parser.push(Side::Server, bytes, &mut told);
            assert!(told.0 <= 2 * bytes.len() as u64);
        }
        5 => {
            assert!(long_packets(bytes).count() <= bytes.len());
            drop(InitialReader::default().read(Side::Client, bytes));
        }
        6 => {
            let (mut seen, mut headers) = (0_usize, 0_usize);
            HandshakeReader::default().read(Side::Server, bytes, |_| seen += 1);
            RecordBoundary::default().follow(bytes, |_| headers += 1);
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
    let mut told = 0_usize;
    if let Ok(request) = head.request() {
        BodyReader::new(request_framing(&request)).read(rest, |_, bytes, _| told += bytes);
    }
    if let Ok(response) = head.response() {
        BodyReader::new(response_framing(&response, false)).read(rest, |_, bytes, _| told += bytes);
    }
    assert!(told <= 2 * rest.len());
}

/// Bytes that were told.
struct Count(u64);

impl UnitSink for Count {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        self.0 += piece.bytes.len() as u64;
    }
}

/// Both directions in turn, and gaps.
fn stream(bytes: &[u8]) {
    let (mut parser, mut told) = (StreamParser::default(), Count(0));
    for piece in bytes.chunks(40) {
        let from = if piece[0] & 1 == 0 { Side::Client } else { Side::Server };
        match piece[0] & 0xf0 {
            0xf0 => parser.push_gap(from, u64::from(piece[0]), &mut told),
            _ => parser.push(from, &piece[1..], &mut told),
        }
    }
    parser.finish(Side::Client, &mut told);
    parser.finish(Side::Server, &mut told);
    assert!(told.0 <= bytes.len() as u64);
}

/// Hellos, a key log for them, and records.
fn decipher(bytes: &[u8]) {
    let third = bytes.len() / 3;
    let (client, rest) = bytes.split_at(third);
    let (server, records) = rest.split_at(third);
    let (Some(client), Some(server)) = (ClientHello::parse(client), ServerHello::parse(server)) else { return };
    let mut log = KeyLog::default();
    log.read(records);
    if let Ok(mut decipherer) = Decipherer::new(&client, &server, &log) {
        for record in records.chunks(300) {
            drop(decipherer.open(Side::Server, record));
        }
    }
}
