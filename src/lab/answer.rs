//! What is given back to a request: perhaps an interim response, and the final one.

use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{HeaderMap, Response, StatusCode};

use super::body::{self, Body};

/// An answer to a request.
pub(super) struct Answer {
    /// What is sent first, if anything.
    pub(super) early: Option<Box<Early>>,
    /// The final response.
    pub(super) response: Box<Response<Body>>,
}

/// An interim response (RFC 9110 §15.2), and how long the final one keeps the client waiting after
/// it.
pub(super) struct Early {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) pause: Duration,
}

impl Answer {
    /// 200 with a body of this media type.
    pub(super) fn ok(media_type: &'static str, body: Body) -> Self {
        Self {
            early: None,
            response: Box::new(Response::new(body)),
        }
        .with(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    /// 200 with JSON text.
    pub(super) fn json(text: impl Into<bytes::Bytes>) -> Self {
        Self::ok("application/json", body::full(text))
    }

    /// A sentence under any status.
    pub(super) fn sentence(status: StatusCode, sentence: impl Into<String>) -> Self {
        let has_body = !(status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED);
        let text = if has_body {
            sentence.into() + "\n"
        } else {
            String::new()
        };
        let mut answer = Self::ok("text/plain; charset=utf-8", body::full(text));
        *answer.response.status_mut() = status;
        answer
    }

    /// A status and nothing else.
    pub(super) fn empty(status: StatusCode) -> Self {
        let mut response = Response::new(body::full(""));
        *response.status_mut() = status;
        Self {
            early: None,
            response: Box::new(response),
        }
    }

    /// A redirect.
    pub(super) fn redirect(status: StatusCode, location: &str) -> Self {
        match HeaderValue::from_str(location) {
            Ok(value) => Self::sentence(status, format!("see {location}")).with(LOCATION, value),
            Err(_) => Self::sentence(StatusCode::BAD_REQUEST, "that is nowhere to be sent to"),
        }
    }

    /// 405, and what would do.
    pub(super) fn wrong_method(allowed: &'static str) -> Self {
        Self::sentence(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("this wants {allowed}"),
        )
        .with(ALLOW, HeaderValue::from_static(allowed))
    }

    /// With another status.
    pub(super) fn under(mut self, status: StatusCode) -> Self {
        *self.response.status_mut() = status;
        self
    }

    /// With one more field, whose value is made of text; without it, where the text cannot be one.
    pub(super) fn told(self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with(name, value),
            Err(_) => self,
        }
    }

    /// With one more field.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.response.headers_mut().append(name, value);
        self
    }

    /// With an interim response before it.
    pub(super) fn after(self, early: Early) -> Self {
        Self {
            early: Some(Box::new(early)),
            ..self
        }
    }
}
