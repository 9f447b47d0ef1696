//! Explanation of one packet: its header, its contents, why it was sent.

use super::page::ExplanationPage;
use crate::dissect::{ConversationView, PacketMark, flag_words, part_name, relative_seq};
use crate::trace::{FlowKey, PacketEntry};
use crate::tui::cursor::Cursor;
use crate::tui::cursor::conversation_of_cursor;
use crate::tui::figures::format_millis;
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::Bytes;
use crate::wire::TcpFlags;

/// Maximum number of records and parts listed.
const MAX_PIECES: usize = 12;

pub(super) fn explain_packet(run: &ScreenRun, flow: FlowKey, index: usize) -> ExplanationPage {
    let conversation = conversation_of_cursor(run, Cursor::Packet(flow, index));
    let Some((conversation, packet)) = conversation.and_then(|conversation| {
        conversation
            .packet(index)
            .map(|packet| (conversation, packet))
    }) else {
        return ExplanationPage::new("Packet");
    };
    let way = if packet.direction == crate::trace::Direction::Sent {
        "\u{2192}"
    } else {
        "\u{2190}"
    };
    let number = conversation.flow.evicted() + index as u64 + 1;
    let mut page = ExplanationPage::new(format!(
        "Packet {number} {way} {}",
        flag_words(packet.flags)
    ));
    if let Some(mark) = conversation.mark(index) {
        page.styled_paragraph(
            StyleRole::for_mark(mark),
            mark_sentence(&conversation, index, packet, mark),
        );
        page.gap();
    }
    page.paragraph(purpose_sentence(&conversation, index, packet));
    page.gap();
    add_header(&conversation, index, packet, &mut page);
    add_contents(&conversation, packet, &mut page);
    page.gap();
    page.reference(packet_reference(&conversation, index, packet));
    page
}

fn add_header(
    conversation: &ConversationView<'_>,
    index: usize,
    packet: &PacketEntry,
    page: &mut ExplanationPage,
) {
    page.fact_if(
        "at",
        conversation
            .moment(packet)
            .map(|at| format!("{} ms", format_millis(at, true))),
    );
    let before = index
        .checked_sub(1)
        .and_then(|before| conversation.packet(before));
    page.fact_if(
        "gap before",
        before.map(|before| packet.wall.since(before.wall).to_string()),
    );
    page.fact("payload", Bytes(packet.payload_bytes.into()).to_string());
    let first = relative_seq(packet);
    let next = relative_seq(packet).saturating_add(packet.payload_bytes.into());
    page.fact(
        "seq",
        if packet.payload_bytes > 0 {
            format!("{first}, next {next}")
        } else {
            first.to_string()
        },
    );
    page.fact_if(
        "ack",
        conversation
            .relative_ack(index, packet)
            .map(|ack| ack.to_string()),
    );
    page.fact_if(
        "window",
        conversation
            .flow
            .scaled_window(packet)
            .map(|window| Bytes(window).to_string()),
    );
    if packet.flags.has(TcpFlags::SYN) {
        page.fact_if(
            "MSS",
            conversation
                .flow
                .announced_mss(packet.direction)
                .map(|mss| mss.to_string()),
        );
    }
}

/// Adds the records and parts in the packet, and which of their bytes it carries.
fn add_contents(
    conversation: &ConversationView<'_>,
    packet: &PacketEntry,
    page: &mut ExplanationPage,
) {
    let Some(contents) = conversation.contents(packet) else {
        return;
    };
    if contents.records().len() + contents.parts().len() == 0 {
        return;
    }
    page.heading("Carries");
    for piece in contents.records().take(MAX_PIECES) {
        let all = u64::from(piece.of.bytes);
        let silent = if piece.of.plain_bytes == 0 {
            ", no application data"
        } else {
            ""
        };
        page.fact(
            "TLS record",
            format!("{}{silent}", byte_range_text(&piece.bytes, all)),
        );
    }
    let from = packet.direction.side();
    for piece in contents.parts().take(MAX_PIECES) {
        page.fact(
            part_name(from, piece.of.what),
            byte_range_text(&piece.bytes, piece.of.bytes),
        );
    }
    let more = contents.records().len().saturating_sub(MAX_PIECES)
        + contents.parts().len().saturating_sub(MAX_PIECES);
    if more > 0 {
        page.styled_paragraph(StyleRole::Dim, format!("and {more} more"));
    }
}

