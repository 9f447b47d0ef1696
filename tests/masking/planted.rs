//! A HAR with a secret at each name of the samples, in every place where one may stand, and
//! something harmless at each harmless name.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const HEADERS: &str = include_str!("../../src/insight/redact/names/samples/secret_headers.txt");
const PARAMETERS: &str =
    include_str!("../../src/insight/redact/names/samples/secret_parameters.txt");
const HARMLESS: &str = include_str!("../../src/insight/redact/names/samples/harmless.txt");

/// Entries as a browser would write them, and what is planted in them.
#[derive(Default)]
pub(crate) struct Planted {
    entries: Vec<Value>,
    /// Where each secret stands, and what it is.
    pub(crate) secrets: Vec<(String, String)>,
    /// The same of what is harmless.
    pub(crate) harmless: Vec<(String, String)>,
}

fn names(list: &'static str) -> Vec<&'static str> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Planted {
    pub(crate) fn new() -> Self {
        let mut planted = Self::default();
        for chunk in names(HEADERS).chunks(30) {
            let headers = chunk
                .iter()
                .map(|name| (*name, planted.secret(&format!("field {name}"))))
                .collect::<Vec<_>>();
            planted.entry("https://h.test/fields", &headers, &[]);
        }
        for chunk in names(PARAMETERS).chunks(12) {
            planted.parameters(chunk);
        }
        planted.elsewhere();
        for chunk in names(HARMLESS).chunks(30) {
            let headers: Vec<_> = chunk
                .iter()
                .map(|name| (*name, planted.harmless(&format!("field {name}"))))
                .collect();
            let query = chunk.iter().map(|name| {
                format!(
                    "{}={}",
                    encoded(name),
                    planted.harmless(&format!("parameter {name}"))
                )
            });
            let query = query.collect::<Vec<_>>().join("&");
            planted.entry(&format!("https://h.test/?{query}"), &headers, &[]);
        }
        planted
    }

    /// The file.
    pub(crate) fn har(&self) -> String {
        let creator = json!({ "name": "test", "version": "1" });
        json!({ "log": { "version": "1.2", "creator": creator, "entries": self.entries } })
            .to_string()
    }

    fn secret(&mut self, place: &str) -> String {
        // Twice, since some names mean a secret only where the value is long.
        let secret = format!("Canary{:04}q", self.secrets.len());
        self.secrets.push((place.to_owned(), secret.clone()));
        format!("{secret}{secret}")
    }

    fn harmless(&mut self, place: &str) -> String {
        let value = format!("Harmless{:04}q", self.harmless.len());
        self.harmless.push((place.to_owned(), value.clone()));
        value
    }

    fn parameters(&mut self, names: &[&'static str]) {
        let mut told = |kind: &str| -> Vec<(&'static str, String)> {
            names
                .iter()
                .map(|name| (*name, self.secret(&format!("{kind} {name}"))))
                .collect()
        };
        let query = |told: Vec<(&str, String)>| -> String {
            told.into_iter()
                .map(|(name, secret)| format!("{}={secret}", encoded(name)))
                .collect::<Vec<_>>()
                .join("&")
        };
        let within = |told: Vec<(&str, String)>, times: usize| -> String {
            let urls = told.into_iter().map(|(name, secret)| {
                let url = format!("https://x.test/?{}={secret}&x=1", encoded(name));
                format!("next={}", (0..times).fold(url, |url, _| encoded(&url)))
            });
            urls.collect::<Vec<_>>().join("&")
        };
        let path = told("path")
            .into_iter()
            .map(|(name, secret)| format!("/a;{}={secret}", encoded(name)))
            .collect::<Vec<_>>()
            .concat();
        let urls = [
            format!("https://h.test/?{}", query(told("query"))),
            format!("https://h.test/cb#{}", query(told("fragment"))),
            format!("https://h.test{path}/b"),
            format!("https://h.test/?{}", within(told("nested once"), 1)),
            format!("https://h.test/?{}", within(told("nested twice"), 2)),
        ];
        let fields: Vec<_> = ["Location", "Referer", "Content-Location", "X-Anything"]
            .map(|field| (field, format!("https://h.test/?{}", query(told(field)))))
            .into_iter()
            .chain([(
                "Link",
                format!("<https://h.test/?{}>; rel=next", query(told("Link"))),
            )])
            .chain([(
                "Refresh",
                format!("0; url=https://h.test/?{}", within(told("Refresh"), 1)),
            )])
            .collect();
        let json: Vec<_> = told("JSON")
            .into_iter()
            .map(|(name, secret)| format!("\"{name}\":\"{secret}\""))
            .collect();
        let fields = [fields, vec![("X-Json", format!("{{{}}}", json.join(",")))]].concat();
        for url in urls {
            self.entry(&url, &[], &[]);
        }
        self.entry("https://h.test/answered", &fields, &fields);
    }

    /// Users, cookies, shapes, the server's words.
    fn elsewhere(&mut self) {
        let (user, slashes) = (
            self.secret("user"),
            self.secret("a user behind backslashes"),
        );
        self.entry(
            &format!("https://ada:{user}@h.test/"),
            &[("Referer", format!("http:\\\\ada:{slashes}@x.test/"))],
            &[],
        );
        let cookies = [
            self.secret("cookie"),
            self.secret("cookie set"),
            self.secret("second cookie set"),
        ];
        let set = format!(
            "id={}; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, other={}",
            cookies[1], cookies[2]
        );
        self.entry(
            "https://h.test/cookies",
            &[("Cookie", format!("theme={}", cookies[0]))],
            &[("Set-Cookie", set)],
        );
        let shapes = [
            "glpat-",
            "npm_",
            "pypi-",
            "dckr_pat_",
            "SG.",
            "xapp-",
            "shpat_",
            "hf_",
            "ya29.",
            "GOCSPX-",
            "AGE-SECRET-KEY-",
            "ghp_",
        ];
        let told: Vec<_> = shapes
            .iter()
            .map(|shape| (*shape, self.secret(&format!("shape {shape}"))))
            .collect();
        let fields: Vec<_> = told
            .iter()
            .map(|(shape, secret)| ("X-Note", format!("it was {shape}{secret}{secret} then")))
            .collect();
        self.entry("https://h.test/shapes", &fields, &fields);
        for hook in [
            "hooks.slack.com/services/T0/B0",
            "discord.com/api/webhooks/1",
        ] {
            let secret = self.secret(hook);
            self.entry(&format!("https://{hook}/{secret}"), &[], &[]);
        }
        let pem = self.secret("private key");
        self.entry(
            "https://h.test/pem",
            &[("X-Note", format!("-----BEGIN PRIVATE KEY-----\\n{pem}"))],
            &[],
        );
    }

    fn entry(&mut self, url: &str, asked: &[(&str, String)], answered: &[(&str, String)]) {
        let fields = |fields: &[(&str, String)]| -> Vec<Value> {
            fields
                .iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect()
        };
        let location = answered
            .iter()
            .find(|(name, _)| *name == "Location")
            .map(|(_, url)| url.clone())
            .unwrap_or_default();
        let status = if location.is_empty() { 200 } else { 302 };
        let at = self.entries.len();
        self.entries.push(json!({
            "startedDateTime": format!("2026-11-30T10:{:02}:{:02}.000Z", at / 60, at % 60),
            "time": 3.0,
            "connection": "1",
            "request": {
                "method": "GET",
                "url": url,
                "httpVersion": "HTTP/1.1",
                "headers": fields(asked),
                "queryString": [],
                "cookies": [],
                "headersSize": -1,
                "bodySize": 0,
            },
            "response": {
                "status": status,
                "statusText": "OK",
                "httpVersion": "HTTP/1.1",
                "headers": fields(answered),
                "cookies": [],
                "content": { "size": 0, "mimeType": "" },
                "redirectURL": location,
                "headersSize": -1,
                "bodySize": 0,
            },
            "cache": {},
            "serverIPAddress": "192.0.2.1",
            "timings": {
                "blocked": -1,
                "dns": -1,
                "connect": -1,
                "ssl": -1,
                "send": 1.0,
                "wait": 1.0,
                "receive": 1.0,
            },
        }));
    }
}
