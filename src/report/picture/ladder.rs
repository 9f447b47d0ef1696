//! The sequence diagram of a connection: two vertical lines, an arrow per packet, and brackets
//! around packets that carry one unit together.

use super::PictureContext;
use super::canvas::{PictureItem, Pixels, SvgCanvas, as_f64};
use super::font::Font;
use crate::dissect::{ConversationView, LadderRow, PacketMark, PacketNote, Reach, flag_words};
use crate::insight::ledger::{ExchangeLedger, PeriodCauses};
use crate::insight::phase_of_packet;
use crate::trace::{Direction, ExchangeId, Flow, PacketEntry, Phase, Trace};
use crate::units::{Bytes, Nanos, format_count, group_digits};

/// Maximum number of rows; the rest is summarized in a sentence.
const MAX_RUNGS: usize = 500;
const ROW_HEIGHT: f64 = 22.0;
const TIME: f64 = 92.0;
const CLIENT: f64 = 122.0;
const SERVER: f64 = SvgCanvas::WIDTH - 44.0;
const TEXT: Font = Font::regular(11.5);
const SMALL: Font = Font::regular(11.0);

/// Draws the packets of a flow, in at most `at_most` rows.
pub(super) fn draw(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    talk: &ConversationView<'_>,
    at_most: usize,
) {
    let rungs = talk.ladder_rows(None, false, at_most.min(MAX_RUNGS));
    draw_ends(canvas, talk.flow);
    let top = canvas.y;
    let bottom = top + ROW_HEIGHT * as_f64(rungs.len()) + 8.0;
    canvas.line("baseline", (CLIENT, top), (CLIENT, bottom));
    canvas.line("baseline", (SERVER, top), (SERVER, bottom));
    let mut brackets = Brackets::default();
    let mut ledgers = LadderLedgers::new(context.trace);
    let origin = talk.flow.packets().first().map(|packet| packet.wall);
    for rung in &rungs {
        match *rung {
            LadderRow::Idle { before, took } => ledgers.draw_idle(canvas, talk, before, took),
            LadderRow::Packet(place) => {
                if let Some(packet) = talk.packet(place) {
                    brackets.add_packet(canvas, talk, place, packet);
                    let at = talk.moment(packet).map(crate::units::Moment::from_start);
                    let at = at.or_else(|| origin.map(|origin| packet.wall.since(origin)));
                    draw_packet(
                        context,
                        canvas,
                        talk,
                        (place, packet),
                        at.unwrap_or_default(),
                    );
                }
            }
        }
        canvas.y += ROW_HEIGHT;
    }
    brackets.end(canvas);
    canvas.y = bottom + 4.0;
    draw_rest(
        canvas,
        talk.flow,
        rungs
            .iter()
            .filter(|rung| matches!(rung, LadderRow::Packet(_)))
            .count(),
    );
}

fn draw_ends(canvas: &mut SvgCanvas, flow: &Flow) {
    const NAME: Font = Font::bold(12.0);
    let y = canvas.y + 14.0;
    let half = (SERVER - CLIENT) / 2.0;
    canvas.text_ending_at("dim", SMALL, (TIME, y), "ms");
    canvas.text(
        "strong",
        NAME,
        (CLIENT, y),
        &NAME.truncate(&format!("client {}", flow.key.local), half),
    );
    canvas.text_ending_at(
        "strong",
        NAME,
        (SERVER, y),
        &NAME.truncate(&format!("server {}", flow.key.remote), half),
    );
    canvas.y += 24.0;
}

/// The ledger of the exchange whose time is being drawn. Exchanges of a connection follow each
/// other, so each is made once.
struct LadderLedgers<'a> {
    trace: &'a Trace,
    latest: Option<(ExchangeId, ExchangeLedger)>,
}

impl<'a> LadderLedgers<'a> {
    const fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            latest: None,
        }
    }

    fn draw_idle(
        &mut self,
        canvas: &mut SvgCanvas,
        talk: &ConversationView<'_>,
        before: usize,
        took: Nanos,
    ) {
        let causes = self.causes_of_idle(talk, before, took);
        let room = SERVER - CLIENT - 40.0;
        let wordings: Vec<String> = talk
            .idle_descriptions(before, took, causes.as_ref())
            .into_iter()
            .chain(["nothing passed".to_owned()])
            .map(|cause| format!("\u{22ee} {took}: {cause}"))
            .collect();
        let words = TEXT.first_that_fits(&wordings, room).unwrap_or_default();
        let class = if causes.is_some_and(|causes| causes.is_loss()) {
            "failure idle"
        } else {
            "dim idle"
        };
        canvas.text(class, TEXT, (CLIENT + 16.0, canvas.y + 15.0), words);
    }

    fn causes_of_idle(
        &mut self,
        talk: &ConversationView<'_>,
        before: usize,
        took: Nanos,
    ) -> Option<PeriodCauses> {
        let (from, to) = talk.idle_period(before, took)?;
        let exchange = talk.exchange_within((from, to), None)?;
        if self
            .latest
            .as_ref()
            .is_none_or(|(id, _)| *id != exchange.id)
        {
            self.latest = Some((exchange.id, ExchangeLedger::new(self.trace, exchange)));
        }
        let (_, ledger) = self.latest.as_ref()?;
        Some(ledger.whole.causes_within(from, to))
    }
}

