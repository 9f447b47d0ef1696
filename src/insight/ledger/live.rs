//! The ledger of an exchange that goes on, kept up to date with each batch of packets.
//!
//! A walk is suspended after the packets that have come and goes on from there, so an update costs
//! time for the new packets alone. Once a phase begins or ends, the exchange is walked again, since
//! that may show what earlier packets were.

use super::ExchangeLedger;
use super::incoming::{Incoming, IncomingProgress};
use super::outgoing::UploadProgress;
use super::partition::Partition;
use super::steps::{Steps, partition_exchange};
use super::walk::Knowledge;
use crate::trace::{ConnectionId, Exchange, Phases, Trace};
use crate::units::Moment;

/// The ledger of an exchange, which may not be over.
#[derive(Clone, Debug, Default)]
pub struct LiveLedger(Option<(Basis, Suspended)>);

/// A walk that goes on once there are more packets.
#[derive(Clone, Debug)]
pub(super) struct Suspended {
    pub(super) knowledge: Knowledge,
    pub(super) partition: Partition,
    pub(super) stage: Stage,
}

/// What a walk was suspended in.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The request.
    Sending(Box<UploadProgress>),
    /// The response.
    Receiving(Box<IncomingProgress>, Incoming),
}

/// What a suspended walk was based on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    phases: Phases,
    connection: Option<ConnectionId>,
    /// Packets of the connection that are no longer listed, by which the indexes have moved.
    evicted: u64,
}

impl Basis {
    fn new(trace: &Trace, exchange: &Exchange) -> Self {
        let flow = exchange
            .connection
            .and_then(|connection| trace.flow_of(trace.connection(connection)?));
        Self {
            phases: exchange.phases.clone(),
            connection: exchange.connection,
            evicted: flow.map_or(0, crate::trace::Flow::evicted),
        }
    }
}

impl LiveLedger {
    /// Returns the ledger of an exchange until its end, or until now where it goes on. It has to be
    /// the same exchange each time.
    pub fn update(&mut self, trace: &Trace, exchange: &Exchange) -> ExchangeLedger {
        let basis = Basis::new(trace, exchange);
        let end = ExchangeLedger::end_of(trace, exchange);
        let known = self.0.take().filter(|(known, _)| *known == basis);
        let resumed = known
            .filter(|_| exchange.ended.is_none())
            .and_then(|(_, suspended)| resume(trace, exchange, suspended, end));
        let (partition, suspended) = resumed.unwrap_or_else(|| {
            let partition = ExchangeLedger::partition(exchange, end);
            partition_exchange(trace, exchange, partition)
        });
        self.0 = suspended.map(|suspended| (basis, suspended));
        ExchangeLedger::from_partition(exchange, partition).with_figures(trace, exchange)
    }
}

/// Goes on with a walk; `None` if its packets are gone.
fn resume(
    trace: &Trace,
    exchange: &Exchange,
    suspended: Suspended,
    end: Moment,
) -> Option<(Partition, Option<Suspended>)> {
    let Suspended {
        mut knowledge,
        mut partition,
        stage,
    } = suspended;
    partition.extend_to(end);
    let mut steps = Steps::new(trace, exchange, partition);
    let (flow, range) = steps.captured_flow()?;
    knowledge.path.observe(flow, range.clone());
    let mut walk = steps.walk(flow, knowledge);
    match stage {
        Stage::Sending(upload) => steps.send(&mut walk, *upload, range.end),
        Stage::Receiving(progress, how) => steps.receive(&mut walk, *progress, how, range.end),
    }
    Some(steps.finish())
}
