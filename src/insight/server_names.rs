//! Names of servers, found in the first bytes that a client sends: the server name in a TLS
//! `ClientHello` (RFC 6066 §3), also in QUIC's Initial packets (RFC 9001 §4), or the Host field of
//! HTTP (RFC 9110 §7.2).

use std::collections::BTreeMap;

use super::payload::{first_of, payload_of, put_together};
use crate::trace::{ByteStore, Direction, Flow, PacketEntry, Trace};
use crate::units::Untrusted;
use crate::wire::quic::{InitialReader, QuicHello};
use crate::wire::stream::{
    ByteAxis, HeadContent, MessageHead, StreamParser, TlsHello, UnitPiece, UnitSink,
};
use crate::wire::{Side, Transport};

/// The servers' names, by the index of the flow in [`Trace::flows`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerNames(BTreeMap<usize, Untrusted>);

impl ServerNames {
    /// Searches the first bytes of every flow.
    pub fn from_trace(trace: &Trace, store: &dyn ByteStore) -> Self {
        let named = trace
            .flows()
            .iter()
            .enumerate()
            .filter_map(|(index, flow)| Some((index, server_name(flow, store)?)));
        Self(named.collect())
    }

    /// The name of a flow's server, if it was sent in the clear.
    pub fn at(&self, index: usize) -> Option<&Untrusted> {
        self.0.get(&index)
    }
}

/// The name of a flow's server, if it was sent in the clear.
pub fn server_name(flow: &Flow, store: &dyn ByteStore) -> Option<Untrusted> {
    FlowOpening::from_flow(flow)?.server_name(store)
}

/// The first packets of a flow, to search for a name where the packets' bytes are available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowOpening {
    transport: Transport,
    packets: Vec<PacketEntry>,
}

impl FlowOpening {
    /// A `ClientHello` with post-quantum keys takes two segments; 16 KiB is the maximum of a TLS
    /// record.
    const MAX_BYTES: usize = 16 * 1024;
    /// Packets considered, retransmissions included.
    const MAX_PACKETS: usize = 32;

    /// The first packets of a flow; `None` if nothing was sent yet.
    pub fn from_flow(flow: &Flow) -> Option<Self> {
        let transport = flow.key.transport;
        let of_side = |direction| {
            first_of(flow, direction, Self::MAX_BYTES)
                .take(Self::MAX_PACKETS)
                .copied()
        };
        let mut packets: Vec<PacketEntry> = of_side(Direction::Sent).collect();
        if transport == Transport::Udp {
            // For UDP the client is guessed by the ports, so the other side may be the client.
            packets.extend(of_side(Direction::Received));
        }
        (!packets.is_empty()).then_some(Self { transport, packets })
    }

    /// The server's name, if it was sent in the clear.
    pub fn server_name(&self, store: &dyn ByteStore) -> Option<Untrusted> {
        const HANDSHAKE: u8 = 22;
        if self.transport == Transport::Udp {
            return [Direction::Sent, Direction::Received]
                .into_iter()
                .find_map(|from| self.name_in_datagrams(from, store));
        }
        let first = put_together(self.packets.iter(), store, 1);
        // A hello, a line, a greeting of SOCKS5, or a length before one of other protocols.
        matches!(first.first()?, &HANDSHAKE | b'A'..=b'Z' | 0 | 5)
            .then(|| put_together(self.packets.iter(), store, Self::MAX_BYTES))
            .and_then(|opening| name_in_stream(&opening))
    }

    /// The name in a `ClientHello` that spans a client's first datagrams.
    fn name_in_datagrams(&self, from: Direction, store: &dyn ByteStore) -> Option<Untrusted> {
        const MAX_DATAGRAM: usize = 1 << 16;
        /// The header-form bit of a QUIC packet with a long header (RFC 8999 §5.1).
        const LONG: u8 = 0x80;
        let mut reader = InitialReader::default();
        for (index, packet) in self
            .packets
            .iter()
            .filter(|packet| packet.direction == from)
            .enumerate()
        {
            if index == 0 && payload_of(packet, store, 1)?.first()? & LONG == 0 {
                return None;
            }
            let datagram = payload_of(packet, store, MAX_DATAGRAM)?;
            if let Some(QuicHello::ClientHello(hello)) = reader.read(Side::Client, &datagram) {
                return hello.server_name.map(|name| Untrusted::from_bytes(&name));
            }
        }
        None
    }
}

/// The name in a TLS hello, be it the first thing said or within a tunnel or after STARTTLS; or
/// else the host of the first request.
fn name_in_stream(opening: &[u8]) -> Option<Untrusted> {
    let mut names = NamesSaid::default();
    StreamParser::default().push(Side::Client, opening, &mut names);
    let NamesSaid { in_hello, host } = names;
    in_hello
        .map(|name| Untrusted::from_bytes(&name))
        .or_else(|| host_name(&host?))
}

/// Server names that a client sends.
#[derive(Default)]
struct NamesSaid {
    in_hello: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
}

