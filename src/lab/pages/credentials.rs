//! Pages that want to know who asks. The credentials are no secret: a refusal tells them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, WWW_AUTHENTICATE};
use hyper::{HeaderMap, StatusCode};

use super::super::answer::Answer;
use super::super::content::Request;

/// A way to say who asks.
struct Scheme {
    name: &'static str,
    /// What a refusal challenges with (RFC 9110 §11.6.1).
    challenge: &'static str,
    /// What would do, in curl's words.
    told: &'static str,
    is_met: fn(&HeaderMap) -> bool,
}

const SCHEMES: [Scheme; 4] = [
    Scheme {
        name: "basic",
        challenge: "Basic realm=\"lab\", charset=\"UTF-8\"",
        told: "-u class:lab",
        is_met: |headers| {
            credentials(headers, "basic").is_some_and(|text| {
                STANDARD
                    .decode(text)
                    .is_ok_and(|known| known == b"class:lab")
            })
        },
    },
    Scheme {
        name: "bearer",
        challenge: "Bearer realm=\"lab\"",
        told: "-H 'Authorization: Bearer lab-token'",
        is_met: |headers| credentials(headers, "bearer") == Some("lab-token"),
    },
    Scheme {
        name: "cookie",
        challenge: "Cookie realm=\"lab\", cookie-name=\"session\"",
        told: "-b session=2f8d6c, which /cookie sets",
        is_met: |headers| {
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
    Scheme {
        name: "apikey",
        challenge: "ApiKey realm=\"lab\", header=\"X-API-Key\"",
        told: "-H 'X-API-Key: lab-key'",
        is_met: |headers| {
            headers
                .get(HeaderName::from_static("x-api-key"))
                .is_some_and(|key| key == "lab-key")
        },
    },
];

/// `/auth/basic` and the others.
pub(super) fn page(kind: &str, request: &Request) -> Answer {
    let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.name == kind) else {
        return Answer::sentence(
            StatusCode::NOT_FOUND,
            "there are /auth/basic, /auth/bearer, /auth/cookie and /auth/apikey",
        );
    };
    if (scheme.is_met)(request.headers()) {
        return Answer::json(format!("{{\"scheme\":\"{kind}\",\"known\":true}}\n"));
    }
    let sentence = format!(
        "this page wants to know who asks; what works is {}",
        scheme.told
    );
    Answer::sentence(StatusCode::UNAUTHORIZED, sentence).told(WWW_AUTHENTICATE, scheme.challenge)
}

/// The credentials of an authentication scheme, whose name has no case (RFC 9110 §11.4).
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (name, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
