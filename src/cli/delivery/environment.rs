//! OpenTelemetry's exporter settings in the environment.
//!
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::report::OtlpResource;

/// The exporter variables that are set, by name.
#[derive(Debug, Default)]
pub(super) struct OtlpEnvironment(BTreeMap<&'static str, String>);

/// An OTLP signal.
#[derive(Clone, Copy, Debug)]
pub(super) enum OtlpSignal {
    Traces,
    Metrics,
}

const VARIABLES: [&str; 10] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
];
/// The default endpoint: a collector on this machine.
const LOCAL_COLLECTOR: &str = "http://localhost:4318";
const TIMEOUT: Duration = Duration::from_secs(10);

impl OtlpEnvironment {
    /// Reads the variables. An empty one counts as unset.
    pub(super) fn read() -> Self {
        let variables = VARIABLES
            .into_iter()
            .filter_map(|name| Some((name, std::env::var(name).ok()?)));
        Self(
            variables
                .filter(|(_, value)| !value.trim().is_empty())
                .collect(),
        )
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    /// The endpoint for a signal: its own variable verbatim, or else a path below the common one.
    pub(super) fn endpoint(&self, signal: OtlpSignal) -> String {
        let own = match signal {
            OtlpSignal::Traces => "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            OtlpSignal::Metrics => "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        };
        let common = || {
            signal_url(
                self.value("OTEL_EXPORTER_OTLP_ENDPOINT")
                    .unwrap_or(LOCAL_COLLECTOR),
                signal,
            )
        };
        self.value(own).map_or_else(common, str::to_owned)
    }

    /// The header fields for a signal: its own variable, or else the common one.
    pub(super) fn headers(&self, signal: OtlpSignal) -> Vec<(String, String)> {
        let own = match signal {
            OtlpSignal::Traces => "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            OtlpSignal::Metrics => "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
        };
        self.value(own)
            .or_else(|| self.value("OTEL_EXPORTER_OTLP_HEADERS"))
            .map(parse_baggage)
            .unwrap_or_default()
    }

    /// The request timeout; the variable is in milliseconds.
    pub(super) fn timeout(&self) -> Duration {
        let millis = self
            .value("OTEL_EXPORTER_OTLP_TIMEOUT")
            .and_then(|millis| millis.parse().ok())
            .filter(|millis| *millis > 0);
        millis.map_or(TIMEOUT, Duration::from_millis)
    }

    /// The CA file to trust.
    pub(super) fn certificate(&self) -> Option<PathBuf> {
        self.value("OTEL_EXPORTER_OTLP_CERTIFICATE")
            .map(PathBuf::from)
    }

    /// The resource that spans and metrics are attributed to.
    pub(super) fn resource(&self) -> OtlpResource {
        let attributes = self
            .value("OTEL_RESOURCE_ATTRIBUTES")
            .map(parse_baggage)
            .unwrap_or_default();
        OtlpResource {
            service: self.value("OTEL_SERVICE_NAME").map(str::to_owned),
            attributes,
        }
    }
}

/// The URL of a signal below a common endpoint.
pub(super) fn signal_url(url: &str, signal: OtlpSignal) -> String {
    let place = match signal {
        OtlpSignal::Traces => "v1/traces",
        OtlpSignal::Metrics => "v1/metrics",
    };
    let (path, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(path, query)| {
            (path, format!("?{query}"))
        });
    format!("{}/{place}{query}", path.trim_end_matches('/'))
}

/// Parses `a=1,b=x%20y`: the format of W3C's `baggage` header, without properties.
fn parse_baggage(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        percent_decode_str(text.trim())
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&'static str, &str)]) -> OtlpEnvironment {
        OtlpEnvironment(
            variables
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_signals_own_address_is_taken_as_it_is_and_others_get_its_place() {
        let both = |environment: &OtlpEnvironment| {
            [OtlpSignal::Traces, OtlpSignal::Metrics].map(|signal| environment.endpoint(signal))
        };
        assert_eq!(
            both(&with(&[])),
            [
                "http://localhost:4318/v1/traces",
                "http://localhost:4318/v1/metrics"
            ]
        );
        let own = with(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/base/"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t"),
        ]);
        assert_eq!(both(&own), ["http://t", "http://c/base/v1/metrics"]);
        assert_eq!(
            signal_url("http://c?token=1", OtlpSignal::Traces),
            "http://c/v1/traces?token=1"
        );
    }

    #[test]
    fn pairs_are_decoded_and_the_signals_own_go_first() {
        let environment = with(&[
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "a=1, b = x%20y%3D ,nonsense,c=",
            ),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "m=1"),
        ]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            environment.headers(OtlpSignal::Traces),
            [pair("a", "1"), pair("b", "x y="), pair("c", "")]
        );
        assert_eq!(environment.headers(OtlpSignal::Metrics), [pair("m", "1")]);
    }

    #[test]
    fn invalid_variables_count_as_unset() {
        assert_eq!(
            with(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]).timeout(),
            TIMEOUT
        );
        assert_eq!(
            with(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "2500")]).timeout(),
            Duration::from_millis(2_500)
        );
        assert_eq!(
            with(&[("OTEL_RESOURCE_ATTRIBUTES", "a=b")])
                .resource()
                .attributes,
            [("a".to_owned(), "b".to_owned())]
        );
    }
}
