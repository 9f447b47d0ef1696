//! Sending what a run came to: to a collector of OpenTelemetry's (`--otlp`), to whoever wants the
//! JSON document (`--webhook`).
//!
//! What cannot be delivered is a warning and changes no exit code: it says nothing about what was
//! probed. Secrets are masked whatever `--with-secrets` says: that is about what is written here.
//! Addresses are shown without their user, path and query, which may be secrets.

mod destination;
mod environment;
mod post;

use std::time::Duration;

use super::args::ProbeArgs;
use super::engine::Canceller;
use super::signals::Signals;
use super::usage::Usage;
use crate::report::{self, Identity, Options, Resource};
use crate::trace::Trace;
use destination::Destination;
use environment::{Environment, Signal};
use post::{Post, Undelivered};

/// Where a run is sent.
pub(super) struct Deliveries {
    collector: Option<Collector>,
    webhooks: Vec<Destination>,
}

struct Collector {
    traces: Destination,
    metrics: Destination,
    resource: Resource,
}

/// How long a webhook may take to answer.
const WEBHOOK: Duration = Duration::from_secs(10);

impl Deliveries {
    /// Reads the options, and what the environment says to them.
    pub(super) fn of(args: &ProbeArgs) -> Result<Self, Usage> {
        let collector = args
            .otlp
            .as_deref()
            .map(|url| Collector::of(url, &Environment::read()))
            .transpose()?;
        let webhooks = args
            .webhooks
            .iter()
            .map(|url| Destination::new("--webhook", url, Vec::new(), WEBHOOK))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            collector,
            webhooks,
        })
    }

    /// Sends the run to all of them. A signal calls that off.
    pub(super) fn send(&self, trace: &Trace, options: &Options, signals: &Signals) {
        if self.collector.is_none() && self.webhooks.is_empty() {
            return;
        }
        let cancel = Canceller::new();
        signals.cancel(cancel.clone());
        let options = Options {
            with_secrets: false,
            ..options.clone()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        let Ok(runtime) = runtime.map_err(|error| warn(&format!("the run is not sent: {error}")))
        else {
            return;
        };
        runtime.block_on(async {
            tokio::select! {
                () = cancel.called() => warn("interrupted: not everything was sent"),
                () = self.send_all(trace, &options) => {}
            }
        });
    }

    async fn send_all(&self, trace: &Trace, options: &Options) {
        if let Some(collector) = &self.collector {
            collector.send(trace, options).await;
        }
        let summary = report::json(trace, options);
        for webhook in &self.webhooks {
            let post = Post::to(webhook, post::temporary);
            told("the run", webhook, &post.send(&summary).await);
        }
    }
}

impl Collector {
    /// `-` stands for what the environment says.
    fn of(url: &str, environment: &Environment) -> Result<Self, Usage> {
        let to = |signal| {
            let url = if url == "-" {
                environment.endpoint(signal)
            } else {
                environment::within(url, signal)
            };
            let to = Destination::new(
                "--otlp",
                &url,
                environment.headers(signal),
                environment.timeout(),
            )?;
            Ok::<_, Usage>(Destination {
                certificate: environment.certificate(),
                ..to
            })
        };
        Ok(Self {
            traces: to(Signal::Traces)?,
            metrics: to(Signal::Metrics)?,
            resource: environment.resource(),
        })
    }

    async fn send(&self, trace: &Trace, options: &Options) {
        let Some(identity) = identity() else {
            return warn("spans are not sent: there are no random bytes for their identifiers");
        };
        let post = Post::to(&self.traces, post::temporary_by_otlp);
        for body in report::otlp_traces(trace, options, identity, &self.resource) {
            if !told("spans", &self.traces, &post.send(&body).await) {
                break;
            }
        }
        let post = Post::to(&self.metrics, post::temporary_by_otlp);
        if let Some(body) = report::otlp_metrics(trace, options, &self.resource) {
            told("metrics", &self.metrics, &post.send(&body).await);
        }
    }
}

/// Identifiers of chance.
fn identity() -> Option<Identity> {
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    aws_lc_rs::rand::fill(&mut trace).ok()?;
    aws_lc_rs::rand::fill(&mut span).ok()?;
    Some(Identity {
        trace: u128::from_be_bytes(trace),
        span: u64::from_be_bytes(span),
    })
}

/// Says what was not delivered, or not all of it; whether it arrived.
fn told(what: &str, to: &Destination, result: &Result<Option<String>, Undelivered>) -> bool {
    match result {
        Ok(None) => {}
        Ok(Some(complaint)) => warn(&format!(
            "{what}: {} took not all of it: {complaint}",
            to.shown()
        )),
        Err(error) => warn(&format!(
            "{what} could not be sent to {}: {error}",
            to.shown()
        )),
    }
    result.is_ok()
}

fn warn(what: &str) {
    eprintln!("tapline: {what}");
}
