//! Delivery of results over HTTP: to an OpenTelemetry collector (`--otlp`) or a webhook
//! (`--webhook`).
//!
//! A failed delivery is a warning and does not change the exit code, since it says nothing about
//! the probe itself. Secrets are masked even with `--with-secrets`, which only applies to local
//! output. URLs are printed without user, path and query, which may contain secrets.

mod destination;
mod environment;
mod post;

use std::time::Duration;

use super::args::ProbeArgs;
use super::engine::Canceller;
use super::exit::UsageError;
use super::signals::SignalWatcher;
use crate::report::{self, OtlpIds, OtlpResource, ReportOptions};
use crate::trace::Trace;
use destination::Destination;
use environment::{OtlpEnvironment, OtlpSignal};
use post::{PostError, RetryingPost};

/// All destinations of a run.
pub(super) struct Deliveries {
    collector: Option<Collector>,
    webhooks: Vec<Destination>,
}

struct Collector {
    traces: Destination,
    metrics: Destination,
    resource: OtlpResource,
}

/// Timeout of a webhook request.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

impl Deliveries {
    /// Reads the options and the environment.
    pub(super) fn from_args(args: &ProbeArgs) -> Result<Self, UsageError> {
        let collector = args
            .otlp
            .as_deref()
            .map(|url| Collector::new(url, &OtlpEnvironment::read()))
            .transpose()?;
        let webhooks = args
            .webhooks
            .iter()
            .map(|url| Destination::new("--webhook", url, Vec::new(), WEBHOOK_TIMEOUT))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            collector,
            webhooks,
        })
    }

    /// Sends the run to every destination. A signal cancels this.
    pub(super) fn send(&self, trace: &Trace, options: &ReportOptions, signals: &SignalWatcher) {
        if self.collector.is_none() && self.webhooks.is_empty() {
            return;
        }
        let cancel = Canceller::new();
        signals.cancel_on_signal(cancel.clone());
        let options = ReportOptions {
            with_secrets: false,
            ..options.clone()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        let Ok(runtime) =
            runtime.map_err(|error| print_warning(&format!("the run cannot be sent: {error}")))
        else {
            return;
        };
        runtime.block_on(async {
            tokio::select! {
                () = cancel.cancelled() => print_warning("interrupted: not everything was sent"),
                () = self.send_all(trace, &options) => {}
            }
        });
    }

    async fn send_all(&self, trace: &Trace, options: &ReportOptions) {
        if let Some(collector) = &self.collector {
            collector.send(trace, options).await;
        }
        let summary = report::json_report(trace, options);
        for webhook in &self.webhooks {
            let post = RetryingPost::new(webhook, post::is_temporary);
            warn_if_undelivered("the run", webhook, &post.send(&summary).await);
        }
    }
}

impl Collector {
    /// `-` stands for the endpoint in the environment.
    fn new(url: &str, environment: &OtlpEnvironment) -> Result<Self, UsageError> {
        let to = |signal| {
            let url = if url == "-" {
                environment.endpoint(signal)
            } else {
                environment::signal_url(url, signal)
            };
            let to = Destination::new(
                "--otlp",
                &url,
                environment.headers(signal),
                environment.timeout(),
            )?;
            Ok::<_, UsageError>(Destination {
                certificate: environment.certificate(),
                ..to
            })
        };
        Ok(Self {
            traces: to(OtlpSignal::Traces)?,
            metrics: to(OtlpSignal::Metrics)?,
            resource: environment.resource(),
        })
    }

    async fn send(&self, trace: &Trace, options: &ReportOptions) {
        let Some(identity) = random_ids() else {
            return print_warning(
                "spans cannot be sent: no random bytes are available for their identifiers",
            );
        };
        let post = RetryingPost::new(&self.traces, post::is_retryable_by_otlp);
        for body in report::otlp_traces(trace, options, identity, &self.resource) {
            if !warn_if_undelivered("spans", &self.traces, &post.send(&body).await) {
                break;
            }
        }
        let post = RetryingPost::new(&self.metrics, post::is_retryable_by_otlp);
        if let Some(body) = report::otlp_metrics(trace, options, &self.resource) {
            warn_if_undelivered("metrics", &self.metrics, &post.send(&body).await);
        }
    }
}

/// Random trace and span identifiers.
fn random_ids() -> Option<OtlpIds> {
    let mut trace = [0; 16];
    let mut span = [0; 8];
    aws_lc_rs::rand::fill(&mut trace).ok()?;
    aws_lc_rs::rand::fill(&mut span).ok()?;
    Some(OtlpIds {
        trace: u128::from_be_bytes(trace),
        span: u64::from_be_bytes(span),
    })
}

/// Warns if a delivery failed or was accepted in part. Returns true if it arrived.
fn warn_if_undelivered(
    what: &str,
    to: &Destination,
    result: &Result<Option<String>, PostError>,
) -> bool {
    match result {
        Ok(None) => {}
        Ok(Some(complaint)) => print_warning(&format!(
            "{what}: {} accepted only part of the data: {complaint}",
            to.display_origin()
        )),
        Err(error) => print_warning(&format!(
            "{what} could not be sent to {}: {error}",
            to.display_origin()
        )),
    }
    result.is_ok()
}

fn print_warning(what: &str) {
    eprintln!("tapline: {what}");
}
