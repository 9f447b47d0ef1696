//! The packet strip: sent packets above a line and received ones below it, at their times. Special
//! packets have a symbol, not just a colour.

use std::fmt::Write as _;

use super::canvas::{PictureItem, Pixels, SvgCanvas};
use super::font::Font;
use super::legend::{Legend, Symbol};
use super::{Axis, PictureContext, labels};
use crate::dissect::flag_words;
use crate::insight::phase_of_packet;
use crate::trace::{Direction, DirectionSum, Exchange, Flow, PacketEntry, TrafficSum};
use crate::units::{Bytes, Moment, format_count};
use crate::wire::{TcpFlags, Transport};

/// The packets during some exchanges.
pub(super) struct PacketStrip<'a> {
    marks: Vec<PacketMark<'a>>,
    /// Traffic per part of the axis, if there are too many packets to draw individually.
    sums: Vec<(Moment, Moment, TrafficSum)>,
    totals: [u64; 2],
    exchanges: &'a [Exchange],
}

struct PacketMark<'a> {
    at: Moment,
    flow: (usize, &'a Flow),
    place: usize,
    packet: &'a PacketEntry,
}

/// Maximum number of packets drawn individually.
const MAX_PACKETS: usize = 400;
/// Number of parts of the axis if there are more.
const PARTS: u16 = 240;
/// Maximum number of flows examined.
const MAX_FLOWS: usize = 1_000;
/// Height of the largest packet.
const MAX_STEM_HEIGHT: f64 = 24.0;
/// Height of the strip.
const STRIP_HEIGHT: f64 = 76.0;

impl<'a> PacketStrip<'a> {
    /// Collects the packets in the time range of an axis.
    pub(super) fn new(
        context: &PictureContext<'a>,
        axis: &Axis,
        exchanges: &'a [Exchange],
    ) -> Self {
        let clock = context.trace.clock();
        let from = clock.wall_of(axis.moment(0, 1));
        let to = clock.wall_of(axis.moment(1, 1));
        let mut strip = Self {
            marks: Vec::new(),
            sums: Vec::new(),
            totals: [0, 0],
            exchanges,
        };
        let (Some(from), Some(to)) = (from, to) else {
            return strip;
        };
        let flows = context.trace.flows().iter().enumerate().take(MAX_FLOWS);
        let passed = flows
            .clone()
            .map(|(_, flow)| flow.traffic_between(from, to))
            .fold(TrafficSum::default(), TrafficSum::and);
        strip.totals = [passed.sent.packets, passed.received.packets];
        if passed.sent.packets + passed.received.packets > MAX_PACKETS as u64 {
            strip.sums = traffic_sums(context, axis);
            return strip;
        }
        for (number, flow) in flows {
            let first = flow.packets().partition_point(|packet| packet.wall < from);
            let within = flow
                .packets()
                .iter()
                .enumerate()
                .skip(first)
                .take_while(|(_, packet)| packet.wall < to);
            let marks = within.filter_map(|(place, packet)| {
                Some(PacketMark {
                    at: clock.moment_of(packet.wall)?,
                    flow: (number, flow),
                    place,
                    packet,
                })
            });
            strip.marks.extend(marks.take(MAX_PACKETS));
        }
        strip
    }

    /// Height of the strip, or 0 if it is empty.
    pub(super) const fn height(&self) -> f64 {
        if self.totals[0] + self.totals[1] == 0 {
            0.0
        } else {
            STRIP_HEIGHT
        }
    }

    /// Draws the title at the canvas's current height.
    pub(super) fn draw(
        &self,
        context: &PictureContext<'_>,
        canvas: &mut SvgCanvas,
        axis: &Axis,
        legend: &mut Legend,
    ) {
        if self.height() <= 0.0 {
            return;
        }
        let middle = canvas.y + STRIP_HEIGHT / 2.0;
        let small = Font::regular(11.0);
        labels::draw_label(
            canvas,
            "strong",
            Font::bold(13.0),
            small,
            middle + 4.5,
            "packets",
            "",
        );
        let [sent, received] = self.totals;
        let at = axis.left() - 14.0;
        canvas.text_ending_at(
            "dim",
            small,
            (at, middle - 10.0),
            &format!("sent {sent} \u{2191}"),
        );
        canvas.text_ending_at(
            "dim",
            small,
            (at, middle + 18.0),
            &format!("received {received} \u{2193}"),
        );
        canvas.line("baseline", (axis.left(), middle), (axis.right(), middle));
        let most = self
            .marks
            .iter()
            .map(|mark| u64::from(mark.packet.payload_bytes))
            .max()
            .unwrap_or(0);
        for mark in &self.marks {
            mark.draw(
                context,
                canvas,
                axis,
                (middle, most),
                self.exchanges,
                legend,
            );
        }
        self.draw_sums(canvas, axis, middle, legend);
    }

