//! A file as the events of a run.
//!
//! Entries overlap and stand in whatever order, so events are sorted by time before they are told; exchanges and connections get their numbers
//! in the order in which they begin.

use std::collections::HashMap;

use jiff::Timestamp;

use super::connections::Connections;
use super::entry::{Remarks, Telling, moment};
use super::log::{Creator, Entry, Log, MOST_ENTRIES, Page};
use crate::archive::document::lenient::{Object, Text};
use crate::trace::{Cause, ConnectionId, Event, ExchangeId, SCHEMA, What};
use crate::units::{Moment, Nanos, Untrusted, WallTime, grouped};

/// Tells the file's events to `to`, in the order of time.
pub(in crate::archive) fn events(log: Log, mut to: impl FnMut(Event)) {
    let Log { creator, browser, pages, entries } = log;
    let beyond = entries.beyond;
    let mut dated: Vec<(Option<i128>, Entry)> = entries.items.into_iter().map(|entry| (date(&entry.started_date_time), entry)).collect();
    let start = dated.iter().filter_map(|(date, _)| *date).min();
    let undated = dated.iter().filter(|(date, _)| date.is_none()).count();
    dated.sort_by_key(|(date, _)| date.or(start));
    let begin = start.unwrap_or(0);
    let started_at = WallTime(u64::try_from(begin.max(0)).unwrap_or(u64::MAX));
    to(at_start(What::RunStarted { schema: SCHEMA.to_owned(), tool_version: env!("CARGO_PKG_VERSION").to_owned(), started_at }));
    to(at_start(note(recorder(&creator, &browser))));
    let mut notes = Vec::new();
    let mut events = told(dated, begin, &mut notes);
    if undated > 0 {
        notes.push(format!("{undated} entries do not say when they began; each stands at the beginning"));
    }
    if beyond > 0 {
        notes.push(format!("{} entries are beyond the {} that are read", grouped(beyond), grouped(MOST_ENTRIES as u64)));
    }
    for text in notes {
        to(at_start(note(text)));
    }
    events.extend(pages.items.iter().filter_map(|page| of_page(page, begin)));
    events.sort_by_key(|event| event.at);
    let end = events.last().map_or(Moment::START, |last| last.at);
    let mut numbers = Numbers::default();
    for mut event in events {
        numbers.give(&mut event.what);
        to(event);
    }
    to(Event { at: end, what: What::RunEnded });
}

fn at_start(what: What) -> Event {
    Event { at: Moment::START, what }
}

fn note(text: String) -> What {
    What::Note { exchange: None, text: Untrusted::new(text) }
}

fn date(text: &Text) -> Option<i128> {
    text.some()?.trim().parse().ok().map(Timestamp::as_nanosecond)
}

/// `a HAR of Firefox 131.0, written by ...`.
fn recorder(creator: &Object<Creator>, browser: &Object<Creator>) -> String {
    let named = |of: &Object<Creator>| {
        let Creator { name, version } = of.0.as_ref()?;
        Some(format!("{} {}", name.some()?, version.some().unwrap_or_default()).trim_end().to_owned())
    };
    match (named(browser), named(creator)) {
        (Some(browser), Some(creator)) if browser != creator => format!("a HAR of {browser}, written by {creator}; it has no packets"),
        (Some(one), _) | (None, Some(one)) => format!("a HAR, written by {one}; it has no packets"),
        (None, None) => "a HAR; it has no packets".to_owned(),
    }
}

/// The events of all entries, and what is to be said of them all.
fn told(dated: Vec<(Option<i128>, Entry)>, start: i128, notes: &mut Vec<String>) -> Vec<Event> {
    let (mut connections, mut remarks, mut events) = (Connections::default(), Remarks::default(), Vec::new());
    let mut redirected: Option<String> = None;
    for (number, (date, entry)) in dated.into_iter().enumerate() {
        let exchange = ExchangeId(u32::try_from(number).unwrap_or(u32::MAX));
        let url = entry.request.0.as_ref().and_then(|request| request.url.some());
        // One that goes where the entry before it was sent is that one's next hop.
        let follows = redirected.as_deref().is_some_and(|to| Some(to) == url);
        let cause = entry.cause.0.unwrap_or(if follows { Cause::Redirect } else { Cause::Asked });
        redirected = next_hop(&entry);
        let telling = Telling { exchange, entry: &entry, began: moment(date, start), cause };
        events.extend(telling.events(&mut connections, &mut remarks));
    }
    if remarks.reckoned > 0 {
        let many = grouped(remarks.reckoned);
        notes.push(format!("the file does not say how large {many} heads are; they are reckoned as HTTP/1.1 writes them (inferred)"));
    }
    if remarks.unversioned > 0 {
        let many = grouped(remarks.unversioned);
        notes.push(format!("the file does not say the version of HTTP of {many} entries; they stand as HTTP/1.1"));
    }
    events
}

/// Where an entry is redirected to, as an absolute URL.
fn next_hop(entry: &Entry) -> Option<String> {
    let to = entry.response.0.as_ref()?.redirect_url.some()?;
    let base = url::Url::parse(entry.request.0.as_ref()?.url.some()?).ok()?;
    base.join(to).ok().map(String::from)
}

fn of_page(page: &Page, start: i128) -> Option<Event> {
    let title = page.title.some()?;
    let shown: String = title.chars().take(200).collect();
    let timings = page.loaded.0.as_ref();
    let marks = [("content", timings.map(|it| it.on_content_load)), ("all of it", timings.map(|it| it.on_load))];
    let loaded = marks.into_iter().filter_map(|(what, time)| Some(format!(", {what} loaded after {}", Nanos(time?.nanos()?))));
    let text = format!("page {shown}{}", loaded.collect::<String>());
    Some(Event { at: moment(date(&page.started_date_time), start), what: note(text) })
}

/// Connections are numbered in the order in which they are first heard of.
#[derive(Default)]
struct Numbers {
    given: HashMap<ConnectionId, ConnectionId>,
}

impl Numbers {
    fn give(&mut self, what: &mut What) {
        let (What::Connected { connection, .. }
        | What::TlsCertificates { connection, .. }
        | What::TlsVerified { connection, .. }
        | What::TlsEstablished { connection, .. }) = what
        else {
            return;
        };
        let next = ConnectionId(u32::try_from(self.given.len()).unwrap_or(u32::MAX));
        *connection = *self.given.entry(*connection).or_insert(next);
    }
}
