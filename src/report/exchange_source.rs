//! Where reports that tell every exchange get them from: a trace that holds them all, or a run that
//! is read again from its beginning.

use std::cell::RefCell;
use std::io;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::insight::{Transfer, group_into_transfers};
use crate::trace::{Exchange, Trace};

/// Gets a transfer with its number, counted from 0, and the trace that tells of it.
pub type TransferVisitor<'a> = dyn FnMut(&Trace, usize, &Transfer<'_>) -> io::Result<()> + 'a;

/// Every exchange of a run.
pub trait ExchangeSource {
    /// Hands out each transfer in its order, and only while `to` lasts.
    ///
    /// # Errors
    /// The run cannot be read again, or what `to` says.
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()>;

    /// Returns how many exchanges are not handed out because they are no longer held.
    fn omitted(&self) -> u64 {
        0
    }
}

/// Those that the trace holds.
impl ExchangeSource for Trace {
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        group_into_transfers(self)
            .enumerate()
            .try_for_each(|(number, transfer)| to(self, number, &transfer))
    }

    fn omitted(&self) -> u64 {
        self.retired().exchanges
    }
}

/// How an exchange stands in a document.
pub(super) trait ExchangeFormat {
    /// What is written of it.
    type Output<'t>: Serialize
    where
        Self: 't;

    /// Tells it.
    fn convert<'t>(&'t self, trace: &'t Trace, exchange: &'t Exchange) -> Self::Output<'t>;
}

/// A list in a document that is written while its exchanges are read. Where they cannot be read it
/// ends, and `failed` says why.
pub(super) struct StreamedExchanges<'a, S> {
    pub(super) source: &'a dyn ExchangeSource,
    pub(super) format: S,
    pub(super) failed: &'a RefCell<Option<io::Error>>,
}

impl<S: ExchangeFormat> Serialize for StreamedExchanges<'_, S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut list = to.serialize_seq(None)?;
        let mut refused = None;
        let told = self.source.for_each_transfer(&mut |trace, _, transfer| {
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
        *self.failed.borrow_mut() = told.err();
        list.end()
    }
}
