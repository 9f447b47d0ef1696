//! The names of the format that are read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::archive::document::Tls;
use crate::archive::document::lenient::{List, Number, Object, Text};
use crate::trace::{Cause, Code, Endpoint, Phase};

/// Field lines of a message that are kept.
const MOST_FIELDS: usize = 1_000;
/// Pages that are told of.
const MOST_PAGES: usize = 100;

/// What is in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::archive) struct Log {
    pub(super) creator: Object<Creator>,
    pub(super) browser: Object<Creator>,
    pub(super) pages: List<Page, MOST_PAGES>,
    /// They are taken out on the way, but two lists of them are refused as other names are.
    #[serde(rename = "entries")]
    _entries: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Creator {
    pub(super) name: Text,
    pub(super) version: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) started_date_time: Text,
    pub(super) title: Text,
    #[serde(rename = "pageTimings")]
    pub(super) loaded: Object<PageTimings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PageTimings {
    pub(super) on_content_load: Number,
    pub(super) on_load: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) started_date_time: Text,
    pub(super) time: Number,
    pub(super) request: Object<Request>,
    pub(super) response: Object<Response>,
    pub(super) timings: Object<Timings>,
    #[serde(rename = "serverIPAddress")]
    pub(super) server_address: Text,
    pub(super) connection: Text,
    #[serde(rename = "_connectionId")]
    pub(super) connection_id: Text,
    #[serde(rename = "_fromCache")]
    pub(super) from_cache: Text,
    #[serde(rename = "_webSocketMessages")]
    pub(super) web_socket: List<WebSocketMessage, 1_000_000>,
    #[serde(rename = "_error")]
    pub(super) error: Problem,
    #[serde(rename = "_cause")]
    pub(super) cause: Known<Cause>,
    #[serde(rename = "_local")]
    pub(super) local: Text,
    #[serde(rename = "_remote")]
    pub(super) remote: Text,
    #[serde(rename = "_phases")]
    pub(super) phases: Option<List<PhaseName, 64>>,
    #[serde(rename = "_tls")]
    pub(super) tls: Object<Tls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WebSocketMessage {
    #[serde(rename = "type")]
    pub(super) kind: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PhaseName {
    pub(super) name: Known<Phase>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) method: Text,
    pub(super) url: Text,
    pub(super) http_version: Text,
    pub(super) headers: List<Field, MOST_FIELDS>,
    pub(super) headers_size: Number,
    pub(super) body_size: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Response {
    pub(super) status: Number,
    pub(super) status_text: Text,
    pub(super) http_version: Text,
    pub(super) headers: List<Field, MOST_FIELDS>,
    pub(super) content: Object<Content>,
    #[serde(rename = "redirectURL")]
    pub(super) redirect_url: Text,
    pub(super) headers_size: Number,
    pub(super) body_size: Number,
    #[serde(rename = "_transferSize")]
    pub(super) transfer_size: Number,
    #[serde(rename = "_error")]
    pub(super) error: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Field {
    pub(super) name: Text,
    pub(super) value: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) size: Number,
    pub(super) compression: Number,
    pub(super) mime_type: Text,
    pub(super) text: super::body::Beginning,
    pub(super) encoding: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Timings {
    pub(super) blocked: Number,
    pub(super) dns: Number,
    pub(super) connect: Number,
    pub(super) ssl: Number,
    pub(super) send: Number,
    pub(super) wait: Number,
    pub(super) receive: Number,
}

/// Why an entry failed: a browser's word, or a failure of ours.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Problem {
    /// `net::ERR_CONNECTION_REFUSED`.
    Word(String),
    /// As a run of ours tells it.
    Ours {
        phase: Phase,
        code: Code,
        message: String,
        #[serde(default)]
        hint: String,
    },
    /// Something else.
    Other(IgnoredAny),
    /// None.
    #[default]
    #[serde(skip)]
    None,
}

/// One of the words that are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<T>(pub(super) Option<T>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Known<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let word = text
            .some()
            .map(serde::de::value::StrDeserializer::<serde::de::value::Error>::new);
        Ok(Self(word.and_then(|word| T::deserialize(word).ok())))
    }
}

impl Entry {
    /// The end of a connection that is named.
    pub(super) fn end(text: &Text) -> Option<Endpoint> {
        text.some().map(|text| Endpoint::from(text.to_owned()))
    }
}
