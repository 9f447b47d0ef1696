//! Allowlist of the strict rules: values that describe how HTTP is used rather than its content.

/// Fields whose values are shown, except for recognized secrets in them.
const FIELDS: [&str; 57] = [
    ":authority",
    ":method",
    ":path",
    ":scheme",
    ":status",
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "cf-cache-status",
    "cf-ray",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "date",
    "expect",
    "expires",
    "host",
    "keep-alive",
    "last-modified",
    "location",
    "max-forwards",
    "nel",
    "pragma",
    "priority",
    "range",
    "referer",
    "referrer-policy",
    "report-to",
    "retry-after",
    "server",
    "server-timing",
    "strict-transport-security",
    "te",
    "timing-allow-origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "x-cache",
    "x-cache-hits",
    "x-content-type-options",
    "x-frame-options",
    "x-served-by",
    "x-xss-protection",
];
/// Prefixes of such fields.
const FIELD_PREFIXES: [&str; 4] = [
    "access-control-",
    "ratelimit-",
    "sec-fetch-",
    "x-ratelimit-",
];
/// Parameters whose values are shown.
const PARAMETERS: [&str; 20] = [
    "asc",
    "count",
    "desc",
    "dir",
    "direction",
    "format",
    "lang",
    "language",
    "limit",
    "locale",
    "offset",
    "order",
    "page",
    "page_size",
    "pagesize",
    "per_page",
    "size",
    "sort",
    "v",
    "version",
];

/// Returns true for a field whose value is shown.
pub(super) fn is_allowed_field(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    FIELDS.contains(&name.as_str()) || FIELD_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns true for a parameter whose value is shown.
pub(super) fn is_allowed_parameter(name: &str) -> bool {
    PARAMETERS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}
