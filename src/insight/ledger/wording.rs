//! Words for causes, the same wherever a ledger is told.

use super::owner::{Attribution, Cause, Detail, Owner};

impl Attribution {
    /// All time of the cause, in a few words.
    pub fn clause(self) -> String {
        match (self.owner, self.cause) {
            (Owner::Server, Cause::Think) => "the server's thinking".to_owned(),
            (Owner::Server, Cause::Pause) => "the server's pauses".to_owned(),
            (Owner::Client | Owner::Server, Cause::Nagle) => "delayed acknowledgments".to_owned(),
            (Owner::Network, Cause::RoundTrip) => "round trips".to_owned(),
            (Owner::Network, Cause::CongestionWindow) => "a small congestion window".to_owned(),
            (Owner::Network, Cause::Queueing) => "queues on the way".to_owned(),
            (Owner::Network, Cause::Loss) => "lost segments".to_owned(),
            (Owner::Network, Cause::Timeout) => "retransmission timeouts".to_owned(),
            _ => self.single_clause().to_owned(),
        }
    }

    /// One interval of the cause, in a few words.
    pub fn single_clause(self) -> &'static str {
        match (self.owner, self.cause) {
            (Owner::Server, Cause::Think) => "the server's thinking",
            (Owner::Server, Cause::Pause) => "the server's pause",
            (Owner::Server, Cause::Window | Cause::FlowControl) => "the server's full window",
            (Owner::Client, Cause::Window | Cause::FlowControl) => "this machine's full window",
            (Owner::Client, Cause::Delay) => self.delay(),
            (Owner::Client | Owner::Server, Cause::Nagle) => "a delayed acknowledgment (Nagle)",
            (Owner::Client, _) => "this machine's own work",
            (Owner::Network, Cause::RoundTrip) => "a round trip",
            (Owner::Network, Cause::CongestionWindow) => "the sender's congestion window",
            (Owner::Network, Cause::Bandwidth) => "the link's bandwidth",
            (Owner::Network, Cause::Queueing) => "a queue on the way",
            (Owner::Network, Cause::Loss) => "a lost segment",
            (Owner::Network, Cause::Timeout) => "a retransmission timeout",
            (Owner::Network, Cause::Unanswered) => "packets that were not answered",
            (Owner::Resolver, _) => "name resolution",
            (Owner::Proxy, _) => "the proxy",
            (Owner::None, _) => "idle time",
            _ => "time without an explanation",
        }
    }

    /// The delay that the client chose.
    pub(super) const fn delay(self) -> &'static str {
        match self.detail {
            Some(Detail::ConnectionAttemptDelay) => "the delay before it tried the next address",
            Some(Detail::ResolutionDelay) => "the delay for the other address family's answer",
            Some(Detail::ExpectContinue) => "the timer of `Expect: 100-continue`",
            Some(Detail::Interval) => "the wait between requests",
            _ => "a delay",
        }
    }

    /// What the sender waited for, as its congestion window was full.
    pub(super) const fn congestion(self) -> &'static str {
        match self.detail {
            Some(Detail::AfterLoss) => "for a congestion window that a loss had made small",
            Some(Detail::AfterIdle) => "for a congestion window that was reset after an idle time",
            _ => "for its congestion window to grow",
        }
    }
}
