//! The events of an entry.

use std::collections::VecDeque;
use std::sync::LazyLock;

use super::connections::{Connections, Used};
use super::failed::failure;
use super::log::{Entry, Request, Response};
use super::message::{body_bytes, preview, request_head, response_head, version};
use super::timings::Spans;
use crate::archive::document::Certificate;
use crate::trace::{Cause, Event, ExchangeId, HttpVersion, Phase, What};
use crate::units::{Moment, Nanos, Untrusted};

/// What is so of a whole file, and said once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remarks {
    /// Heads whose length is reckoned.
    pub(super) reckoned: u64,
    /// Entries whose version of HTTP is not said.
    pub(super) unversioned: u64,
    /// Entries that do not say when they began.
    pub(super) undated: u64,
}

impl Remarks {
    pub(super) const NONE: Self = Self {
        reckoned: 0,
        unversioned: 0,
        undated: 0,
    };

    /// Adds what is so of an entry.
    pub(super) fn add(&mut self, entry: &Entry, is_undated: bool) {
        self.undated += u64::from(is_undated);
        let said = Said::by(entry);
        let is_http = said
            .request
            .url
            .some()
            .is_some_and(|url| url.starts_with("http:") || url.starts_with("https:"));
        let was_sent = said.was_sent(|| {
            Spans::from(Moment::START, entry, false)
                .of(Phase::Send)
                .is_some()
        });
        self.unversioned += u64::from(was_sent && said.version.is_none() && is_http);
        self.reckoned += u64::from(was_sent && said.request.headers_size.count().is_none());
        self.reckoned +=
            u64::from(said.status.is_some() && said.response.headers_size.count().is_none());
    }
}

/// The messages of an entry.
#[derive(Clone, Copy)]
struct Said<'a> {
    request: &'a Request,
    response: &'a Response,
    status: Option<u16>,
    version: Option<HttpVersion>,
}

