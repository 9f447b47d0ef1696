//! One question to one server, recorded from its sending to its end.

use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::timeout;

use super::answer::{recorded, without_final_dot};
use super::configuration::Server;
use super::stub::Stub;
use super::transport::{Trouble, over_tcp, over_udp};
use crate::trace::{DnsServer, DnsTransport, QueryId, What};
use crate::units::{Moment, Nanos};

/// A question that was asked, and how it ended.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The name, without its final dot.
    pub(super) name: String,
    /// Who was asked.
    pub(super) server: DnsServer,
    /// How it ended.
    pub(super) ending: Ending,
    /// How long that took.
    pub(super) took: Nanos,
}

/// How a question ended.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    /// With an answer.
    Answered(ResponseCode),
    /// Nothing came in time.
    Silence,
    /// It could not be asked, or the answer was none; why.
    Trouble(String),
}

/// Asks one server for the records of one name and kind. `None` where no answer came.
pub(super) async fn ask(
    stub: &Stub<'_>,
    server: &Server,
    transport: DnsTransport,
    name: &Name,
    kind: RecordType,
) -> Option<Message> {
    let request = request(name, kind, stub.configuration.edns);
    let pending = Pending::begin(
        stub,
        DnsServer {
            address: server.address,
            transport,
        },
        name,
        kind,
    );
    let exchange = async {
        match (&server.https, transport) {
            (Some(https), _) => Box::pin(https.ask(server.address, &request)).await,
            (None, DnsTransport::Tcp) => over_tcp(server.address, &request).await,
            (None, _) => over_udp(server.address, &request).await,
        }
    };
    match timeout(stub.configuration.timeout, exchange).await {
        Ok(Ok(message)) => {
            pending.answered(&message);
            Some(message)
        }
        Ok(Err(Trouble::Transport(why) | Trouble::Nonsense(why))) => {
            pending.failed(Ending::Trouble(why.clone()), why);
            None
        }
        Err(_) => {
            pending.failed(
                Ending::Silence,
                format!(
                    "no answer within {}",
                    Nanos::from(stub.configuration.timeout)
                ),
            );
            None
        }
    }
}

fn request(name: &Name, kind: RecordType, edns: bool) -> DnsRequest {
    let mut options = DnsRequestOptions::default();
    options.use_edns = edns;
    options.recursion_desired = true;
    DnsRequest::from_query(Query::query(name.clone(), kind), options)
}

/// A question under way. Dropped before its end, it says that nobody waits for it any more.
struct Pending<'a> {
    stub: &'a Stub<'a>,
    id: QueryId,
    began: Moment,
    /// What becomes of it; taken once it is known.
    asked: Option<Asked>,
}

impl<'a> Pending<'a> {
    fn begin(stub: &'a Stub<'a>, server: DnsServer, name: &Name, kind: RecordType) -> Self {
        let recorder = stub.step.recorder;
        let (id, began, name) = (
            recorder.next_query(),
            recorder.now(),
            without_final_dot(name),
        );
        let exchange = stub.step.exchange;
        recorder.emit_at(
            began,
            What::DnsQueried {
                exchange,
                query: id,
                name: name.as_str().into(),
                kind: kind.to_string(),
                server,
            },
        );
        let asked = Some(Asked {
            name,
            server,
            ending: Ending::Silence,
            took: Nanos::ZERO,
        });
        Self {
            stub,
            id,
            began,
            asked,
        }
    }

    fn answered(mut self, message: &Message) {
        let at = self.end(Ending::Answered(message.metadata.response_code));
        let answer = What::DnsAnswered {
            exchange: self.stub.step.exchange,
            query: self.id,
            answer: recorded(message),
        };
        self.stub.step.recorder.emit_at(at, answer);
    }

    fn failed(mut self, ending: Ending, reason: String) {
        let at = self.end(ending);
        let failed = What::DnsFailed {
            exchange: self.stub.step.exchange,
            query: self.id,
            reason: reason.into(),
        };
        self.stub.step.recorder.emit_at(at, failed);
    }

    /// Notes the end; gives its moment.
    fn end(&mut self, ending: Ending) -> Moment {
        let at = self.stub.step.recorder.now();
        if let Some(asked) = self.asked.take() {
            self.stub.note(Asked {
                ending,
                took: at.since(self.began),
                ..asked
            });
        }
        at
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.asked.is_some() {
            let at = self.end(Ending::Silence);
            let reason = "no answer yet when it was no longer waited for".into();
            self.stub.step.recorder.emit_at(
                at,
                What::DnsFailed {
                    exchange: self.stub.step.exchange,
                    query: self.id,
                    reason,
                },
            );
        }
    }
}
