//! What is compared of an exchange, whatever it was read from.

use crate::insight::{ConnectionEnding, Rtt};
use crate::trace::{
    Certificate, Endpoint, ExchangeCause, Failure, Handshake, HttpHeader, HttpVersion, Phase,
    ResolutionSource, Verification,
};
use crate::units::{Nanos, Untrusted};

/// A run, as far as it can be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedRun {
    /// Its exchanges, or its conversations where it is a capture of others, in order.
    pub exchanges: Vec<ExchangeFacts>,
    /// How exactly packets' times are known on the axis of everything else.
    pub uncertainty: Option<Nanos>,
    /// What came of the limits it was held to.
    pub limit_results: Vec<LimitResult>,
}

/// What came of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitResult {
    /// The limit as it was written: `total<=500ms`.
    pub rule: Untrusted,
    /// Whether it was met; `None` where what it limits was not measured.
    pub met: Option<bool>,
}

/// An exchange, or a conversation of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExchangeFacts {
    /// Why it was started; `None` for a conversation.
    pub cause: Option<ExchangeCause>,
    /// Method; of a conversation its transport, `TCP` or `UDP`.
    pub method: String,
    /// URL; of a conversation the server's name, or where that is not known its address, and the
    /// port.
    pub url: Untrusted,
    /// How long it took; of a conversation until the server's first byte.
    pub total: Option<Nanos>,
    /// Each phase's times, in the order of [`Phase::ALL`].
    pub phases: [PhaseTimes; 7],
    /// Whether the connection had served others before.
    pub reused: bool,
    /// The other end.
    pub remote: Option<Endpoint>,
    /// The round-trip time.
    pub rtt: Option<Rtt>,
    /// Where the name's addresses came from.
    pub source: Option<ResolutionSource>,
    /// What DNS servers were asked.
    pub questions: Vec<QuestionFacts>,
    /// Connection attempts, in order.
    pub attempts: Vec<AttemptFacts>,
    /// How often the first segment of the connection was sent.
    pub syns: Option<u64>,
    /// The kind of proxy it went through.
    pub proxy: Option<String>,
    /// What TLS agreed on.
    pub handshake: Option<Handshake>,
    /// What came of checking the certificates.
    pub verification: Option<Verification>,
    /// The server's certificates, leaf first.
    pub certificates: Vec<Certificate>,
    /// The version of the response, or where none came of the request.
    pub version: Option<HttpVersion>,
    /// Status of the response.
    pub status: Option<u16>,
    /// The request's field lines.
    pub request_fields: Vec<HttpHeader>,
    /// The response's.
    pub response_fields: Vec<HttpHeader>,
    /// Bytes of the request's body.
    pub sent_bytes: Option<u64>,
    /// Bytes of the response's body as transferred.
    pub received_bytes: Option<u64>,
    /// Durations that the server told of itself.
    pub server_timing: Vec<(Untrusted, Nanos)>,
    /// Where it was redirected to.
    pub redirect: Option<Untrusted>,
    /// Segments that were sent again, to the server and from it.
    pub retransmitted: [Option<u64>; 2],
    /// What nothing passed for.
    pub idle_times: Vec<IdleFacts>,
    /// How a conversation ended.
    pub ending: Option<ConnectionEnding>,
    /// Where and why it failed.
    pub failure: Option<(Phase, Failure)>,
}

/// How long a phase took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// On the program's clock.
    pub app: Option<Nanos>,
    /// On the wire's.
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
    /// The response code; `None` where no answer came.
    pub rcode: Option<Untrusted>,
    /// How long the answer took, or until none was waited for any more.
    pub took: Option<Nanos>,
}

/// A connection attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFacts {
    /// Where to.
    pub remote: Endpoint,
    /// How it ended, as machine output names it; `None` where it did not.
    pub outcome: Option<Untrusted>,
    /// How long after the first attempt it began.
    pub started_after: Nanos,
}

/// What nothing passed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleFacts {
    /// Within which phase; `None` where only the whole exchange's is known.
    pub phase: Option<Phase>,
    /// The cause, as machine output names it.
    pub cause: Untrusted,
    /// How long, without the network's round trips where they can be told apart.
    pub without_network: Nanos,
}

impl ExchangeFacts {
    /// A phase's times.
    pub const fn phase(&self, phase: Phase) -> PhaseTimes {
        self.phases[phase as usize]
    }

    /// Whether it was not what was wanted.
    pub fn failed(&self) -> bool {
        self.failure.is_some() || self.ending.is_some_and(ConnectionEnding::is_bad)
    }

    /// Round trips that the handshake of TLS takes, by what was agreed on.
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
