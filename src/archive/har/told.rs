//! A file as the events of a run.
//!
//! Entries overlap and stand in whatever order. They are read in the order in which they began, and
//! what is [under way](UnderWay) is told in the order of time; exchanges and connections get their
//! numbers in the order in which they begin.

use std::collections::VecDeque;

use super::connections::Connections;
use super::entry::{Remarks, Telling, moment};
use super::index::{Har, Index, MOST_ENTRIES, Place, date};
use super::log::{Creator, Entry, Log, Page};
use super::recent::Recent;
use super::under_way::UnderWay;
use super::window::Window;
use crate::archive::ArchiveError;
use crate::archive::document::lenient::Object;
use crate::archive::store::Store;
use crate::trace::{Cause, ConnectionId, Event, ExchangeId, SCHEMA, What};
use crate::units::{Moment, Nanos, Untrusted, WallTime, grouped};

/// Tells the file's events to `to`, in the order of time.
///
/// # Errors
/// An entry cannot be read again where it was: the first of them. The others are told.
pub(in crate::archive) fn events(
    har: Har,
    store: &Store,
    mut to: impl FnMut(Event),
) -> Result<(), ArchiveError> {
    let Har {
        log:
            Log {
                creator,
                browser,
                pages,
                ..
            },
        mut index,
    } = har;
    let (begin, places) = index.sorted();
    let started_at = WallTime(u64::try_from(begin).unwrap_or(0));
    to(at_start(What::RunStarted {
        schema: SCHEMA.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
    }));
    to(at_start(note(recorder(&creator, &browser))));
    for text in notes(&index) {
        to(at_start(note(text)));
    }
    let mut pages: Vec<Event> = pages
        .items
        .iter()
        .filter_map(|page| of_page(page, begin))
        .collect();
    pages.sort_by_key(|page| page.at);
    let mut out = Out {
        pages: pages.into(),
        numbers: Numbers::default(),
        end: Moment::START,
        to: &mut to,
    };
    let result = entries(&places, begin, store, &mut |event| out.tell(event));
    out.end();
    result
}

/// Tells the events of entries.
fn entries(
    places: &[Place],
    start: i64,
    store: &Store,
    to: &mut impl FnMut(Event),
) -> Result<(), ArchiveError> {
    let (mut window, mut hops) = (Window::over(store), Hops::default());
    let (mut connections, mut under_way, mut number, mut result) =
        (Connections::default(), UnderWay::default(), 0, Ok(()));
    for place in places {
        let entry: Entry = match window.entry(*place) {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(error) => {
                result = result.and(Err(error));
                continue;
            }
        };
        let (exchange, began) = (ExchangeId(number), moment(place.began, start));
        number = number.saturating_add(1);
        let telling = Telling {
            exchange,
            entry: &entry,
            began,
            cause: hops.cause_of(&entry),
        };
        under_way.tell_until(began, &mut *to);
        under_way.add(telling.events(&mut connections), place.bytes, &mut *to);
    }
    under_way.tell_all(to);
    result
}

/// Events on their way out, between which pages are told.
struct Out<'a, F> {
    pages: VecDeque<Event>,
    numbers: Numbers,
    end: Moment,
    to: &'a mut F,
}

impl<F: FnMut(Event)> Out<'_, F> {
    fn tell(&mut self, mut event: Event) {
        while self.pages.front().is_some_and(|page| page.at < event.at) {
            self.pages.pop_front().into_iter().for_each(&mut *self.to);
        }
        self.end = self.end.max(event.at);
        self.numbers.give(&mut event.what);
        (self.to)(event);
    }

    fn end(self) {
        let end = self
            .pages
            .back()
            .map_or(self.end, |page| page.at.max(self.end));
        self.pages.into_iter().for_each(&mut *self.to);
        (self.to)(Event {
            at: end,
            what: What::RunEnded,
        });
    }
}

/// Which entry follows from the one before it.
#[derive(Default)]
struct Hops {
    /// Where the one before is redirected to.
    to: Option<String>,
    /// How many in a row have followed.
    count: usize,
}

impl Hops {
    /// Longer chains are told in pieces: browsers follow no more than 20, and a chain is held until
    /// it is over.
    const MOST: usize = 1_000;

