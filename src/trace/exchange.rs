//! An exchange: one request and its response. Each hop, retry and repeat is an exchange of its own.

use serde::{Deserialize, Serialize};

use super::{
    AttemptId, ConnectionId, DelayReason, Endpoint, ExchangeCause, ExchangeId, Failure,
    InformationalResponse, Phase, Phases, Request, Resolution, Response,
};
use crate::units::{Moment, Nanos, Untrusted};

/// Outcome of a connection attempt.
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
    /// Failed in another way, with the reason.
    Failed(Untrusted),
}

impl AttemptOutcome {
    /// The name in machine-readable output.
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

/// One attempt to connect to one address (RFC 8305 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number in the run.
    pub id: AttemptId,
    /// Address that was tried.
    pub remote: Endpoint,
    /// Local address and port, once the kernel has chosen them.
    pub local: Option<Endpoint>,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub ended: Option<Moment>,
    /// Its outcome; `None` while it is in progress.
    pub outcome: Option<AttemptOutcome>,
}

impl Attempt {
    /// Its duration, if it has ended.
    pub fn duration(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.started))
    }
}

/// A step of the exchange with a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyStep {
    /// `http`, `https`, `socks5` or `socks5h`.
    pub kind: String,
    /// Text of the message: `CONNECT api.lab.test:443`, `200 Connection established`.
    pub text: Untrusted,
}

/// Progress of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyCount {
    /// Bytes as transferred: after dechunking, before decoding.
    pub transferred: u64,
    /// Bytes after content decoding. Equal to `transferred` where there is no content coding.
    pub decoded: u64,
    /// Expected length, if one was announced.
    pub expected: Option<u64>,
    /// When the count was last updated.
    pub at: Option<Moment>,
}

/// What an exchange could not begin before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeRelease {
    /// The latest end of an exchange that had ended when this one began.
    pub after: Option<Moment>,
    /// A wait that the program chose: when it began, its length, and why.
    pub delay: Option<(Moment, Nanos, DelayReason)>,
}

/// One request and its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Its number in the run.
    pub id: ExchangeId,
    /// Why it was started.
    pub cause: ExchangeCause,
    /// Request method.
    pub method: String,
    /// Request URL.
    pub url: Untrusted,
    /// When it began.
    pub started: Moment,
    /// What it followed.
    pub release: ExchangeRelease,
    /// When it ended.
    pub ended: Option<Moment>,
    /// The phases that have begun.
    pub phases: Phases,
    /// Name resolution, if there was any.
    pub resolution: Option<Resolution>,
    /// Connection attempts, in the order they began.
    pub attempts: Vec<Attempt>,
    /// Connection that it uses.
    pub connection: Option<ConnectionId>,
    /// Whether that connection had been used by an earlier exchange.
    pub reused_connection: bool,
    /// The exchange with the proxy.
    pub proxy: Vec<(Moment, ProxyStep)>,
    /// The request as sent.
    pub request: Option<Request>,
    /// Progress of the request body.
    pub request_body: BodyCount,
    /// Informational responses.
    pub informational: Vec<InformationalResponse>,
    /// The final response.
    pub response: Option<Response>,
    /// Progress of the response body.
    pub response_body: BodyCount,
    /// The first bytes of the decoded body, and whether there are more.
    pub preview: Option<(Untrusted, bool)>,
    /// Target of the redirect, and the names of the header fields that were not sent along.
    pub redirected: Option<(Untrusted, Vec<Untrusted>)>,
    /// The failure, and the phase in which it happened.
    pub failure: Option<(Phase, Failure)>,
}

impl Exchange {
    /// Time from its start to its end, if it has ended.
    pub fn total(&self) -> Option<Nanos> {
        self.ended.map(|ended| ended.since(self.started))
    }
}
