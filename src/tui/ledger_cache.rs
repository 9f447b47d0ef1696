//! Ledgers of the exchanges on the screen, which are drawn far more often than they change.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::insight::ledger::{ExchangeLedger, Ledger, LiveLedger, requests_ledger};
use crate::trace::{Exchange, ExchangeId, Trace};
use crate::units::Moment;

/// Ledgers by exchange, each with what it was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct LedgerCache {
    exchanges: RefCell<HashMap<ExchangeId, Known>>,
    run: RefCell<Option<KnownRun>>,
}

/// The ledger of a run, with what it was made of.
#[derive(Clone, Debug)]
struct KnownRun {
    packets: u64,
    latest: Moment,
    ledger: Option<Rc<Ledger>>,
}

#[derive(Clone, Debug)]
struct Known {
    basis: Basis,
    ledger: Rc<ExchangeLedger>,
    /// What the next ledger of an exchange that goes on is made from.
    live: LiveLedger,
}

/// What a ledger was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Basis {
    /// Packets of the run so far.
    packets: u64,
    /// The exchange's end, or the latest event where it goes on.
    end: Moment,
    is_over: bool,
}

impl LedgerCache {
    /// Number of ledgers that are kept; beyond it the cache is emptied.
    const MAX_ENTRIES: usize = 256;

    /// Returns the ledger of a run that is over; `None` without exchanges.
    pub(super) fn of_run(&self, trace: &Trace) -> Option<Rc<Ledger>> {
        let (packets, latest) = (trace.capture().packets, trace.latest());
        let mut known = self.run.borrow_mut();
        let is_known = |run: &KnownRun| (run.packets, run.latest) == (packets, latest);
        if !known.as_ref().is_some_and(is_known) {
            *known = Some(KnownRun {
                packets,
                latest,
                ledger: requests_ledger(trace).map(Rc::new),
            });
        }
        known.as_ref()?.ledger.clone()
    }

    /// Returns the ledger of an exchange.
    pub(super) fn get(&self, trace: &Trace, exchange: &Exchange) -> Rc<ExchangeLedger> {
        let basis = Basis {
            packets: trace.capture().packets,
            end: exchange.ended.unwrap_or_else(|| trace.latest()),
            is_over: exchange.ended.is_some(),
        };
        let mut all = self.exchanges.borrow_mut();
        let known = all.remove(&exchange.id);
        let known = match known {
            Some(known) if known.basis == basis => known,
            known => {
                let mut live = known.map_or_else(LiveLedger::default, |known| known.live);
                Known {
                    basis,
                    ledger: Rc::new(live.update(trace, exchange)),
                    live,
                }
            }
        };
        if all.len() >= Self::MAX_ENTRIES {
            all.clear();
        }
        let ledger = Rc::clone(&known.ledger);
        all.insert(exchange.id, known);
        ledger
    }
}
