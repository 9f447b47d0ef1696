//! Ledgers of the exchanges on the screen, which are drawn far more often than they change.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::insight::ledger::{ExchangeLedger, LiveLedger};
use crate::trace::{Exchange, ExchangeId, Trace};
use crate::units::Moment;

/// Ledgers by exchange, each with what it was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct LedgerCache(RefCell<HashMap<ExchangeId, Known>>);

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

    /// Returns the ledger of an exchange.
    pub(super) fn get(&self, trace: &Trace, exchange: &Exchange) -> Rc<ExchangeLedger> {
        let basis = Basis {
            packets: trace.capture().packets,
            end: exchange.ended.unwrap_or_else(|| trace.latest()),
            is_over: exchange.ended.is_some(),
        };
        let mut all = self.0.borrow_mut();
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
