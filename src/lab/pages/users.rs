//! A resource to create, read, update and delete, kept in memory for as long as the lab runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::header::{HeaderValue, LOCATION, VARY};
use hyper::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::super::answer::Answer;
use super::super::body;
use super::super::content::Request;
use super::draft::{Change, Draft, read};
use super::events::Events;
use super::negotiation::prefers_xml;
use super::{USERS, xml};

const MOST_USERS: usize = 1000;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) field: String,
}

/// All users.
pub(super) struct Users(Mutex<Table>);

struct Table {
    next: u64,
    rows: BTreeMap<u64, User>,
}

#[derive(Deserialize)]
struct Beginning {
    users: Vec<User>,
}

impl Default for Users {
    fn default() -> Self {
        let users = serde_json::from_str(USERS)
            .map_or_else(|_| Vec::new(), |beginning: Beginning| beginning.users);
        let rows: BTreeMap<u64, User> = users.into_iter().map(|user| (user.id, user)).collect();
        Self(Mutex::new(Table {
            next: rows.keys().last().map_or(1, |last| last + 1),
            rows,
        }))
    }
}

impl Users {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self, headers: &HeaderMap) -> Answer {
        let table = self.table();
        if prefers_xml(headers) {
            return Answer::ok(
                "application/xml",
                body::full(xml::list(table.rows.values())),
            );
        }
        let rows: Vec<String> = table.rows.values().map(json).collect();
        Answer::json(format!("{{\"users\":[{}]}}\n", rows.join(",")))
    }

    fn create(&self, draft: Draft) -> Result<User, Answer> {
        let mut table = self.table();
        if table.rows.len() >= MOST_USERS {
            return Err(Answer::sentence(
                StatusCode::INSUFFICIENT_STORAGE,
                format!("{MOST_USERS} users at most; delete one first"),
            ));
        }
        let user = draft.of(table.next);
        table.next += 1;
        table.rows.insert(user.id, user.clone());
        Ok(user)
    }

    /// Applies a change to a user, who has to be there.
    fn update(&self, id: u64, change: impl FnOnce(&mut User)) -> Result<User, Answer> {
        let mut table = self.table();
        let user = table.rows.get_mut(&id).ok_or_else(|| nobody(id))?;
        change(user);
        Ok(user.clone())
    }
}

/// `/users`: the list, and new ones.
pub(super) async fn collection(request: Request, users: &Users, events: &Events) -> Answer {
    match *request.method() {
        Method::GET | Method::HEAD => users
            .list(request.headers())
            .with(VARY, HeaderValue::from_static("accept")),
        Method::POST => {
            let headers = request.headers().clone();
            match read::<Draft>(request)
                .await
                .and_then(|draft| users.create(draft))
            {
                Ok(user) => {
                    events.publish(format!("user {} was created", user.id));
                    shown(&user, &headers)
                        .under(StatusCode::CREATED)
                        .told(LOCATION, &format!("/users/{}", user.id))
                }
                Err(answer) => answer,
            }
        }
        _ => Answer::wrong_method("GET, HEAD, POST"),
    }
}

/// `/users/:id`: one of them.
pub(super) async fn member(id: &str, request: Request, users: &Users, events: &Events) -> Answer {
    let Ok(id) = id.parse::<u64>() else {
        return Answer::sentence(
            StatusCode::BAD_REQUEST,
            "/users/ wants a whole number after it",
        );
    };
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let changed = match method {
        Method::GET | Method::HEAD => {
            return users
                .update(id, |_| ())
                .map_or_else(|answer| answer, |user| shown(&user, &headers));
        }
        Method::PUT => read::<Draft>(request)
            .await
            .and_then(|draft| users.update(id, |user| *user = draft.of(id))),
        Method::PATCH => read::<Change>(request)
            .await
            .and_then(|change| users.update(id, |user| change.apply(user))),
        Method::DELETE => return delete(id, users, events),
        _ => return Answer::wrong_method("GET, HEAD, PUT, PATCH, DELETE"),
    };
    match changed {
        Ok(user) => {
            events.publish(format!("user {id} was changed"));
            shown(&user, &headers)
        }
        Err(answer) => answer,
    }
}

fn delete(id: u64, users: &Users, events: &Events) -> Answer {
    if users.table().rows.remove(&id).is_none() {
        return nobody(id);
    }
    events.publish(format!("user {id} was deleted"));
    Answer::empty(StatusCode::NO_CONTENT)
}

fn shown(user: &User, headers: &HeaderMap) -> Answer {
    let answer = if prefers_xml(headers) {
        Answer::ok("application/xml", body::full(xml::document(user)))
    } else {
        Answer::json(json(user) + "\n")
    };
    answer.with(VARY, HeaderValue::from_static("accept"))
}

/// The members in the order they are declared in.
fn json(user: &User) -> String {
    serde_json::to_string(user).unwrap_or_default()
}

fn nobody(id: u64) -> Answer {
    Answer::sentence(StatusCode::NOT_FOUND, format!("there is no user {id}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn the_list_begins_as_the_page_it_was_made_of() {
        let list = Users::default()
            .list(&HeaderMap::new())
            .response
            .into_body();
        assert_eq!(list.collect().await.unwrap().to_bytes(), USERS);
    }
}