    fn draw_sums(&self, canvas: &mut SvgCanvas, axis: &Axis, middle: f64, legend: &mut Legend) {
        let largest =
            |passed: &TrafficSum| passed.sent.payload_bytes.max(passed.received.payload_bytes);
        let most = self
            .sums
            .iter()
            .map(|(.., passed)| largest(passed))
            .max()
            .unwrap_or(0);
        for (from, to, passed) in &self.sums {
            let Some(reach) = axis.pixel_span(*from, *to) else {
                continue;
            };
            for (one_way, direction) in [
                (&passed.sent, Direction::Sent),
                (&passed.received, Direction::Received),
            ] {
                if one_way.packets == 0 {
                    continue;
                }
                let tall = stem_height(one_way.payload_bytes, most);
                let thing = PictureItem {
                    class: "thing packet".to_owned(),
                    description: traffic_words(one_way, direction),
                    span: Some((*from, *to)),
                    ..PictureItem::default()
                };
                canvas.open_item(&thing, Some(axis));
                let top = if direction == Direction::Sent {
                    middle - tall
                } else {
                    middle
                };
                canvas.rect("sum", (reach.x, top), ((reach.width - 0.5).max(1.0), tall));
                if one_way.retransmitted > 0 {
                    legend.add(Symbol::Retransmitted);
                    labels::draw_cross(
                        canvas,
                        (
                            reach.x + reach.width / 2.0,
                            tip_position(middle, tall, direction),
                        ),
                        3.0,
                    );
                }
                canvas.close_group();
            }
        }
    }
}

fn traffic_sums(context: &PictureContext<'_>, axis: &Axis) -> Vec<(Moment, Moment, TrafficSum)> {
    let clock = context.trace.clock();
    let parts = (0..PARTS).map(|n| (axis.moment(n, PARTS), axis.moment(n + 1, PARTS)));
    let sum = |(from, to)| {
        let begin = clock.wall_of(from)?;
        let end = clock.wall_of(to)?;
        let flows = context.trace.flows().iter().take(MAX_FLOWS);
        Some((
            from,
            to,
            flows
                .map(|flow| flow.traffic_between(begin, end))
                .fold(TrafficSum::default(), TrafficSum::and),
        ))
    };
    parts.filter_map(sum).collect()
}

fn traffic_words(passed: &DirectionSum, direction: Direction) -> String {
    let way = if direction == Direction::Sent {
        "sent"
    } else {
        "received"
    };
    let count = format_count(
        usize::try_from(passed.packets).unwrap_or(usize::MAX),
        "packet",
    );
    let retransmissions = if passed.retransmitted > 0 {
        format!(", {} retransmitted", passed.retransmitted)
    } else {
        String::new()
    };
    format!(
        "{way}: {count}, {}{retransmissions}",
        Bytes(passed.payload_bytes)
    )
}

