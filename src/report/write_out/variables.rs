//! The variables of `-w` and their values.

use url::Url;

use super::context::VariableContext;
use super::{certificates, exit_code};
use crate::insight::redact::Redactor;
use crate::report::json_text;
use crate::trace::ExchangeCause;
use crate::units::{Nanos, Untrusted};

/// A variable's value.
pub(super) enum VariableValue {
    /// Seconds with six decimals.
    Time(Nanos),
    /// A number.
    Count(u64),
    /// A status, `000` where there is none.
    Status(u16),
    /// Text defined by this program.
    Own(String),
    /// Text that may be absent (`null` in JSON).
    Text(Option<Untrusted>),
}

impl VariableValue {
    /// The output of `%{name}`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Time(time) => format_seconds(*time),
            Self::Count(count) => count.to_string(),
            Self::Status(status) => format!("{status:03}"),
            Self::Own(text) => text.clone(),
            Self::Text(text) => text
                .as_ref()
                .map(|text| text.escaped().into_owned())
                .unwrap_or_default(),
        }
    }

    /// The value in `%{json}`.
    fn json(&self) -> String {
        match self {
            Self::Time(time) => format_seconds(*time),
            Self::Count(count) => count.to_string(),
            Self::Status(status) => status.to_string(),
            Self::Own(text) => json_text::line(text),
            Self::Text(text) => json_text::line(text),
        }
    }
}

