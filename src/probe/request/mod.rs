//! The request: which fields it has, what its body is.

mod body;
mod fields;
mod form;
mod hop;
mod transfer_encoding;

use url::Url;

use super::{Failed, Spec};
use crate::trace::{Code, Phase};

pub(super) use body::{Framing, Source};
pub(super) use fields::{Field, withheld};
pub(super) use hop::Hop;

/// A request that is ready to be put on a connection.
#[derive(Debug)]
pub(super) struct Request {
    /// Method.
    pub(super) method: http::Method,
    /// Where to, without credentials and fragment.
    pub(super) url: Url,
    /// Field lines in the order they are sent; `Host` first.
    pub(super) fields: Vec<Field>,
    /// The body, if it has one.
    pub(super) body: Option<Source>,
    /// How the body's end is told.
    pub(super) framing: Framing,
}

impl Request {
    /// Builds the request of one hop; `cookies` are what a jar has for it.
    pub(super) fn build(spec: &Spec, hop: &Hop, cookies: Option<Vec<u8>>) -> Result<Self, Failed> {
        let method = http::Method::from_bytes(hop.method.as_bytes()).map_err(|_| {
            invalid(
                format!("{:?} is no HTTP method", hop.method),
                "A method is a word such as GET or PATCH.",
            )
        })?;
        let body = match spec.body.as_ref().filter(|_| hop.with_body) {
            Some(body) => Some(Source::open(body, fields::own_type(spec)).map_err(|error| {
                invalid(
                    error.to_string(),
                    "Check the path and the file's permissions.",
                )
            })?),
            None => None,
        };
        let (fields, framing) = fields::compose(spec, hop, cookies, body.as_ref())?;
        Ok(Self {
            method,
            url: hop.bare_url(),
            fields,
            body,
            framing,
        })
    }

    /// The target in origin form: path and query (RFC 9112 §3.2.1).
    pub(super) fn origin_form(&self) -> String {
        self.url.query().map_or_else(
            || self.url.path().to_owned(),
            |query| format!("{}?{query}", self.url.path()),
        )
    }

    /// The first value of a field, if it is text.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.is(name))
            .and_then(|field| std::str::from_utf8(&field.value).ok())
    }
}

/// A request that cannot be sent as it was asked for.
pub(super) fn invalid(message: String, hint: &str) -> Failed {
    Failed::new(Phase::Send, Code::RequestInvalid, message, hint)
}