impl PacketMark<'_> {
    fn draw(
        &self,
        context: &PictureContext<'_>,
        canvas: &mut SvgCanvas,
        axis: &Axis,
        (middle, most): (f64, u64),
        exchanges: &[Exchange],
        legend: &mut Legend,
    ) {
        let Some(x) = axis.at(self.at) else { return };
        let exchange = exchanges
            .iter()
            .rev()
            .find(|exchange| exchange.started <= self.at)
            .or(exchanges.first());
        let phase = exchange.and_then(|exchange| {
            phase_of_packet(context.trace, exchange, self.flow.1, self.packet)
        });
        let of = exchange
            .zip(phase)
            .map(|(exchange, phase)| format!("x{}-{}", exchange.id.0, phase.name()))
            .unwrap_or_default();
        let class = format!(
            "thing packet {}",
            phase.map_or("none", crate::trace::Phase::name)
        );
        let key = format!("f{}-{}", self.flow.0, self.place);
        canvas.open_item(
            &PictureItem {
                class,
                description: self.description(axis),
                key,
                parent: of,
                span: Some((self.at, self.at)),
            },
            Some(axis),
        );
        let sign = packet_symbol(self.packet);
        let tall = if self.packet.payload_bytes > 0 {
            stem_height(u64::from(self.packet.payload_bytes), most).max(7.0)
        } else {
            5.0
        };
        let tall = if sign.is_some() && self.packet.payload_bytes == 0 {
            9.0
        } else {
            tall
        };
        let end = tip_position(middle, tall, self.packet.direction);
        canvas.line("stem", (x, middle), (x, end));
        legend.add(if self.packet.payload_bytes > 0 {
            Symbol::Payload
        } else {
            Symbol::NoPayload
        });
        if let Some(sign) = sign {
            legend.add(sign);
            sign.draw(
                canvas,
                (x, tip_position(middle, tall + 3.0, self.packet.direction)),
            );
        }
        canvas.close_group();
    }

    fn description(&self, axis: &Axis) -> String {
        let PacketEntry {
            flags,
            payload_bytes,
            direction,
            retransmitted,
            ..
        } = *self.packet;
        let key = &self.flow.1.key;
        let (from, to) = if direction == Direction::Sent {
            (key.local, key.remote)
        } else {
            (key.remote, key.local)
        };
        let kind = match key.transport {
            Transport::Tcp => flag_words(flags),
            Transport::Udp => key.transport.name().to_owned(),
        };
        let at = axis.relative(self.at);
        let mut description = format!(
            "{kind}, {} at {}, {from} \u{2192} {to}",
            Bytes(u64::from(payload_bytes)),
            at.from_start()
        );
        if retransmitted {
            let _ = write!(description, ", retransmitted");
        }
        description
    }
}

/// The symbol at the tip of a packet.
const fn packet_symbol(packet: &PacketEntry) -> Option<Symbol> {
    if packet.flags.has(TcpFlags::RST) {
        Some(Symbol::Rst)
    } else if packet.retransmitted {
        Some(Symbol::Retransmitted)
    } else if packet.flags.has(TcpFlags::SYN) {
        Some(Symbol::Syn)
    } else if packet.flags.has(TcpFlags::FIN) {
        Some(Symbol::Fin)
    } else {
        None
    }
}

fn tip_position(middle: f64, tall: f64, direction: Direction) -> f64 {
    if direction == Direction::Sent {
        middle - tall
    } else {
        middle + tall
    }
}

/// Proportional to the square root, so that small packets remain visible beside large ones.
#[expect(clippy::cast_precision_loss, reason = "a share is for drawing")]
fn stem_height(bytes: u64, most: u64) -> f64 {
    ((bytes as f64 / most.max(1) as f64).sqrt() * MAX_STEM_HEIGHT).clamp(3.0, MAX_STEM_HEIGHT)
}

/// The SVG path of a symbol around a point.
pub(super) fn symbol_path(sign: Symbol, (x, y): (f64, f64)) -> String {
    let px = Pixels;
    let r = 3.0;
    match sign {
        Symbol::Syn => format!(
            "M{} {}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0",
            px(x - r),
            px(y),
            px(2.0 * r),
            px(-2.0 * r)
        ),
        Symbol::Fin => format!(
            "M{} {}h{}v{}h{}z",
            px(x - r),
            px(y - r),
            px(2.0 * r),
            px(2.0 * r),
            px(-2.0 * r)
        ),
        Symbol::Rst => {
            format!(
                "M{} {}l{r} {}l{r} {}z",
                px(x - r),
                px(y + r),
                px(-2.0 * r),
                px(2.0 * r)
            )
        }
        _ => format!(
            "M{} {}l{} {}m0 {}l{} {}",
            px(x - r),
            px(y - r),
            px(2.0 * r),
            px(2.0 * r),
            px(-2.0 * r),
            px(-2.0 * r),
            px(2.0 * r)
        ),
    }
}
