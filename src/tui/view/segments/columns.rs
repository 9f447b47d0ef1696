//! Mapping from timestamps to the columns of a plot.

use crate::timeline::Scale;
use crate::trace::{ChunkSummary, ClockMap};
use crate::units::WallTime;

/// Start of each column, and the end of the last one.
pub(super) struct TimeColumns {
    edges: Vec<WallTime>,
    /// The column found last: the next packet is usually in the same one.
    latest: usize,
}

/// Position on the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnPosition {
    Before,
    Column(u16),
    /// In several columns.
    Several,
    After,
}

impl ColumnPosition {
    pub(super) const fn column(self) -> Option<u16> {
        match self {
            Self::Column(column) => Some(column),
            _ => None,
        }
    }
}

impl TimeColumns {
    /// Creates the mapping; `None` if the clocks were never paired, or there is no column.
    pub(super) fn new(clock: &ClockMap, scale: &Scale) -> Option<Self> {
        let edges = (0..scale.columns())
            .map(|column| scale.column_start(column))
            .chain([scale.window().to()]);
        let edges: Vec<WallTime> = edges.map(|at| clock.wall_of(at)).collect::<Option<_>>()?;
        (edges.len() > 1).then_some(Self { edges, latest: 0 })
    }

    /// Returns the position of a packet.
    pub(super) fn position(&mut self, wall: WallTime) -> ColumnPosition {
        if !self
            .edges
            .get(self.latest..=self.latest + 1)
            .is_some_and(|edges| edges[0] <= wall && wall < edges[1])
        {
            let after = self.edges.partition_point(|edge| *edge <= wall);
            let Some(found) = after.checked_sub(1) else {
                return ColumnPosition::Before;
            };
            if after == self.edges.len() && self.edges.last() != Some(&wall) {
                return ColumnPosition::After;
            }
            // The last instant belongs to the last column.
            self.latest = found.min(self.edges.len() - 2);
        }
        ColumnPosition::Column(u16::try_from(self.latest).unwrap_or(u16::MAX))
    }

    /// Returns the position of a chunk of packets.
    pub(super) fn position_of_chunk(&mut self, chunk: &ChunkSummary) -> ColumnPosition {
        match (self.position(chunk.first), self.position(chunk.last)) {
            (first, last) if first == last => first,
            _ => ColumnPosition::Several,
        }
    }
}
