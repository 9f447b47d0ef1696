//! Conversion of a HAR file into the events of a run.
//!
//! Entries overlap and may be in any order. They are read in the order of their start times, and
//! the events of [overlapping entries](OverlappingEntries) are merged; exchanges and connections
//! are numbered in the order in which they begin.

use std::collections::VecDeque;

use super::connections::HarConnections;
use super::entry::{EntryConverter, MissingValues, moment_since_start};
use super::entry_reader::EntryReader;
use super::index::{EntryPlace, HarFile, MAX_ENTRIES, SortedEntries, parse_date};
use super::log::{HarCreator, HarEntry, HarLog, HarPage};
use super::overlapping::OverlappingEntries;
use super::recent_map::RecentMap;
use crate::archive::ArchiveError;
use crate::archive::document::lenient::LenientObject;
use crate::archive::store::CaptureStore;
use crate::trace::{ConnectionId, EVENT_SCHEMA, Event, EventKind, ExchangeCause, ExchangeId};
use crate::units::{Moment, Nanos, Untrusted, WallTime, format_count, group_digits};

/// Emits the file's events to `to` in chronological order.
///
/// # Errors
/// The first error of reading an entry again. The other entries are still emitted.
pub(in crate::archive) fn read_har_events(
    har: HarFile,
    store: &CaptureStore,
    mut to: impl FnMut(Event),
) -> Result<(), ArchiveError> {
    let HarFile {
        log:
            HarLog {
                creator,
                browser,
                pages,
                ..
            },
        entries,
    } = har;
    let begin = entries.start;
    let started_at = WallTime(u64::try_from(begin).unwrap_or(0));
    to(at_start(EventKind::RunStarted {
        schema: EVENT_SCHEMA.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
    }));
    to(at_start(run_note(describe_recorder(&creator, &browser))));
    for text in notes_on_all(&entries) {
        to(at_start(run_note(text)));
    }
    let mut pages: Vec<Event> = pages
        .items
        .iter()
        .filter_map(|page| page_event(page, begin))
        .collect();
    pages.sort_by_key(|page| page.at);
    let mut out = EventOutput {
        pages: pages.into(),
        numbers: ConnectionNumbers::default(),
        end: Moment::START,
        sink: &mut to,
    };
    let result = read_entries(entries.places(), begin, store, &mut |event| out.emit(event));
    out.finish();
    result
}

/// Emits the events of entries.
fn read_entries(
    places: &[EntryPlace],
    start: i64,
    store: &CaptureStore,
    to: &mut impl FnMut(Event),
) -> Result<(), ArchiveError> {
    let mut window = EntryReader::new(store);
    let mut hops = RedirectChain::default();
    let mut connections = HarConnections::default();
    let mut under_way = OverlappingEntries::default();
    let mut number = 0;
    let mut result = Ok(());
    for place in places {
        let entry: HarEntry<'_> = match window.read_entry(*place) {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(error) => {
                result = result.and(Err(error));
                continue;
            }
        };
        let exchange = ExchangeId(number);
        let began = moment_since_start(place.began, start);
        number = number.saturating_add(1);
        let url_text = request_url(&entry);
        let url = url_text.and_then(|text| url::Url::parse(text).ok());
        let telling = EntryConverter {
            exchange,
            entry: &entry,
            began,
            cause: hops.cause_of(&entry, url_text, url.as_ref()),
            url,
        };
        under_way.emit_until(began, &mut *to);
        let events = telling.events(&mut connections, under_way.take_spare());
        under_way.add(events, place.bytes, &mut *to);
    }
    under_way.emit_all(to);
    result
}

/// The output of events, which inserts page events and assigns connection numbers.
struct EventOutput<'a, F> {
    pages: VecDeque<Event>,
    numbers: ConnectionNumbers,
    end: Moment,
    sink: &'a mut F,
}

impl<F: FnMut(Event)> EventOutput<'_, F> {
    fn emit(&mut self, mut event: Event) {
        while self.pages.front().is_some_and(|page| page.at < event.at) {
            self.pages.pop_front().into_iter().for_each(&mut *self.sink);
        }
        self.end = self.end.max(event.at);
        self.numbers.renumber(&mut event.kind);
        (self.sink)(event);
    }

    fn finish(self) {
        let end = self
            .pages
            .back()
            .map_or(self.end, |page| page.at.max(self.end));
        self.pages.into_iter().for_each(&mut *self.sink);
        (self.sink)(Event {
            at: end,
            kind: EventKind::RunEnded,
        });
    }
}

/// Detects which entry follows from the one before it.
#[derive(Default)]
struct RedirectChain {
    /// The redirect target of the previous entry.
    next_url: Option<String>,
    /// The number of consecutive hops.
    count: usize,
}

impl RedirectChain {
    /// Longer chains are split: browsers follow no more than 20 redirects, and a chain is retained
    /// until it is over.
    const MAX_HOPS: usize = 1_000;

