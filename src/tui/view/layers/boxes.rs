//! The boxes of a packet: each layer nested in the one that carries it.

use std::ops::Range;

use ratatui::layout::Rect;

use super::layer_role;
use crate::dissect::{ConversationView, part_name, relative_seq};
use crate::trace::{Contents, PacketEntry, Phase, Record, UnitFragment};
use crate::tui::text_layout::{display_width, wrap};
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;
use crate::units::{Bytes, group_digits};
use crate::wire::packet_headers::{Layer, PacketHeader, PacketHeaders};

/// Maximum number of boxes for records, and for parts.
const MAX_BOXES: usize = 6;
/// Columns of a size.
const SIZE_COLUMNS: u16 = 8;
/// Minimum columns at which the OSI layers are named at the right.
const MIN_COLUMNS_WITH_OSI: u16 = 110;

/// A layer of the packet.
pub(super) struct LayerBox {
    depth: u16,
    layer: Layer,
    pub(super) role: StyleRole,
    protocol: String,
    /// Its bytes in the frame, if they are known.
    pub(super) range: Option<Range<usize>>,
    /// Number of its bytes in this packet.
    bytes: u64,
    summary: String,
    fields: Vec<(&'static str, String)>,
}

/// Returns the boxes of a packet, from the outside in.
pub(super) fn layer_boxes(
    conversation: &ConversationView<'_>,
    index: usize,
    packet: &PacketEntry,
    anatomy: &PacketHeaders,
) -> Vec<LayerBox> {
    let mut boxes: Vec<LayerBox> = Vec::new();
    for (depth, header) in (0..).zip(&anatomy.headers) {
        boxes.push(LayerBox {
            depth,
            layer: header.layer,
            role: layer_role(header.layer),
            protocol: header.name.to_owned(),
            range: Some(header.range.clone()),
            bytes: header.range.len() as u64,
            summary: header_summary(conversation, index, packet, header),
            fields: header
                .fields
                .iter()
                .map(|field| (field.name, field.value.clone()))
                .collect(),
        });
    }
    let depth = u16::try_from(boxes.len()).unwrap_or(u16::MAX);
    if packet.payload_bytes > 0 {
        boxes.extend(application_boxes(
            conversation,
            packet,
            &anatomy.payload,
            depth,
        ));
    }
    boxes
}

/// Returns the most important fields of a header.
fn header_summary(
    conversation: &ConversationView<'_>,
    index: usize,
    packet: &PacketEntry,
    header: &PacketHeader,
) -> String {
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
            let ack = conversation
                .relative_ack(index, packet)
                .map(|ack| format!("  ack {}", group_digits(ack)))
                .unwrap_or_default();
            let seq = group_digits(relative_seq(packet));
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

/// Returns boxes for the TLS records and the parts in them; if neither is known, for the payload.
fn application_boxes(
    conversation: &ConversationView<'_>,
    packet: &PacketEntry,
    payload: &Range<usize>,
    depth: u16,
) -> Vec<LayerBox> {
    let mut boxes = Vec::new();
    let from = packet.direction.side();
    let contents = conversation.contents(packet);
    let records: Vec<_> = contents.iter().flat_map(Contents::records).collect();
    let parts: Vec<_> = contents.iter().flat_map(Contents::parts).collect();
    // Maps bytes of an item that begins at a stream offset to bytes of the frame.
    let in_frame = |at: u64, bytes: &Range<u64>| {
        let position = |offset: u64| {
            let behind = at.saturating_add(offset).saturating_sub(packet.offset);
            payload
                .start
                .saturating_add(usize::try_from(behind).unwrap_or(usize::MAX))
                .min(payload.end)
        };
        position(bytes.start)..position(bytes.end)
    };
    for piece in records.iter().take(MAX_BOXES) {
        boxes.push(LayerBox {
            depth,
            layer: Layer::Application,
            role: StyleRole::Phase(Phase::Tls),
            protocol: "TLS record".to_owned(),
            range: Some(in_frame(piece.of.at, &piece.bytes)),
            bytes: piece.bytes.end - piece.bytes.start,
            summary: record_summary(conversation, packet, piece),
            fields: Vec::new(),
        });
    }
    let plain = records.is_empty();
    let within = depth + u16::from(!plain);
    for piece in parts.iter().take(MAX_BOXES) {
        boxes.push(LayerBox {
            depth: within,
            layer: Layer::Application,
            role: layer_role(Layer::Application),
            protocol: part_name(from, piece.of.what),
            // Under TLS its plaintext bytes have no place in the frame.
            range: plain.then(|| in_frame(piece.of.at, &piece.bytes)),
            bytes: piece.bytes.end - piece.bytes.start,
            summary: byte_range_text(piece, piece.of.bytes),
            fields: Vec::new(),
        });
    }
    if boxes.is_empty() {
        boxes.push(LayerBox {
            depth,
            layer: Layer::Application,
            role: layer_role(Layer::Application),
            protocol: "payload".to_owned(),
            range: Some(payload.clone()),
            bytes: packet.payload_bytes.into(),
            summary: String::new(),
            fields: Vec::new(),
        });
    }
    boxes
}

/// Returns the contents of a record, if they can be told without decryption, and how much of it is
/// in this packet.
fn record_summary(
    conversation: &ConversationView<'_>,
    packet: &PacketEntry,
    piece: &UnitFragment<Record>,
) -> String {
    let share = byte_range_text(piece, piece.of.bytes.into());
    if piece.of.plain_bytes > 0 {
        return share;
    }
    format!(
        "{} \u{b7} {share}",
        conversation
            .record_contents(packet.direction.side(), piece)
            .join(", ")
    )
}

fn byte_range_text<T>(piece: &UnitFragment<T>, all: u64) -> String {
    if piece.bytes.start == 0 && piece.bytes.end == all {
        return "all of it".to_owned();
    }
    format!(
        "bytes {} to {} of {}",
        group_digits(piece.bytes.start + 1),
        group_digits(piece.bytes.end),
        group_digits(all)
    )
}

/// Draws the boxes, with their fields if there is room. Returns the lines drawn, at most `most`.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, boxes: &[LayerBox], most: u16) -> u16 {
    let fields: Vec<Vec<String>> = boxes
        .iter()
        .map(|layer_box| field_lines(layer_box, area.width))
        .collect();
    let all = boxes.len() + fields.iter().map(Vec::len).sum::<usize>();
    let with_fields = all <= usize::from(most);
    let columns = BoxColumns::fitting(boxes);
    let mut y = area.y;
    for (layer_box, fields) in boxes.iter().zip(&fields) {
        if y >= area.y + most {
            break;
        }
        draw_box(canvas, area, y, layer_box, columns);
        y += 1;
        for line in fields.iter().filter(|_| with_fields) {
            draw_indent(canvas, area, y, layer_box.depth + 1);
            let x = area.x + 3 + 2 * layer_box.depth;
            canvas.text(
                (x, y),
                line,
                area.right().saturating_sub(x + 1),
                StyleRole::Dim,
            );
            y += 1;
        }
    }
    y - area.y
}

/// Widths of the columns.
#[derive(Clone, Copy)]
struct BoxColumns {
    layer: u16,
    protocol: u16,
}

impl BoxColumns {
    fn fitting(boxes: &[LayerBox]) -> Self {
        let most = |of: &dyn Fn(&LayerBox) -> usize| {
            u16::try_from(boxes.iter().map(of).max().unwrap_or(0)).unwrap_or(u16::MAX)
        };
        Self {
            layer: most(&|layer_box| {
                usize::from(layer_box.depth) * 2 + layer_box.layer.name().len()
            })
            .min(28)
                + 2,
            protocol: most(&|layer_box| display_width(&layer_box.protocol)).min(24) + 1,
        }
    }
}

fn draw_box(
    canvas: &mut Canvas<'_>,
    area: Rect,
    y: u16,
    layer_box: &LayerBox,
    columns: BoxColumns,
) {
    draw_indent(canvas, area, y, layer_box.depth);
    let x = area.x + 1 + 2 * layer_box.depth;
    if layer_box.depth > 0 {
        canvas.text((x - 2, y), "\u{250c}", 1, layer_box.role);
    }
    let column = area.x + 1 + columns.layer;
    canvas.text(
        (x, y),
        layer_box.layer.name(),
        column.saturating_sub(x + 1),
        layer_box.role,
    );
    canvas.text(
        (column, y),
        &layer_box.protocol,
        columns.protocol - 1,
        StyleRole::Strong,
    );
    let size_end = column + columns.protocol + SIZE_COLUMNS;
    canvas.text_right(
        size_end,
        y,
        &Bytes(layer_box.bytes).to_string(),
        StyleRole::Text,
    );
    let says_at = size_end + 2;
    let mut end = area.right().saturating_sub(1);
    if area.width >= MIN_COLUMNS_WITH_OSI {
        canvas.text_right(end, y, layer_box.layer.osi(), StyleRole::Dim);
        end = end
            .saturating_sub(u16::try_from(display_width(layer_box.layer.osi())).unwrap_or(0) + 2);
    }
    canvas.text(
        (says_at, y),
        &layer_box.summary,
        end.saturating_sub(says_at),
        StyleRole::Text,
    );
}

fn draw_indent(canvas: &mut Canvas<'_>, area: Rect, y: u16, depth: u16) {
    for level in 0..depth.saturating_sub(1) {
        canvas.text((area.x + 1 + 2 * level, y), "\u{2502}", 1, StyleRole::Frame);
    }
    if depth > 0 {
        canvas.text(
            (area.x + 1 + 2 * (depth - 1), y),
            "\u{2502}",
            1,
            StyleRole::Frame,
        );
    }
}

/// Returns `version 4 · header length 20 bytes · …`, wrapped.
fn field_lines(layer_box: &LayerBox, columns: u16) -> Vec<String> {
    let room = columns.saturating_sub(5 + 2 * layer_box.depth);
    if layer_box.fields.is_empty() {
        return Vec::new();
    }
    let said: Vec<String> = layer_box
        .fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    wrap(&said.join(" \u{b7} "), usize::from(room))
}
