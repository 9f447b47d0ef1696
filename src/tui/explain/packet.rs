//! One packet: what it says, what it carries, why it was sent.

use super::page::Page;
use crate::dissect::{Mark, Talk, flag_words, part_name, relative_seq};
use crate::trace::{FlowKey, PacketEntry, TcpFlags};
use crate::tui::cursor::Cursor;
use crate::tui::figures::instant;
use crate::tui::run::Run;
use crate::tui::talk::talk_at;
use crate::tui::theme::Role;
use crate::units::Bytes;

/// Records and parts listed of one packet.
const MOST: usize = 12;

pub(super) fn page(run: &Run, flow: FlowKey, place: usize) -> Page {
    let talk = talk_at(run, Cursor::Packet(flow, place));
    let Some((talk, packet)) =
        talk.and_then(|talk| talk.packet(place).map(|packet| (talk, packet)))
    else {
        return Page::new("Packet");
    };
    let way = if packet.direction == crate::trace::Direction::Sent {
        "\u{2192}"
    } else {
        "\u{2190}"
    };
    let number = talk.flow.forgotten() + place as u64 + 1;
    let mut page = Page::new(format!(
        "Packet {number} {way} {}",
        flag_words(packet.flags)
    ));
    if let Some(mark) = talk.mark(place) {
        page.say_as(Role::of_mark(mark), peculiar(&talk, place, packet, mark));
        page.gap();
    }
    page.say(why(&talk, place, packet));
    page.gap();
    header(&talk, place, packet, &mut page);
    carries(&talk, packet, &mut page);
    page.gap();
    page.reference(reference(&talk, place, packet));
    page
}

fn header(talk: &Talk<'_>, place: usize, packet: &PacketEntry, page: &mut Page) {
    page.fact_if(
        "at",
        talk.moment(packet)
            .map(|at| format!("{} ms", instant(at, true))),
    );
    let before = place.checked_sub(1).and_then(|before| talk.packet(before));
    page.fact_if(
        "gap before",
        before.map(|before| packet.wall.since(before.wall).to_string()),
    );
    page.fact("payload", Bytes(packet.payload_bytes.into()).to_string());
    let (first, next) = (
        relative_seq(packet),
        relative_seq(packet).saturating_add(packet.payload_bytes.into()),
    );
    page.fact(
        "seq",
        if packet.payload_bytes > 0 {
            format!("{first}, the next is {next}")
        } else {
            first.to_string()
        },
    );
    page.fact_if(
        "ack",
        talk.relative_ack(place, packet).map(|ack| ack.to_string()),
    );
    page.fact_if(
        "window",
        talk.flow
            .window_of(packet)
            .map(|window| Bytes(window).to_string()),
    );
    if packet.flags.has(TcpFlags::SYN) {
        page.fact_if(
            "MSS",
            talk.flow
                .announced_mss(packet.direction)
                .map(|mss| mss.to_string()),
        );
    }
}

/// The layers above, and which of their bytes are here.
fn carries(talk: &Talk<'_>, packet: &PacketEntry, page: &mut Page) {
    let Some(contents) = talk.contents(packet) else {
        return;
    };
    if contents.records().len() + contents.parts().len() == 0 {
        return;
    }
    page.heading("Carries");
    for piece in contents.records().take(MOST) {
        let all = u64::from(piece.of.bytes);
        let silent = if piece.of.plain_bytes == 0 {
            ", without text"
        } else {
            ""
        };
        page.fact(
            "TLS record",
            format!("{}{silent}", share(&piece.bytes, all)),
        );
    }
    let from = packet.direction.side();
    for piece in contents.parts().take(MOST) {
        page.fact(
            part_name(from, piece.of.what),
            share(&piece.bytes, piece.of.bytes),
        );
    }
    let more =
        contents.records().len().saturating_sub(MOST) + contents.parts().len().saturating_sub(MOST);
    if more > 0 {
        page.say_as(Role::Dim, format!("and {more} more"));
    }
}

