//! Whose time the requests of a conversation were.

use super::{Dissection, Message, StartLine, pair_messages};
use crate::insight::ledger::{
    Attribution, Cause, Ledger, ObservedFlow, ObservedRequest, Owner, Vantage, query_ledger,
};
use crate::trace::{ClockMap, Flow};
use crate::wire::{Side, Transport};

/// Whose time the requests and queries of a conversation were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationTime {
    /// The place of the capture; of TCP alone.
    pub vantage: Vantage,
    /// The ledger of each request, in the order of [`pair_messages`].
    pub requests: Vec<Option<Ledger>>,
    /// The ledger of the connection, if there is no request in it that could be read.
    pub connection: Option<Ledger>,
    /// The ledger of each DNS query, in the order of [`Dissection::asked`].
    pub queries: Vec<Option<Ledger>>,
}

impl Dissection {
    /// Divides the time of the first so many requests and queries of a conversation.
    pub fn time_spent(&self, clock: &ClockMap, flow: &Flow, most: usize) -> ConversationTime {
        if flow.key.transport == Transport::Udp || !self.asked.is_empty() {
            return ConversationTime {
                queries: self.queries(clock, flow, most),
                ..ConversationTime::default()
            };
        }
        let observed = ObservedFlow::new(clock, flow);
        let pairs = pair_messages(&self.messages).take(most);
        let all: Vec<_> = pairs
            .map(|(request, answer)| observed_request(request, answer))
            .collect();
        let mut time = ConversationTime {
            vantage: observed.vantage(),
            ..ConversationTime::default()
        };
        if all.is_empty() && most > 0 {
            time.connection = observed.turns(self.handshake_bytes);
            return time;
        }
        let mut order: Vec<usize> = (0..all.len()).collect();
        let known = |place: &usize| all.get(*place).and_then(Option::as_ref);
        order.retain(|place| known(place).is_some());
        order.sort_by_key(|place| known(place).map(|request| request.sent.start));
        let requests: Vec<ObservedRequest> = order.iter().filter_map(known).cloned().collect();
        time.requests = vec![None; all.len()];
        for (place, ledger) in order.into_iter().zip(observed.requests(&requests)) {
            if let Some(of) = time.requests.get_mut(place) {
                *of = ledger;
            }
        }
        time
    }

    fn queries(&self, clock: &ClockMap, flow: &Flow, most: usize) -> Vec<Option<Ledger>> {
        let queries = self.asked.iter().take(most);
        queries
            .map(|asked| {
                let (query, answer) = asked.query_packet.zip(asked.answer_packet)?;
                Some(query_ledger(clock, flow, query, answer))
            })
            .collect()
    }
}

/// A request by its bytes; `None` where the side that sent it was taken for the server, since the
/// beginning of the connection was not captured.
fn observed_request(request: &Message, answer: Option<&Message>) -> Option<ObservedRequest> {
    // A request of HTTP/1 that is not complete is the last one. Over HTTP/2 others follow.
    let unfinished_end = match request.stream {
        Some(_) => request.head.end,
        None => u64::MAX,
    };
    (request.from == Side::Client).then(|| ObservedRequest {
        sent: request.head.start..request.end.unwrap_or(unfinished_end),
        first_byte: answer.map(|answer| answer.head.start),
        last_byte: answer.and_then(|answer| answer.end),
        answering: who_answers(request),
        is_in_order: request.stream.is_none(),
    })
}

/// Whom the wait for a response belongs to: a proxy answers `CONNECT`, and requests whose target
/// is in absolute form (RFC 9112 §3.2).
fn who_answers(request: &Message) -> Attribution {
    let StartLine::Request { method, target } = &request.start else {
        return Attribution::THINK;
    };
    if method.raw() == "CONNECT" {
        Attribution::new(Owner::Proxy, Cause::Connect)
    } else if target.raw().starts_with("http://") {
        Attribution::new(Owner::Proxy, Cause::Forward)
    } else {
        Attribution::THINK
    }
}
