//! The target of a delivery.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::cli::exit::UsageError;
use crate::units::{TypedUrl, TypedUrlError};

/// The URL to post to, with header fields and timeout.
pub(super) struct Destination {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    /// A CA file, trusted instead of the system's store.
    pub(super) certificate: Option<PathBuf>,
}

impl Destination {
    /// Validates the URL and header fields. Errors never repeat their values, which may contain
    /// credentials.
    pub(super) fn new(
        option: &str,
        url: &str,
        fields: Vec<(String, String)>,
        timeout: Duration,
    ) -> Result<Self, UsageError> {
        let wanted = |mistake: TypedUrlError| {
            UsageError::new(format!(
                "{option}: {mistake}; an http or https URL is required"
            ))
        };
        let typed = TypedUrl::parse(url).map_err(wanted)?;
        if typed.scheme.is_none() || !typed.is_web() {
            return Err(UsageError::new(format!(
                "{option}: an http or https URL is required"
            )));
        }
        let url = typed.web_url().map_err(wanted)?;
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let field = HeaderName::try_from(name.as_str())
                .ok()
                .zip(HeaderValue::try_from(value).ok());
            let Some((name, mut value)) = field else {
                return Err(UsageError::new(format!(
                    "{option}: the environment contains an invalid header field {name:?}"
                )));
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self {
            url,
            headers,
            timeout,
            certificate: None,
        })
    }

    /// The URL's scheme, host and port: the parts that contain no secrets.
    pub(super) fn display_origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn to(url: &str, fields: &[(&str, &str)]) -> Result<Destination, String> {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Destination::new("--webhook", url, fields, Duration::from_secs(1))
            .map_err(|usage| usage.to_string())
    }

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(
            to("https://ada:hunter2@h:8443/T0/s3cret?key=k", &[])
                .unwrap()
                .display_origin(),
            "https://h:8443"
        );
        assert_eq!(
            to("http://[::1]/", &[]).unwrap().display_origin(),
            "http://[::1]"
        );
        assert_eq!(
            to("https:/h:4318/x", &[]).unwrap().display_origin(),
            "https://h:4318"
        );
    }

    #[test]
    fn an_invalid_url_is_refused_without_repeating_it() {
        for url in [
            "ftp://u:hunter2@h/",
            "hunter2",
            "http://u:hunter2@h:99999/",
            "unix:/hunter2",
            "http:8080",
            "http://h\\@i",
            "h:4318",
        ] {
            let refusal = to(url, &[]).err().unwrap();
            assert!(
                refusal.contains("an http or https URL is required")
                    && !refusal.contains("hunter2"),
                "{refusal}"
            );
        }
        let refusal = to("http://h/", &[("bad name", "hunter2")]).err().unwrap();
        assert_eq!(
            refusal,
            "--webhook: the environment contains an invalid header field \"bad name\""
        );
        assert!(to("http://h/", &[("x", "a\nb")]).is_err());
    }
}
