//! Where reports that tell every exchange get them from: a trace that holds them all, or a run that
//! is read again from its beginning.

use std::cell::RefCell;
use std::io;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::insight::{Transfer, transfers};
use crate::trace::{Exchange, Trace};

/// Gets a transfer with its number, counted from 0, and the trace that tells of it.
pub type EachTransfer<'a> = dyn FnMut(&Trace, usize, &Transfer<'_>) -> io::Result<()> + 'a;

/// Every exchange of a run.
pub trait Every {
    /// Hands out each transfer in its order, and only while `to` lasts.
    ///
    /// # Errors
    /// The run cannot be read again, or what `to` says.
    fn each(&self, to: &mut EachTransfer<'_>) -> io::Result<()>;

    /// Returns how many exchanges are not handed out because they are no longer held.
    fn omitted(&self) -> u64 {
        0
    }
}

/// Those that the trace holds.
impl Every for Trace {
    fn each(&self, to: &mut EachTransfer<'_>) -> io::Result<()> {
        transfers(self)
            .enumerate()
            .try_for_each(|(number, transfer)| to(self, number, &transfer))
    }

    fn omitted(&self) -> u64 {
        self.retired().exchanges
    }
}

/// How an exchange stands in a document.
pub(super) trait Shape {
    /// What is written of it.
    type Told<'t>: Serialize
    where
        Self: 't;

    /// Tells it.
    fn tell<'t>(&'t self, trace: &'t Trace, exchange: &'t Exchange) -> Self::Told<'t>;
}

/// A list in a document that is written while its exchanges are read. Where they cannot be read it
/// ends, and `failed` says why.
pub(super) struct Streamed<'a, S> {
    pub(super) every: &'a dyn Every,
    pub(super) shape: S,
    pub(super) failed: &'a RefCell<Option<io::Error>>,
}

impl<S: Shape> Serialize for Streamed<'_, S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut list = to.serialize_seq(None)?;
        let mut refused = None;
        let told = self.every.each(&mut |trace, _, transfer| {
            for exchange in transfer.hops() {
                if let Err(error) = list.serialize_element(&self.shape.tell(trace, exchange)) {
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
