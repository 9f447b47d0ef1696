//! Conversion of HAR entries into events.

use std::collections::VecDeque;
use std::sync::LazyLock;

use super::connections::{HarConnections, UsedConnection};
use super::failure::entry_failure;
use super::log::{HarEntry, HarRequest, HarResponse};
use super::message::{body_bytes, body_preview, parse_version, request_head, response_head};
use super::timings::PhaseSpans;
use crate::archive::document::DocumentCertificate;
use crate::trace::{Event, EventKind, ExchangeCause, ExchangeId, HttpVersion, Phase};
use crate::units::{Moment, Nanos, Untrusted};

/// Counts of values that are missing in a file, for notes about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct MissingValues {
    /// Heads without a size.
    pub(super) head_sizes: u64,
    /// Entries without an HTTP version.
    pub(super) versions: u64,
    /// Entries without a start time.
    pub(super) dates: u64,
}

impl MissingValues {
    pub(super) const NONE: Self = Self {
        head_sizes: 0,
        versions: 0,
        dates: 0,
    };

    /// Counts the missing values of an entry.
    pub(super) fn add(&mut self, entry: &HarEntry<'_>, is_undated: bool) {
        self.dates += u64::from(is_undated);
        let said = EntryMessages::from_entry(entry);
        let is_http = said
            .request
            .url
            .non_empty()
            .is_some_and(|url| url.starts_with("http:") || url.starts_with("https:"));
        let was_sent = said.was_sent(|| {
            PhaseSpans::from_entry(Moment::START, entry, false)
                .get(Phase::Send)
                .is_some()
        });
        self.versions += u64::from(was_sent && said.version.is_none() && is_http);
        self.head_sizes += u64::from(was_sent && said.request.headers_size.count().is_none());
        self.head_sizes +=
            u64::from(said.status.is_some() && said.response.headers_size.count().is_none());
    }
}

/// The messages of an entry.
#[derive(Clone, Copy)]
struct EntryMessages<'a> {
    request: &'a HarRequest<'a>,
    response: &'a HarResponse<'a>,
    status: Option<u16>,
    version: Option<HttpVersion>,
}

impl<'a> EntryMessages<'a> {
    fn from_entry(entry: &'a HarEntry<'a>) -> Self {
        static REQUEST: LazyLock<HarRequest<'static>> = LazyLock::new(HarRequest::default);
        static RESPONSE: LazyLock<HarResponse<'static>> = LazyLock::new(HarResponse::default);
        let request = entry.request.0.as_ref().unwrap_or(&REQUEST);
        let response = entry.response.0.as_ref().unwrap_or(&RESPONSE);
        let status = response
            .status
            .count()
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (100..=999).contains(status));
        let version = parse_version(response.http_version.non_empty())
            .or_else(|| parse_version(request.http_version.non_empty()));
        Self {
            request,
            response,
            status,
            version,
        }
    }

    /// Returns true if a request was sent: it was answered, or has a version and a time to send.
    fn was_sent(&self, has_time: impl FnOnce() -> bool) -> bool {
        self.status.is_some() || self.version.is_some() && has_time()
    }
}

/// The conversion of an entry into events.
pub(super) struct EntryConverter<'a> {
    pub(super) exchange: ExchangeId,
    pub(super) entry: &'a HarEntry<'a>,
    /// The URL of the request, if it is valid.
    pub(super) url: Option<url::Url>,
    pub(super) began: Moment,
    pub(super) cause: ExchangeCause,
}