fn draw_packet(
    context: &PictureContext<'_>,
    canvas: &mut SvgCanvas,
    talk: &ConversationView<'_>,
    (place, packet): (usize, &PacketEntry),
    at: Nanos,
) {
    let mark = talk.mark(place);
    let carried = talk.packet_contents(place);
    let aside = talk.note(place, packet);
    let y = canvas.y + 16.0;
    let thing = packet_item(
        context,
        talk,
        (place, packet),
        &carried.names,
        aside.as_ref(),
        at,
    );
    canvas.open_item(&thing, None);
    canvas.text_ending_at(
        "dim",
        SMALL,
        (TIME, y),
        &format!("{:.2}", at.as_millis_f64()),
    );
    let bad = matches!(mark, Some(PacketMark::Retransmission | PacketMark::Reset));
    let (from, to) = if packet.direction == Direction::Sent {
        (CLIENT, SERVER)
    } else {
        (SERVER, CLIENT)
    };
    let way = if packet.direction == Direction::Sent {
        1.0
    } else {
        -1.0
    };
    let shaft = if bad { "shaft bad" } else { "shaft" };
    canvas.line(shaft, (from, y + 4.0), (to - way * 6.0, y + 4.0));
    let tip = format!(
        "M{} {}l{} -4v8z",
        Pixels(to),
        Pixels(y + 4.0),
        Pixels(-way * 9.0)
    );
    canvas.path(if bad { "head bad" } else { "head" }, &tip);
    draw_words(canvas, talk, (place, packet), &carried.names, aside, y);
    canvas.close_group();
}

/// Writes the header summary, the content, and a remark onto the arrow, as far as there is room.
fn draw_words(
    canvas: &mut SvgCanvas,
    talk: &ConversationView<'_>,
    (place, packet): (usize, &PacketEntry),
    names: &str,
    aside: Option<PacketNote>,
    y: f64,
) {
    let left = CLIENT + 16.0;
    let right = SERVER - 16.0;
    let mut end = right;
    if let Some(aside) = aside {
        let words = match aside {
            PacketNote::Mark(mark @ (PacketMark::Retransmission | PacketMark::Reset)) => {
                format!("{} {}", mark.sign(), mark.sentence())
            }
            _ => aside.to_string(),
        };
        let class = if matches!(aside, PacketNote::RoundTrip(_)) {
            "strong word"
        } else {
            "failure word"
        };
        canvas.text_ending_at(class, TEXT, (right, y), &words);
        end -= TEXT.width(&words) + 16.0;
    }
    let room = if names.is_empty() {
        end - left
    } else {
        (end - left) * 0.5
    };
    let texts = talk.header_words(place, packet);
    let words = TEXT
        .first_that_fits(&texts, room)
        .unwrap_or_default()
        .to_owned();
    canvas.text("ink word", TEXT, (left, y), &words);
    let from = left + TEXT.width(&words) + 14.0;
    if !names.is_empty() && end > from {
        canvas.text(
            "said word",
            TEXT,
            (from, y),
            &TEXT.truncate(names, end - from),
        );
    }
}

