//! Short polling and long polling for events.

use std::collections::VecDeque;
use std::time::Duration;

use hyper::header::{CACHE_CONTROL, HeaderValue};
use hyper::{Method, StatusCode};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::handler::{IncomingRequest, read_body};
use super::super::response::ServerResponse;

const MAX_EVENTS: usize = 100;
const MAX_EVENT_BYTES: usize = 1024;
const MAX_POLL_WAIT: Duration = Duration::from_secs(30);

/// Recent events.
pub(super) struct PollEvents(watch::Sender<EventBuffer>);

#[derive(Default)]
struct EventBuffer {
    /// Number of the last event; the first is 1.
    last: u64,
    events: VecDeque<PollEvent>,
}

#[derive(Clone, Serialize)]
struct PollEvent {
    number: u64,
    what: String,
}

impl Default for PollEvents {
    fn default() -> Self {
        Self(watch::Sender::new(EventBuffer::default()))
    }
}

impl PollEvents {
    /// Adds an event.
    pub(super) fn publish(&self, what: String) {
        self.0.send_modify(|log| {
            log.last += 1;
            log.events.push_back(PollEvent {
                number: log.last,
                what,
            });
            if log.events.len() > MAX_EVENTS {
                log.events.pop_front();
            }
        });
    }
}

impl EventBuffer {
    fn response_since(&self, number: u64) -> ServerResponse {
        let events: Vec<&PollEvent> = self
            .events
            .iter()
            .filter(|event| event.number > number)
            .collect();
        let json = serde_json::json!({ "last": self.last, "events": events });
        ServerResponse::json(format!("{json}\n"))
            .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }
}

/// `/poll`: a POST adds an event.
pub(super) async fn publish_event(request: IncomingRequest, events: &PollEvents) -> ServerResponse {
    if request.method() != Method::POST {
        return ServerResponse::method_not_allowed("POST");
    }
    match read_body(request.into_body(), MAX_EVENT_BYTES).await {
        Ok(what) => {
            events.publish(String::from_utf8_lossy(&what).into_owned());
            ServerResponse::empty(StatusCode::NO_CONTENT)
        }
        Err(answer) => answer,
    }
}

/// `/poll/short`: the events after `?after=N`, at once.
pub(super) fn short_poll(query: &str, events: &PollEvents) -> ServerResponse {
    events
        .0
        .borrow()
        .response_since(query_number(query, "after").unwrap_or(0))
}

/// `/poll/long`: waits for events after `?after=N`, by default after the last one. Responds with
/// 204 if there are none after 30 s, or after `?wait=MS`.
pub(super) async fn long_poll(query: &str, events: &PollEvents) -> ServerResponse {
    let mut log = events.0.subscribe();
    let after = query_number(query, "after").unwrap_or_else(|| log.borrow().last);
    let wait = query_number(query, "wait")
        .map_or(MAX_POLL_WAIT, Duration::from_millis)
        .min(MAX_POLL_WAIT);
    match timeout(wait, log.wait_for(|log| log.last > after)).await {
        Ok(Ok(log)) => log.response_since(after),
        _ => ServerResponse::empty(StatusCode::NO_CONTENT),
    }
}

fn query_number(query: &str, name: &str) -> Option<u64> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)?
        .1
        .parse()
        .ok()
}
