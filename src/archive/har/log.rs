//! The members of the HAR format that are read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::archive::document::DocumentTls;
use crate::archive::document::lenient::{LenientList, LenientNumber, LenientObject, LenientText};
use crate::trace::{Endpoint, ExchangeCause, FailureCode, Phase};

/// Maximum number of header fields per message.
const MAX_FIELDS: usize = 1_000;
/// Maximum number of pages.
const MAX_PAGES: usize = 100;

/// The `log` object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::archive) struct HarLog {
    pub(super) creator: LenientObject<HarCreator>,
    pub(super) browser: LenientObject<HarCreator>,
    pub(super) pages: LenientList<HarPage, MAX_PAGES>,
    /// Entries are extracted before parsing, but a duplicate list of them is rejected like any
    /// other duplicate member.
    #[serde(rename = "entries")]
    _entries: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarCreator {
    pub(super) name: LenientText,
    pub(super) version: LenientText,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarPage {
    pub(super) started_date_time: LenientText,
    pub(super) title: LenientText,
    #[serde(rename = "pageTimings")]
    pub(super) loaded: LenientObject<HarPageTimings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarPageTimings {
    pub(super) on_content_load: LenientNumber,
    pub(super) on_load: LenientNumber,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarEntry {
    pub(super) started_date_time: LenientText,
    pub(super) time: LenientNumber,
    pub(super) request: LenientObject<HarRequest>,
    pub(super) response: LenientObject<HarResponse>,
    pub(super) timings: LenientObject<HarTimings>,
    #[serde(rename = "serverIPAddress")]
    pub(super) server_address: LenientText,
    pub(super) connection: LenientText,
    #[serde(rename = "_connectionId")]
    pub(super) connection_id: LenientText,
    #[serde(rename = "_fromCache")]
    pub(super) from_cache: LenientText,
    #[serde(rename = "_webSocketMessages")]
    pub(super) web_socket: LenientList<HarWebSocketMessage, 1_000_000>,
    #[serde(rename = "_error")]
    pub(super) error: EntryError,
    #[serde(rename = "_cause")]
    pub(super) cause: Recognized<ExchangeCause>,
    #[serde(rename = "_local")]
    pub(super) local: LenientText,
    #[serde(rename = "_remote")]
    pub(super) remote: LenientText,
    #[serde(rename = "_phases")]
    pub(super) phases: Option<LenientList<HarPhase, 64>>,
    #[serde(rename = "_tls")]
    pub(super) tls: LenientObject<DocumentTls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarWebSocketMessage {
    #[serde(rename = "type")]
    pub(super) kind: LenientText,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarPhase {
    pub(super) name: Recognized<Phase>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarRequest {
    pub(super) method: LenientText,
    pub(super) url: LenientText,
    pub(super) http_version: LenientText,
    pub(super) headers: LenientList<HarField, MAX_FIELDS>,
    pub(super) headers_size: LenientNumber,
    pub(super) body_size: LenientNumber,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarResponse {
    pub(super) status: LenientNumber,
    pub(super) status_text: LenientText,
    pub(super) http_version: LenientText,
    pub(super) headers: LenientList<HarField, MAX_FIELDS>,
    pub(super) content: LenientObject<HarContent>,
    #[serde(rename = "redirectURL")]
    pub(super) redirect_url: LenientText,
    pub(super) headers_size: LenientNumber,
    pub(super) body_size: LenientNumber,
    #[serde(rename = "_transferSize")]
    pub(super) transfer_size: LenientNumber,
    #[serde(rename = "_error")]
    pub(super) error: LenientText,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarField {
    pub(super) name: LenientText,
    pub(super) value: LenientText,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarContent {
    pub(super) size: LenientNumber,
    pub(super) compression: LenientNumber,
    pub(super) mime_type: LenientText,
    pub(super) text: super::body::TextPrefix,
    pub(super) encoding: LenientText,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarTimings {
    pub(super) blocked: LenientNumber,
    pub(super) dns: LenientNumber,
    pub(super) connect: LenientNumber,
    pub(super) ssl: LenientNumber,
    pub(super) send: LenientNumber,
    pub(super) wait: LenientNumber,
    pub(super) receive: LenientNumber,
}

/// Why an entry failed: a browser's error name, or a failure written by tapline.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum EntryError {
    /// A browser's error name, such as `net::ERR_CONNECTION_REFUSED`.
    Browser(String),
    /// A failure written by tapline.
    Tapline {
        phase: Phase,
        code: FailureCode,
        message: String,
        #[serde(default)]
        hint: String,
    },
    /// Anything else.
    Other(IgnoredAny),
    /// None.
    #[default]
    #[serde(skip)]
    None,
}

/// A recognized word, or `None`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recognized<T>(pub(super) Option<T>);

impl<T> Default for Recognized<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Recognized<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = LenientText::deserialize(deserializer)?;
        let word = text
            .non_empty()
            .map(serde::de::value::StrDeserializer::<serde::de::value::Error>::new);
        Ok(Self(word.and_then(|word| T::deserialize(word).ok())))
    }
}

impl HarEntry {
    /// Parses an endpoint of a connection.
    pub(super) fn parse_endpoint(text: &LenientText) -> Option<Endpoint> {
        text.non_empty().map(|text| Endpoint::from(text.to_owned()))
    }
}
