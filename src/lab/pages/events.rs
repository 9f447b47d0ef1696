//! Events to ask for again and again (short polling), or to wait for (long polling).

use std::collections::VecDeque;
use std::time::Duration;

use hyper::header::{CACHE_CONTROL, HeaderValue};
use hyper::{Method, StatusCode};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::answer::Answer;
use super::super::content::{Request, whole};

const MOST_EVENTS: usize = 100;
const LONGEST_EVENT: usize = 1024;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What happened lately.
pub(super) struct Events(watch::Sender<Log>);

#[derive(Default)]
struct Log {
    /// The number of the last event; the first is 1.
    last: u64,
    events: VecDeque<Event>,
}

#[derive(Clone, Serialize)]
struct Event {
    number: u64,
    what: String,
}

impl Default for Events {
    fn default() -> Self {
        Self(watch::Sender::new(Log::default()))
    }
}

impl Events {
    /// Something happened.
    pub(super) fn publish(&self, what: String) {
        self.0.send_modify(|log| {
            log.last += 1;
            log.events.push_back(Event {
                number: log.last,
                what,
            });
            if log.events.len() > MOST_EVENTS {
                log.events.pop_front();
            }
        });
    }
}

impl Log {
    fn since(&self, number: u64) -> Answer {
        let events: Vec<&Event> = self
            .events
            .iter()
            .filter(|event| event.number > number)
            .collect();
        let told = serde_json::json!({ "last": self.last, "events": events });
        Answer::json(format!("{told}\n")).with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }
}

/// `/poll`: whoever posts to it makes an event.
pub(super) async fn publish(request: Request, events: &Events) -> Answer {
    if request.method() != Method::POST {
        return Answer::wrong_method("POST");
    }
    match whole(request.into_body(), LONGEST_EVENT).await {
        Ok(what) => {
            events.publish(String::from_utf8_lossy(&what).into_owned());
            Answer::empty(StatusCode::NO_CONTENT)
        }
        Err(answer) => answer,
    }
}

/// `/poll/short`: what happened after `?after=N`, at once.
pub(super) fn short(query: &str, events: &Events) -> Answer {
    events
        .0
        .borrow()
        .since(number_in(query, "after").unwrap_or(0))
}

/// `/poll/long`: what happens after `?after=N`, which is by default now. With nothing to tell it
/// says so after 30 s, or after `?wait=MS`.
pub(super) async fn long(query: &str, events: &Events) -> Answer {
    let mut log = events.0.subscribe();
    let after = number_in(query, "after").unwrap_or_else(|| log.borrow().last);
    let wait = number_in(query, "wait")
        .map_or(LONGEST_WAIT, Duration::from_millis)
        .min(LONGEST_WAIT);
    match timeout(wait, log.wait_for(|log| log.last > after)).await {
        Ok(Ok(log)) => log.since(after),
        _ => Answer::empty(StatusCode::NO_CONTENT),
    }
}

fn number_in(query: &str, name: &str) -> Option<u64> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)?
        .1
        .parse()
        .ok()
}
