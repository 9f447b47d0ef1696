//! The events of an entry.

use super::connections::{Connections, Used};
use super::failed::failure;
use super::log::{Entry, Request, Response};
use super::message::{body_bytes, preview, request_head, response_head, version};
use super::timings::Spans;
use crate::archive::document::Certificate;
use crate::trace::{Cause, Event, ExchangeId, HttpVersion, Phase, What};
use crate::units::{Moment, Nanos, Untrusted};

/// What is so of a whole file, and said once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remarks {
    /// Heads whose length is reckoned.
    pub(super) reckoned: u64,
    /// Entries whose version of HTTP is not said.
    pub(super) unversioned: u64,
}

/// An entry on its way to become events.
pub(super) struct Telling<'a> {
    pub(super) exchange: ExchangeId,
    pub(super) entry: &'a Entry,
    pub(super) began: Moment,
    pub(super) cause: Cause,
}

impl Telling<'_> {
    /// Its events, in the order of time.
    pub(super) fn events(&self, connections: &mut Connections, remarks: &mut Remarks) -> Vec<Event> {
        let (none, nothing) = (Request::default(), Response::default());
        let request = self.entry.request.0.as_ref().unwrap_or(&none);
        let response = self.entry.response.0.as_ref().unwrap_or(&nothing);
        let status = response.status.count().and_then(|status| u16::try_from(status).ok()).filter(|status| (100..=999).contains(status));
        let spans = Spans::from(self.began, self.entry, status.is_some());
        let mut told = Told { events: Vec::new() };
        let method = request.method.some().unwrap_or("GET").to_owned();
        let url = request.url.some().unwrap_or_default().into();
        told.add(self.began, What::ExchangeStarted { exchange: self.exchange, cause: self.cause, method, url });
        for (phase, began, ended) in spans.iter() {
            told.add(began, What::PhaseBegan { exchange: self.exchange, phase, position: None });
            told.add(ended, What::PhaseEnded { exchange: self.exchange, phase, position: None });
        }
        self.connected(&mut told, &spans, connections);
        self.said(&mut told, &spans, (request, response, status), remarks);
        self.noted(&mut told, spans.ended);
        if let Some((phase, failure)) = failure(self.entry, &spans, status.is_some()) {
            told.add(spans.ended, What::Failed { exchange: self.exchange, phase, failure });
        }
        told.add(spans.ended, What::ExchangeEnded { exchange: self.exchange });
        // Of two at one time the one that is told first comes first.
        told.events.sort_by_key(|event| event.at);
        told.events
    }

    fn connected(&self, told: &mut Told, spans: &Spans, connections: &mut Connections) {
        let connect = spans.of(Phase::Connect);
        let Some(Used { id, local, remote, reused }) = connections.of(self.entry, connect.is_some()) else { return };
        let at = connect.map_or(self.began, |(_, ended)| ended);
        let Self { exchange, .. } = *self;
        told.add(at, What::Connected { exchange, connection: id, local, remote, reused });
        let Some(tls) = self.entry.tls.0.as_ref().filter(|_| !reused) else { return };
        let at = spans.of(Phase::Tls).map_or(at, |(_, ended)| ended);
        let certificates: Vec<_> = tls.certificates.iter().cloned().filter_map(Certificate::certificate).collect();
        if !certificates.is_empty() {
            told.add(at, What::TlsCertificates { connection: id, certificates });
        }
        if let Some(verification) = tls.verified() {
            told.add(at, What::TlsVerified { connection: id, verification, took: tls.checked_for() });
        }
        if let Some(handshake) = tls.agreed() {
            told.add(at, What::TlsEstablished { connection: id, handshake });
        }
    }

    fn said(&self, told: &mut Told, spans: &Spans, (request, response, status): (&Request, &Response, Option<u16>), remarks: &mut Remarks) {
        let named = version(response.http_version.some()).or_else(|| version(request.http_version.some()));
        let is_http = request.url.some().is_some_and(|url| url.starts_with("http:") || url.starts_with("https:"));
        if status.is_none() && (named.is_none() || spans.of(Phase::Send).is_none()) {
            return;
        }
        remarks.unversioned += u64::from(named.is_none() && is_http);
        let version = named.unwrap_or(HttpVersion::Http11);
        let begin = |phase| spans.of(phase).map(|(began, _)| began);
        let sent = begin(Phase::Send).or_else(|| begin(Phase::Wait)).unwrap_or(self.began);
        let (head, reckoned) = request_head(self.exchange, request, version);
        remarks.reckoned += u64::from(reckoned);
        told.add(sent, head);
        if let Some(bytes) = request.body_size.count().filter(|bytes| *bytes > 0) {
            let at = spans.of(Phase::Send).map_or(sent, |(_, ended)| ended);
            told.add(at, What::RequestBody { exchange: self.exchange, sent: bytes, expected: Some(bytes) });
        }
        let Some(status) = status else { return };
        let answered = begin(Phase::Receive).unwrap_or(spans.ended);
        let (head, reckoned) = response_head(self.exchange, response, status, version);
        remarks.reckoned += u64::from(reckoned);
        told.add(answered, head);
        if let Some((received, decoded)) = body_bytes(response) {
            told.add(spans.ended, What::ResponseBody { exchange: self.exchange, received, decoded, expected: None });
        }
        if let Some(preview) = preview(self.exchange, response) {
            told.add(spans.ended, preview);
        }
        if let Some(to) = response.redirect_url.some().filter(|_| (300..400).contains(&status)) {
            told.add(spans.ended, What::Redirected { exchange: self.exchange, to: to.into(), withheld: Vec::new() });
        }
    }

    fn noted(&self, told: &mut Told, at: Moment) {
        let mut note = |text: String| told.add(at, What::Note { exchange: Some(self.exchange), text: Untrusted::new(text) });
        if let Some(cache) = self.entry.from_cache.some() {
            note(format!("answered from the browser's cache ({cache})"));
        }
        let messages = &self.entry.web_socket;
        if !messages.items.is_empty() {
            let sent = messages.items.iter().filter(|message| message.kind.some() == Some("send")).count();
            let all = messages.items.len();
            note(format!("{all} WebSocket messages, {sent} from the client and {} from the server", all - sent));
        }
    }
}

struct Told {
    events: Vec<Event>,
}

impl Told {
    fn add(&mut self, at: Moment, what: What) {
        self.events.push(Event { at, what });
    }
}

/// When an entry or a page began, counted from the beginning of the file's time.
pub(super) fn moment(began: Option<i128>, start: i128) -> Moment {
    // Beyond some weeks a date is a mistake, and an axis of years shows nothing.
    const LONGEST: Nanos = Nanos(100 * 24 * 3_600 * 1_000_000_000);
    let since = began.map_or(0, |began| began.saturating_sub(start));
    Moment(i64::try_from(since.clamp(0, i128::from(LONGEST.0))).unwrap_or(0))
}