fn packet_item(
    context: &PictureContext<'_>,
    talk: &ConversationView<'_>,
    (place, packet): (usize, &PacketEntry),
    names: &str,
    aside: Option<&PacketNote>,
    at: Nanos,
) -> PictureItem {
    let flow = context
        .trace
        .index_of_flow(&talk.flow.key)
        .unwrap_or_default();
    let moment = talk.moment(packet);
    let exchange = context
        .trace
        .exchanges()
        .iter()
        .rev()
        .find(|exchange| moment.is_some_and(|at| exchange.started <= at));
    let phase =
        exchange.and_then(|exchange| phase_of_packet(context.trace, exchange, talk.flow, packet));
    let of = exchange
        .zip(phase)
        .map(|(exchange, phase)| format!("x{}-{}", exchange.id.0, phase.name()))
        .unwrap_or_default();
    let way = if packet.direction == Direction::Sent {
        "sent"
    } else {
        "received"
    };
    let header = talk
        .header_words(place, packet)
        .into_iter()
        .next()
        .unwrap_or_else(|| flag_words(packet.flags));
    let carries = if names.is_empty() {
        String::new()
    } else {
        format!(". Carries {names}")
    };
    let aside = aside.map(|aside| format!(". {aside}")).unwrap_or_default();
    PictureItem {
        class: format!("thing packet rung {}", phase.map_or("none", Phase::name)),
        description: format!("Packet {place}, {way} at {at}: {header}{carries}{aside}"),
        key: format!("f{flow}-{place}"),
        parent: of,
        span: None,
    }
}

/// Summarizes the packets that are not drawn.
fn draw_rest(canvas: &mut SvgCanvas, flow: &Flow, drawn: usize) {
    let rest = flow.packets().get(drawn..).unwrap_or_default();
    let left = rest.len() as u64 + flow.unlisted();
    if left == 0 {
        return;
    }
    let bytes = |direction| {
        Bytes(
            rest.iter()
                .filter(|packet| packet.direction == direction)
                .map(|packet| u64::from(packet.payload_bytes))
                .sum(),
        )
    };
    let retransmissions = rest.iter().filter(|packet| packet.retransmitted).count();
    let retransmissions = if retransmissions == 0 {
        "none retransmitted".to_owned()
    } else {
        format!("{} retransmitted", format_count(retransmissions, "packet"))
    };
    let words = format!(
        "{} more packets follow: {} sent, {} received, {retransmissions}.",
        group_digits(left),
        bytes(Direction::Sent),
        bytes(Direction::Received)
    );
    canvas.text(
        "dim",
        Font::regular(12.0),
        (CLIENT, canvas.y + 14.0),
        &words,
    );
    canvas.y += 24.0;
}

/// Brackets beside the vertical lines: TLS records next to the line, parts of HTTP further out.
#[derive(Default)]
struct Brackets {
    /// Start heights of open brackets, by side and by layer (records, parts).
    open: [[Option<f64>; 2]; 2],
    reached: [[f64; 2]; 2],
}

impl Brackets {
    fn add_packet(
        &mut self,
        canvas: &mut SvgCanvas,
        talk: &ConversationView<'_>,
        place: usize,
        packet: &PacketEntry,
    ) {
        if packet.payload_bytes == 0 {
            return;
        }
        let carried = talk.packet_contents(place);
        let side = usize::from(packet.direction == Direction::Received);
        let y = canvas.y + 20.0;
        for (
            layer,
            Reach {
                from_before,
                goes_on,
            },
        ) in [carried.records, carried.parts].into_iter().enumerate()
        {
            let (Some(open), Some(reached)) = (
                self.open.get_mut(side).and_then(|open| open.get_mut(layer)),
                self.reached.get_mut(side).and_then(|at| at.get_mut(layer)),
            ) else {
                continue;
            };
            *reached = y;
            if !from_before || open.is_none() {
                *open = (from_before || goes_on).then_some(y);
            }
            if !goes_on && let Some(top) = open.take().filter(|top| *top < y) {
                draw_bracket(canvas, (side, layer), top, y);
            }
        }
    }

    /// Draws the brackets that are still open.
    fn end(&mut self, canvas: &mut SvgCanvas) {
        for (side, (open, reached)) in self.open.iter().zip(&self.reached).enumerate() {
            for (layer, (top, bottom)) in open.iter().zip(reached).enumerate() {
                if let Some(top) = top.filter(|top| top < bottom) {
                    draw_bracket(canvas, (side, layer), top, *bottom);
                }
            }
        }
    }
}

fn draw_bracket(canvas: &mut SvgCanvas, (side, layer): (usize, usize), top: f64, bottom: f64) {
    let away = 6.0 + 8.0 * as_f64(layer);
    let (x, arm) = if side == 0 {
        (CLIENT - away, 4.0)
    } else {
        (SERVER + away, -4.0)
    };
    let class = match (layer, side) {
        (0, _) => "bracket tls",
        (_, 0) => "bracket send",
        _ => "bracket receive",
    };
    canvas.path(
        class,
        &format!(
            "M{} {}H{}V{}h{}",
            Pixels(x + arm),
            Pixels(top - 6.0),
            Pixels(x),
            Pixels(bottom + 4.0),
            Pixels(arm)
        ),
    );
}
