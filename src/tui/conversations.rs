//! The list of conversations of a capture: which ones are listed, in which order, and the names of
//! their servers.
//!
//! There may be tens of thousands, so the list is rebuilt when something changed and not for each
//! frame: at once when the user changes the order or the filter, and while packets arrive, before a
//! frame, once enough of them are new.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent};
use foldhash::fast::RandomState;

use super::cursor::Cursor;
use super::screen_run::ScreenRun;
use super::state::InputMode;
use super::text_input::TextInput;
use super::{ScreenEffect, ScreenState};
use crate::insight::FlowOpening;
use crate::trace::{Direction, Flow, FlowKey};
use crate::units::{Moment, Nanos, Untrusted};
use crate::wire::Transport;

/// Sort order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ConversationOrder {
    /// Most payload first.
    #[default]
    Size,
    /// In the order in which they began.
    Time,
    /// Most retransmissions first.
    Retransmissions,
    /// Longest first.
    Duration,
}

impl ConversationOrder {
    const fn next(self) -> Self {
        match self {
            Self::Size => Self::Time,
            Self::Time => Self::Retransmissions,
            Self::Retransmissions => Self::Duration,
            Self::Duration => Self::Size,
        }
    }

    /// Returns a description for people.
    const fn description(self) -> &'static str {
        match self {
            Self::Size => "Sorted by size, largest first.",
            Self::Time => "Sorted by start time.",
            Self::Retransmissions => "Sorted by retransmissions, most first.",
            Self::Duration => "Sorted by duration, longest first.",
        }
    }
}

/// The list and its state.
#[derive(Debug, Default)]
pub(super) struct ConversationList {
    pub(super) order: ConversationOrder,
    /// Filter words, in lower case; a listed conversation contains all of them.
    filter_words: Vec<String>,
    /// Indices of the listed flows in the trace, in display order.
    listed: Vec<u32>,
    /// Row of each flow.
    row_of_flow: Vec<u32>,
    /// Number of packets when the list was last built.
    packets_when_built: Option<u64>,
    /// Frames since then.
    frames_since_built: u8,
    /// Number of times that each flow's first bytes were searched for a server name.
    lookups: HashMap<FlowKey, u8, RandomState>,
    /// Position at which the search for names continues.
    next_lookup: usize,
    /// A search for names is in progress.
    lookup_pending: bool,
}

impl ConversationList {
    /// Flows whose names are searched for at a time.
    const LOOKUP_BATCH: usize = 256;
    /// Maximum number of searches in a flow whose first bytes may be incomplete; each waits for
    /// twice as many packets as the one before.
    const MAX_LOOKUPS: u8 = 5;
    /// Frames after which the list is rebuilt at the latest.
    const MAX_STALE_FRAMES: u8 = 8;

    pub(super) fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// Returns true if a filter is set.
    pub(super) const fn is_filtered(&self) -> bool {
        !self.filter_words.is_empty()
    }

    /// Returns the filter words.
    pub(super) fn filter_text(&self) -> String {
        self.filter_words.join(" ")
    }

    /// Resets the list for another capture. The user's choices are kept.
    pub(super) fn reset(&mut self) {
        *self = Self {
            order: self.order,
            filter_words: std::mem::take(&mut self.filter_words),
            ..Self::default()
        };
    }

    /// Returns the row of a flow.
    pub(super) fn row_of(&self, run: &ScreenRun, key: FlowKey) -> Option<usize> {
        let line = *self.row_of_flow.get(run.trace.index_of_flow(&key)?)? as usize;
        (line < self.listed.len()).then_some(line)
    }

    fn rebuild(&mut self, run: &ScreenRun) {
        let flows = run.trace.flows();
        (
            self.packets_when_built,
            self.frames_since_built,
            self.next_lookup,
        ) = (Some(run.trace.capture().packets), 0, 0);
        let mut text = String::new();
        let indices = (0..u32::try_from(flows.len()).unwrap_or(u32::MAX)).zip(flows);
        self.listed.clear();
        self.listed.extend(
            indices
                .filter(|(_, flow)| {
                    self.filter_words.is_empty()
                        || matches_all_words(&self.filter_words, flow, run, &mut text)
                })
                .map(|(index, _)| index),
        );
        // Flows are far apart in memory, so each is visited once and not for each comparison.
        let order = self.order;
        self.listed.sort_by_cached_key(|index| {
            flows
                .get(*index as usize)
                .map(|flow| (sort_key(order, flow), *index))
        });
        self.row_of_flow.clear();
        self.row_of_flow.resize(flows.len(), u32::MAX);
        for (line, index) in (0..).zip(&self.listed) {
            if let Some(of_flow) = self.row_of_flow.get_mut(*index as usize) {
                *of_flow = line;
            }
        }
    }

