//! A capture of others' traffic as a whole.

use jiff::Timestamp;

use super::page::Page;
use crate::trace::{Forgotten, OtherFrames, Trace, What};
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::units::{WallTime, grouped};

/// Remarks and warnings that are shown.
const MOST: usize = 20;

pub(super) fn page(run: &Run) -> Page {
    let trace = &run.trace;
    let mut page = Page::new("This capture");
    no_longer_listed(trace, &mut page);
    let notes = trace.log().iter().filter_map(|event| match &event.what {
        What::Note {
            exchange: None,
            text,
        } => Some(text),
        _ => None,
    });
    for text in notes.clone().take(MOST) {
        page.say_as(Role::Warning, text.escaped().into_owned());
    }
    let more = notes.count().saturating_sub(MOST);
    if more > 0 {
        page.say_as(Role::Dim, format!("and {more} more remarks"));
    }
    page.gap();
    page.say("Each line is a conversation; Enter shows what was said in it.");
    page.gap();
    page.fact("packets", grouped(trace.capture().packets));
    page.fact("conversations", grouped(trace.flows().len() as u64));
    page.fact_if("began", trace.started_at().and_then(date));
    page.fact("took", trace.latest().from_start().to_string());
    page.fact_if("link", trace.capture().link_type.clone());
    for (count, kind) in kinds(trace.capture().others)
        .into_iter()
        .filter(|(count, _)| *count > 0)
    {
        page.fact(kind, grouped(count));
    }
    if trace.capture().beyond_flows > 0 {
        page.say_as(
            Role::Warning,
            format!(
                "{} packets are of conversations beyond the number that is kept.",
                grouped(trace.capture().beyond_flows)
            ),
        );
    }
    page
}

/// What gave way to what came later, and how much is listed at most.
fn no_longer_listed(trace: &Trace, page: &mut Page) {
    let (Forgotten { packets, flows }, limits) = (trace.forgotten(), trace.limits());
    if packets > 0 {
        page.say_as(
            Role::Warning,
            format!(
                "The first {} packets are no longer listed: later ones took their place. At most \
                    {} are listed, {} of a conversation.",
                grouped(packets),
                grouped(limits.packets as u64),
                grouped(limits.of_flow as u64)
            ),
        );
    }
    if flows > 0 {
        page.say_as(
            Role::Warning,
            format!(
                "{} conversations are no longer listed: those that were over, then those that \
                    were silent for longest.",
                grouped(flows)
            ),
        );
    }
}

/// To the millisecond; `None` beyond the year 9999.
fn date(wall: WallTime) -> Option<String> {
    Timestamp::from_nanosecond(i128::from(wall.0))
        .ok()
        .map(|time| format!("{time:.3}"))
}

const fn kinds(others: OtherFrames) -> [(u64, &'static str); 5] {
    let OtherFrames {
        arp,
        icmp,
        fragments,
        unreadable,
        other,
    } = others;
    [
        (arp, "ARP"),
        (icmp, "ICMP"),
        (fragments, "fragments"),
        (unreadable, "unreadable"),
        (other, "other protocols"),
    ]
}
