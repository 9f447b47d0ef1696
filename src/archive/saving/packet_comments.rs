//! Comments on noteworthy packets, which other programs show.

use crate::trace::{Packet, Trace};
use crate::wire::{TcpFlags, TransportHeader};

/// The comments on the packet that was last applied to the trace.
pub(super) fn packet_comments(trace: &Trace, packet: &Packet) -> Vec<String> {
    let mut remarks = Vec::new();
    let latest = trace
        .latest_flow_of(packet)
        .and_then(|flow| Some((flow, flow.packets().len().checked_sub(1)?)));
    if let Some((flow, index)) = latest
        && let Some(entry) = flow.packets().get(index)
    {
        if entry.retransmitted {
            remarks
                .push("retransmitted: bytes of it were captured before, or were lost".to_owned());
        } else if flow.is_out_of_order(index) {
            remarks.push("out of order: packets sent after it arrived before it".to_owned());
        }
    }
    if let TransportHeader::Tcp(tcp) = packet.transport {
        if tcp.flags.has(TcpFlags::RST) {
            remarks.push("reset: its sender aborted the connection".to_owned());
        } else if tcp.window == 0 && !tcp.flags.has(TcpFlags::SYN) {
            remarks.push("zero window: its sender cannot receive more".to_owned());
        }
    }
    if let Some(each) = packet
        .segment_bytes
        .filter(|each| u32::from(each.get()) < packet.payload_bytes)
    {
        remarks.push(format!(
            "aggregate: on the wire it is {} segments of at most {each} bytes",
            packet.wire_segments()
        ));
    }
    remarks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::num::NonZeroU16;

    use super::*;
    use crate::trace::{Event, EventKind};
    use crate::units::{Moment, WallTime};
    use crate::wire::TcpHeader;

    fn packet(wall: u64, seq: u32, payload_bytes: u32, flags: u8) -> Packet {
        Packet {
            wall: WallTime(wall),
            source: ([10, 0, 0, 1], 5_000).into(),
            destination: ([10, 0, 0, 2], 80).into(),
            frame_bytes: payload_bytes + 54,
            payload_bytes,
            transport: TransportHeader::Tcp(TcpHeader {
                seq,
                ack: 1,
                flags: TcpFlags(flags),
                window: 9,
                mss: None,
                window_scale: None,
                timestamp: None,
            }),
            stored: None,
            segment_bytes: None,
        }
    }

    fn said(packets: &[Packet]) -> Vec<String> {
        let mut trace = Trace::default();
        let mut comments = Vec::new();
        for packet in packets {
            trace.apply(Event {
                at: Moment::START,
                kind: EventKind::Packets {
                    packets: vec![*packet],
                },
            });
            comments = packet_comments(&trace, packet);
        }
        comments
    }

    #[test]
    fn only_noteworthy_packets_have_comments() {
        const ACK: u8 = TcpFlags::ACK;
        let syn = packet(0, 0, 0, TcpFlags::SYN);
        let first = packet(1, 1, 100, ACK);
        let second = packet(2, 101, 100, ACK);
        assert!(said(&[syn, first, second]).is_empty());
        assert!(said(&[syn, first, second, first])[0].starts_with("retransmitted"));
        assert!(said(&[syn, second, first])[0].starts_with("out of order"));
        assert!(said(&[syn, first, packet(2, 101, 0, TcpFlags::RST)])[0].starts_with("reset"));
        let aggregate = Packet {
            segment_bytes: NonZeroU16::new(40),
            ..first
        };
        assert_eq!(
            said(&[syn, aggregate]),
            ["aggregate: on the wire it is 3 segments of at most 40 bytes"]
        );
        let full = Packet {
            transport: TransportHeader::Tcp(TcpHeader {
                window: 0,
                ..header(first)
            }),
            ..first
        };
        assert!(said(&[syn, full])[0].starts_with("zero window"));
    }

    fn header(packet: Packet) -> TcpHeader {
        let TransportHeader::Tcp(header) = packet.transport else {
            panic!("no TCP")
        };
        header
    }
}
