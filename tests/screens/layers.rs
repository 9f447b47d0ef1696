//! The layers: the selected packet's bytes are asked for once, and shown when they come.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use crossterm::event::KeyCode;
use etherparse::{PacketBuilder, TcpOptionElement};
use tapline::trace::{Event, EventKind, Packet, PacketLocation};
use tapline::tui::{ScreenEffect, ScreenMessage};
use tapline::wire::{TcpFlags, TransportHeader};

use crate::desk::Desk;
use crate::scenario::Scenario;

const ETHERNET: u16 = 1;

/// A scenario whose packets are kept, each at the place of its number.
pub(crate) fn kept(name: &str) -> Vec<Event> {
    let mut events = Scenario::named(name).events;
    let packets = events.iter_mut().filter_map(|event| {
        if let EventKind::Packets { packets } = &mut event.kind {
            Some(packets)
        } else {
            None
        }
    });
    for (number, packet) in packets.flatten().enumerate() {
        let bytes = NonZeroU32::new(packet.frame_bytes).unwrap();
        packet.stored = Some(PacketLocation {
            at: number as u64,
            bytes,
            interface: 0,
        });
    }
    events
}

/// A packet as it was on an Ethernet, its payload being one letter.
fn frame(packet: &Packet) -> Vec<u8> {
    let address = |end: SocketAddr| {
        if let SocketAddr::V4(end) = end {
            end.ip().octets()
        } else {
            [0; 4]
        }
    };
    let link = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ip = link.ipv4(address(packet.source), address(packet.destination), 64);
    let (mut frame, payload) = (Vec::new(), vec![b'x'; packet.payload_bytes as usize]);
    match packet.transport {
        TransportHeader::Udp => ip
            .udp(packet.source.port(), packet.destination.port())
            .write(&mut frame, &payload)
            .unwrap(),
        TransportHeader::Tcp(tcp) => {
            let mut header = ip.tcp(
                packet.source.port(),
                packet.destination.port(),
                tcp.seq,
                tcp.window,
            );
            for (bit, set) in [(TcpFlags::SYN, 0), (TcpFlags::FIN, 1), (TcpFlags::PSH, 2)] {
                header = match set {
                    0 if tcp.flags.has(bit) => header.syn(),
                    1 if tcp.flags.has(bit) => header.fin(),
                    2 if tcp.flags.has(bit) => header.psh(),
                    _ => header,
                };
            }
            header = if tcp.flags.has(TcpFlags::ACK) {
                header.ack(tcp.ack)
            } else {
                header
            };
            header = header
                .options(&[
                    TcpOptionElement::Noop,
                    TcpOptionElement::Noop,
                    TcpOptionElement::Timestamp(5, 6),
                ])
                .unwrap();
            header.write(&mut frame, &payload).unwrap();
        }
    }
    frame
}

/// A desk whose outside reads packets for it.
pub(crate) struct Reading {
    pub(crate) desk: Desk,
    packets: Vec<Packet>,
    pub(crate) reads: usize,
}

impl Reading {
    pub(crate) fn of(name: &str, size: (u16, u16)) -> Self {
        let events = kept(name);
        let all = events.iter().filter_map(|event| {
            if let EventKind::Packets { packets } = &event.kind {
                Some(packets.clone())
            } else {
                None
            }
        });
        let packets = all.flatten().collect();
        let mut desk = Desk::new(size);
        desk.tell(events);
        Self {
            desk,
            packets,
            reads: 0,
        }
    }

    pub(crate) fn press(&mut self, key: KeyCode) {
        for effect in self.desk.press(key) {
            let ScreenEffect::ReadPacket(stored) = effect else {
                continue;
            };
            self.reads += 1;
            let bytes = frame(&self.packets[usize::try_from(stored.at).unwrap()]);
            self.desk.send(ScreenMessage::PacketRead {
                stored,
                read: Ok((ETHERNET, bytes)),
            });
        }
    }
}

const WIDE: (u16, u16) = (140, 40);

#[test]
fn every_layer_of_the_selected_packet_is_shown_with_its_bytes() {
    let mut reading = Reading::of("https_http2", WIDE);
    assert_eq!(reading.reads, 0, "nothing is read before somebody looks");
    reading.press(KeyCode::Char('3'));
    for text in [
        "Ethernet II",
        "10.7.0.2 → 10.7.0.10",
        "51312 → 443",
        "ClientHello",
        "0000  02 00 00 00 00 02",
        "headers: 4.4 %",
    ] {
        assert!(
            reading.desk.shows(text),
            "{text} in\n{}",
            reading.desk.text()
        );
    }
    reading.press(KeyCode::Down);
    assert_eq!(reading.reads, 2);
    assert!(
        reading.desk.shows("packet 5 of 23"),
        "it goes on from the one that was shown"
    );
    reading.press(KeyCode::Char('2'));
    reading.press(KeyCode::Down);
    let reads = reading.reads;
    reading.press(KeyCode::Char('1'));
    assert_eq!(reading.reads, reads, "only this view needs bytes");
}

#[test]
fn the_bytes_can_be_moved_and_begin_anew_with_each_packet() {
    let mut reading = Reading::of("https_http2", WIDE);
    reading.press(KeyCode::Char('3'));
    reading.press(KeyCode::Right);
    assert!(!reading.desk.shows("0000  02"));
    for _ in 0..100 {
        reading.press(KeyCode::Right);
    }
    assert!(
        reading.desk.shows("05e0  78"),
        "the last line stays in view\n{}",
        reading.desk.text()
    );
    reading.press(KeyCode::Home);
    assert!(reading.desk.shows("0000  02"));
}

#[test]
fn what_cannot_be_shown_is_said() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    desk.press(KeyCode::Char('3'));
    assert!(desk.shows("The bytes of this packet were not stored."));
    let mut desk = Desk::new(WIDE);
    desk.tell(kept("https_http2"));
    let effects = desk.press(KeyCode::Char('3'));
    let [ScreenEffect::ReadPacket(stored)] = effects.as_slice() else {
        panic!("one read, not {effects:?}")
    };
    assert!(desk.shows("Reading …"));
    desk.send(ScreenMessage::PacketRead {
        stored: *stored,
        read: Err("the file is gone".to_owned()),
    });
    assert!(desk.shows("are not available: the file is gone."));
    assert!(
        desk.press(KeyCode::Tab).is_empty(),
        "it is not asked for again"
    );
    let mut desk = Desk::new(WIDE);
    desk.tell(kept("https_http2"));
    desk.press(KeyCode::Char('3'));
    desk.send(ScreenMessage::PacketRead {
        stored: *stored,
        read: Ok((ETHERNET, vec![0x45; 20])),
    });
    assert!(
        desk.shows("headers"),
        "bytes that make no sense are shown as far as they do"
    );
}