fn share(bytes: &std::ops::Range<u64>, all: u64) -> String {
    if bytes.start == 0 && bytes.end == all {
        return format!("all {}", Bytes(all));
    }
    format!("bytes {} to {} of {all}", bytes.start + 1, bytes.end)
}

fn peculiar(talk: &Talk<'_>, place: usize, packet: &PacketEntry, mark: Mark) -> String {
    match mark {
        Mark::Reset => "Reset: the sender ends the connection at once, or says that there is none \
            here."
            .to_owned(),
        Mark::SentAgain => {
            let first = talk
                .flow
                .first_carrier(packet.direction, packet.offset)
                .filter(|first| *first < place);
            match first.and_then(|first| {
                talk.packet(first)
                    .map(|earlier| (first, packet.wall.since(earlier.wall)))
            }) {
                Some((first, later)) => format!(
                    "Sent again: packet {} carried these bytes \
                    {later} earlier.",
                    first + 1
                ),
                None => "Sent again: these bytes were lost before they came by here.".to_owned(),
            }
        }
        Mark::OutOfOrder => {
            "Out of order: packets sent after this one had overtaken it.".to_owned()
        }
        Mark::DuplicateAck => {
            "A duplicate ACK: something came that does not follow what came before. Three of them \
                tell the sender that a \
                               segment is lost, without waiting for a timeout."
                .to_owned()
        }
        Mark::ClosedWindow => "The window is closed: the receiver's buffer is full, and the other \
            side has to wait."
            .to_owned(),
    }
}

fn why(talk: &Talk<'_>, place: usize, packet: &PacketEntry) -> String {
    let flags = packet.flags;
    if flags.has(TcpFlags::SYN | TcpFlags::ACK) {
        let took = talk
            .round_trip()
            .map(|took| format!(" It came {took} after the SYN: one round trip."))
            .unwrap_or_default();
        return format!(
            "The answer to the SYN: the server agrees and counts its own bytes from a number of \
                its own.{took}"
        );
    }
    if flags.has(TcpFlags::SYN) {
        return "The first packet of a connection. It asks for one, and tells from which number \
            the sender counts its bytes and how large a \
                segment it takes (MSS)."
            .to_owned();
    }
    if flags.has(TcpFlags::RST) {
        return "No more is sent or taken after it; what was under way is lost.".to_owned();
    }
    if flags.has(TcpFlags::FIN) {
        return "The sender has nothing more to say. The other side may still speak, until it \
            sends its own FIN."
            .to_owned();
    }
    if packet.payload_bytes == 0 {
        let ack = talk
            .relative_ack(place, packet)
            .map(|ack| ack.saturating_sub(1));
        let upto = ack
            .map(|ack| format!(": all {} up to there have come", Bytes(ack)))
            .unwrap_or_default();
        return format!("It carries nothing but an acknowledgment{upto}.");
    }
    let names = talk.carried(place).names;
    if names.is_empty() {
        return "It carries bytes of the stream.".to_owned();
    }
    format!("It carries {}.", names.replace('\u{2026}', "more of "))
}

fn reference(talk: &Talk<'_>, place: usize, packet: &PacketEntry) -> &'static str {
    match talk.mark(place) {
        Some(Mark::SentAgain) => "RFC 6298 \u{00a7}5, RFC 5681 \u{00a7}3.2",
        Some(Mark::DuplicateAck) => "RFC 5681 \u{00a7}2, \u{00a7}3.2",
        Some(Mark::Reset) => "RFC 9293 \u{00a7}3.5.2",
        Some(Mark::ClosedWindow) => "RFC 9293 \u{00a7}3.8.6",
        _ if packet.flags.has(TcpFlags::SYN) => "RFC 9293 \u{00a7}3.5",
        _ if packet.flags.has(TcpFlags::FIN) => "RFC 9293 \u{00a7}3.6",
        _ if packet.payload_bytes == 0 => "RFC 9293 \u{00a7}3.8.6, RFC 5681 \u{00a7}4.2",
        _ => "RFC 9293 \u{00a7}3.7",
    }
}
