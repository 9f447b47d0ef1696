//! The request: its field lines and its body.

mod body;
mod fields;
mod form;
mod hop;
mod transfer_encoding;

use url::Url;

use super::{PhaseFailure, Spec};
use crate::trace::{FailureCode, Phase};

pub(super) use body::{BodySource, RequestFraming};
pub(super) use fields::{RequestField, withheld_items};
pub(super) use hop::RequestHop;

/// A request that is ready to be sent.
#[derive(Debug)]
pub(super) struct OutgoingRequest {
    /// Method.
    pub(super) method: http::Method,
    /// The URL without credentials and fragment.
    pub(super) url: Url,
    /// Field lines in the order they are sent, `Host` first.
    pub(super) fields: Vec<RequestField>,
    /// The body, if there is one.
    pub(super) body: Option<BodySource>,
    /// Framing of the body.
    pub(super) framing: RequestFraming,
}

impl OutgoingRequest {
    /// Builds the request of one hop; `cookies` is the value of `Cookie` from the store.
    pub(super) fn build(
        spec: &Spec,
        hop: &RequestHop,
        cookies: Option<Vec<u8>>,
    ) -> Result<Self, PhaseFailure> {
        let method = http::Method::from_bytes(hop.method.as_bytes()).map_err(|_| {
            invalid_request(
                format!("{:?} is not an HTTP method", hop.method),
                "A method is a word such as GET or PATCH.",
            )
        })?;
        let body = match spec.body.as_ref().filter(|_| hop.with_body) {
            Some(body) => Some(
                BodySource::open(body, fields::user_content_type(spec)).map_err(|error| {
                    invalid_request(
                        error.to_string(),
                        "Check the path and the file's permissions.",
                    )
                })?,
            ),
            None => None,
        };
        let (fields, framing) = fields::compose_fields(spec, hop, cookies, body.as_ref())?;
        Ok(Self {
            method,
            url: hop.bare_url(),
            fields,
            body,
            framing,
        })
    }

    /// Returns the request target in origin form: path and query (RFC 9112 §3.2.1).
    pub(super) fn origin_form(&self) -> String {
        self.url.query().map_or_else(
            || self.url.path().to_owned(),
            |query| format!("{}?{query}", self.url.path()),
        )
    }

    /// Returns the first value of a field, if it is UTF-8.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.is(name))
            .and_then(|field| std::str::from_utf8(&field.value).ok())
    }
}

/// Returns the failure of a request that cannot be sent as specified.
pub(super) fn invalid_request(message: String, hint: &str) -> PhaseFailure {
    PhaseFailure::new(Phase::Send, FailureCode::RequestInvalid, message, hint)
}