    /// Returns true if enough packets are new for the list to be rebuilt.
    fn needs_rebuild(&mut self, run: &ScreenRun) -> bool {
        let packets = run.trace.capture().packets;
        let Some(known) = self.packets_when_built else {
            return packets > 0;
        };
        if packets == known {
            return false;
        }
        self.frames_since_built = self.frames_since_built.saturating_add(1);
        // A rebuild visits all flows, so while packets arrive it waits until they are an eighth
        // more, or for some frames.
        !run.under_way
            || packets - known > known / 8
            || self.frames_since_built >= Self::MAX_STALE_FRAMES
    }

    /// Returns the next batch of flow openings to search for server names, in display order.
    fn take_lookup_batch(&mut self, run: &ScreenRun) -> Vec<(FlowKey, FlowOpening)> {
        let flows = run.trace.flows();
        if self.lookups.len() > flows.len() {
            self.lookups.retain(|key, _| run.trace.flow(key).is_some());
        }
        // With a filter, the flows that are not listed are searched too: a name found there may
        // match it.
        let others = if self.is_filtered() {
            0..flows.len()
        } else {
            0..0
        };
        let indices = self
            .listed
            .iter()
            .map(|index| *index as usize)
            .chain(others)
            .skip(self.next_lookup);
        let mut found = Vec::new();
        for index in indices {
            self.next_lookup += 1;
            let Some(flow) = flows.get(index) else {
                continue;
            };
            let looked = self.lookups.entry(flow.key).or_default();
            // Without a connection either end may be the client.
            let from_server = match flow.key.transport {
                Transport::Tcp => 0,
                Transport::Udp => flow.counts(Direction::Received).data_segments,
            };
            let sent = flow.counts(Direction::Sent).data_segments + from_server;
            if *looked >= Self::MAX_LOOKUPS
                || sent < 1 << *looked
                || run.names.contains_key(&flow.key)
            {
                continue;
            }
            // A flow that has grown since is searched once, for all the searches it has outgrown.
            while *looked < Self::MAX_LOOKUPS && sent >= 1 << *looked {
                *looked += 1;
            }
            found.extend(FlowOpening::from_flow(flow).map(|opening| (flow.key, opening)));
            if found.len() == Self::LOOKUP_BATCH {
                break;
            }
        }
        found
    }
}

impl ScreenState {
    /// Updates what is derived from many events at once. Must be called before each frame.
    pub fn prepare_frame(&mut self) -> Vec<ScreenEffect> {
        if self.capture_flows().is_none() {
            return Vec::new();
        }
        // A paused display does not change, and its list is built from it.
        if self.paused.is_none() && self.conversations.needs_rebuild(&self.run) {
            self.rebuild_conversations();
        }
        if self.settings.opened.is_none() || self.conversations.lookup_pending {
            return Vec::new();
        }
        let run = self.paused.as_ref().map_or(&self.run, |paused| &paused.run);
        let openings = self.conversations.take_lookup_batch(run);
        self.conversations.lookup_pending = !openings.is_empty();
        self.conversations
            .lookup_pending
            .then_some(ScreenEffect::FindServerNames(openings))
            .into_iter()
            .collect()
    }

    /// Rebuilds the list.
    pub(super) fn rebuild_conversations(&mut self) {
        if self.capture_flows().is_some() {
            let run = self.paused.as_ref().map_or(&self.run, |paused| &paused.run);
            self.conversations.rebuild(run);
        }
    }

    pub(super) fn receive_names(&mut self, names: Vec<(FlowKey, Untrusted)>) {
        self.conversations.lookup_pending = false;
        let any = !names.is_empty();
        if let Some(paused) = &mut self.paused {
            paused.run.names.extend(names.iter().cloned());
        }
        self.run.names.extend(names);
        if any && self.conversations.is_filtered() {
            self.rebuild_conversations();
        }
    }

