//! A packet in a few words.

use super::ConversationView;
use crate::trace::PacketEntry;
use crate::units::{Bytes, Nanos};
use crate::wire::TcpFlags;

/// What is peculiar about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketMark {
    /// It carries bytes that were carried before, or that were lost before.
    SentAgain,
    /// Others had overtaken it.
    OutOfOrder,
    /// It acknowledges what was acknowledged already: its sender got something that did not fit.
    DuplicateAck,
    /// It ends the connection at once.
    Reset,
    /// Its sender takes no more for now.
    ClosedWindow,
}

impl PacketMark {
    /// Its sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::SentAgain => "\u{00d7}",
            Self::OutOfOrder => "~",
            Self::DuplicateAck => "d",
            Self::Reset => "\u{2717}",
            Self::ClosedWindow => "w",
        }
    }

    /// What it says, in two or three words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::SentAgain => "retransmitted",
            Self::OutOfOrder => "out of order",
            Self::DuplicateAck => "duplicate ACK",
            Self::Reset => "reset",
            Self::ClosedWindow => "window closed",
        }
    }
}

/// What only the packets around one tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketNote {
    /// How long the SYN's answer took.
    RoundTrip(Nanos),
    /// What is peculiar about it.
    Mark(PacketMark),
    /// Its bytes were retransmitted.
    Again {
        /// In which packet.
        packet: usize,
        /// How much later.
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
    /// What is peculiar about a packet.
    pub fn mark(&self, place: usize) -> Option<PacketMark> {
        let packet = self.packet(place)?;
        if packet.flags.has(TcpFlags::RST) {
            return Some(PacketMark::Reset);
        }
        if packet.retransmitted {
            return Some(PacketMark::SentAgain);
        }
        if self.flow.is_out_of_order(place) {
            return Some(PacketMark::OutOfOrder);
        }
        if is_bare_ack(packet) && self.is_duplicate(place, packet) {
            return Some(PacketMark::DuplicateAck);
        }
        (packet.window == 0 && packet.flags.has(TcpFlags::ACK)).then_some(PacketMark::ClosedWindow)
    }

    /// Same acknowledgment and window as the packet before it from the same side, without payload,
    /// while something is under way (RFC 5681 §2).
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
        // Something came in between, and this is the answer to it.
        same && other
            .zip(before)
            .is_some_and(|((came, _), (before, _))| came > before)
    }

    /// The acknowledgment number, counted from the other side's SYN.
    pub fn relative_ack(&self, place: usize, packet: &PacketEntry) -> Option<u64> {
        let other = self
            .before(place)
            .find(|(_, before)| before.direction != packet.direction && before.payload_bytes > 0);
        let near = other.map_or(0, |(_, before)| before.offset);
        self.flow
            .acknowledged_offset(packet, near)
            .map(|offset| offset.saturating_add(1))
    }

    /// What its TCP header says, the longest way first.
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

    /// What only the packets around it tell: how long the SYN's answer took, when its bytes were
    /// sent again.
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

    /// The later packet that carried the same bytes again, and how much later it passed.
    pub fn sent_again(&self, place: usize, packet: &PacketEntry) -> Option<(usize, Nanos)> {
        if packet.payload_bytes == 0 {
            return None;
        }
        // A byte tells; a stretch that was sent again piece by piece begins with its first.
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

    /// Which of a packet's bytes lie where in its side's stream.
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

/// Sequence number counted from the SYN's, as people read them: the SYN has 0, the first byte 1.
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

/// The flags by name: `SYN-ACK`.
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
