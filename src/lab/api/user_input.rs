//! JSON request bodies of users: a new user, or changes to one.

use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::handler::{IncomingRequest, read_body};
use super::super::response::ServerResponse;
use super::users::User;

const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_TEXT_CHARS: usize = 200;
const JSON: &str = "application/json";

/// A new user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    name: String,
    email: String,
    #[serde(default)]
    field: String,
}

/// Changes to a user (PATCH).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatch {
    name: Option<String>,
    email: Option<String>,
    field: Option<String>,
}

impl NewUser {
    /// Creates the user.
    pub(super) fn into_user(self, id: u64) -> User {
        User {
            id,
            name: self.name,
            email: self.email,
            field: self.field,
        }
    }
}

impl UserPatch {
    /// Applies the changes.
    pub(super) fn apply(self, user: &mut User) {
        let parts = [
            (self.name, &mut user.name),
            (self.email, &mut user.email),
            (self.field, &mut user.field),
        ];
        for (new, old) in parts {
            if let Some(new) = new {
                *old = new;
            }
        }
    }
}

/// Input whose texts have a length limit.
pub(super) trait BoundedTexts {
    /// All texts.
    fn texts(&self) -> Vec<&str>;
}

impl BoundedTexts for NewUser {
    fn texts(&self) -> Vec<&str> {
        vec![&self.name, &self.email, &self.field]
    }
}

impl BoundedTexts for UserPatch {
    fn texts(&self) -> Vec<&str> {
        [&self.name, &self.email, &self.field]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect()
    }
}

/// Parses the JSON body of a request; the error is the response to invalid input.
pub(super) async fn read_json<T: DeserializeOwned + BoundedTexts>(
    request: IncomingRequest,
) -> Result<T, ServerResponse> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(JSON)
    {
        let response = ServerResponse::text(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the user as application/json",
        );
        return Err(response.with_header(ACCEPT, HeaderValue::from_static(JSON)));
    }
    let body = read_body(request.into_body(), MAX_BODY_BYTES).await?;
    let input: T = serde_json::from_slice(&body).map_err(|error| {
        ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!(
                "not a valid user: {error}; expected {{\"name\": …, \"email\": …, \"field\": …}}"
            ),
        )
    })?;
    if input
        .texts()
        .iter()
        .any(|text| text.chars().count() > MAX_TEXT_CHARS)
    {
        return Err(ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!("{MAX_TEXT_CHARS} characters at most in each text"),
        ));
    }
    Ok(input)
}