fn format_seconds(time: Nanos) -> String {
    let micros = time.0 / 1_000;
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

type VariableReader = fn(&VariableContext) -> VariableValue;

/// All variables with a value of their own, by name.
const VARIABLES: [(&str, VariableReader); 43] = [
    ("certs", |facts| {
        VariableValue::Own(certificates::certificates_text(facts.certificates()))
    }),
    ("content_type", |facts| {
        VariableValue::Text(
            facts
                .response()
                .and_then(|response| response.header("content-type").cloned()),
        )
    }),
    ("errormsg", |facts| {
        VariableValue::Text(
            facts
                .last
                .failure
                .as_ref()
                .map(|(_, failure)| facts.redactor.text(&failure.message)),
        )
    }),
    ("exitcode", |facts| {
        VariableValue::Count(exit_code::exit_code(facts.last))
    }),
    ("filename_effective", |_| VariableValue::Text(None)),
    ("ftp_entry_path", |_| VariableValue::Text(None)),
    ("http_code", |facts| VariableValue::Status(facts.status())),
    ("http_connect", |facts| {
        VariableValue::Status(facts.tunnel_status())
    }),
    ("http_version", |facts| {
        VariableValue::Own(facts.http_version().to_owned())
    }),
    ("local_ip", |facts| {
        VariableValue::Own(
            facts
                .address(|connection| connection.local.if_specified()?.ip())
                .map(|end| end.ip().to_string())
                .unwrap_or_default(),
        )
    }),
    ("local_port", |facts| {
        VariableValue::Count(
            facts
                .address(|connection| connection.local.if_specified()?.ip())
                .map_or(0, |end| end.port().into()),
        )
    }),
    ("method", |facts| {
        VariableValue::Text(Some(facts.last.method.as_str().into()))
    }),
    ("num_certs", |facts| {
        VariableValue::Count(facts.certificates().len() as u64)
    }),
    ("num_connects", |facts| {
        VariableValue::Count(facts.new_connections())
    }),
    ("num_headers", |facts| {
        VariableValue::Count(
            facts
                .response()
                .map_or(0, |response| response.headers.len() as u64),
        )
    }),
    ("num_redirects", |facts| {
        VariableValue::Count(facts.hops_because(ExchangeCause::Redirect, |sums| sums.redirects))
    }),
    ("num_retries", |facts| {
        VariableValue::Count(facts.hops_because(ExchangeCause::Retry, |sums| sums.retries))
    }),
    ("proxy_ssl_verify_result", |_| VariableValue::Count(0)),
    ("proxy_used", |facts| {
        VariableValue::Count(u64::from(!facts.last.proxy.is_empty()))
    }),
    ("redirect_url", |facts| {
        VariableValue::Text(facts.redirect())
    }),
    ("referer", |facts| VariableValue::Text(facts.referer())),
    ("remote_ip", |facts| {
        VariableValue::Own(
            facts
                .address(|connection| connection.remote.ip())
                .map(|end| end.ip().to_string())
                .unwrap_or_default(),
        )
    }),
    ("remote_port", |facts| {
        VariableValue::Count(
            facts
                .address(|connection| connection.remote.ip())
                .map_or(0, |end| end.port().into()),
        )
    }),
    ("response_code", |facts| {
        VariableValue::Status(facts.status())
    }),
    ("scheme", |facts| VariableValue::Text(facts.scheme())),
    ("size_download", |facts| {
        VariableValue::Count(facts.last.response_body.transferred)
    }),
    ("size_header", |facts| {
        VariableValue::Count(facts.transfer.sum(
            |sums| sums.response_head_bytes,
            |hop| {
                hop.response
                    .as_ref()
                    .map_or(0, |response| response.header_bytes)
            },
        ))
    }),
    ("size_request", |facts| {
        VariableValue::Count(facts.transfer.sum(
            |sums| sums.request_head_bytes,
            |hop| {
                hop.request
                    .as_ref()
                    .map_or(0, |request| request.header_bytes)
                    .saturating_add(hop.request_body.transferred)
            },
        ))
    }),
    ("size_upload", |facts| {
        VariableValue::Count(facts.last.request_body.transferred)
    }),
    ("speed_download", |facts| {
        VariableValue::Count(facts.speed(facts.last.response_body.transferred))
    }),
    ("speed_upload", |facts| {
        VariableValue::Count(facts.speed(facts.last.request_body.transferred))
    }),
    ("ssl_verify_result", |facts| {
        VariableValue::Count(exit_code::verify_result(
            facts.last,
            facts
                .tls()
                .and_then(|tls| tls.verification.as_ref())
                .map(|(verification, _)| verification),
        ))
    }),
    ("time_appconnect", |facts| {
        VariableValue::Time(facts.marks.appconnect)
    }),
    ("time_connect", |facts| {
        VariableValue::Time(facts.marks.connect)
    }),
    ("time_namelookup", |facts| {
        VariableValue::Time(facts.marks.namelookup)
    }),
    ("time_posttransfer", |facts| {
        VariableValue::Time(facts.marks.posttransfer)
    }),
    ("time_pretransfer", |facts| {
        VariableValue::Time(facts.marks.pretransfer)
    }),
    ("time_queue", |_| VariableValue::Time(Nanos::ZERO)),
    ("time_redirect", |facts| {
        VariableValue::Time(facts.marks.redirect)
    }),
    ("time_starttransfer", |facts| {
        VariableValue::Time(facts.marks.starttransfer)
    }),
    ("time_total", |facts| VariableValue::Time(facts.marks.total)),
    ("url", |facts| {
        VariableValue::Text(
            facts
                .transfer
                .hops()
                .first()
                .map(|first| facts.redactor.text(&first.url)),
        )
    }),
    ("url_effective", |facts| {
        VariableValue::Text(Some(facts.redactor.text(&facts.last.url)))
    }),
];

impl VariableContext<'_> {
    /// A variable's value; `None` where there is no such variable.
    pub(super) fn variable(&self, name: &str) -> Option<VariableValue> {
        if let Some((_, reading)) = VARIABLES.iter().find(|(known, _)| *known == name) {
            return Some(reading(self));
        }
        match name {
            "urlnum" => Some(VariableValue::Count(self.number as u64)),
            _ => match name.split_once('.')? {
                ("url", part) => url_part(&self.transfer.hops().first()?.url, part, self.redactor),
                ("urle", part) => url_part(&self.last.url, part, self.redactor),
                _ => None,
            },
        }
    }

    /// All variables as a JSON object, ordered by name, followed by the version.
    pub(super) fn json(&self) -> String {
        let number = [("urlnum", VariableValue::Count(self.number as u64))];
        let all = VARIABLES
            .iter()
            .map(|(name, reading)| (*name, reading(self)))
            .chain(number);
        let members: Vec<String> = all
            .map(|(name, value)| format!("\"{name}\":{}", value.json()))
            .collect();
        let version = format!("tapline/{}", self.trace.tool_version().unwrap_or_default());
        format!(
            "{{{},\"curl_version\":{}}}",
            members.join(","),
            json_text::line(&version)
        )
    }
}

/// `%{url.host}` and similar, as of curl 8.1.
fn url_part(url: &Untrusted, part: &str, redactor: Redactor) -> Option<VariableValue> {
    let url = Url::parse(redactor.text(url).raw()).ok();
    let read: fn(&Url) -> Option<String> = match part {
        "scheme" => |url| Some(url.scheme().to_owned()),
        "user" => |url| Some(url.username().to_owned()).filter(|user| !user.is_empty()),
        "password" => |url| url.password().map(str::to_owned),
        "host" => |url| url.host_str().map(str::to_owned),
        "port" => |url| url.port_or_known_default().map(|port| port.to_string()),
        "path" => |url| Some(url.path().to_owned()),
        "query" => |url| url.query().map(str::to_owned),
        "fragment" => |url| url.fragment().map(str::to_owned),
        "options" | "zoneid" => |_| None,
        _ => return None,
    };
    Some(VariableValue::Text(
        url.as_ref().and_then(read).map(Untrusted::new),
    ))
}
