//! What clients say of users, as JSON: a whole one, or what is different.

use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::answer::Answer;
use super::super::content::{Request, whole};
use super::users::User;

const LONGEST_BODY: usize = 16 * 1024;
const LONGEST_TEXT: usize = 200;
const JSON: &str = "application/json";

/// What a client says of a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    name: String,
    email: String,
    #[serde(default)]
    field: String,
}

/// What a client says is different of a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    email: Option<String>,
    field: Option<String>,
}

impl Draft {
    /// The user this makes.
    pub(super) fn of(self, id: u64) -> User {
        User {
            id,
            name: self.name,
            email: self.email,
            field: self.field,
        }
    }
}

impl Change {
    /// Changes a user.
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

/// Texts that are short enough to keep.
pub(super) trait Modest {
    /// All of them.
    fn texts(&self) -> Vec<&str>;
}

impl Modest for Draft {
    fn texts(&self) -> Vec<&str> {
        vec![&self.name, &self.email, &self.field]
    }
}

impl Modest for Change {
    fn texts(&self) -> Vec<&str> {
        [&self.name, &self.email, &self.field]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect()
    }
}

/// What a request's body says, or what to answer where it says nothing of use.
pub(super) async fn read<T: DeserializeOwned + Modest>(request: Request) -> Result<T, Answer> {
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
        let answer = Answer::sentence(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a user is told in application/json",
        );
        return Err(answer.with(ACCEPT, HeaderValue::from_static(JSON)));
    }
    let body = whole(request.into_body(), LONGEST_BODY).await?;
    let said: T = serde_json::from_slice(&body).map_err(|error| {
        Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!(
                "that is no user: {error}; a user is {{\"name\": …, \"email\": …, \"field\": …}}"
            ),
        )
    })?;
    if said
        .texts()
        .iter()
        .any(|text| text.chars().count() > LONGEST_TEXT)
    {
        return Err(Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!("{LONGEST_TEXT} characters at most in a text"),
        ));
    }
    Ok(said)
}
