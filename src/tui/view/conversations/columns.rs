//! Columns of the conversation list: which figures fit, and how wide each column is.

use crate::trace::{Direction, Flow};
use crate::tui::conversations::{ConversationOrder, flow_duration, retransmissions};
use crate::tui::theme::StyleRole;
use crate::units::{Bytes, group_digits};

/// A column of figures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FigureColumn {
    Packets,
    Sent,
    Received,
    Retransmitted,
    Duration,
}

impl FigureColumn {
    /// In order of importance: the first ones are shown where there is little room.
    const ALL: [Self; 5] = [
        Self::Packets,
        Self::Sent,
        Self::Received,
        Self::Retransmitted,
        Self::Duration,
    ];

    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Retransmitted => "retrans",
            Self::Duration => "duration",
        }
    }

    pub(super) const fn columns(self) -> u16 {
        match self {
            Self::Packets | Self::Retransmitted => 9,
            Self::Sent => 10,
            Self::Received | Self::Duration => 11,
        }
    }

    pub(super) fn value(self, flow: &Flow) -> (String, StyleRole) {
        let sent = flow.counts(Direction::Sent);
        let received = flow.counts(Direction::Received);
        match self {
            Self::Packets => (
                group_digits(sent.packets + received.packets),
                StyleRole::Text,
            ),
            Self::Sent => (Bytes(sent.payload_bytes).to_string(), StyleRole::Text),
            Self::Received => (Bytes(received.payload_bytes).to_string(), StyleRole::Text),
            Self::Retransmitted => match retransmissions(flow) {
                0 => ("0".to_owned(), StyleRole::Dim),
                again => (group_digits(again), StyleRole::Failure),
            },
            Self::Duration => (
                flow_duration(flow).map_or_else(|| "\u{2014}".to_owned(), |took| took.to_string()),
                StyleRole::Dim,
            ),
        }
    }

    /// Returns true if the list is sorted by it.
    pub(super) const fn is_sorted_by(self, order: ConversationOrder) -> bool {
        match order {
            ConversationOrder::Size => matches!(self, Self::Sent | Self::Received),
            ConversationOrder::Retransmissions => matches!(self, Self::Retransmitted),
            ConversationOrder::Duration => matches!(self, Self::Duration),
            ConversationOrder::Time => false,
        }
    }
}

/// Columns before the endpoints: cursor, failure mark, transport.
pub(super) const MARK_COLUMNS: u16 = 7;
/// Minimum columns for the endpoints, without and with a traffic strip.
const MIN_ENDPOINT_COLUMNS: u16 = 32;
const ENDPOINT_COLUMNS_WITH_STRIP: u16 = 58;

/// Widths of the columns.
pub(super) struct Columns {
    pub(super) ends: u16,
    pub(super) figures: usize,
    pub(super) strip: u16,
}

impl Columns {
    pub(super) fn fitting(all: u16) -> Self {
        let mut ends = all.saturating_sub(MARK_COLUMNS);
        let mut figures = 0;
        for figure in FigureColumn::ALL {
            let Some(left) = ends
                .checked_sub(figure.columns())
                .filter(|left| *left >= MIN_ENDPOINT_COLUMNS)
            else {
                break;
            };
            (ends, figures) = (left, figures + 1);
        }
        let strip = ends.saturating_sub(ENDPOINT_COLUMNS_WITH_STRIP);
        let strip = if figures < FigureColumn::ALL.len() || strip < 12 {
            0
        } else {
            strip.min(64)
        };
        Self {
            ends: ends - strip,
            figures,
            strip,
        }
    }

    pub(super) fn figures(&self) -> impl Iterator<Item = FigureColumn> {
        FigureColumn::ALL.into_iter().take(self.figures)
    }
}