    pub(super) fn move_by_conversations(&mut self, by: isize, now: Moment) {
        let run = self.displayed_run(now).0;
        let listing = &self.conversations;
        let Some(last) = listing.listed.len().checked_sub(1) else {
            return;
        };
        let here = self
            .view_state
            .cursor
            .flow()
            .and_then(|key| listing.row_of(run, key));
        let there = match here {
            Some(here) => here.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => usize::try_from(by.saturating_sub(1)).unwrap_or(0).min(last),
        };
        if let Some(flow) = listing
            .listed
            .get(there)
            .and_then(|index| run.trace.flows().get(*index as usize))
        {
            let cursor = Cursor::Flow(flow.key);
            self.select(cursor, now);
        }
    }

    /// Selects the first row of the list.
    pub(super) fn select_first_conversation(&mut self) {
        let run = self.paused.as_ref().map_or(&self.run, |paused| &paused.run);
        let first = self
            .conversations
            .listed
            .first()
            .and_then(|index| run.trace.flows().get(*index as usize));
        if let Some(flow) = first {
            self.view_state.cursor = Cursor::Flow(flow.key);
        }
    }

    pub(super) fn next_sort_order(&mut self) {
        self.conversations.order = self.conversations.order.next();
        self.notice = Some(self.conversations.order.description().to_owned());
        self.rebuild_conversations();
    }

    pub(super) fn open_filter(&mut self) {
        self.mode = InputMode::Filter(TextInput::with_text(&self.conversations.filter_text()));
    }

    /// Lists only conversations that contain all of these words.
    pub(super) fn filter_conversations(&mut self, words: &str) {
        self.conversations.filter_words = words.split_whitespace().map(str::to_lowercase).collect();
        self.rebuild_conversations();
    }

    pub(super) fn handle_filter_key(&mut self, key: KeyEvent, now: Moment) -> Vec<ScreenEffect> {
        let InputMode::Filter(field) = &mut self.mode else {
            return Vec::new();
        };
        match key.code {
            KeyCode::Enter => self.mode = InputMode::Panels,
            KeyCode::Esc => {
                self.mode = InputMode::Panels;
                self.filter_conversations("");
            }
            KeyCode::Down => self.move_by_conversations(1, now),
            KeyCode::Up => self.move_by_conversations(-1, now),
            _ => {
                if field.handle_key(key) {
                    let words = field.text();
                    self.filter_conversations(&words);
                }
            }
        }
        Vec::new()
    }
}

/// Sort key; the smallest comes first.
fn sort_key(order: ConversationOrder, flow: &Flow) -> (Reverse<u64>, Reverse<u64>) {
    let first = match order {
        ConversationOrder::Size => payload_bytes(flow),
        ConversationOrder::Time => u64::MAX - flow.span().map_or(0, |(first, _)| first.0),
        ConversationOrder::Retransmissions => retransmissions(flow),
        ConversationOrder::Duration => flow_duration(flow).map_or(0, |took| took.0),
    };
    (Reverse(first), Reverse(payload_bytes(flow)))
}

/// Returns true if a conversation's transport, endpoints and name contain all of the words.
fn matches_all_words(words: &[String], flow: &Flow, run: &ScreenRun, text: &mut String) -> bool {
    text.clear();
    let transport = flow.key.transport.id();
    // Writing to memory does not fail.
    let _ = write!(text, "{transport} {} {} ", flow.key.local, flow.key.remote);
    if let Some(name) = run.names.get(&flow.key) {
        text.push_str(&name.escaped().to_lowercase());
    }
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Returns the payload bytes in both directions.
fn payload_bytes(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent)
        .payload_bytes
        .saturating_add(flow.counts(Direction::Received).payload_bytes)
}

/// Returns the retransmissions in both directions.
pub(super) const fn retransmissions(flow: &Flow) -> u64 {
    flow.counts(Direction::Sent).retransmitted + flow.counts(Direction::Received).retransmitted
}

/// Returns the time from the first packet to the last.
pub(super) fn flow_duration(flow: &Flow) -> Option<Nanos> {
    flow.span().map(|(first, last)| last.since(first))
}
