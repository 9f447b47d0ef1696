//! The facts of an exchange that are compared, independent of where they were read from.

use crate::insight::{ConnectionEnding, Rtt};
use crate::trace::{
    Cause, Certificate, Endpoint, ExchangeCause, Failure, Handshake, HttpHeader, HttpVersion,
    Owner, Phase, ResolutionSource, Verification,
};
use crate::units::{Nanos, Untrusted};

/// A run, reduced to what can be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedRun {
    /// Its exchanges in order; for a capture of other programs, its conversations.
    pub exchanges: Vec<ExchangeFacts>,
    /// The uncertainty of mapping packet times to the run's time axis.
    pub uncertainty: Option<Nanos>,
    /// The results of its budget.
    pub limit_results: Vec<LimitResult>,
}

/// The result of a budget rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitResult {
    /// The limit as it was written: `total<=500ms`.
    pub rule: Untrusted,
    /// Whether it was met; `None` if its value was not measured.
    pub met: Option<bool>,
}

/// An exchange, or a conversation of other programs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExchangeFacts {
    /// Why it was started; `None` for a conversation.
    pub cause: Option<ExchangeCause>,
    /// The method; for a conversation its transport, `TCP` or `UDP`.
    pub method: String,
    /// The URL; for a conversation the server's name (or address) and port.
    pub url: Untrusted,
    /// The total time; for a conversation the time to the server's first byte.
    pub total: Option<Nanos>,
    /// Each phase's times, in the order of [`Phase::ALL`].
    pub phases: [PhaseTimes; 7],
    /// Whether the connection was reused.
    pub reused: bool,
    /// The remote endpoint.
    pub remote: Option<Endpoint>,
    /// The round-trip time.
    pub rtt: Option<Rtt>,
    /// Source of the addresses.
    pub source: Option<ResolutionSource>,
    /// Questions to DNS servers.
    pub questions: Vec<QuestionFacts>,
    /// Connection attempts, in order.
    pub attempts: Vec<AttemptFacts>,
    /// Number of times that the connection's SYN was sent.
    pub syns: Option<u64>,
    /// The kind of proxy used.
    pub proxy: Option<String>,
    /// The parameters of the TLS handshake.
    pub handshake: Option<Handshake>,
    /// The result of verifying the certificates.
    pub verification: Option<Verification>,
    /// The server's certificates, leaf first.
    pub certificates: Vec<Certificate>,
    /// The version of the response, or of the request if there was no response.
    pub version: Option<HttpVersion>,
    /// The status code of the response.
    pub status: Option<u16>,
    /// The request's field lines.
    pub request_fields: Vec<HttpHeader>,
    /// The response's field lines.
    pub response_fields: Vec<HttpHeader>,
    /// Bytes of the request's body.
    pub sent_bytes: Option<u64>,
    /// Bytes of the response's body as transferred.
    pub received_bytes: Option<u64>,
    /// Durations that the server reported.
    pub server_timing: Vec<(Untrusted, Nanos)>,
    /// The redirect target.
    pub redirect: Option<Untrusted>,
    /// Retransmitted segments, sent and received.
    pub retransmitted: [Option<u64>; 2],
    /// Whose time it was, by the ledger; empty if that is not known.
    pub spent: Vec<SpentFacts>,
    /// Ending of a conversation.
    pub ending: Option<ConnectionEnding>,
    /// The failed phase and the failure.
    pub failure: Option<(Phase, Failure)>,
}

/// The duration of a phase on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// On the program's clock.
    pub app: Option<Nanos>,
    /// On the wire's clock.
    pub wire: Option<Nanos>,
}

/// A question to a DNS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionFacts {
    /// The name.
    pub name: Untrusted,
    /// The record type.
    pub kind: Untrusted,
    /// The server's address.
    pub server: Untrusted,
    /// The response code; `None` if there was no answer.
    pub rcode: Option<Untrusted>,
    /// Time until the response, or until the query was given up.
    pub took: Option<Nanos>,
}

/// A connection attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFacts {
    /// The remote endpoint.
    pub remote: Endpoint,
    /// The outcome's name in machine output; `None` if it did not end.
    pub outcome: Option<Untrusted>,
    /// Time from the start of the first attempt to the start of this one.
    pub started_after: Nanos,
}

/// Time of one owner and cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpentFacts {
    /// The phase; `None` for the whole exchange.
    pub phase: Option<Phase>,
    /// Whose time it was.
    pub owner: Owner,
    /// What it was spent on.
    pub cause: Cause,
    /// The time.
    pub duration: Nanos,
}

impl ExchangeFacts {
    /// A phase's times.
    pub const fn phase(&self, phase: Phase) -> PhaseTimes {
        self.phases[phase as usize]
    }

    /// Returns true if it is known whose time it was.
    pub fn has_ledger(&self) -> bool {
        !self.spent.is_empty()
    }

    /// Returns the time of an owner and cause, of a phase or the whole exchange.
    pub fn time_spent(&self, phase: Option<Phase>, owner: Owner, cause: Cause) -> Nanos {
        self.spent
            .iter()
            .filter(|spent| (spent.phase, spent.owner, spent.cause) == (phase, owner, cause))
            .map(|spent| spent.duration)
            .sum()
    }

    /// Returns true if it failed or its connection ended abnormally.
    pub fn failed(&self) -> bool {
        self.failure.is_some() || self.ending.is_some_and(ConnectionEnding::is_bad)
    }

    /// Round trips of the TLS handshake, by version and kind.
    pub(super) fn tls_round_trips(&self) -> Option<u32> {
        let handshake = self.handshake.as_ref()?;
        Some(
            match (handshake.version.as_str(), handshake.kind.as_str()) {
                ("TLSv1.3", "early_data") => 0,
                ("TLSv1.3", "hello_retry") | ("TLSv1.2", "full") => 2,
                ("TLSv1.3", _) | ("TLSv1.2", "resumed") => 1,
                _ => return None,
            },
        )
    }
}
