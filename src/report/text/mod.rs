//! The report for people: a picture of the phases, and what else is worth a line.
//!
//! ```text
//! GET https://api.lab.test/users → 200 OK, HTTP/2, TLS 1.3 (X25519MLKEM768, AES-128-GCM), 10.7.0.10:443
//!
//!         DNS       TCP       TLS        Send    Wait          Receive
//!         41.2 ms   40.5 ms   43.0 ms    100 µs  55.2 ms       6.40 ms   187 ms
//!         ████████▌ ████████▎ ████████▊  ▏       ███████████▍  █▎
//!   wire  40.6 ms   40.2 ms   40.4 ms    0 ns    55.0 ms       6.50 ms
//! ```

mod columns;
mod conversations;
mod facts;
mod failure;
mod headline;
mod phases;
mod repeats;
mod run;
mod suite;

pub(super) use headline::{secured, status};
pub(super) use suite::suite;

use std::collections::HashMap;

use super::Options;
use super::pen::{Line, Pen, Role};
use crate::insight::redact::Redactor;
use crate::insight::{Repeats, Transfer, repeats, transfers};
use crate::report::flow::Words;
use crate::trace::{Exchange, ExchangeId, Trace, What};
use crate::units::{Moment, Nanos, Untrusted};

/// A run as text. It ends with a line break; no line but a long word's is wider than
/// [`Options::width`].
pub fn text(trace: &Trace, options: &Options) -> String {
    let width = options.width.clamp(Page::NARROWEST, Page::WIDEST);
    let page = Page {
        trace,
        pen: Pen::new(options),
        redactor: options.redactor(),
        width,
        notes: notes(trace),
    };
    let all: Vec<Transfer> = transfers(trace).collect();
    let mut blocks: Vec<Vec<Line>> = repeats(trace, &all)
        .flat_map(|request| request_blocks(&page, &request))
        .collect();
    blocks.extend(run::beyond(&page));
    blocks.push(conversations::lines(&page, options));
    blocks.push(run::lines(&page, options.budget.as_ref()));
    let drawn = blocks.iter().filter(|block| !block.is_empty());
    drawn
        .map(|block| {
            block
                .iter()
                .map(|line| page.pen.draw(line))
                .collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn notes(trace: &Trace) -> HashMap<ExchangeId, Vec<&Untrusted>> {
    let mut notes: HashMap<_, Vec<_>> = HashMap::new();
    for event in trace.log() {
        if let What::Note {
            exchange: Some(exchange),
            text,
        } = &event.what
        {
            notes.entry(*exchange).or_default().push(text);
        }
    }
    notes
}

/// What every part of the report needs.
struct Page<'a> {
    trace: &'a Trace,
    pen: Pen,
    redactor: Redactor<'a>,
    width: usize,
    /// What was noted of exchanges.
    notes: HashMap<ExchangeId, Vec<&'a Untrusted>>,
}

impl Page<'_> {
    /// Below this, words are all that is left; a narrower terminal wraps.
    const NARROWEST: usize = 24;
    /// Wider bars say no more.
    const WIDEST: usize = 120;
    /// Where facts begin, after their label.
    const FACTS: usize = 14;

    /// A duration; of what still goes on, how long it has been going on.
    fn elapsed(&self, duration: Option<Nanos>, since: Moment) -> String {
        match duration {
            Some(duration) => self.pen.time(duration),
            None => self.pen.time(self.trace.latest().since(since)) + self.pen.glyph("…", "..."),
        }
    }

    /// A labelled fact over as many lines as it needs.
    fn fact(&self, label: &str, words: Words) -> Vec<Line> {
        let mut first = Line::indented(2).with(Role::Dim, label);
        first.pad_to(Self::FACTS);
        words.flow(first, self.width)
    }
}

/// One transfer hop by hop, several of the same as a table.
fn request_blocks(page: &Page, request: &Repeats) -> Vec<Vec<Line>> {
    match request.held() {
        [transfer] if request.count() == 1 => transfer_blocks(page, transfer),
        _ => repeats::blocks(page, request),
    }
}

fn transfer_blocks(page: &Page, transfer: &Transfer) -> Vec<Vec<Line>> {
    let hops = transfer.hops();
    let mut blocks: Vec<Vec<Line>> = hops
        .iter()
        .enumerate()
        .flat_map(|(i, hop)| {
            exchange_blocks(page, hop, (hops.len() > 1).then_some((i + 1, hops.len())))
        })
        .collect();
    if hops.len() > 1 {
        blocks.push(total(page, transfer));
    }
    blocks
}

fn exchange_blocks(
    page: &Page,
    exchange: &Exchange,
    place: Option<(usize, usize)>,
) -> [Vec<Line>; 4] {
    [
        headline::lines(page, exchange, place),
        phases::lines(page, exchange),
        failure::lines(page, exchange),
        facts::lines(page, exchange),
    ]
}

/// The sum over hops, and its parts.
fn total(page: &Page, transfer: &Transfer) -> Vec<Line> {
    let hops = transfer.hops();
    let parts: Vec<String> = hops
        .iter()
        .map(|hop| page.elapsed(hop.total(), hop.started))
        .collect();
    let all = page.elapsed(
        transfer.total(),
        hops.first().map_or(Moment::START, |first| first.started),
    );
    let words = Words::default().keep(Role::Strong, &all).add(
        Role::Plain,
        &format!("over {} hops: {}", parts.len(), parts.join(" + ")),
    );
    page.fact("total", words)
}