    /// The cause of an entry: a redirect if its URL is the target of the previous entry.
    fn cause_of(
        &mut self,
        entry: &HarEntry<'_>,
        url_text: Option<&str>,
        url: Option<&url::Url>,
    ) -> ExchangeCause {
        let follows = self
            .next_url
            .as_deref()
            .is_some_and(|to| Some(to) == url_text);
        self.next_url = redirect_target(entry, url);
        let cause = entry.cause.0.unwrap_or(if follows {
            ExchangeCause::Redirect
        } else {
            ExchangeCause::Asked
        });
        let is_hop = matches!(cause, ExchangeCause::Redirect | ExchangeCause::Retry);
        self.count = if is_hop && self.count < Self::MAX_HOPS {
            self.count + 1
        } else {
            0
        };
        if is_hop && self.count == 0 {
            ExchangeCause::Asked
        } else {
            cause
        }
    }
}

fn at_start(what: EventKind) -> Event {
    Event {
        at: Moment::START,
        kind: what,
    }
}

fn run_note(text: String) -> EventKind {
    EventKind::Note {
        exchange: None,
        text: Untrusted::new(text),
    }
}

/// Describes the writer: `a HAR of Firefox 131.0, written by ...`.
fn describe_recorder(
    creator: &LenientObject<HarCreator<'_>>,
    browser: &LenientObject<HarCreator<'_>>,
) -> String {
    let named = |of: &LenientObject<HarCreator<'_>>| {
        let HarCreator { name, version } = of.0.as_ref()?;
        Some(
            format!(
                "{} {}",
                name.non_empty()?,
                version.non_empty().unwrap_or_default()
            )
            .trim_end()
            .to_owned(),
        )
    };
    match (named(browser), named(creator)) {
        (Some(browser), Some(creator)) if browser != creator => {
            format!("a HAR of {browser}, written by {creator}; it contains no packets")
        }
        (Some(one), _) | (None, Some(one)) => {
            format!("a HAR, written by {one}; it contains no packets")
        }
        (None, None) => "a HAR; it contains no packets".to_owned(),
    }
}

/// Notes about missing and omitted data.
fn notes_on_all(entries: &SortedEntries) -> impl Iterator<Item = String> {
    let MissingValues {
        head_sizes,
        versions,
        dates,
    } = entries.missing;
    let over_limit = entries.over_limit;
    let left_out = entries.left_out();
    let notes = [
        (
            head_sizes,
            format!(
                "{} without a size in the file, estimated as in HTTP/1.1 (inferred)",
                format_count(head_sizes, "head")
            ),
        ),
        (
            versions,
            format!(
                "{} without an HTTP version in the file, shown as HTTP/1.1",
                format_count(versions, "request")
            ),
        ),
        (
            dates,
            format!(
                "{} without a start time in the file, placed at the beginning",
                format_count(dates, "request")
            ),
        ),
        (
            over_limit,
            format!(
                "left out {} beyond the first {}",
                format_count(over_limit, "request"),
                group_digits(MAX_ENTRIES as u64)
            ),
        ),
        (
            left_out,
            format!(
                "left out {} to save memory; 'tapline report' reads all of them",
                format_count(left_out, "request")
            ),
        ),
    ];
    notes
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, text)| text)
}

/// The URL of the request as it is in the file.
fn request_url<'e>(entry: &'e HarEntry<'_>) -> Option<&'e str> {
    entry.request.0.as_ref()?.url.non_empty()
}

/// The redirect target of an entry as an absolute URL.
fn redirect_target(entry: &HarEntry<'_>, url: Option<&url::Url>) -> Option<String> {
    let to = entry.response.0.as_ref()?.redirect_url.non_empty()?;
    url?.join(to).ok().map(String::from)
}

fn page_event(page: &HarPage<'_>, start: i64) -> Option<Event> {
    let title = page.title.non_empty()?;
    let shown: String = title.chars().take(200).collect();
    let timings = page.loaded.0.as_ref();
    let marks = [
        ("content", timings.map(|it| it.on_content_load)),
        ("everything", timings.map(|it| it.on_load)),
    ];
    let loaded = marks.into_iter().filter_map(|(what, time)| {
        Some(format!(", {what} loaded after {}", Nanos(time?.nanos()?)))
    });
    let text = format!("page {shown}{}", loaded.collect::<String>());
    Some(Event {
        at: moment_since_start(parse_date(&page.started_date_time).unwrap_or(start), start),
        kind: run_note(text),
    })
}

/// Numbers connections in the order in which they first occur.
#[derive(Default)]
struct ConnectionNumbers {
    given: RecentMap<ConnectionId, ConnectionId>,
    next: u32,
}

impl ConnectionNumbers {
    fn renumber(&mut self, what: &mut EventKind) {
        let (EventKind::Connected { connection, .. }
        | EventKind::TlsCertificates { connection, .. }
        | EventKind::TlsVerified { connection, .. }
        | EventKind::TlsEstablished { connection, .. }) = what
        else {
            return;
        };
        let given = self.given.get(connection).unwrap_or_else(|| {
            let next = ConnectionId(self.next);
            self.next = self.next.saturating_add(1);
            self.given.insert(*connection, next);
            next
        });
        *connection = given;
    }
}