impl EntryConverter<'_> {
    /// Its events in chronological order. `events` must be empty; its allocation is reused.
    pub(super) fn events(
        &self,
        connections: &mut HarConnections,
        events: VecDeque<Event>,
    ) -> VecDeque<Event> {
        let said = EntryMessages::from_entry(self.entry);
        let EntryMessages {
            request, status, ..
        } = said;
        let spans = PhaseSpans::from_entry(self.began, self.entry, status.is_some());
        let mut output = EventList {
            events: events.into(),
        };
        let method = request.method.non_empty().unwrap_or("GET").to_owned();
        let url = request.url.non_empty().unwrap_or_default().into();
        output.add(
            self.began,
            EventKind::ExchangeStarted {
                exchange: self.exchange,
                cause: self.cause,
                method,
                url,
            },
        );
        for (phase, began, ended) in spans.iter() {
            output.add(
                began,
                EventKind::PhaseBegan {
                    exchange: self.exchange,
                    phase,
                    position: None,
                },
            );
            output.add(
                ended,
                EventKind::PhaseEnded {
                    exchange: self.exchange,
                    phase,
                    position: None,
                },
            );
        }
        self.add_connection(&mut output, &spans, connections);
        self.add_messages(&mut output, &spans, said);
        self.add_notes(&mut output, spans.ended);
        if let Some((phase, failure)) = entry_failure(self.entry, &spans, status.is_some()) {
            output.add(
                spans.ended,
                EventKind::Failed {
                    exchange: self.exchange,
                    phase,
                    failure,
                },
            );
        }
        output.add(
            spans.ended,
            EventKind::ExchangeEnded {
                exchange: self.exchange,
            },
        );
        // The sort is stable, so events at the same time keep their order.
        output.events.sort_by_key(|event| event.at);
        output.events.into()
    }

    fn add_connection(
        &self,
        output: &mut EventList,
        spans: &PhaseSpans,
        connections: &mut HarConnections,
    ) {
        let connect = spans.get(Phase::Connect);
        let Some(UsedConnection {
            id,
            local,
            remote,
            reused,
        }) = connections.connection_of(self.entry, self.url.as_ref(), connect.is_some())
        else {
            return;
        };
        let at = connect.map_or(self.began, |(_, ended)| ended);
        let Self { exchange, .. } = *self;
        output.add(
            at,
            EventKind::Connected {
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
        let at = spans.get(Phase::Tls).map_or(at, |(_, ended)| ended);
        let certificates: Vec<_> = tls
            .certificates
            .iter()
            .cloned()
            .filter_map(DocumentCertificate::into_certificate)
            .collect();
        if !certificates.is_empty() {
            output.add(
                at,
                EventKind::TlsCertificates {
                    connection: id,
                    certificates,
                },
            );
        }
        if let Some(verification) = tls.to_verification() {
            output.add(
                at,
                EventKind::TlsVerified {
                    connection: id,
                    verification,
                    took: tls.verification_time(),
                },
            );
        }
        if let Some(handshake) = tls.to_handshake() {
            output.add(
                at,
                EventKind::TlsEstablished {
                    connection: id,
                    handshake,
                },
            );
        }
    }

    fn add_messages(&self, output: &mut EventList, spans: &PhaseSpans, said: EntryMessages<'_>) {
        if !said.was_sent(|| spans.get(Phase::Send).is_some()) {
            return;
        }
        let EntryMessages {
            request,
            response,
            status,
            version,
        } = said;
        let version = version.unwrap_or(HttpVersion::Http11);
        let begin = |phase| spans.get(phase).map(|(began, _)| began);
        let sent = begin(Phase::Send)
            .or_else(|| begin(Phase::Wait))
            .unwrap_or(self.began);
        let url = self.url.as_ref();
        output.add(sent, request_head(self.exchange, request, url, version));
        if let Some(bytes) = request.body_size.count().filter(|bytes| *bytes > 0) {
            let at = spans.get(Phase::Send).map_or(sent, |(_, ended)| ended);
            output.add(
                at,
                EventKind::RequestBody {
                    exchange: self.exchange,
                    sent: bytes,
                    expected: Some(bytes),
                },
            );
        }
        let Some(status) = status else { return };
        let answered = begin(Phase::Receive).unwrap_or(spans.ended);
        output.add(
            answered,
            response_head(self.exchange, response, status, version),
        );
        if let Some((received, decoded)) = body_bytes(response) {
            output.add(
                spans.ended,
                EventKind::ResponseBody {
                    exchange: self.exchange,
                    received,
                    decoded,
                    expected: None,
                },
            );
        }
        if let Some(preview) = body_preview(self.exchange, response) {
            output.add(spans.ended, preview);
        }
        if let Some(to) = response
            .redirect_url
            .non_empty()
            .filter(|_| (300..400).contains(&status))
        {
            output.add(
                spans.ended,
                EventKind::Redirected {
                    exchange: self.exchange,
                    to: to.into(),
                    withheld: Vec::new(),
                },
            );
        }
    }

    fn add_notes(&self, output: &mut EventList, at: Moment) {
        let mut note = |text: String| {
            output.add(
                at,
                EventKind::Note {
                    exchange: Some(self.exchange),
                    text: Untrusted::new(text),
                },
            );
        };
        if let Some(cache) = self.entry.from_cache.non_empty() {
            note(format!("answered from the browser's cache ({cache})"));
        }
        let messages = &self.entry.web_socket;
        if !messages.items.is_empty() {
            let sent = messages
                .items
                .iter()
                .filter(|message| message.kind.non_empty() == Some("send"))
                .count();
            let all = messages.items.len();
            note(format!(
                "{all} WebSocket messages, {sent} from the client and {} from the server",
                all - sent
            ));
        }
    }
}

struct EventList {
    events: Vec<Event>,
}

impl EventList {
    fn add(&mut self, at: Moment, what: EventKind) {
        self.events.push(Event { at, kind: what });
    }
}

/// When an entry or a page began, relative to the start of the file.
pub(super) fn moment_since_start(began: i64, start: i64) -> Moment {
    // Anything beyond some weeks is a wrong date, and would make the time axis useless.
    const MAX_RUN: Nanos = Nanos(100 * 24 * 3_600 * 1_000_000_000);
    Moment(
        began
            .saturating_sub(start)
            .clamp(0, i64::try_from(MAX_RUN.0).unwrap_or(i64::MAX)),
    )
}