impl<'a> Said<'a> {
    fn by(entry: &'a Entry) -> Self {
        static REQUEST: LazyLock<Request> = LazyLock::new(Request::default);
        static RESPONSE: LazyLock<Response> = LazyLock::new(Response::default);
        let request = entry.request.0.as_ref().unwrap_or(&REQUEST);
        let response = entry.response.0.as_ref().unwrap_or(&RESPONSE);
        let status = response
            .status
            .count()
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (100..=999).contains(status));
        let version =
            version(response.http_version.some()).or_else(|| version(request.http_version.some()));
        Self {
            request,
            response,
            status,
            version,
        }
    }

    /// Whether a request is told of: one that was answered, or one whose version and time to send
    /// are there.
    fn was_sent(&self, has_time: impl FnOnce() -> bool) -> bool {
        self.status.is_some() || self.version.is_some() && has_time()
    }
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
    pub(super) fn events(&self, connections: &mut Connections) -> VecDeque<Event> {
        let said = Said::by(self.entry);
        let Said {
            request, status, ..
        } = said;
        let spans = Spans::from(self.began, self.entry, status.is_some());
        let mut told = Told {
            events: Vec::with_capacity(24),
        };
        let method = request.method.some().unwrap_or("GET").to_owned();
        let url = request.url.some().unwrap_or_default().into();
        told.add(
            self.began,
            What::ExchangeStarted {
                exchange: self.exchange,
                cause: self.cause,
                method,
                url,
            },
        );
        for (phase, began, ended) in spans.iter() {
            told.add(
                began,
                What::PhaseBegan {
                    exchange: self.exchange,
                    phase,
                    position: None,
                },
            );
            told.add(
                ended,
                What::PhaseEnded {
                    exchange: self.exchange,
                    phase,
                    position: None,
                },
            );
        }
        self.connected(&mut told, &spans, connections);
        self.said(&mut told, &spans, said);
        self.noted(&mut told, spans.ended);
        if let Some((phase, failure)) = failure(self.entry, &spans, status.is_some()) {
            told.add(
                spans.ended,
                What::Failed {
                    exchange: self.exchange,
                    phase,
                    failure,
                },
            );
        }
        told.add(
            spans.ended,
            What::ExchangeEnded {
                exchange: self.exchange,
            },
        );
        // Of two at one time the one that is told first comes first.
        told.events.sort_by_key(|event| event.at);
        told.events.into()
    }

    fn connected(&self, told: &mut Told, spans: &Spans, connections: &mut Connections) {
        let connect = spans.of(Phase::Connect);
        let Some(Used {
            id,
            local,
            remote,
            reused,
        }) = connections.of(self.entry, connect.is_some())
        else {
            return;
        };
        let at = connect.map_or(self.began, |(_, ended)| ended);
        let Self { exchange, .. } = *self;
        told.add(
            at,
            What::Connected {
                exchange,
                connection: id,
                local,
                remote,
                reused,
            },
        );
        let Some(tls) = self.entry.tls.0.as_ref().filter(|_| !reused) else {
            return;
        };
        let at = spans.of(Phase::Tls).map_or(at, |(_, ended)| ended);
        let certificates: Vec<_> = tls
            .certificates
            .iter()
            .cloned()
            .filter_map(Certificate::certificate)
            .collect();
        if !certificates.is_empty() {
            told.add(
                at,
                What::TlsCertificates {
                    connection: id,
                    certificates,
                },
            );
        }
        if let Some(verification) = tls.verified() {
            told.add(
                at,
                What::TlsVerified {
                    connection: id,
                    verification,
                    took: tls.checked_for(),
                },
            );
        }
        if let Some(handshake) = tls.agreed() {
            told.add(
                at,
                What::TlsEstablished {
                    connection: id,
                    handshake,
                },
            );
        }
    }

    fn said(&self, told: &mut Told, spans: &Spans, said: Said<'_>) {
        if !said.was_sent(|| spans.of(Phase::Send).is_some()) {
            return;
        }
        let Said {
            request,
            response,
            status,
            version,
        } = said;
        let version = version.unwrap_or(HttpVersion::Http11);
        let begin = |phase| spans.of(phase).map(|(began, _)| began);
        let sent = begin(Phase::Send)
            .or_else(|| begin(Phase::Wait))
            .unwrap_or(self.began);
        told.add(sent, request_head(self.exchange, request, version));
        if let Some(bytes) = request.body_size.count().filter(|bytes| *bytes > 0) {
            let at = spans.of(Phase::Send).map_or(sent, |(_, ended)| ended);
            told.add(
                at,
                What::RequestBody {
                    exchange: self.exchange,
                    sent: bytes,
                    expected: Some(bytes),
                },
            );
        }
        let Some(status) = status else { return };
        let answered = begin(Phase::Receive).unwrap_or(spans.ended);
        told.add(
            answered,
            response_head(self.exchange, response, status, version),
        );
        if let Some((received, decoded)) = body_bytes(response) {
            told.add(
                spans.ended,
                What::ResponseBody {
                    exchange: self.exchange,
                    received,
                    decoded,
                    expected: None,
                },
            );
        }
        if let Some(preview) = preview(self.exchange, response) {
            told.add(spans.ended, preview);
        }
        if let Some(to) = response
            .redirect_url
            .some()
            .filter(|_| (300..400).contains(&status))
        {
            told.add(
                spans.ended,
                What::Redirected {
                    exchange: self.exchange,
                    to: to.into(),
                    withheld: Vec::new(),
                },
            );
        }
    }

    fn noted(&self, told: &mut Told, at: Moment) {
        let mut note = |text: String| {
            told.add(
                at,
                What::Note {
                    exchange: Some(self.exchange),
                    text: Untrusted::new(text),
                },
            );
        };
        if let Some(cache) = self.entry.from_cache.some() {
            note(format!("answered from the browser's cache ({cache})"));
        }
        let messages = &self.entry.web_socket;
        if !messages.items.is_empty() {
            let sent = messages
                .items
                .iter()
                .filter(|message| message.kind.some() == Some("send"))
                .count();
            let all = messages.items.len();
            note(format!(
                "{all} WebSocket messages, {sent} from the client and {} from the server",
                all - sent
            ));
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
pub(super) fn moment(began: i64, start: i64) -> Moment {
    // Beyond some weeks a date is a mistake, and an axis of years shows nothing.
    const LONGEST: Nanos = Nanos(100 * 24 * 3_600 * 1_000_000_000);
    Moment(
        began
            .saturating_sub(start)
            .clamp(0, i64::try_from(LONGEST.0).unwrap_or(i64::MAX)),
    )
}
