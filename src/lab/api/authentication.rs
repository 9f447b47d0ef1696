//! Pages that require authentication. The credentials are public: a 401 response states them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, WWW_AUTHENTICATE};
use hyper::{HeaderMap, StatusCode};

use super::super::handler::IncomingRequest;
use super::super::response::ServerResponse;

/// An authentication scheme.
struct AuthScheme {
    name: &'static str,
    /// `WWW-Authenticate` challenge (RFC 9110 §11.6.1).
    challenge: &'static str,
    /// Curl options that authenticate.
    curl_options: &'static str,
    accepts: fn(&HeaderMap) -> bool,
}

const SCHEMES: [AuthScheme; 4] = [
    AuthScheme {
        name: "basic",
        challenge: "Basic realm=\"lab\", charset=\"UTF-8\"",
        curl_options: "-u class:lab",
        accepts: |headers| {
            scheme_credentials(headers, "basic").is_some_and(|text| {
                STANDARD
                    .decode(text)
                    .is_ok_and(|known| known == b"class:lab")
            })
        },
    },
    AuthScheme {
        name: "bearer",
        challenge: "Bearer realm=\"lab\"",
        curl_options: "-H 'Authorization: Bearer lab-token'",
        accepts: |headers| scheme_credentials(headers, "bearer") == Some("lab-token"),
    },
    AuthScheme {
        name: "cookie",
        challenge: "Cookie realm=\"lab\", cookie-name=\"session\"",
        curl_options: "-b session=2f8d6c, which /cookie sets",
        accepts: |headers| {
            let cookies = headers
                .get_all(COOKIE)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(';'));
            cookies
                .map(str::trim)
                .any(|cookie| cookie == "session=2f8d6c")
        },
    },
    AuthScheme {
        name: "apikey",
        challenge: "ApiKey realm=\"lab\", header=\"X-API-Key\"",
        curl_options: "-H 'X-API-Key: lab-key'",
        accepts: |headers| {
            headers
                .get(HeaderName::from_static("x-api-key"))
                .is_some_and(|key| key == "lab-key")
        },
    },
];

/// `/auth/basic` and the others.
pub(super) fn auth_page(kind: &str, request: &IncomingRequest) -> ServerResponse {
    let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.name == kind) else {
        return ServerResponse::text(
            StatusCode::NOT_FOUND,
            "the paths are /auth/basic, /auth/bearer, /auth/cookie and /auth/apikey",
        );
    };
    if (scheme.accepts)(request.headers()) {
        return ServerResponse::json(format!("{{\"scheme\":\"{kind}\",\"known\":true}}\n"));
    }
    let text = format!(
        "this page requires authentication; use {}",
        scheme.curl_options
    );
    ServerResponse::text(StatusCode::UNAUTHORIZED, text)
        .with_text_header(WWW_AUTHENTICATE, scheme.challenge)
}

/// Credentials in `Authorization` for a scheme, whose name is case-insensitive (RFC 9110 §11.4).
fn scheme_credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (name, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
