//! Short descriptions of a packet: its header, its mark, and a note.

use super::ConversationView;
use crate::trace::PacketEntry;
use crate::units::{Bytes, Nanos};
use crate::wire::TcpFlags;

/// Noteworthy property of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketMark {
    /// A retransmission: it carries bytes that were sent before.
    Retransmission,
    /// It arrived after packets that were sent later.
    OutOfOrder,
    /// A duplicate acknowledgment: the receiver got a segment out of order.
    DuplicateAck,
    /// RST: it aborts the connection.
    Reset,
    /// A window of zero: the receiver accepts no more data for now.
    ClosedWindow,
}

impl PacketMark {
    /// Returns its symbol.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Retransmission => "\u{00d7}",
            Self::OutOfOrder => "~",
            Self::DuplicateAck => "d",
            Self::Reset => "\u{2717}",
            Self::ClosedWindow => "w",
        }
    }

    /// Returns its name, in two or three words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Retransmission => "retransmitted",
            Self::OutOfOrder => "out of order",
            Self::DuplicateAck => "duplicate ACK",
            Self::Reset => "reset",
            Self::ClosedWindow => "window closed",
        }
    }
}

/// Note on a packet that follows from the packets around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketNote {
    /// Time from the SYN to the SYN-ACK.
    RoundTrip(Nanos),
    /// The packet's mark.
    Mark(PacketMark),
    /// Its bytes were retransmitted.
    Again {
        /// Index of the retransmission.
        packet: usize,
        /// Time until the retransmission.
        after: Nanos,
    },
}

/// `RTT 40.2 ms`, `retransmitted`, `retransmitted +220 ms, packet 17`.
impl std::fmt::Display for PacketNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RoundTrip(took) => f.pad(&format!("RTT {took}")),
            Self::Mark(mark) => f.pad(mark.sentence()),
            Self::Again { packet, after } => {
                f.pad(&format!("retransmitted +{after}, packet {packet}"))
            }
        }
    }
}

