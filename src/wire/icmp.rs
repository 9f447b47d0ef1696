//! ICMP errors of IPv4 (RFC 792) and IPv6 (RFC 4443), which quote the packet that they are about.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::ip::{self, IpPacket};
use super::transport::Transport;

pub(super) const ICMP: u8 = 1;
pub(super) const ICMP_V6: u8 = 58;

/// Bytes of the message before the quoted packet.
const ICMP_HEADER_BYTES: usize = 8;

/// An ICMP error about a TCP or UDP packet that was not delivered. It is saved with the events of a
/// run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcmpError {
    /// Address that reported the error: a router on the path, or the receiver itself. Its family
    /// determines the meaning of `kind` and `code`.
    #[serde(rename = "from")]
    pub reporter: IpAddr,
    /// Source of the quoted packet.
    pub source: SocketAddr,
    /// Destination of the quoted packet.
    pub destination: SocketAddr,
    /// Transport protocol of the quoted packet.
    #[serde(rename = "tcp", with = "transport_as_bool")]
    pub transport: Transport,
    /// The error's type.
    pub kind: u8,
    /// The error's code.
    pub code: u8,
}

impl IcmpError {
    /// Name in machine output: `host_unreachable`.
    pub const fn name(&self) -> &'static str {
        match self.reporter {
            IpAddr::V4(_) => icmp_v4_error_name(self.kind, self.code),
            IpAddr::V6(_) => icmp_v6_error_name(self.kind, self.code),
        }
    }
}

/// The transport protocol as events have it: whether it is TCP. ICMP errors about other protocols
/// than TCP and UDP are not parsed.
mod transport_as_bool {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::wire::Transport;

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        transport: &Transport,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*transport == Transport::Tcp)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Transport, D::Error> {
        let is_tcp = bool::deserialize(deserializer)?;
        Ok(if is_tcp {
            Transport::Tcp
        } else {
            Transport::Udp
        })
    }
}

/// RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
const fn icmp_v4_error_name(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (3, 0 | 6 | 11) => "network_unreachable",
        (3, 1 | 7 | 8 | 12) => "host_unreachable",
        (3, 2) => "protocol_unreachable",
        (3, 3) => "port_unreachable",
        (3, 4) => "fragmentation_needed",
        (3, 5) => "source_route_failed",
        (3, 9 | 10 | 13) => "prohibited",
        (3, _) => "unreachable",
        (4, _) => "source_quench",
        (5, _) => "redirected",
        (11, 1) => "reassembly_time_exceeded",
        (11, _) => "hop_limit_exceeded",
        (12, _) => "parameter_problem",
        _ => "other",
    }
}

/// RFC 4443 §3.
const fn icmp_v6_error_name(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (1, 0) => "no_route",
        (1, 1 | 5 | 6) => "prohibited",
        (1, 3) => "host_unreachable",
        (1, 4) => "port_unreachable",
        (1, _) => "unreachable",
        (2, _) => "packet_too_big",
        (3, 1) => "reassembly_time_exceeded",
        (3, _) => "hop_limit_exceeded",
        (4, _) => "parameter_problem",
        _ => "other",
    }
}

/// Parses an ICMP error; `None` for other messages, or if too little of the packet is quoted.
pub(super) fn parse_icmp_error(message: &IpPacket<'_>) -> Option<IcmpError> {
    let [kind, code, ..] = *message.payload else {
        return None;
    };
    let quoted = message.payload.get(ICMP_HEADER_BYTES..)?;
    let quoted = match message.protocol {
        // Unreachable, source quench, redirect, time exceeded, parameter problem.
        ICMP if matches!(kind, 3 | 4 | 5 | 11 | 12) => ip::parse_ipv4(quoted, u32::MAX)?,
        // Errors are those below 128: unreachable, too big, time exceeded, parameter problem.
        ICMP_V6 if matches!(kind, 1..=4) => ip::parse_ipv6(quoted, u32::MAX)?,
        _ => return None,
    };
    let transport = Transport::from_protocol_number(quoted.protocol)?;
    if quoted.fragment.is_some_and(|piece| piece.offset != 0) {
        return None;
    }
    let [source_0, source_1, destination_0, destination_1] = *quoted.payload.first_chunk()?;
    Some(IcmpError {
        reporter: message.source,
        source: SocketAddr::new(quoted.source, u16::from_be_bytes([source_0, source_1])),
        destination: SocketAddr::new(
            quoted.destination,
            u16::from_be_bytes([destination_0, destination_1]),
        ),
        transport,
        kind,
        code,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::{Icmpv4Type, Icmpv6Type, PacketBuilder, icmpv4};

    use super::*;
    use crate::wire::{LinkType, ParsedFrame, parse_frame};

    #[test]
    fn an_error_names_the_packet_that_it_quotes() {
        let mut sent = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 9], 64)
            .udp(40_000, 53)
            .write(&mut sent, &[0; 30])
            .unwrap();
        let error = Icmpv4Type::DestinationUnreachable(icmpv4::DestUnreachableHeader::Port);
        let mut frame = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 9], [192, 0, 2, 1], 64)
            .icmpv4(error)
            .write(&mut frame, &sent[..28])
            .unwrap();
        let expected = IcmpError {
            reporter: [192, 0, 2, 9].into(),
            source: ([192, 0, 2, 1], 40_000).into(),
            destination: ([192, 0, 2, 9], 53).into(),
            transport: Transport::Udp,
            kind: 3,
            code: 3,
        };
        assert_eq!(expected.name(), "port_unreachable");
        assert_eq!(
            parse_frame(LinkType::Raw, &frame, 56),
            ParsedFrame::Icmp(Some(expected))
        );
        assert_eq!(
            parse_frame(LinkType::Raw, &frame[..50], 56),
            ParsedFrame::Icmp(None)
        );
    }

    #[test]
    fn an_error_of_version_6_does_too_and_an_echo_quotes_nothing() {
        let mut sent = Vec::new();
        PacketBuilder::ipv6([1; 16], [2; 16], 64)
            .tcp(50_000, 443, 1, 1)
            .syn()
            .write(&mut sent, &[])
            .unwrap();
        let error = Icmpv6Type::PacketTooBig { mtu: 1_280 };
        let mut frame = Vec::new();
        PacketBuilder::ipv6([3; 16], [1; 16], 64)
            .icmpv6(error)
            .write(&mut frame, &sent)
            .unwrap();
        let ParsedFrame::Icmp(Some(found)) = parse_frame(LinkType::Raw, &frame, 108) else {
            panic!("no error")
        };
        assert_eq!(
            (found.source, found.destination),
            (([1_u8; 16], 50_000).into(), ([2_u8; 16], 443).into())
        );
        assert_eq!(
            (found.reporter, found.transport, found.kind, found.code),
            ([3; 16].into(), Transport::Tcp, 2, 0)
        );
        assert_eq!(found.name(), "packet_too_big");

        let mut echo = Vec::new();
        let request = Icmpv6Type::EchoRequest(etherparse::IcmpEchoHeader { id: 1, seq: 1 });
        PacketBuilder::ipv6([3; 16], [1; 16], 64)
            .icmpv6(request)
            .write(&mut echo, &sent)
            .unwrap();
        assert_eq!(
            parse_frame(LinkType::Raw, &echo, 108),
            ParsedFrame::Icmp(None)
        );
    }
}