fn byte_range_text(bytes: &std::ops::Range<u64>, all: u64) -> String {
    if bytes.start == 0 && bytes.end == all {
        return format!("all {}", Bytes(all));
    }
    format!("bytes {} to {} of {all}", bytes.start + 1, bytes.end)
}

fn mark_sentence(
    conversation: &ConversationView<'_>,
    index: usize,
    packet: &PacketEntry,
    mark: PacketMark,
) -> String {
    match mark {
        PacketMark::Reset => {
            "Reset: the sender aborts the connection, or reports that there is none.".to_owned()
        }
        PacketMark::Retransmission => {
            let first = conversation
                .flow
                .first_packet_carrying(packet.direction, packet.offset)
                .filter(|first| *first < index);
            match first.and_then(|first| {
                conversation
                    .packet(first)
                    .map(|earlier| (first, packet.wall.since(earlier.wall)))
            }) {
                Some((first, later)) => format!(
                    "Retransmission: packet {} carried these bytes {later} earlier.",
                    first + 1
                ),
                None => "Retransmission: the original was lost before the capture \
                    point."
                    .to_owned(),
            }
        }
        PacketMark::OutOfOrder => {
            "Out of order: packets sent after this one arrived before it.".to_owned()
        }
        PacketMark::DuplicateAck => {
            "Duplicate ACK: a segment arrived after a gap. Three of them tell the sender that a \
                segment was lost, without waiting for a timeout."
                .to_owned()
        }
        PacketMark::ClosedWindow => {
            "Zero window: the receiver's buffer is full, and the other side has to wait.".to_owned()
        }
    }
}

fn purpose_sentence(
    conversation: &ConversationView<'_>,
    index: usize,
    packet: &PacketEntry,
) -> String {
    let flags = packet.flags;
    if flags.has(TcpFlags::SYN | TcpFlags::ACK) {
        let took = conversation
            .round_trip()
            .map(|took| format!(" It arrived {took} after the SYN: one round trip."))
            .unwrap_or_default();
        return format!(
            "The answer to the SYN: the server accepts and announces its own initial sequence \
                number.{took}"
        );
    }
    if flags.has(TcpFlags::SYN) {
        return "The first packet of a connection. It announces the sender's initial sequence \
            number and the largest segment that it accepts (MSS)."
            .to_owned();
    }
    if flags.has(TcpFlags::RST) {
        return "Nothing is sent or accepted after it; data in flight is lost.".to_owned();
    }
    if flags.has(TcpFlags::FIN) {
        return "The sender has no more data. The other side may still send, until its own FIN."
            .to_owned();
    }
    if packet.payload_bytes == 0 {
        let ack = conversation
            .relative_ack(index, packet)
            .map(|ack| ack.saturating_sub(1));
        let upto = ack
            .map(|ack| format!(": {} have been received", Bytes(ack)))
            .unwrap_or_default();
        return format!("It carries only an acknowledgment{upto}.");
    }
    let names = conversation.packet_contents(index).names;
    if names.is_empty() {
        return "It carries data of the stream.".to_owned();
    }
    format!("It carries {}.", names.replace('\u{2026}', "more of "))
}

fn packet_reference(
    conversation: &ConversationView<'_>,
    index: usize,
    packet: &PacketEntry,
) -> &'static str {
    match conversation.mark(index) {
        Some(PacketMark::Retransmission) => "RFC 6298 \u{00a7}5, RFC 5681 \u{00a7}3.2",
        Some(PacketMark::DuplicateAck) => "RFC 5681 \u{00a7}2, \u{00a7}3.2",
        Some(PacketMark::Reset) => "RFC 9293 \u{00a7}3.5.2",
        Some(PacketMark::ClosedWindow) => "RFC 9293 \u{00a7}3.8.6",
        _ if packet.flags.has(TcpFlags::SYN) => "RFC 9293 \u{00a7}3.5",
        _ if packet.flags.has(TcpFlags::FIN) => "RFC 9293 \u{00a7}3.6",
        _ if packet.payload_bytes == 0 => "RFC 9293 \u{00a7}3.8.6, RFC 5681 \u{00a7}4.2",
        _ => "RFC 9293 \u{00a7}3.7",
    }
}
