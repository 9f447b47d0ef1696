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
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::archive) struct HarLog<'a> {
    #[serde(borrow)]
    pub(super) creator: LenientObject<HarCreator<'a>>,
    pub(super) browser: LenientObject<HarCreator<'a>>,
    pub(super) pages: LenientList<HarPage<'a>, MAX_PAGES>,
    /// Entries are extracted before parsing, but a duplicate list of them is rejected like any
    /// other duplicate member.
    #[serde(rename = "entries")]
    _entries: IgnoredAny,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarCreator<'a> {
    #[serde(borrow)]
    pub(super) name: LenientText<'a>,
    pub(super) version: LenientText<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarPage<'a> {
    #[serde(borrow)]
    pub(super) started_date_time: LenientText<'a>,
    pub(super) title: LenientText<'a>,
    #[serde(rename = "pageTimings")]
    pub(super) loaded: LenientObject<HarPageTimings>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarPageTimings {
    pub(super) on_content_load: LenientNumber,
    pub(super) on_load: LenientNumber,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarEntry<'a> {
    #[serde(borrow)]
    pub(super) started_date_time: LenientText<'a>,
    pub(super) time: LenientNumber,
    pub(super) request: LenientObject<HarRequest<'a>>,
    pub(super) response: LenientObject<HarResponse<'a>>,
    pub(super) timings: LenientObject<HarTimings>,
    #[serde(rename = "serverIPAddress")]
    pub(super) server_address: LenientText<'a>,
    pub(super) connection: LenientText<'a>,
    #[serde(rename = "_connectionId")]
    pub(super) connection_id: LenientText<'a>,
    #[serde(rename = "_fromCache")]
    pub(super) from_cache: LenientText<'a>,
    #[serde(rename = "_webSocketMessages")]
    pub(super) web_socket: LenientList<HarWebSocketMessage<'a>, 1_000_000>,
    #[serde(rename = "_error")]
    pub(super) error: EntryError,
    #[serde(rename = "_cause")]
    pub(super) cause: Recognized<ExchangeCause>,
    #[serde(rename = "_local")]
    pub(super) local: LenientText<'a>,
    #[serde(rename = "_remote")]
    pub(super) remote: LenientText<'a>,
    #[serde(rename = "_phases")]
    pub(super) phases: Option<LenientList<HarPhase, 64>>,
    #[serde(rename = "_tls")]
    pub(super) tls: LenientObject<DocumentTls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarWebSocketMessage<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: LenientText<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarPhase {
    pub(super) name: Recognized<Phase>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarRequest<'a> {
    #[serde(borrow)]
    pub(super) method: LenientText<'a>,
    pub(super) url: LenientText<'a>,
    pub(super) http_version: LenientText<'a>,
    pub(super) headers: LenientList<HarField<'a>, MAX_FIELDS>,
    pub(super) headers_size: LenientNumber,
    pub(super) body_size: LenientNumber,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarResponse<'a> {
    pub(super) status: LenientNumber,
    #[serde(borrow)]
    pub(super) status_text: LenientText<'a>,
    pub(super) http_version: LenientText<'a>,
    pub(super) headers: LenientList<HarField<'a>, MAX_FIELDS>,
    pub(super) content: LenientObject<HarContent<'a>>,
    #[serde(rename = "redirectURL")]
    pub(super) redirect_url: LenientText<'a>,
    pub(super) headers_size: LenientNumber,
    pub(super) body_size: LenientNumber,
    #[serde(rename = "_transferSize")]
    pub(super) transfer_size: LenientNumber,
    #[serde(rename = "_error")]
    pub(super) error: LenientText<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarField<'a> {
    #[serde(borrow)]
    pub(super) name: LenientText<'a>,
    pub(super) value: LenientText<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HarContent<'a> {
    pub(super) size: LenientNumber,
    pub(super) compression: LenientNumber,
    #[serde(borrow)]
    pub(super) mime_type: LenientText<'a>,
    pub(super) text: super::body::TextPrefix<'a>,
    pub(super) encoding: LenientText<'a>,
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

impl HarEntry<'_> {
    /// Parses an endpoint of a connection.
    pub(super) fn parse_endpoint(text: &LenientText<'_>) -> Option<Endpoint> {
        text.non_empty().map(|text| Endpoint::from(text.to_owned()))
    }
}