    /// One that goes where the entry before it was sent is that one's next hop.
    fn cause_of(&mut self, entry: &Entry) -> Cause {
        let url = entry
            .request
            .0
            .as_ref()
            .and_then(|request| request.url.some());
        let follows = self.to.as_deref().is_some_and(|to| Some(to) == url);
        self.to = next_hop(entry);
        let cause = entry.cause.0.unwrap_or(if follows {
            Cause::Redirect
        } else {
            Cause::Asked
        });
        let is_hop = matches!(cause, Cause::Redirect | Cause::Retry);
        self.count = if is_hop && self.count < Self::MOST {
            self.count + 1
        } else {
            0
        };
        if is_hop && self.count == 0 {
            Cause::Asked
        } else {
            cause
        }
    }
}

fn at_start(what: What) -> Event {
    Event {
        at: Moment::START,
        what,
    }
}

fn note(text: String) -> What {
    What::Note {
        exchange: None,
        text: Untrusted::new(text),
    }
}

/// `a HAR of Firefox 131.0, written by ...`.
fn recorder(creator: &Object<Creator>, browser: &Object<Creator>) -> String {
    let named = |of: &Object<Creator>| {
        let Creator { name, version } = of.0.as_ref()?;
        Some(
            format!("{} {}", name.some()?, version.some().unwrap_or_default())
                .trim_end()
                .to_owned(),
        )
    };
    match (named(browser), named(creator)) {
        (Some(browser), Some(creator)) if browser != creator => {
            format!("a HAR of {browser}, written by {creator}; it has no packets")
        }
        (Some(one), _) | (None, Some(one)) => format!("a HAR, written by {one}; it has no packets"),
        (None, None) => "a HAR; it has no packets".to_owned(),
    }
}

/// What is to be said of all entries.
fn notes(index: &Index) -> impl Iterator<Item = String> {
    let Remarks {
        reckoned,
        unversioned,
        undated,
    } = index.remarks;
    let Index { beyond, untold, .. } = *index;
    let said = [
        (
            reckoned,
            format!(
                "the file does not say how large {} heads are; they are reckoned as HTTP/1.1 \
                    writes them (inferred)",
                grouped(reckoned)
            ),
        ),
        (
            unversioned,
            format!(
                "the file does not say the version of HTTP of {} entries; they stand as HTTP/1.1",
                grouped(unversioned)
            ),
        ),
        (
            undated,
            format!("{undated} entries do not say when they began; each stands at the beginning"),
        ),
        (
            beyond,
            format!(
                "{} entries are beyond the {} that are read",
                grouped(beyond),
                grouped(MOST_ENTRIES as u64)
            ),
        ),
        (
            untold,
            format!(
                "{} entries more than are held at a time are left out; 'tapline report' reads \
                    them all",
                grouped(untold)
            ),
        ),
    ];
    said.into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, text)| text)
}

/// Where an entry is redirected to, as an absolute URL.
fn next_hop(entry: &Entry) -> Option<String> {
    let to = entry.response.0.as_ref()?.redirect_url.some()?;
    let base = url::Url::parse(entry.request.0.as_ref()?.url.some()?).ok()?;
    base.join(to).ok().map(String::from)
}

fn of_page(page: &Page, start: i64) -> Option<Event> {
    let title = page.title.some()?;
    let shown: String = title.chars().take(200).collect();
    let timings = page.loaded.0.as_ref();
    let marks = [
        ("content", timings.map(|it| it.on_content_load)),
        ("all of it", timings.map(|it| it.on_load)),
    ];
    let loaded = marks.into_iter().filter_map(|(what, time)| {
        Some(format!(", {what} loaded after {}", Nanos(time?.nanos()?)))
    });
    let text = format!("page {shown}{}", loaded.collect::<String>());
    Some(Event {
        at: moment(date(&page.started_date_time).unwrap_or(start), start),
        what: note(text),
    })
}

/// Connections are numbered in the order in which they are first heard of.
#[derive(Default)]
struct Numbers {
    given: Recent<ConnectionId, ConnectionId>,
    next: u32,
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
        let given = self.given.find(connection).unwrap_or_else(|| {
            let next = ConnectionId(self.next);
            self.next = self.next.saturating_add(1);
            self.given.keep(*connection, next);
            next
        });
        *connection = given;
    }
}
