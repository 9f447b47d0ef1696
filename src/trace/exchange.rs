//! Exchanges: one request and its response, per hop, attempt or repeat.

use serde::{Deserialize, Serialize};

use super::{
    AttemptId, ConnectionId, Endpoint, ExchangeCause, ExchangeId, Failure, InformationalResponse,
    Phase, Phases, Request, Resolution, Response,
};
use crate::units::{Moment, Nanos, Untrusted};

/// How a connection attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It was established.
    Connected,
    /// RST in answer to the SYN.
    Refused,
    /// No route, or ICMP says so.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// Another attempt was faster, or the run ended.
    Abandoned,
    /// It failed otherwise; how.
    Failed(Untrusted),
}

impl AttemptOutcome {
    /// The name in machine output.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Abandoned => "abandoned",
            Self::Failed(_) => "failed",
        }
    }
}

/// One try to connect to one address (RFC 8305 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number in the run.
    pub id: AttemptId,
    /// The address tried.
    pub remote: Endpoint,
    /// This side's address and port, where the kernel chose one.
    pub local: Option<Endpoint>,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub ended: Option<Moment>,
    /// How it ended; `None` while it goes on.
    pub outcome: Option<AttemptOutcome>,
}

impl Attempt {
    /// How long it took, once it has ended.
    pub fn duration(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.started))
    }
}

/// A step of the talk with a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyStep {
    /// `http`, `https`, `socks5` or `socks5h`.
    pub kind: String,
    /// What was said: `CONNECT api.lab.test:443`, `200 Connection established`.
    pub text: Untrusted,
}

/// How much of a body has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyCount {
    /// Bytes as transferred: after dechunking, before decoding.
    pub transferred: u64,
    /// Bytes after content decoding. Equal to `transferred` where there is no content coding.
    pub decoded: u64,
    /// The length announced, where one was.
    pub expected: Option<u64>,
    /// When the latest count was taken.
    pub at: Option<Moment>,
}

/// One request and its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Its number in the run.
    pub id: ExchangeId,
    /// Why it was started.
    pub cause: ExchangeCause,
    /// Method asked for.
    pub method: String,
    /// Where to.
    pub url: Untrusted,
    /// When it began.
    pub started: Moment,
    /// When it was over.
    pub ended: Option<Moment>,
    /// The phases that have begun.
    pub phases: Phases,
    /// Name resolution, where there was any.
    pub resolution: Option<Resolution>,
    /// Connection attempts, in the order they began.
    pub attempts: Vec<Attempt>,
    /// The connection it ran on.
    pub connection: Option<ConnectionId>,
    /// Whether that connection had served an exchange before.
    pub reused_connection: bool,
    /// The talk with a proxy.
    pub proxy: Vec<(Moment, ProxyStep)>,
    /// The request as sent.
    pub request: Option<Request>,
    /// How much of the request's body was written.
    pub request_body: BodyCount,
    /// Informational responses.
    pub informational: Vec<InformationalResponse>,
    /// The final response.
    pub response: Option<Response>,
    /// How much of the response's body was read.
    pub response_body: BodyCount,
    /// The first bytes of the decoded body, and whether there is more.
    pub preview: Option<(Untrusted, bool)>,
    /// Where its redirect leads, and the fields that were not taken along.
    pub redirected: Option<(Untrusted, Vec<Untrusted>)>,
    /// Why it failed, and in which phase.
    pub failure: Option<(Phase, Failure)>,
}

impl Exchange {
    /// Time from its start to its end, once it is over.
    pub fn total(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.started))
    }
}
