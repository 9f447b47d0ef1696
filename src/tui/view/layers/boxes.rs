//! The boxes: each layer of a packet within the one that carries it.

use std::ops::Range;

use ratatui::layout::Rect;

use super::role;
use crate::dissect::{Talk, part_name, relative_seq};
use crate::trace::{Contents, PacketEntry, Phase, Piece, Record};
use crate::tui::fit::{width, wrap};
use crate::tui::theme::Role;
use crate::tui::view::canvas::Canvas;
use crate::units::{Bytes, grouped};
use crate::wire::anatomy::{Anatomy, Header, Layer};

/// Boxes of records and of parts that are drawn, of each.
const MOST: usize = 6;
/// Columns of a size.
const SIZE: u16 = 8;
/// From this width on OSI's names stand at the right.
const WITH_OSI: u16 = 110;

/// A layer of the packet.
pub(super) struct Boxed {
    depth: u16,
    layer: Layer,
    pub(super) role: Role,
    protocol: String,
    /// Its bytes in the frame, as far as they can be told.
    pub(super) range: Option<Range<usize>>,
    /// How many bytes of it are here.
    bytes: u64,
    says: String,
    fields: Vec<(&'static str, String)>,
}

/// The boxes of a packet, from the outside in.
pub(super) fn of(
    talk: &Talk<'_>,
    place: usize,
    packet: &PacketEntry,
    anatomy: &Anatomy,
) -> Vec<Boxed> {
    let mut boxes: Vec<Boxed> = Vec::new();
    for (depth, header) in (0..).zip(&anatomy.headers) {
        boxes.push(Boxed {
            depth,
            layer: header.layer,
            role: role(header.layer),
            protocol: header.name.to_owned(),
            range: Some(header.range.clone()),
            bytes: header.range.len() as u64,
            says: says(talk, place, packet, header),
            fields: header
                .fields
                .iter()
                .map(|field| (field.name, field.value.clone()))
                .collect(),
        });
    }
    let depth = u16::try_from(boxes.len()).unwrap_or(u16::MAX);
    if packet.payload_bytes > 0 {
        boxes.extend(application(talk, packet, &anatomy.payload, depth));
    }
    boxes
}

/// What matters most in a header.
fn says(talk: &Talk<'_>, place: usize, packet: &PacketEntry, header: &Header) -> String {
    let field = |name: &str| {
        header
            .fields
            .iter()
            .find(|field| field.name == name)
            .map_or("", |field| field.value.as_str())
    };
    let ends = |from: &str, to: &str| format!("{} \u{2192} {}", field(from), field(to));
    match header.name {
        "Ethernet II" => format!("{}  {}", field("type"), ends("source", "destination")),
        "IPv4" => {
            format!(
                "{}  TTL {}  id {}  {}",
                ends("source", "destination"),
                field("time to live"),
                field("identification"),
                field("flags")
            )
        }
        "IPv6" => format!(
            "{}  hop limit {}",
            ends("source", "destination"),
            field("hop limit")
        ),
        "TCP" => {
            let ack = talk
                .relative_ack(place, packet)
                .map(|ack| format!("  ack {}", grouped(ack)))
                .unwrap_or_default();
            let seq = grouped(relative_seq(packet));
            format!(
                "{}  {}  seq {seq}{ack}  win {}",
                ends("source port", "destination port"),
                field("flags"),
                field("window")
            )
        }
        "UDP" => ends("source port", "destination port"),
        _ => header
            .fields
            .iter()
            .map(|field| field.value.as_str())
            .collect::<Vec<_>>()
            .join("  "),
    }
}

/// Records, and the parts of what they carry; where neither is known, the payload.
fn application(
    talk: &Talk<'_>,
    packet: &PacketEntry,
    payload: &Range<usize>,
    depth: u16,
) -> Vec<Boxed> {
    let mut boxes = Vec::new();
    let from = packet.direction.side();
    let contents = talk.contents(packet);
    let records: Vec<_> = contents.iter().flat_map(Contents::records).collect();
    let parts: Vec<_> = contents.iter().flat_map(Contents::parts).collect();
    // Of bytes that lie in something at an offset of the stream.
    let in_frame = |at: u64, bytes: &Range<u64>| {
        let place = |offset: u64| {
            let behind = at.saturating_add(offset).saturating_sub(packet.offset);
            payload
                .start
                .saturating_add(usize::try_from(behind).unwrap_or(usize::MAX))
                .min(payload.end)
        };
        place(bytes.start)..place(bytes.end)
    };
    for piece in records.iter().take(MOST) {
        boxes.push(Boxed {
            depth,
            layer: Layer::Application,
            role: Role::Phase(Phase::Tls),
            protocol: "TLS record".to_owned(),
            range: Some(in_frame(piece.of.at, &piece.bytes)),
            bytes: piece.bytes.end - piece.bytes.start,
            says: record_says(talk, packet, piece),
            fields: Vec::new(),
        });
    }
    let plain = records.is_empty();
    let within = depth + u16::from(!plain);
    for piece in parts.iter().take(MOST) {
        boxes.push(Boxed {
            depth: within,
            layer: Layer::Application,
            role: role(Layer::Application),
            protocol: part_name(from, piece.of.what),
            // Under TLS its bytes are somewhere in the records.
            range: plain.then(|| in_frame(piece.of.at, &piece.bytes)),
            bytes: piece.bytes.end - piece.bytes.start,
            says: share(piece, piece.of.bytes),
            fields: Vec::new(),
        });
    }
    if boxes.is_empty() {
        boxes.push(Boxed {
            depth,
            layer: Layer::Application,
            role: role(Layer::Application),
            protocol: "payload".to_owned(),
            range: Some(payload.clone()),
            bytes: packet.payload_bytes.into(),
            says: String::new(),
            fields: Vec::new(),
        });
    }
    boxes
}

/// What is in a record, where that can be told from outside, and how much of it is here.
fn record_says(talk: &Talk<'_>, packet: &PacketEntry, piece: &Piece<Record>) -> String {
    let share = share(piece, piece.of.bytes.into());
    if piece.of.plain_bytes > 0 {
        return share;
    }
    format!(
        "{} \u{b7} {share}",
        talk.said_in(packet.direction.side(), piece).join(", ")
    )
}

fn share<T>(piece: &Piece<T>, all: u64) -> String {
    if piece.bytes.start == 0 && piece.bytes.end == all {
        return "all of it".to_owned();
    }
    format!(
        "bytes {} to {} of {}",
        grouped(piece.bytes.start + 1),
        grouped(piece.bytes.end),
        grouped(all)
    )
}

/// Draws the boxes, with their fields where there is room. Returns the lines it took, at most
/// `most`.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, boxes: &[Boxed], most: u16) -> u16 {
    let fields: Vec<Vec<String>> = boxes
        .iter()
        .map(|boxed| field_lines(boxed, area.width))
        .collect();
    let all = boxes.len() + fields.iter().map(Vec::len).sum::<usize>();
    let with_fields = all <= usize::from(most);
    let columns = Columns::of(boxes);
    let mut y = area.y;
    for (boxed, fields) in boxes.iter().zip(&fields) {
        if y >= area.y + most {
            break;
        }
        draw_box(canvas, area, y, boxed, columns);
        y += 1;
        for line in fields.iter().filter(|_| with_fields) {
            draw_indent(canvas, area, y, boxed.depth + 1);
            let x = area.x + 3 + 2 * boxed.depth;
            canvas.text((x, y), line, area.right().saturating_sub(x + 1), Role::Dim);
            y += 1;
        }
    }
    y - area.y
}

