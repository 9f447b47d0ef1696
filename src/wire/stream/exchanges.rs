//! Matching of HTTP/1 responses with requests: by order (RFC 9112 §9.3.2), and after a gap by what
//! the client cannot have sent earlier.

use std::collections::VecDeque;

use crate::wire::http1::RequestHead;

/// Methods whose responses are framed differently (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestMethod {
    Head,
    Connect,
    Other,
}

impl From<&RequestHead> for RequestMethod {
    fn from(head: &RequestHead) -> Self {
        match head.method.as_str() {
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// A request without its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PendingRequest {
    /// Its number among the connection's requests, from 0.
    pub(super) number: u64,
    pub(super) method: RequestMethod,
    /// Offset of the other direction when it was complete.
    answered_from: u64,
}

/// Requests of a connection that wait for their responses.
#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    waiting: VecDeque<PendingRequest>,
    /// Number of the next request.
    next: u64,
    /// Whether the next response may answer a request other than the oldest pending one.
    is_uncertain: bool,
}

impl PendingRequests {
    /// Maximum number of pending requests; beyond it the oldest are dropped. Clients send a few
    /// before they wait for a response; a capture of one direction has no responses at all.
    const MOST: usize = 1_024;

    /// Adds a request that was complete when the other direction was at this offset; returns its
    /// number.
    pub(super) fn push(&mut self, method: RequestMethod, answered_from: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.waiting.len() == Self::MOST {
            self.waiting.pop_front();
            self.is_uncertain = true;
        }
        self.waiting.push_back(PendingRequest {
            number,
            method,
            answered_from,
        });
        number
    }

    /// Records that the bytes of one or more responses were lost.
    pub(super) const fn mark_response_lost(&mut self) {
        self.is_uncertain = true;
    }

    /// Returns the request that an informational response at an offset belongs to.
    pub(super) fn request_for_informational(&mut self, start: u64) -> Option<PendingRequest> {
        self.drop_unanswerable(start);
        self.waiting.front().copied()
    }

    /// Returns the request that a final response at an offset answers.
    pub(super) fn take_request_for_final(&mut self, start: u64) -> Option<PendingRequest> {
        self.drop_unanswerable(start);
        self.waiting.pop_front()
    }

    /// After a gap, drops requests that cannot be the one answered: a client that waits for each
    /// response has sent the current request last before the response began. Among several requests
    /// sent together the match remains unknown.
    fn drop_unanswerable(&mut self, start: u64) {
        if !std::mem::take(&mut self.is_uncertain) {
            return;
        }
        let sent_before = |request: &PendingRequest| request.answered_from <= start;
        let count = self
            .waiting
            .iter()
            .take_while(|request| sent_before(request))
            .count();
        let latest = count
            .checked_sub(1)
            .and_then(|place| self.waiting.get(place))
            .map(|request| request.answered_from);
        let together = self
            .waiting
            .iter()
            .take(count)
            .filter(|request| Some(request.answered_from) == latest)
            .count();
        let gone = if together == 1 { count - 1 } else { count };
        self.waiting.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(request: Option<PendingRequest>) -> Option<u64> {
        request.map(|request| request.number)
    }

    #[test]
    fn responses_answer_in_order() {
        let mut pending = PendingRequests::default();
        pending.push(RequestMethod::Other, 0);
        pending.push(RequestMethod::Head, 0);
        assert_eq!(number(pending.request_for_informational(0)), Some(0));
        assert_eq!(number(pending.take_request_for_final(30)), Some(0));
        assert_eq!(number(pending.take_request_for_final(60)), Some(1));
        assert_eq!(number(pending.take_request_for_final(90)), None);
    }

    #[test]
    fn after_a_gap_the_latest_request_before_the_response_is_answered() {
        let mut pending = PendingRequests::default();
        pending.push(RequestMethod::Other, 0);
        pending.mark_response_lost();
        pending.push(RequestMethod::Other, 640);
        pending.push(RequestMethod::Other, 1_280);
        assert_eq!(number(pending.take_request_for_final(640)), Some(1));
        assert_eq!(number(pending.take_request_for_final(1_280)), Some(2));
    }

    #[test]
    fn after_a_gap_requests_sent_together_are_not_matched() {
        let mut pending = PendingRequests::default();
        pending.push(RequestMethod::Other, 0);
        pending.push(RequestMethod::Other, 0);
        pending.mark_response_lost();
        assert_eq!(number(pending.take_request_for_final(500)), None);
        pending.push(RequestMethod::Other, 700);
        assert_eq!(number(pending.take_request_for_final(700)), Some(2));
    }

    #[test]
    fn requests_beyond_the_bound_are_forgotten() {
        let mut pending = PendingRequests::default();
        for _ in 0..=PendingRequests::MOST {
            pending.push(RequestMethod::Other, 0);
        }
        assert_eq!(pending.waiting.len(), PendingRequests::MOST);
        assert_eq!(
            number(pending.take_request_for_final(0)),
            None,
            "it is not known which"
        );
    }
}
