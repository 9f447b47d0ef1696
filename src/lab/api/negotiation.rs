//! Content negotiation (RFC 9110 §12.5.1).

use hyper::HeaderMap;
use hyper::header::ACCEPT;

/// Returns true if a client prefers XML to JSON.
pub(super) fn prefers_xml(headers: &HeaderMap) -> bool {
    let ranges: Vec<(String, f32)> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(parse_media_range)
        .collect();
    let weight = |types: &[&str]| {
        types
            .iter()
            .find_map(|kind| ranges.iter().find(|(range, _)| range == kind))
            .map_or(0.0, |(_, weight)| *weight)
    };
    weight(&["application/xml", "text/xml"]) > weight(&["application/json", "application/*", "*/*"])
}

/// A media range and its weight (`q`), 1 by default.
fn parse_media_range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts
        .find_map(|parameter| parameter.strip_prefix("q="))
        .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
    (name, weight)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn xml_is_sent_to_clients_that_prefer_it() {
        let prefers =
            |accept: &str| prefers_xml(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]));
        assert!(prefers("application/xml"));
        assert!(prefers("text/html,application/xml;q=0.9,*/*;q=0.8"));
        assert!(prefers("application/json;q=0.5, text/xml"));
        assert!(
            !prefers("*/*")
                && !prefers("application/json")
                && !prefers("application/xml;q=0.1, application/json")
        );
        assert!(
            !prefers("application/xml;q=nonsense")
                && !prefers(";;,,q=")
                && !prefers_xml(&HeaderMap::new())
        );
    }
}
