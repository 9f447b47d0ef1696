//! The source of exchanges for reports that list every one: a trace that has them all, or a run
//! that is read again.

use std::cell::{Cell, RefCell};
use std::io;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::insight::{Transfer, group_into_transfers};
use crate::trace::{Exchange, Trace};

/// Receives a transfer with its index, and the trace that contains it.
pub type TransferVisitor<'a> = dyn FnMut(&Trace, usize, &Transfer<'_>) -> io::Result<()> + 'a;

/// A source of every exchange of a run.
pub trait ExchangeSource {
    /// Calls `to` with each transfer in order, which is valid only during the call.
    ///
    /// # Errors
    /// The run cannot be read again, or `to` fails.
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()>;

    /// Returns the number of exchanges that are not passed on since nothing of their runs is held.
    fn omitted(&self) -> u64 {
        0
    }
}

/// The exchanges that the trace holds.
impl ExchangeSource for Trace {
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        group_into_transfers(self)
            .enumerate()
            .try_for_each(|(number, transfer)| to(self, number, &transfer))
    }

    fn omitted(&self) -> u64 {
        let of_held = group_into_transfers(self)
            .map(|run| run.retired_count())
            .sum();
        self.retired().exchanges.saturating_sub(of_held)
    }
}

/// A format that serializes exchanges one at a time.
pub(super) trait ExchangeFormat {
    /// The serialized form of an exchange.
    type Output<'t>: Serialize
    where
        Self: 't;

    /// Converts an exchange.
    fn convert<'t>(&'t self, trace: &'t Trace, exchange: &'t Exchange) -> Self::Output<'t>;
}

/// A list that is serialized while its exchanges are read. If reading fails the list ends, and the
/// error is stored in `end`.
pub(super) struct StreamedExchanges<'a, S> {
    pub(super) source: &'a dyn ExchangeSource,
    pub(super) format: S,
    pub(super) end: &'a StreamEnd,
}

/// The result of serializing a list whose exchanges are read at the same time.
#[derive(Default)]
pub(super) struct StreamEnd {
    pub(super) failed: RefCell<Option<io::Error>>,
    /// The number of exchanges left out.
    pub(super) omitted: Cell<u64>,
}

impl StreamEnd {
    /// Returns true if no exchange was left out.
    pub(super) const fn omits_none(&self) -> bool {
        self.omitted.get() == 0
    }
}

/// The number of exchanges left out. To be serialized after the list.
impl Serialize for StreamEnd {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        to.serialize_u64(self.omitted.get())
    }
}

impl<S: ExchangeFormat> Serialize for StreamedExchanges<'_, S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut list = to.serialize_seq(None)?;
        let mut refused = None;
        let mut omitted = self.source.omitted();
        let result = self.source.for_each_transfer(&mut |trace, _, transfer| {
            omitted = omitted.saturating_add(transfer.retired_count());
            for exchange in transfer.hops() {
                if let Err(error) = list.serialize_element(&self.format.convert(trace, exchange)) {
                    refused = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
            Ok(())
        });
        if let Some(error) = refused {
            return Err(error);
        }
        self.end.omitted.set(omitted);
        *self.end.failed.borrow_mut() = result.err();
        list.end()
    }
}
