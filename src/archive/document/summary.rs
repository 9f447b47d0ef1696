//! Deserialization of run summaries, schema `tapline/summary/1`, into comparable facts. Unneeded
//! members are ignored.

use serde::Deserialize;

use super::tls::{DocumentCertificate, DocumentTls};
use crate::insight::Rtt;
use crate::insight::diff::{
    self, AttemptFacts, ExchangeFacts, PhaseTimes, QuestionFacts, SpentFacts,
};
use crate::trace::{
    self, Cause, Clock as Source, Endpoint, ExchangeCause, FailureCode, HttpHeader, HttpVersion,
    Owner, Phase, ResolutionSource,
};
use crate::units::{Nanos, Untrusted};

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SummaryClock {
    pub(super) uncertainty_ns: Option<Nanos>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SummaryVerdict {
    rule: Untrusted,
    verdict: String,
}

impl From<SummaryVerdict> for diff::LimitResult {
    fn from(summary: SummaryVerdict) -> Self {
        let met = match summary.verdict.as_str() {
            "met" => Some(true),
            "missed" => Some(false),
            _ => None,
        };
        Self {
            rule: summary.rule,
            met,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct SummaryExchange {
    url: Untrusted,
    method: String,
    #[serde(default)]
    cause: Option<ExchangeCause>,
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
    phases: Vec<SummaryPhase>,
    #[serde(default)]
    dns: Option<SummaryDns>,
    #[serde(default)]
    tcp: Option<SummaryTcp>,
    #[serde(default)]
    proxy: Option<Vec<SummaryProxyStep>>,
    #[serde(default)]
    tls: Option<DocumentTls>,
    #[serde(default)]
    request: Option<SummaryMessage>,
    #[serde(default)]
    response: Option<SummaryMessage>,
    #[serde(default)]
    redirect: Option<SummaryRedirect>,
    #[serde(default)]
    time_spent: Vec<SummarySpent>,
    #[serde(default)]
    segments: Option<SummarySegments>,
    #[serde(default)]
    failure: Option<SummaryFailure>,
}

/// An entry of the ledger. Summaries of before there was one have none.
#[derive(Debug, Deserialize)]
struct SummarySpent {
    owner: String,
    cause: String,
    duration_ns: Nanos,
}

impl SummarySpent {
    /// `None` for an owner or a cause of a later version.
    fn to_facts(&self) -> Option<SpentFacts> {
        Some(SpentFacts {
            phase: None,
            owner: Owner::ALL
                .into_iter()
                .find(|owner| owner.name() == self.owner)?,
            cause: Cause::ALL
                .into_iter()
                .find(|cause| cause.name() == self.cause)?,
            duration: self.duration_ns,
        })
    }
}

#[derive(Debug, Deserialize)]
struct SummaryPhase {
    name: Phase,
    #[serde(default)]
    duration_ns: Option<Nanos>,
    clock: Source,
}

#[derive(Debug, Deserialize)]
struct SummaryProxyStep {
    kind: String,
}

#[derive(Debug, Deserialize)]
struct SummaryRedirect {
    to: Untrusted,
}

#[derive(Debug, Deserialize)]
struct SummaryFailure {
    phase: Phase,
    code: FailureCode,
    message: Untrusted,
    #[serde(default)]
    hint: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SummaryDns {
    source: Option<ResolutionSource>,
    questions: Vec<SummaryQuestion>,
}

#[derive(Debug, Deserialize)]
struct SummaryQuestion {
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
struct SummaryTcp {
    rtt_ns: Option<Nanos>,
    rtt_source: Option<Source>,
    attempts: Vec<SummaryAttempt>,
}

#[derive(Debug, Deserialize)]
struct SummaryAttempt {
    address: Endpoint,
    #[serde(default)]
    outcome: Option<Untrusted>,
    #[serde(default)]
    start_ns: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SummaryMessage {
    headers: Vec<(Untrusted, Untrusted)>,
    body_bytes: Option<u64>,
    server_timing: Vec<SummaryMetric>,
}

#[derive(Debug, Deserialize)]
struct SummaryMetric {
    name: Untrusted,
    #[serde(default)]
    duration_ns: Option<Nanos>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SummarySegments {
    sent: SummaryCounts,
    received: SummaryCounts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SummaryCounts {
    payload_bytes: Option<u64>,
    retransmitted: Option<u64>,
}

impl SummaryMessage {
    fn take_fields(&mut self) -> Vec<HttpHeader> {
        std::mem::take(&mut self.headers)
            .into_iter()
            .map(|(name, value)| HttpHeader { name, value })
            .collect()
    }
}

impl From<SummaryExchange> for ExchangeFacts {
    fn from(summary: SummaryExchange) -> Self {
        let mut request = summary.request;
        let mut response = summary.response;
        let dns = summary.dns.unwrap_or_default();
        let tcp = summary.tcp.unwrap_or_default();
        let tls = summary.tls;
        let segments = summary.segments.unwrap_or_default();
        Self {
            cause: Some(summary.cause.unwrap_or(ExchangeCause::Asked)),
            method: summary.method,
            url: summary.url,
            total: summary.duration_ns,
            phases: phase_times(&summary.phases),
            reused: summary.reused_connection,
            remote: summary.remote,
            rtt: tcp
                .rtt_ns
                .zip(tcp.rtt_source)
                .map(|(duration, clock)| Rtt { duration, clock }),
            source: dns.source,
            questions: dns.questions.into_iter().map(QuestionFacts::from).collect(),
            attempts: attempt_facts(tcp.attempts),
            proxy: summary
                .proxy
                .and_then(|steps| steps.into_iter().next())
                .map(|step| step.kind),
            handshake: tls.as_ref().and_then(DocumentTls::to_handshake),
            verification: tls.as_ref().and_then(DocumentTls::to_verification),
            certificates: tls
                .map(|tls| {
                    tls.certificates
                        .into_iter()
                        .filter_map(DocumentCertificate::into_certificate)
                        .collect()
                })
                .unwrap_or_default(),
            version: summary.http_version,
            status: summary.status,
            sent_bytes: request.as_ref().and_then(|request| request.body_bytes),
            received_bytes: response.as_ref().and_then(|response| response.body_bytes),
            request_fields: request
                .as_mut()
                .map(SummaryMessage::take_fields)
                .unwrap_or_default(),
            response_fields: response
                .as_mut()
                .map(SummaryMessage::take_fields)
                .unwrap_or_default(),
            server_timing: response
                .map(|response| {
                    response
                        .server_timing
                        .into_iter()
                        .filter_map(|metric| Some((metric.name, metric.duration_ns?)))
                        .collect()
                })
                .unwrap_or_default(),
            redirect: summary.redirect.map(|redirect| redirect.to),
            spent: summary
                .time_spent
                .iter()
                .filter_map(SummarySpent::to_facts)
                .collect(),
            retransmitted: [segments.sent.retransmitted, segments.received.retransmitted],
            failure: summary.failure.map(|it| {
                (
                    it.phase,
                    trace::Failure {
                        code: it.code,
                        message: it.message,
                        hint: it.hint,
                    },
                )
            }),
            ..Self::default()
        }
    }
}

fn phase_times(entries: &[SummaryPhase]) -> [PhaseTimes; 7] {
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

impl From<SummaryQuestion> for QuestionFacts {
    fn from(question: SummaryQuestion) -> Self {
        Self {
            name: question.name,
            kind: question.kind,
            server: question.server,
            rcode: question.rcode,
            took: question.duration_ns,
        }
    }
}

fn attempt_facts(attempts: Vec<SummaryAttempt>) -> Vec<AttemptFacts> {
    let began = attempts.first().map_or(0, |first| first.start_ns);
    let after = |start: i64| Nanos(u64::try_from(start.saturating_sub(began)).unwrap_or(0));
    attempts
        .into_iter()
        .map(|it| AttemptFacts {
            remote: it.address,
            outcome: it.outcome,
            started_after: after(it.start_ns),
        })
        .collect()
}

#[derive(Debug, Deserialize)]
pub(super) struct SummaryConversation {
    transport: String,
    server: Untrusted,
    #[serde(default)]
    server_name: Option<Untrusted>,
    #[serde(default)]
    sent: SummaryCounts,
    #[serde(default)]
    received: SummaryCounts,
}

/// A summary has no times for the parts of a conversation.
impl From<SummaryConversation> for ExchangeFacts {
    fn from(summary: SummaryConversation) -> Self {
        let remote = Endpoint::from(summary.server.raw().to_owned());
        let port = remote
            .ip()
            .map(|address| format!(":{}", address.port()))
            .unwrap_or_default();
        Self {
            method: summary.transport.to_ascii_uppercase(),
            url: summary.server_name.map_or(summary.server, |name| {
                format!("{}{port}", name.raw()).into()
            }),
            remote: Some(remote),
            sent_bytes: summary.sent.payload_bytes,
            received_bytes: summary.received.payload_bytes,
            retransmitted: [summary.sent.retransmitted, summary.received.retransmitted],
            ..Self::default()
        }
    }
}
