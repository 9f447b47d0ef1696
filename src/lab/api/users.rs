//! A collection of users to create, read, update and delete, kept in memory as long as the lab
//! runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::header::{HeaderValue, LOCATION, VARY};
use hyper::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::super::body;
use super::super::handler::IncomingRequest;
use super::super::response::ServerResponse;
use super::negotiation::prefers_xml;
use super::polling::PollEvents;
use super::user_input::{NewUser, UserPatch, read_json};
use super::{USERS, xml};

const MAX_USERS: usize = 1000;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) field: String,
}

/// All users.
pub(super) struct Users(Mutex<UserTable>);

struct UserTable {
    next: u64,
    rows: BTreeMap<u64, User>,
}

#[derive(Deserialize)]
struct UsersFile {
    users: Vec<User>,
}

impl Default for Users {
    fn default() -> Self {
        let users = serde_json::from_str(USERS)
            .map_or_else(|_| Vec::new(), |beginning: UsersFile| beginning.users);
        let rows: BTreeMap<u64, User> = users.into_iter().map(|user| (user.id, user)).collect();
        Self(Mutex::new(UserTable {
            next: rows.keys().last().map_or(1, |last| last + 1),
            rows,
        }))
    }
}

impl Users {
    fn table(&self) -> MutexGuard<'_, UserTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self, headers: &HeaderMap) -> ServerResponse {
        let table = self.table();
        if prefers_xml(headers) {
            return ServerResponse::ok(
                "application/xml",
                body::full_body(xml::users_document(table.rows.values())),
            );
        }
        let rows: Vec<String> = table.rows.values().map(user_json).collect();
        ServerResponse::json(format!("{{\"users\":[{}]}}\n", rows.join(",")))
    }

    fn create(&self, draft: NewUser) -> Result<User, ServerResponse> {
        let mut table = self.table();
        if table.rows.len() >= MAX_USERS {
            return Err(ServerResponse::text(
                StatusCode::INSUFFICIENT_STORAGE,
                format!("{MAX_USERS} users at most; delete one first"),
            ));
        }
        let user = draft.into_user(table.next);
        table.next += 1;
        table.rows.insert(user.id, user.clone());
        Ok(user)
    }

    /// Applies a change to a user; 404 if there is none.
    fn update(&self, id: u64, change: impl FnOnce(&mut User)) -> Result<User, ServerResponse> {
        let mut table = self.table();
        let user = table.rows.get_mut(&id).ok_or_else(|| no_such_user(id))?;
        change(user);
        Ok(user.clone())
    }
}

/// `/users`: the list, and creation.
pub(super) async fn handle_users(
    request: IncomingRequest,
    users: &Users,
    events: &PollEvents,
) -> ServerResponse {
    match *request.method() {
        Method::GET | Method::HEAD => users
            .list(request.headers())
            .with_header(VARY, HeaderValue::from_static("accept")),
        Method::POST => {
            let headers = request.headers().clone();
            match read_json::<NewUser>(request)
                .await
                .and_then(|draft| users.create(draft))
            {
                Ok(user) => {
                    events.publish(format!("user {} was created", user.id));
                    user_response(&user, &headers)
                        .with_status(StatusCode::CREATED)
                        .with_text_header(LOCATION, &format!("/users/{}", user.id))
                }
                Err(response) => response,
            }
        }
        _ => ServerResponse::method_not_allowed("GET, HEAD, POST"),
    }
}

/// `/users/:id`: one user.
pub(super) async fn handle_user(
    id: &str,
    request: IncomingRequest,
    users: &Users,
    events: &PollEvents,
) -> ServerResponse {
    let Ok(id) = id.parse::<u64>() else {
        return ServerResponse::text(
            StatusCode::BAD_REQUEST,
            "/users/ must be followed by a whole number",
        );
    };
    let method = request.method().clone();
    let headers = request.headers().clone();
    let changed = match method {
        Method::GET | Method::HEAD => {
            return users
                .update(id, |_| ())
                .map_or_else(|response| response, |user| user_response(&user, &headers));
        }
        Method::PUT => read_json::<NewUser>(request)
            .await
            .and_then(|draft| users.update(id, |user| *user = draft.into_user(id))),
        Method::PATCH => read_json::<UserPatch>(request)
            .await
            .and_then(|change| users.update(id, |user| change.apply(user))),
        Method::DELETE => return delete_user(id, users, events),
        _ => return ServerResponse::method_not_allowed("GET, HEAD, PUT, PATCH, DELETE"),
    };
    match changed {
        Ok(user) => {
            events.publish(format!("user {id} was changed"));
            user_response(&user, &headers)
        }
        Err(response) => response,
    }
}

fn delete_user(id: u64, users: &Users, events: &PollEvents) -> ServerResponse {
    if users.table().rows.remove(&id).is_none() {
        return no_such_user(id);
    }
    events.publish(format!("user {id} was deleted"));
    ServerResponse::empty(StatusCode::NO_CONTENT)
}

fn user_response(user: &User, headers: &HeaderMap) -> ServerResponse {
    let response = if prefers_xml(headers) {
        ServerResponse::ok("application/xml", body::full_body(xml::user_document(user)))
    } else {
        ServerResponse::json(user_json(user) + "\n")
    };
    response.with_header(VARY, HeaderValue::from_static("accept"))
}

/// Members are in the order of their declaration.
fn user_json(user: &User) -> String {
    serde_json::to_string(user).unwrap_or_default()
}

fn no_such_user(id: u64) -> ServerResponse {
    ServerResponse::text(StatusCode::NOT_FOUND, format!("there is no user {id}"))
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
