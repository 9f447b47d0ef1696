//! The columns of a plot as stretches of packets' time.

use crate::timeline::Scale;
use crate::trace::{ClockMap, Stride};
use crate::units::WallTime;

/// When each column begins, and the last one ends.
pub(super) struct Columns {
    edges: Vec<WallTime>,
    /// The column that was found last: the next packet's is mostly the same.
    latest: usize,
}

/// Where something lies on the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Before,
    In(u16),
    /// In several columns.
    Across,
    Behind,
}

impl Place {
    pub(super) const fn column(self) -> Option<u16> {
        match self {
            Self::In(column) => Some(column),
            _ => None,
        }
    }
}

impl Columns {
    /// `None` where the clocks were never paired, or there is no column.
    pub(super) fn of(clock: &ClockMap, scale: &Scale) -> Option<Self> {
        let edges = (0..scale.columns())
            .map(|column| scale.edge(column))
            .chain([scale.window().to()]);
        let edges: Vec<WallTime> = edges.map(|at| clock.wall_of(at)).collect::<Option<_>>()?;
        (edges.len() > 1).then_some(Self { edges, latest: 0 })
    }

    /// Where a packet lies.
    pub(super) fn place(&mut self, wall: WallTime) -> Place {
        if !self
            .edges
            .get(self.latest..=self.latest + 1)
            .is_some_and(|edges| edges[0] <= wall && wall < edges[1])
        {
            let after = self.edges.partition_point(|edge| *edge <= wall);
            let Some(found) = after.checked_sub(1) else {
                return Place::Before;
            };
            if after == self.edges.len() && self.edges.last() != Some(&wall) {
                return Place::Behind;
            }
            // The last instant belongs to the last column.
            self.latest = found.min(self.edges.len() - 2);
        }
        Place::In(u16::try_from(self.latest).unwrap_or(u16::MAX))
    }

    /// Where a stride lies.
    pub(super) fn place_of(&mut self, stride: &Stride) -> Place {
        match (self.place(stride.first), self.place(stride.last)) {
            (first, last) if first == last => first,
            _ => Place::Across,
        }
    }
}