/// How wide the columns are: as what stands in them.
#[derive(Clone, Copy)]
struct Columns {
    layer: u16,
    protocol: u16,
}

impl Columns {
    fn of(boxes: &[Boxed]) -> Self {
        let most = |of: &dyn Fn(&Boxed) -> usize| {
            u16::try_from(boxes.iter().map(of).max().unwrap_or(0)).unwrap_or(u16::MAX)
        };
        Self {
            layer: most(&|boxed| usize::from(boxed.depth) * 2 + boxed.layer.name().len()).min(28)
                + 2,
            protocol: most(&|boxed| width(&boxed.protocol)).min(24) + 1,
        }
    }
}

fn draw_box(canvas: &mut Canvas<'_>, area: Rect, y: u16, boxed: &Boxed, columns: Columns) {
    draw_indent(canvas, area, y, boxed.depth);
    let x = area.x + 1 + 2 * boxed.depth;
    if boxed.depth > 0 {
        canvas.text((x - 2, y), "\u{250c}", 1, boxed.role);
    }
    let column = area.x + 1 + columns.layer;
    canvas.text(
        (x, y),
        boxed.layer.name(),
        column.saturating_sub(x + 1),
        boxed.role,
    );
    canvas.text(
        (column, y),
        &boxed.protocol,
        columns.protocol - 1,
        Role::Strong,
    );
    let size_end = column + columns.protocol + SIZE;
    canvas.right(size_end, y, &Bytes(boxed.bytes).to_string(), Role::Text);
    let says_at = size_end + 2;
    let mut end = area.right().saturating_sub(1);
    if area.width >= WITH_OSI {
        canvas.right(end, y, boxed.layer.osi(), Role::Dim);
        end = end.saturating_sub(u16::try_from(width(boxed.layer.osi())).unwrap_or(0) + 2);
    }
    canvas.text(
        (says_at, y),
        &boxed.says,
        end.saturating_sub(says_at),
        Role::Text,
    );
}

fn draw_indent(canvas: &mut Canvas<'_>, area: Rect, y: u16, depth: u16) {
    for level in 0..depth.saturating_sub(1) {
        canvas.text((area.x + 1 + 2 * level, y), "\u{2502}", 1, Role::Frame);
    }
    if depth > 0 {
        canvas.text(
            (area.x + 1 + 2 * (depth - 1), y),
            "\u{2502}",
            1,
            Role::Frame,
        );
    }
}

/// `version 4 · header length 20 bytes · …`, in lines.
fn field_lines(boxed: &Boxed, columns: u16) -> Vec<String> {
    let room = columns.saturating_sub(5 + 2 * boxed.depth);
    if boxed.fields.is_empty() {
        return Vec::new();
    }
    let said: Vec<String> = boxed
        .fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    wrap(&said.join(" \u{b7} "), usize::from(room))
}
