//! Reads the TLS hellos in the Initial packets of a connection.

use super::crypto::CryptoStream;
use super::frames::crypto_frames;
use super::protection::InitialKeys;
use super::{LongHeaderPacket, PacketKind, long_header_packets};
use crate::wire::Side;
use crate::wire::tls::{ClientHello, ServerHello};

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// A complete hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuicHello {
    /// The client's hello.
    ClientHello(ClientHello),
    /// The server's hello.
    ServerHello(ServerHello),
}

/// Reader of the Initial packets of one connection.
#[derive(Default)]
pub struct InitialReader {
    keys: Option<[InitialKeys; 2]>,
    client: CryptoStream,
    server: CryptoStream,
    client_hello_seen: bool,
    server_hello_seen: bool,
}

impl InitialReader {
    /// Processes a datagram of one side; returns the hello that it completes.
    pub fn read(&mut self, from: Side, datagram: &[u8]) -> Option<QuicHello> {
        for packet in
            long_header_packets(datagram).filter(|packet| packet.kind == PacketKind::Initial)
        {
            let Some(frames) = self.open(from, datagram, &packet) else {
                continue;
            };
            let stream = if from == Side::Client {
                &mut self.client
            } else {
                &mut self.server
            };
            for (offset, piece) in crypto_frames(&frames) {
                stream.take(offset, piece);
            }
        }
        self.next_hello(from)
    }

    fn open(
        &mut self,
        from: Side,
        datagram: &[u8],
        packet: &LongHeaderPacket<'_>,
    ) -> Option<Vec<u8>> {
        let side = usize::from(from == Side::Server);
        let opened = self
            .keys
            .as_ref()
            .and_then(|keys| keys.get(side)?.open(datagram, packet));
        if opened.is_some() || from == Side::Server {
            return opened;
        }
        // The client's first packet, or the first after a Retry, which changes the connection ID
        // and with it the keys (RFC 9001 §5.2).
        let key = |side| InitialKeys::new(packet.version, packet.destination, side);
        let keys = [key(Side::Client)?, key(Side::Server)?];
        let opened = keys.first()?.open(datagram, packet)?;
        self.keys = Some(keys);
        Some(opened)
    }

    fn next_hello(&mut self, from: Side) -> Option<QuicHello> {
        match from {
            Side::Client if !self.client_hello_seen => {
                let (kind, body) = self.client.first_message()?;
                self.client_hello_seen = true;
                (kind == CLIENT_HELLO)
                    .then(|| ClientHello::parse(body))?
                    .map(QuicHello::ClientHello)
            }
            Side::Server if !self.server_hello_seen => {
                let (kind, body) = self.server.first_message()?;
                self.server_hello_seen = true;
                (kind == SERVER_HELLO)
                    .then(|| ServerHello::parse(body))?
                    .map(QuicHello::ServerHello)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::super::{VERSION_1, VERSION_2};
    use super::*;

    fn decode_hex(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .map(|digit| u8::try_from(digit).unwrap())
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }

    /// The server's Initial packet of RFC 9001 §A.3, which answers a client whose first
    /// destination connection ID is 0x8394c8f03e515708.
    const SERVER_INITIAL: &str = "\
        cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c697975\
        54780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bde\
        d74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407d\
        d074ee";
    /// The packet of RFC 9369 §A.3.
    const SERVER_INITIAL_2: &str = "\
        dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237b\
        bf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e\
        42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521\
        e2e140";

    #[test]
    fn the_examples_of_the_standards_are_read() {
        for (version, packet) in [(VERSION_1, SERVER_INITIAL), (VERSION_2, SERVER_INITIAL_2)] {
            let id = decode_hex("8394c8f03e515708");
            let key = |side| InitialKeys::new(version, &id, side).unwrap();
            let mut reader = InitialReader {
                keys: Some([key(Side::Client), key(Side::Server)]),
                ..InitialReader::default()
            };
            let datagram = decode_hex(packet);
            let packet = long_header_packets(&datagram).next().unwrap();
            assert_eq!(
                (packet.kind, packet.version, packet.range.end),
                (PacketKind::Initial, version, datagram.len())
            );
            let Some(QuicHello::ServerHello(hello)) = reader.read(Side::Server, &datagram) else {
                panic!("a hello is read")
            };
            assert_eq!(
                (hello.version, hello.cipher_suite, hello.group),
                (0x0304, 0x1301, Some(29))
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            mut datagram in proptest::collection::vec(any::<u8>(), 0..300),
            plausible in any::<bool>(),
        ) {
            if plausible && datagram.len() > 6 {
                datagram[..6].copy_from_slice(&[0xc0, 0, 0, 0, 1, 4]);
            }
            let mut reader = InitialReader::default();
            for from in [Side::Client, Side::Server] {
                reader.read(from, &datagram);
            }
            for packet in long_header_packets(&datagram) {
                prop_assert!(packet.range.start < packet.range.end);
                prop_assert!(packet.range.end <= datagram.len());
            }
            crypto_frames(&datagram);
        }

        #[test]
        fn crypto_frames_in_any_order_make_a_message(
            order in Just((0..6_u8).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let message = [[CLIENT_HELLO, 0, 0, 56].as_slice(), &[7; 56]].concat();
            let mut stream = CryptoStream::default();
            for place in order {
                let start = usize::from(place) * 10;
                stream.take(start as u64, &message[start..(start + 15).min(message.len())]);
            }
            prop_assert_eq!(stream.first_message(), Some((CLIENT_HELLO, [7_u8; 56].as_slice())));
        }
    }
}
