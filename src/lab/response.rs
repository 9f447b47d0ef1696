//! Responses: an optional interim response and the final one.

use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{HeaderMap, Response, StatusCode};

use super::body::{self, ResponseBody};

/// The response to a request.
pub(super) struct ServerResponse {
    /// Interim response, sent first.
    pub(super) interim: Option<Box<InterimResponse>>,
    /// Final response.
    pub(super) response: Box<Response<ResponseBody>>,
}

/// An interim response (RFC 9110 §15.2), and the delay until the final one.
pub(super) struct InterimResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) delay: Duration,
}

impl ServerResponse {
    /// 200 with a body of this media type.
    pub(super) fn ok(media_type: &'static str, body: ResponseBody) -> Self {
        Self {
            interim: None,
            response: Box::new(Response::new(body)),
        }
        .with_header(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    /// 200 with a JSON body.
    pub(super) fn json(text: impl Into<bytes::Bytes>) -> Self {
        Self::ok("application/json", body::full_body(text))
    }

    /// Any status with a plain-text body.
    pub(super) fn text(status: StatusCode, sentence: impl Into<String>) -> Self {
        let has_body = !(status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED);
        let text = if has_body {
            sentence.into() + "\n"
        } else {
            String::new()
        };
        let mut built = Self::ok("text/plain; charset=utf-8", body::full_body(text));
        *built.response.status_mut() = status;
        built
    }

    /// Any status without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        let mut response = Response::new(body::full_body(""));
        *response.status_mut() = status;
        Self {
            interim: None,
            response: Box::new(response),
        }
    }

    /// A redirect.
    pub(super) fn redirect(status: StatusCode, location: &str) -> Self {
        match HeaderValue::from_str(location) {
            Ok(value) => Self::text(status, format!("see {location}")).with_header(LOCATION, value),
            Err(_) => Self::text(StatusCode::BAD_REQUEST, "the redirect target is not valid"),
        }
    }

    /// 405 with the allowed methods.
    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        Self::text(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("allowed methods: {allowed}"),
        )
        .with_header(ALLOW, HeaderValue::from_static(allowed))
    }

    /// Replaces the status.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        *self.response.status_mut() = status;
        self
    }

    /// Adds a header field; a value that is not valid in a field is omitted.
    pub(super) fn with_text_header(self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with_header(name, value),
            Err(_) => self,
        }
    }

    /// Adds a header field.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.response.headers_mut().append(name, value);
        self
    }

    /// Adds an interim response.
    pub(super) fn with_interim(self, interim: InterimResponse) -> Self {
        Self {
            interim: Some(Box::new(interim)),
            ..self
        }
    }
}
