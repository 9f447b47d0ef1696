//! The conversations of a capture: which are listed, in which order, and what their servers are
//! called.
//!
//! There may be tens of thousands, so the list is worked out when something changed and not for
//! each picture: at once when the user asks for another one, and while packets come, before a
//! picture, once enough of them are new.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent};
use foldhash::fast::RandomState;

use super::address::Address;
use super::cursor::Cursor;
use super::run::Run;
use super::state::Front;
use super::{Effect, State};
use crate::insight::Opening;
use crate::trace::{Direction, Flow, FlowKey};
use crate::units::{Moment, Nanos, Untrusted};

/// What the list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// The most payload first.
    #[default]
    Size,
    /// As they began.
    Time,
    /// What was sent again most often first.
    SentAgain,
    /// The longest first.
    Duration,
}

impl Order {
    const fn next(self) -> Self {
        match self {
            Self::Size => Self::Time,
            Self::Time => Self::SentAgain,
            Self::SentAgain => Self::Duration,
            Self::Duration => Self::Size,
        }
    }

    /// What it is, for people.
    const fn says(self) -> &'static str {
        match self {
            Self::Size => "The largest first.",
            Self::Time => "In the order in which they began.",
            Self::SentAgain => "Those that were sent again most often first.",
            Self::Duration => "The longest first.",
        }
    }
}

/// The list.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    pub(super) order: Order,
    /// Words that a listed conversation has, in lower case.
    words: Vec<String>,
    /// Places of flows in the trace, as they are listed.
    listed: Vec<u32>,
    /// For each flow, on which line it stands.
    lines: Vec<u32>,
    /// Packets there were when it was worked out.
    arranged: Option<u64>,
    /// Pictures since then in which it was not.
    waited: u8,
    /// For each flow, how often its opening was looked at for a name.
    looked: HashMap<FlowKey, u8, RandomState>,
    /// Where to go on looking for such as have no name.
    next: usize,
    /// Names were asked for and have not come.
    asked: bool,
}

impl Conversations {
    /// Flows whose names are asked for at once.
    const ASKED: usize = 256;
    /// Looks at an opening that may not be complete, each at twice as many packets as the one
    /// before.
    const MOST_LOOKS: u8 = 5;
    /// Pictures after which the list is worked out anew at the latest.
    const PATIENCE: u8 = 8;

    pub(super) fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// Whether not all are listed.
    pub(super) const fn is_narrowed(&self) -> bool {
        !self.words.is_empty()
    }

    /// The words that narrow it.
    pub(super) fn narrowed_to(&self) -> String {
        self.words.join(" ")
    }

    /// Another capture comes. What the user chose stays.
    pub(super) fn forget(&mut self) {
        *self = Self {
            order: self.order,
            words: std::mem::take(&mut self.words),
            ..Self::default()
        };
    }

    /// Where a flow stands in the list.
    pub(super) fn place_of(&self, run: &Run, key: FlowKey) -> Option<usize> {
        let line = *self.lines.get(run.trace.place_of(&key)?)? as usize;
        (line < self.listed.len()).then_some(line)
    }

    fn arrange(&mut self, run: &Run) {
        let flows = run.trace.flows();
        (self.arranged, self.waited, self.next) = (Some(run.trace.capture().packets), 0, 0);
        let mut text = String::new();
        let places = (0..u32::try_from(flows.len()).unwrap_or(u32::MAX)).zip(flows);
        self.listed.clear();
        self.listed.extend(
            places
                .filter(|(_, flow)| {
                    self.words.is_empty() || has_all(&self.words, flow, run, &mut text)
                })
                .map(|(place, _)| place),
        );
        // Flows lie far apart in memory, so each is looked at once and not for each comparison.
        let order = self.order;
        self.listed.sort_by_cached_key(|place| {
            flows
                .get(*place as usize)
                .map(|flow| (rank(order, flow), *place))
        });
        self.lines.clear();
        self.lines.resize(flows.len(), u32::MAX);
        for (line, place) in (0..).zip(&self.listed) {
            if let Some(of_flow) = self.lines.get_mut(*place as usize) {
                *of_flow = line;
            }
        }
    }

    /// Whether so much is new that it is time to work the list out anew.
    fn is_due(&mut self, run: &Run) -> bool {
        let packets = run.trace.capture().packets;
        let Some(known) = self.arranged else {
            return packets > 0;
        };
        if packets == known {
            return false;
        }
        self.waited = self.waited.saturating_add(1);
        !run.under_way || packets - known > known / 8 || self.waited >= Self::PATIENCE
    }

    /// Openings in which a name may be that was not found yet, those first that stand first in the
    /// list.
    fn take_openings(&mut self, run: &Run) -> Vec<(FlowKey, Opening)> {
        let flows = run.trace.flows();
        if self.looked.len() > flows.len() {
            self.looked.retain(|key, _| run.trace.flow(key).is_some());
        }
        // What narrows the list may be a name that is not known yet.
        let others = if self.is_narrowed() {
            0..flows.len()
        } else {
            0..0
        };
        let places = self
            .listed
            .iter()
            .map(|place| *place as usize)
            .chain(others)
            .skip(self.next);
        let mut found = Vec::new();
        for place in places {
            self.next += 1;
            let Some(flow) = flows.get(place) else {
                continue;
            };
            let looked = self.looked.entry(flow.key).or_default();
            let sent = flow.counts(Direction::Sent).data_segments
                + u64::from(!flow.key.tcp) * flow.counts(Direction::Received).data_segments;
            if *looked >= Self::MOST_LOOKS
                || sent < 1 << *looked
                || run.names.contains_key(&flow.key)
            {
                continue;
            }
            while *looked < Self::MOST_LOOKS && sent >= 1 << *looked {
                *looked += 1;
            }
            found.extend(Opening::of(flow).map(|opening| (flow.key, opening)));
            if found.len() == Self::ASKED {
                break;
            }
        }
        found
    }
}

