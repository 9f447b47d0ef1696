//! Whose time the idle periods of a conversation were.

use super::{ConversationView, attempted};
use crate::insight::ledger::{Attribution, Cause, Owner, PeriodCauses};
use crate::insight::{IdleCause, idle_causes_within};
use crate::trace::{Direction, Exchange, ExchangeId};
use crate::units::{Moment, Nanos};

impl<'a> ConversationView<'a> {
    /// Returns the time of an idle period before a packet, on the run's axis.
    pub fn idle_period(&self, before: usize, took: Nanos) -> Option<(Moment, Moment)> {
        let to = self.moment(self.packet(before)?)?;
        Some((to - took, to))
    }

    /// Returns the exchange over this connection in whose time a period lies: the preferred one if
    /// it does in part, otherwise the first.
    pub fn exchange_within(
        &self,
        (from, to): (Moment, Moment),
        preferred: Option<ExchangeId>,
    ) -> Option<&'a Exchange> {
        let has_time = |exchange: &&Exchange| {
            exchange.started < to && exchange.ended.is_none_or(|ended| ended > from)
        };
        let mut exchanges = self.trace.exchanges().iter().filter(has_time);
        let mut own = exchanges.by_ref().filter(|exchange| self.carries(exchange));
        let first = own.next()?;
        let chosen = std::iter::once(first)
            .chain(own)
            .find(|exchange| Some(exchange.id) == preferred);
        Some(chosen.unwrap_or(first))
    }

    /// Returns wordings of why nothing passed before a packet, the longest first; empty if that is
    /// not known. `told` are the causes by the ledger of an exchange over this connection.
    pub fn idle_descriptions(
        &self,
        before: usize,
        took: Nanos,
        told: Option<&PeriodCauses>,
    ) -> Vec<String> {
        match (told, self.connection) {
            (Some(causes), _) => causes.descriptions(),
            (None, Some(_)) => Vec::new(),
            (None, None) => {
                let causes = self.causes_by_packets(before, took).into_iter();
                // Not the connection of this program, so the client is not this machine.
                let name_client = |text: String| text.replace("this machine", "the client");
                causes
                    .flat_map(|causes| causes.descriptions())
                    .map(name_client)
                    .collect()
            }
        }
    }

    /// Returns the causes of an idle period in a conversation without exchanges: by TCP's state
    /// before it and the packet that ended it.
    fn causes_by_packets(&self, before: usize, took: Nanos) -> Option<PeriodCauses> {
        let (_, cause) = idle_causes_within(self.flow, took, before..before + 1).next()?;
        let network = match cause {
            IdleCause::Server { network } => network.unwrap_or_default().min(took),
            _ => Nanos::ZERO,
        };
        let shares = [
            (attribution_of(cause), took.saturating_sub(network)),
            (Attribution::new(Owner::Network, Cause::RoundTrip), network),
        ];
        Some(PeriodCauses::new(shares.to_vec(), took))
    }

    /// Returns true if an exchange went over this connection, or tried to connect with it last.
    fn carries(&self, exchange: &Exchange) -> bool {
        match (exchange.connection, self.connection) {
            (Some(connection), Some(own)) => connection == own.id,
            (None, None) => attempted(self.trace, exchange) == Some(self.flow.key),
            _ => false,
        }
    }
}

/// Returns the owner and the cause that an idle period's cause stands for.
fn attribution_of(cause: IdleCause) -> Attribution {
    let side = |side: Direction| match side {
        Direction::Sent => Owner::Client,
        Direction::Received => Owner::Server,
    };
    match cause {
        IdleCause::Handshake => Attribution::new(Owner::Network, Cause::RoundTrip),
        IdleCause::Retransmission { timeout: true, .. } => {
            Attribution::new(Owner::Network, Cause::Timeout)
        }
        IdleCause::Retransmission { timeout: false, .. } => {
            Attribution::new(Owner::Network, Cause::Loss)
        }
        IdleCause::Window { sender } => Attribution::new(side(sender.opposite()), Cause::Window),
        IdleCause::Acknowledgment { .. } => {
            Attribution::new(Owner::Network, Cause::CongestionWindow)
        }
        IdleCause::DelayedAck { sender } => Attribution::new(side(sender), Cause::Nagle),
        IdleCause::Server { .. } => Attribution::new(Owner::Server, Cause::Think),
        IdleCause::Client => Attribution::new(Owner::Client, Cause::Processing),
    }
}