impl UnitSink for NamesSaid {
    fn unit(&mut self, _: &UnitPiece<'_>) {}

    fn head(&mut self, head: MessageHead<'_>) {
        if let HeadContent::Request(request) = head.content
            && self.host.is_none()
        {
            let mut fields = request.fields.iter();
            let host = fields.find(|field| field.is("host"));
            self.host = host.map(|host| host.value.clone());
        }
    }

    fn hello(&mut self, _: Side, _: ByteAxis, hello: &TlsHello) {
        if let TlsHello::Client(hello) = hello
            && self.in_hello.is_none()
        {
            self.in_hello.clone_from(&hello.server_name);
        }
    }

    fn wants_fields(&self) -> bool {
        false
    }
}

/// Host without its port.
fn host_name(host: &[u8]) -> Option<Untrusted> {
    let text = Untrusted::from_bytes(host);
    let host = text.raw().trim();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    (!name.is_empty()).then(|| Untrusted::new(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::num::NonZeroU32;

    use etherparse::PacketBuilder;

    use super::*;
    use crate::trace::{Event, EventKind, Packet, PacketLocation, StoreError};
    use crate::units::{Moment, WallTime};
    use crate::wire::quic::samples::{VERSIONS, client_initial};
    use crate::wire::{LinkType, parse_segment};

    /// Frames in memory, one after another.
    #[derive(Default)]
    struct Memory(Vec<u8>);

    impl ByteStore for Memory {
        fn read(
            &self,
            stored: PacketLocation,
            most: usize,
            into: &mut Vec<u8>,
        ) -> Result<(), StoreError> {
            let at = usize::try_from(stored.at).unwrap();
            let bytes = (stored.bytes.get() as usize).min(most);
            *into = self.0[at..at + bytes].to_vec();
            Ok(())
        }

        fn link_type(&self, interface: u16) -> Option<u16> {
            (interface == 0).then_some(101)
        }
    }

    /// The name found if a client sends these pieces, each at its stream offset.
    fn named(pieces: &[(u32, &[u8])]) -> Option<Untrusted> {
        let frame = |(offset, content): &(u32, &[u8])| {
            let mut frame = Vec::new();
            let builder = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 9], 64)
                .tcp(50_000, 443, 100 + offset, 500)
                .ack(1);
            builder.write(&mut frame, content).unwrap();
            frame
        };
        name_in(pieces.iter().map(frame))
    }

    /// The name found if a client sends these datagrams from a port.
    fn named_over_udp(port: u16, datagrams: &[&[u8]]) -> Option<Untrusted> {
        let frame = |content: &&[u8]| {
            let mut frame = Vec::new();
            PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 9], 64)
                .udp(port, 443)
                .write(&mut frame, content)
                .unwrap();
            frame
        };
        name_in(datagrams.iter().map(frame))
    }

    fn name_in(frames: impl Iterator<Item = Vec<u8>>) -> Option<Untrusted> {
        let mut store = Memory::default();
        let mut trace = Trace::default();
        for frame in frames {
            let length = u32::try_from(frame.len()).unwrap();
            let stored = PacketLocation {
                at: store.0.len() as u64,
                bytes: NonZeroU32::new(length).unwrap(),
                interface: 0,
            };
            let segment = parse_segment(LinkType::Raw, &frame, length).unwrap();
            store.0.extend(frame);
            let packets = vec![Packet::from_segment(
                &segment,
                WallTime(0),
                length,
                Some(stored),
            )];
            trace.apply(Event {
                at: Moment::START,
                kind: EventKind::Packets { packets },
            });
        }
        ServerNames::from_trace(&trace, &store).at(0).cloned()
    }

    fn hello(name: &str) -> Vec<u8> {
        let short = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
        let entry = [&[0][..], &short(name.len()), name.as_bytes()].concat();
        let list = [&short(entry.len())[..], &entry].concat();
        let extension = [&[0, 0][..], &short(list.len()), &list].concat();
        let body = [
            &[3, 3][..],
            &[7; 32],
            &[0],
            &[0, 2, 0x13, 1],
            &[1, 0],
            &short(extension.len()),
            &extension,
        ]
        .concat();
        let message = [&[1, 0][..], &short(body.len()), &body].concat();
        [&[22, 3, 1][..], &short(message.len()), &message].concat()
    }

    #[test]
    fn the_name_of_a_hello_over_several_segments_in_any_order() {
        let bytes = hello("api.lab.test");
        let (head, tail) = bytes.split_at(40);
        let expected = Some(Untrusted::new("api.lab.test"));
        assert_eq!(named(&[(0, &bytes)]), expected);
        assert_eq!(named(&[(0, head), (40, tail)]), expected);
        assert_eq!(named(&[(0, head), (0, head), (40, tail)]), expected);
        assert_eq!(named(&[(0, head)]), None);
        assert_eq!(named(&[(0, head), (41, &tail[1..])]), None);
    }

    #[test]
    fn the_name_of_a_hello_over_datagrams() {
        let record = hello("api.lab.test");
        let (head, tail) = record[5..].split_at(40);
        let expected = Some(Untrusted::new("api.lab.test"));
        for version in VERSIONS {
            let [whole, first, second] = [(0, 0, &record[5..]), (0, 0, head), (1, 40, tail)]
                .map(|(number, at, piece)| client_initial(version, number, at, piece));
            assert_eq!(named_over_udp(50_000, &[&whole]), expected);
            assert_eq!(named_over_udp(50_000, &[&first, &first, &second]), expected);
            assert_eq!(
                named_over_udp(300, &[&first, &second]),
                expected,
                "a client with the lower port"
            );
            assert_eq!(named_over_udp(50_000, &[&first]), None);
        }
        assert_eq!(named_over_udp(50_000, &[b"no QUIC"]), None);
    }

    #[test]
    fn the_host_of_a_request_without_its_port() {
        let name = |host: &str| {
            named(&[(
                0,
                format!("GET / HTTP/1.1\r\nhOST: {host}\r\n\r\n").as_bytes(),
            )])
        };
        assert_eq!(name("lab.test:8080"), Some(Untrusted::new("lab.test")));
        assert_eq!(
            name("[2001:db8::1]:80"),
            Some(Untrusted::new("[2001:db8::1]"))
        );
        assert_eq!(name("[2001:db8::1]"), Some(Untrusted::new("[2001:db8::1]")));
        assert_eq!(name(""), None);
        assert_eq!(named(&[(0, b"EHLO mail\r\n")]), None);
    }
}