impl State {
    /// Brings up to date what is worked out from many events at once. Whoever draws calls it before
    /// each picture.
    pub fn settle(&mut self) -> Vec<Effect> {
        if self.of_others().is_none() {
            return Vec::new();
        }
        // What is held does not change, and its list is of it.
        if self.held.is_none() && self.conversations.is_due(&self.run) {
            self.arrange();
        }
        if self.settings.opened.is_none() || self.conversations.asked {
            return Vec::new();
        }
        let run = self.held.as_ref().map_or(&self.run, |held| &held.run);
        let openings = self.conversations.take_openings(run);
        self.conversations.asked = !openings.is_empty();
        self.conversations
            .asked
            .then_some(Effect::Name(openings))
            .into_iter()
            .collect()
    }

    /// Works the list out anew.
    pub(super) fn arrange(&mut self) {
        if self.of_others().is_some() {
            let run = self.held.as_ref().map_or(&self.run, |held| &held.run);
            self.conversations.arrange(run);
        }
    }

    pub(super) fn hear_names(&mut self, names: Vec<(FlowKey, Untrusted)>) {
        self.conversations.asked = false;
        let any = !names.is_empty();
        if let Some(held) = &mut self.held {
            held.run.names.extend(names.iter().cloned());
        }
        self.run.names.extend(names);
        if any && self.conversations.is_narrowed() {
            self.arrange();
        }
    }

    pub(super) fn go_by_conversations(&mut self, by: isize, now: Moment) {
        let run = self.shown(now).0;
        let listing = &self.conversations;
        let Some(last) = listing.listed.len().checked_sub(1) else {
            return;
        };
        let here = self
            .sight
            .cursor
            .flow()
            .and_then(|key| listing.place_of(run, key));
        let there = match here {
            Some(here) => here.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => usize::try_from(by.saturating_sub(1)).unwrap_or(0).min(last),
        };
        if let Some(flow) = listing
            .listed
            .get(there)
            .and_then(|place| run.trace.flows().get(*place as usize))
        {
            let cursor = Cursor::Flow(flow.key);
            self.select(cursor, now);
        }
    }

    /// The first of the list.
    pub(super) fn choose_first(&mut self) {
        let run = self.held.as_ref().map_or(&self.run, |held| &held.run);
        let first = self
            .conversations
            .listed
            .first()
            .and_then(|place| run.trace.flows().get(*place as usize));
        if let Some(flow) = first {
            self.sight.cursor = Cursor::Flow(flow.key);
        }
    }

    pub(super) fn sort(&mut self) {
        self.conversations.order = self.conversations.order.next();
        self.notice = Some(self.conversations.order.says().to_owned());
        self.arrange();
    }

    pub(super) fn begin_filter(&mut self) {
        self.front = Front::Filter(Address::of(&self.conversations.narrowed_to()));
    }

    /// Lists only what has all of these words.
    pub(super) fn narrow(&mut self, words: &str) {
        self.conversations.words = words.split_whitespace().map(str::to_lowercase).collect();
        self.arrange();
    }

    pub(super) fn press_in_filter(&mut self, key: KeyEvent, now: Moment) -> Vec<Effect> {
        let Front::Filter(field) = &mut self.front else {
            return Vec::new();
        };
        match key.code {
            KeyCode::Enter => self.front = Front::Panels,
            KeyCode::Esc => {
                self.front = Front::Panels;
                self.narrow("");
            }
            KeyCode::Down => self.go_by_conversations(1, now),
            KeyCode::Up => self.go_by_conversations(-1, now),
            _ => {
                if field.press(key) {
                    let words = field.text();
                    self.narrow(&words);
                }
            }
        }
        Vec::new()
    }
}

/// What stands first has the least.
fn rank(order: Order, flow: &Flow) -> (Reverse<u64>, Reverse<u64>) {
    let first = match order {
        Order::Size => payload(flow),
        Order::Time => u64::MAX - flow.span().map_or(0, |(first, _)| first.0),
        Order::SentAgain => sent_again(flow),
        Order::Duration => duration(flow).map_or(0, |took| took.0),
    };
    (Reverse(first), Reverse(payload(flow)))
}

/// Whether a conversation's transport, ends and name have all of the words.
fn has_all(words: &[String], flow: &Flow, run: &Run, text: &mut String) -> bool {
    text.clear();
    let transport = if flow.key.tcp { "tcp" } else { "udp" };
    // Writing to memory does not fail.
    let _ = write!(text, "{transport} {} {} ", flow.key.local, flow.key.remote);
    if let Some(name) = run.names.get(&flow.key) {
        text.push_str(&name.escaped().to_lowercase());
    }
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Bytes both ways.
fn payload(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}

/// Packets both ways that were sent again.
pub(super) const fn sent_again(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent).retransmitted + flow.counts(Direction::Received).retransmitted
}

/// From the first packet to the last.
pub(super) fn duration(flow: &Flow) -> Option<Nanos> {
    flow.span().map(|(first, last)| last.since(first))
}
