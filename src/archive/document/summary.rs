//! The summary of a run, schema `tapline/summary/1`, as what is compared of one. Names that are not
//! wanted are passed over.

use serde::Deserialize;

use super::certificate::{Certificate, Tls};
use crate::insight::Rtt;
use crate::insight::diff::{self, Asked, Facts, PhaseTimes, Try, WaitedFor};
use crate::trace::{
    self, Cause, Clock as Source, Code, Endpoint, Header, HttpVersion, Phase, ResolutionSource,
};
use crate::units::{Nanos, Untrusted};

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Clock {
    pub(super) uncertainty_ns: Option<Nanos>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Verdict {
    rule: Untrusted,
    verdict: String,
}

impl Verdict {
    pub(super) fn verdict(self) -> diff::Verdict {
        let met = match self.verdict.as_str() {
            "met" => Some(true),
            "missed" => Some(false),
            _ => None,
        };
        diff::Verdict {
            rule: self.rule,
            met,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    url: Untrusted,
    method: String,
    #[serde(default)]
    cause: Option<Cause>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    http_version: Option<HttpVersion>,
    #[serde(default)]
    reused_connection: bool,
    #[serde(default)]
    remote: Option<Endpoint>,
    #[serde(default)]
    duration_ns: Option<Nanos>,
    #[serde(default)]
    phases: Vec<PhaseEntry>,
    #[serde(default)]
    dns: Option<Dns>,
    #[serde(default)]
    tcp: Option<Tcp>,
    #[serde(default)]
    proxy: Option<Vec<ProxyStep>>,
    #[serde(default)]
    tls: Option<Tls>,
    #[serde(default)]
    request: Option<Message>,
    #[serde(default)]
    response: Option<Message>,
    #[serde(default)]
    redirect: Option<Redirect>,
    #[serde(default)]
    segments: Option<Segments>,
    #[serde(default)]
    failure: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct PhaseEntry {
    name: Phase,
    #[serde(default)]
    duration_ns: Option<Nanos>,
    clock: Source,
}

#[derive(Debug, Deserialize)]
struct ProxyStep {
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Redirect {
    to: Untrusted,
}

#[derive(Debug, Deserialize)]
struct Failure {
    phase: Phase,
    code: Code,
    message: Untrusted,
    #[serde(default)]
    hint: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dns {
    source: Option<ResolutionSource>,
    questions: Vec<Question>,
}

#[derive(Debug, Deserialize)]
struct Question {
    name: Untrusted,
    #[serde(rename = "type")]
    kind: Untrusted,
    server: Untrusted,
    #[serde(default)]
    rcode: Option<Untrusted>,
    #[serde(default)]
    duration_ns: Option<Nanos>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tcp {
    rtt_ns: Option<Nanos>,
    rtt_source: Option<Source>,
    attempts: Vec<Attempt>,
}

#[derive(Debug, Deserialize)]
struct Attempt {
    address: Endpoint,
    #[serde(default)]
    outcome: Option<Untrusted>,
    #[serde(default)]
    start_ns: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    headers: Vec<(Untrusted, Untrusted)>,
    body_bytes: Option<u64>,
    server_timing: Vec<Metric>,
}

#[derive(Debug, Deserialize)]
struct Metric {
    name: Untrusted,
    #[serde(default)]
    duration_ns: Option<Nanos>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Segments {
    sent: Counts,
    received: Counts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    payload_bytes: Option<u64>,
    retransmitted: Option<u64>,
}

impl Message {
    fn fields(&mut self) -> Vec<Header> {
        std::mem::take(&mut self.headers)
            .into_iter()
            .map(|(name, value)| Header { name, value })
            .collect()
    }
}

impl Exchange {
    /// What is compared of it.
    pub(super) fn facts(self) -> Facts {
        let (mut request, mut response) = (self.request, self.response);
        let (dns, tcp, tls) = (
            self.dns.unwrap_or_default(),
            self.tcp.unwrap_or_default(),
            self.tls,
        );
        let segments = self.segments.unwrap_or_default();
        Facts {
            cause: Some(self.cause.unwrap_or(Cause::Asked)),
            method: self.method,
            url: self.url,
            total: self.duration_ns,
            phases: times(&self.phases),
            reused: self.reused_connection,
            remote: self.remote,
            rtt: tcp
                .rtt_ns
                .zip(tcp.rtt_source)
                .map(|(duration, clock)| Rtt { duration, clock }),
            source: dns.source,
            asked: dns.questions.into_iter().map(Question::asked).collect(),
            attempts: tries(tcp.attempts),
            proxy: self
                .proxy
                .and_then(|steps| steps.into_iter().next())
                .map(|step| step.kind),
            handshake: tls.as_ref().and_then(Tls::agreed),
            verification: tls.as_ref().and_then(Tls::verified),
            certificates: tls
                .map(|tls| {
                    tls.certificates
                        .into_iter()
                        .filter_map(Certificate::certificate)
                        .collect()
                })
                .unwrap_or_default(),
            version: self.http_version,
            status: self.status,
            sent_bytes: request.as_ref().and_then(|request| request.body_bytes),
            received_bytes: response.as_ref().and_then(|response| response.body_bytes),
            request_fields: request.as_mut().map(Message::fields).unwrap_or_default(),
            response_fields: response.as_mut().map(Message::fields).unwrap_or_default(),
            server_timing: response
                .map(|response| {
                    response
                        .server_timing
                        .into_iter()
                        .filter_map(|metric| Some((metric.name, metric.duration_ns?)))
                        .collect()
                })
                .unwrap_or_default(),
            redirect: self.redirect.map(|redirect| redirect.to),
            again: [segments.sent.retransmitted, segments.received.retransmitted],
            failure: self.failure.map(|it| {
                (
                    it.phase,
                    trace::Failure {
                        code: it.code,
                        message: it.message,
                        hint: it.hint,
                    },
                )
            }),
            ..Facts::default()
        }
    }
}

fn times(entries: &[PhaseEntry]) -> [PhaseTimes; 7] {
    let of = |phase: Phase, clock: Source| {
        let entry = entries
            .iter()
            .take(64)
            .find(|entry| entry.name == phase && entry.clock == clock);
        entry.and_then(|entry| entry.duration_ns)
    };
    Phase::ALL.map(|phase| PhaseTimes {
        app: of(phase, Source::App),
        wire: of(phase, Source::Wire),
    })
}

impl Question {
    fn asked(self) -> Asked {
        Asked {
            name: self.name,
            kind: self.kind,
            server: self.server,
            rcode: self.rcode,
            took: self.duration_ns,
        }
    }
}

fn tries(attempts: Vec<Attempt>) -> Vec<Try> {
    let began = attempts.first().map_or(0, |first| first.start_ns);
    let after = |start: i64| Nanos(u64::try_from(start.saturating_sub(began)).unwrap_or(0));
    attempts
        .into_iter()
        .map(|it| Try {
            remote: it.address,
            outcome: it.outcome,
            after: after(it.start_ns),
        })
        .collect()
}

#[derive(Debug, Deserialize)]
pub(super) struct Conversation {
    transport: String,
    server: Untrusted,
    #[serde(default)]
    server_name: Option<Untrusted>,
    #[serde(default)]
    sent: Counts,
    #[serde(default)]
    received: Counts,
}

impl Conversation {
    /// What is compared of it. Times of its parts are not in a summary.
    pub(super) fn facts(self) -> Facts {
        let remote = Endpoint::from(self.server.raw().to_owned());
        let port = remote
            .ip()
            .map(|address| format!(":{}", address.port()))
            .unwrap_or_default();
        Facts {
            method: self.transport.to_ascii_uppercase(),
            url: self
                .server_name
                .map_or(self.server, |name| format!("{}{port}", name.raw()).into()),
            remote: Some(remote),
            sent_bytes: self.sent.payload_bytes,
            received_bytes: self.received.payload_bytes,
            again: [self.sent.retransmitted, self.received.retransmitted],
            waited: Vec::<WaitedFor>::new(),
            ..Facts::default()
        }
    }
}
