//! Ledgers of the exchanges on the screen, which are drawn far more often than they change.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::insight::ledger::ExchangeLedger;
use crate::trace::{Exchange, ExchangeId, Trace};
use crate::units::Moment;

/// Ledgers by exchange, each with what it was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct LedgerCache(RefCell<HashMap<ExchangeId, (Basis, Rc<ExchangeLedger>)>>);

/// What a ledger was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Basis {
    /// Packets of the run so far.
    packets: u64,
    /// The exchange's end, or the latest event where it goes on.
    end: Moment,
    is_over: bool,
}

impl Basis {
    /// While an exchange with this many packets goes on, its ledger is made anew only once there
    /// are a sixteenth more, so that all of its ledgers together cost a fixed number of passes.
    const MANY_PACKETS: u64 = 8_192;

    /// Returns true if a ledger made of `self` still serves.
    const fn serves(self, now: Self) -> bool {
        if now.is_over || self.is_over {
            return self.packets == now.packets
                && self.end.0 == now.end.0
                && self.is_over == now.is_over;
        }
        let grown = now.packets.saturating_sub(self.packets);
        now.packets >= Self::MANY_PACKETS && grown * 16 < now.packets
    }
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
        let mut known = self.0.borrow_mut();
        if let Some((made_of, ledger)) = known.get(&exchange.id)
            && made_of.serves(basis)
        {
            return Rc::clone(ledger);
        }
        if known.len() >= Self::MAX_ENTRIES {
            known.clear();
        }
        let ledger = Rc::new(ExchangeLedger::new(trace, exchange));
        known.insert(exchange.id, (basis, Rc::clone(&ledger)));
        ledger
    }
}
