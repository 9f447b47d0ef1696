//! A single query to one server, recorded from sending to its end.

use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::timeout;

use super::answer::{to_dns_answer, without_final_dot};
use super::configuration::NameServer;
use super::stub::StubResolver;
use super::transport::{DnsTransportError, query_over_tcp, query_over_udp};
use crate::trace::{DnsQuery, DnsServer, DnsTransport, EventKind, QueryId};
use crate::units::{Moment, Nanos};

/// A finished query.
#[derive(Clone, Debug)]
pub(super) struct FinishedQuery {
    /// The queried name, without its final dot.
    pub(super) name: String,
    /// The server.
    pub(super) server: DnsServer,
    /// Outcome of the query.
    pub(super) outcome: DnsQueryOutcome,
    /// Duration of the query.
    pub(super) took: Nanos,
}

/// Outcome of a query.
#[derive(Clone, Debug)]
pub(super) enum DnsQueryOutcome {
    /// With a response of this code.
    Answered(ResponseCode),
    /// Without a response in time.
    NoAnswer,
    /// The query could not be sent, or the response was invalid; the reason.
    Error(String),
}

/// Queries one server for records of one name and type. `None` if there was no valid response.
pub(super) async fn send_query(
    resolver: &StubResolver<'_>,
    server: &NameServer,
    transport: DnsTransport,
    name: &Name,
    kind: RecordType,
) -> Option<Message> {
    let request = build_request(name, kind, resolver.configuration.edns);
    let pending = PendingQuery::begin(
        resolver,
        DnsServer {
            address: server.address,
            transport,
        },
        name,
        kind,
    );
    let exchange = async {
        match (&server.https, transport) {
            (Some(https), _) => Box::pin(https.query(server.address, &request)).await,
            (None, DnsTransport::Tcp) => query_over_tcp(server.address, &request).await,
            (None, _) => query_over_udp(server.address, &request).await,
        }
    };
    match timeout(resolver.configuration.timeout, exchange).await {
        Ok(Ok(message)) => {
            pending.finish_with_answer(&message);
            Some(message)
        }
        Ok(Err(DnsTransportError::Transport(why) | DnsTransportError::Malformed(why))) => {
            pending.finish_with_error(DnsQueryOutcome::Error(why.clone()), why);
            None
        }
        Err(_) => {
            pending.finish_with_error(
                DnsQueryOutcome::NoAnswer,
                format!(
                    "no answer within {}",
                    Nanos::from(resolver.configuration.timeout)
                ),
            );
            None
        }
    }
}

fn build_request(name: &Name, kind: RecordType, edns: bool) -> DnsRequest {
    let mut options = DnsRequestOptions::default();
    options.use_edns = edns;
    options.recursion_desired = true;
    DnsRequest::from_query(Query::query(name.clone(), kind), options)
}

/// A query in progress. If it is dropped before its end, the event says that it was abandoned.
struct PendingQuery<'a> {
    resolver: &'a StubResolver<'a>,
    id: QueryId,
    started: Moment,
    /// The result; taken when the query ends.
    finished: Option<FinishedQuery>,
}

impl<'a> PendingQuery<'a> {
    fn begin(
        resolver: &'a StubResolver<'a>,
        server: DnsServer,
        name: &Name,
        kind: RecordType,
    ) -> Self {
        let recorder = resolver.context.recorder;
        let id = recorder.next_query();
        let started = recorder.now();
        let name = without_final_dot(name);
        let exchange = resolver.context.exchange;
        recorder.emit_at(
            started,
            EventKind::DnsQueried {
                exchange,
                query: id,
                name: name.as_str().into(),
                kind: kind.to_string(),
                server,
            },
        );
        let finished = Some(FinishedQuery {
            name,
            server,
            outcome: DnsQueryOutcome::NoAnswer,
            took: Nanos::ZERO,
        });
        Self {
            resolver,
            id,
            started,
            finished,
        }
    }

    fn finish_with_answer(mut self, message: &Message) {
        let at = self.finish(DnsQueryOutcome::Answered(message.metadata.response_code));
        let answer = EventKind::DnsAnswered {
            exchange: self.resolver.context.exchange,
            query: self.id,
            answer: to_dns_answer(message),
        };
        self.resolver.context.recorder.emit_at(at, answer);
    }

    fn finish_with_error(mut self, outcome: DnsQueryOutcome, reason: String) {
        let at = self.finish(outcome);
        let failed = EventKind::DnsFailed {
            exchange: self.resolver.context.exchange,
            query: self.id,
            reason: reason.into(),
        };
        self.resolver.context.recorder.emit_at(at, failed);
    }

    /// Logs the end of the query and returns its time.
    fn finish(&mut self, outcome: DnsQueryOutcome) -> Moment {
        let at = self.resolver.context.recorder.now();
        if let Some(finished) = self.finished.take() {
            self.resolver.log_query(FinishedQuery {
                outcome,
                took: at.since(self.started),
                ..finished
            });
        }
        at
    }
}

impl Drop for PendingQuery<'_> {
    fn drop(&mut self) {
        if self.finished.is_some() {
            let at = self.finish(DnsQueryOutcome::NoAnswer);
            let reason = DnsQuery::ABANDONED.into();
            self.resolver.context.recorder.emit_at(
                at,
                EventKind::DnsFailed {
                    exchange: self.resolver.context.exchange,
                    query: self.id,
                    reason,
                },
            );
        }
    }
}