impl ConversationView<'_> {
    /// Returns the mark of the packet at an index.
    pub fn mark(&self, place: usize) -> Option<PacketMark> {
        let packet = self.packet(place)?;
        if packet.flags.has(TcpFlags::RST) {
            return Some(PacketMark::Reset);
        }
        if packet.retransmitted {
            return Some(PacketMark::Retransmission);
        }
        if self.flow.is_out_of_order(place) {
            return Some(PacketMark::OutOfOrder);
        }
        if is_bare_ack(packet) && self.is_duplicate(place, packet) {
            return Some(PacketMark::DuplicateAck);
        }
        (packet.window == 0 && packet.flags.has(TcpFlags::ACK)).then_some(PacketMark::ClosedWindow)
    }

    /// Returns true for a duplicate acknowledgment: the same acknowledgment and window as in the
    /// previous packet of that side, without payload, while data is outstanding (RFC 5681 §2).
    fn is_duplicate(&self, place: usize, packet: &PacketEntry) -> bool {
        let before = self
            .before(place)
            .find(|(_, before)| before.direction == packet.direction);
        let other = self
            .before(place)
            .find(|(_, before)| before.direction != packet.direction && before.payload_bytes > 0);
        let same = before.is_some_and(|(_, before)| {
            before.flags.has(TcpFlags::ACK)
                && (before.ack, before.window) == (packet.ack, packet.window)
                && is_plain(before)
        });
        // A packet of the other side in between, to which this is the response.
        same && other
            .zip(before)
            .is_some_and(|((came, _), (before, _))| came > before)
    }

    /// Returns the acknowledgment number relative to the other side's SYN.
    pub fn relative_ack(&self, place: usize, packet: &PacketEntry) -> Option<u64> {
        let other = self
            .before(place)
            .find(|(_, before)| before.direction != packet.direction && before.payload_bytes > 0);
        let near = other.map_or(0, |(_, before)| before.offset);
        self.flow
            .acknowledged_offset(packet, near)
            .map(|offset| offset.saturating_add(1))
    }

    /// Returns descriptions of its TCP header, the longest first.
    pub fn header_words(&self, place: usize, packet: &PacketEntry) -> Vec<String> {
        let flags = flag_words(packet.flags);
        let seq = format!("seq {}", relative_seq(packet));
        let ack = self
            .relative_ack(place, packet)
            .map(|ack| format!("ack {ack}"));
        let with_ack = |text: String| {
            ack.as_ref()
                .map_or_else(|| text.clone(), |ack| format!("{text} {ack}"))
        };
        if packet.flags.has(TcpFlags::SYN) {
            let mss = self
                .flow
                .announced_mss(packet.direction)
                .map(|mss| format!(" MSS {mss}"))
                .unwrap_or_default();
            let scale = self
                .flow
                .announced_window_scale(packet.direction)
                .map(|bits| format!(" WS {}", 1_u32 << bits.min(14)))
                .unwrap_or_default();
            let all = with_ack(format!("{flags} {seq}"));
            return vec![
                format!("{all}{mss}{scale}"),
                format!("{all}{mss}"),
                all,
                flags,
            ];
        }
        if packet.payload_bytes == 0 {
            let all = with_ack(flags.clone());
            let window = self
                .flow
                .scaled_window(packet)
                .map(|window| format!(" win {window}"))
                .unwrap_or_default();
            return vec![format!("{all}{window}"), all, flags];
        }
        let size = Bytes(packet.payload_bytes.into()).to_string();
        vec![
            format!("{flags} {size} {}", with_ack(seq.clone())),
            format!("{flags} {size} {seq}"),
            format!("{size} {seq}"),
            size,
        ]
    }

    /// Returns the note on a packet: the round-trip time of a SYN-ACK, or when its bytes were
    /// retransmitted.
    pub fn note(&self, place: usize, packet: &PacketEntry) -> Option<PacketNote> {
        if packet.flags.has(TcpFlags::SYN | TcpFlags::ACK) {
            return self.round_trip().map(PacketNote::RoundTrip);
        }
        if let Some(mark) = self.mark(place) {
            return Some(PacketNote::Mark(mark));
        }
        let (packet, after) = self.sent_again(place, packet)?;
        Some(PacketNote::Again { packet, after })
    }

    /// Returns the later packet that carried the same bytes again, and the time between the two.
    pub fn sent_again(&self, place: usize, packet: &PacketEntry) -> Option<(usize, Nanos)> {
        if packet.payload_bytes == 0 {
            return None;
        }
        // One byte suffices: a range that is retransmitted in pieces starts with its first byte.
        let carriers = self.flow.packets_carrying(
            packet.direction,
            &(packet.offset..packet.offset.saturating_add(1)),
        );
        let again = carriers
            .iter()
            .map(|carrier| carrier.packet)
            .find(|later| *later > place)?;
        Some((again, self.packet(again)?.wall.since(packet.wall)))
    }

    /// Returns the records and parts in a packet's payload.
    pub fn contents(&self, packet: &PacketEntry) -> Option<crate::trace::Contents<'_>> {
        let anchored = self.flow.has_captured_syn(packet.direction) && packet.payload_bytes > 0;
        let range = packet.offset..packet.offset.saturating_add(packet.payload_bytes.into());
        let of_others = || {
            self.dissection
                .filter(|_| packet.payload_bytes > 0)
                .map(|dissection| dissection.contents(packet))
        };
        self.connection
            .filter(|_| anchored)
            .map(|connection| connection.contents(packet.direction.side(), range))
            .or_else(of_others)
    }
}

/// Returns the sequence number relative to the SYN's, as in Wireshark: the SYN has 0, the first
/// byte 1.
pub const fn relative_seq(packet: &PacketEntry) -> u64 {
    if packet.flags.has(TcpFlags::SYN) {
        0
    } else {
        packet.offset.saturating_add(1)
    }
}

fn is_bare_ack(packet: &PacketEntry) -> bool {
    packet.payload_bytes == 0 && packet.flags.has(TcpFlags::ACK) && is_plain(packet)
}

const fn is_plain(packet: &PacketEntry) -> bool {
    packet.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) == 0
}

/// Returns the names of the flags: `SYN-ACK`.
pub fn flag_words(flags: TcpFlags) -> String {
    let names = [
        (TcpFlags::SYN, "SYN"),
        (TcpFlags::FIN, "FIN"),
        (TcpFlags::RST, "RST"),
        (TcpFlags::PSH, "PSH"),
        (TcpFlags::ACK, "ACK"),
    ];
    let set: Vec<&str> = names
        .into_iter()
        .filter(|(bit, _)| flags.has(*bit))
        .map(|(_, name)| name)
        .collect();
    if set.is_empty() {
        "no flags".to_owned()
    } else {
        set.join("-")
    }
}
