//! The kinds of scenario, each with what is true of it.

mod bandwidth;
mod chosen_losses;
mod client;
mod connect;
mod limits;
mod loss;
mod names;
mod pause;
mod proxy;
mod sequence;
mod think;
mod upload;
mod window;

use std::sync::Arc;
use std::time::Duration;

use super::found::Found;
use super::lab::{HOST, Lab, Link};
use super::server::{Log, Peer, Server};
use super::truth::Truth;

/// One run: a kind of scenario with its parameters.
pub(crate) struct Case {
    /// Name of the kind, which is that of its recording.
    pub(crate) kind: &'static str,
    /// What happens, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) link: Link,
    /// What tells this run from others of its kind, beside the link.
    pub(crate) variant: String,
    /// Options and URLs of `tapline probe`.
    pub(crate) arguments: Vec<String>,
    /// What is there before the program runs.
    pub(crate) stage: Stage,
    /// What is done while the program runs.
    pub(crate) acts: Acts,
    /// How the program's output is read.
    pub(crate) reading: Option<Reading>,
    /// The link of the same run without what it is about.
    pub(crate) baseline: Option<Link>,
    pub(crate) truth: TruthOf,
    /// There are no packets to be captured.
    pub(crate) has_no_packets: bool,
}

/// Starts servers, which end when what it returns is dropped.
pub(crate) type Stage = Arc<dyn Fn(&Lab, &Log) -> Vec<Server> + Send + Sync>;
/// Prepares what is done while the program runs.
pub(crate) type Acts = Option<Arc<dyn Fn(&Lab, &Log) -> Act + Send + Sync>>;
pub(crate) type Act = Box<dyn FnOnce() + Send>;
/// Reads standard output, at its own pace.
pub(crate) type Reading = Arc<dyn Fn(&mut dyn std::io::Read, &Log) + Send + Sync>;
pub(crate) type TruthOf = Arc<dyn Fn(&Facts<'_>) -> Truth + Send + Sync>;

/// What is known of a run besides what the program says.
pub(crate) struct Facts<'a> {
    /// What the servers did.
    pub(crate) log: &'a Log,
    pub(crate) rtt: Duration,
    pub(crate) run: &'a Found,
    /// The run without what it is about.
    pub(crate) baseline: Option<&'a Found>,
}

impl Facts<'_> {
    /// Tolerance of pauses, delays, windows and thinking: 5 % or a quarter of the round trip.
    pub(crate) fn near(&self, time: Duration) -> Duration {
        (time / 20).max(self.rtt / 4).max(Duration::from_millis(2))
    }

    /// The time of the run without so many round trips.
    pub(crate) fn beyond(&self, round_trips: u32) -> Duration {
        self.run.total.saturating_sub(self.rtt * round_trips)
    }

    /// How much longer the run took than the one without what it is about.
    pub(crate) fn excess(&self) -> Duration {
        let baseline = self.baseline.map_or(Duration::ZERO, |found| found.total);
        self.run.total.saturating_sub(baseline)
    }

    /// The time that the baseline waited for windows, which what it is without may hide.
    pub(crate) fn waits_before(&self) -> Duration {
        self.baseline.map_or(Duration::ZERO, |found| {
            found.caused_by("network", &["congestion_window"])
                + found.caused_by("client", &["window", "flow_control"])
                + found.caused_by("server", &["window", "flow_control", "pause"])
        })
    }

    /// The time that the baseline spent on windows of congestion.
    pub(crate) fn congestion_windows_before(&self) -> Duration {
        self.baseline.map_or(Duration::ZERO, |found| {
            found.caused_by("network", &["congestion_window"])
        })
    }
}

/// Tolerance of loss, timeout, windows of congestion, bandwidth and queueing.
pub(crate) fn fifteen_percent(time: Duration) -> Duration {
    (time * 3 / 20).max(Duration::from_millis(4))
}

impl Case {
    pub(crate) fn new(
        kind: &'static str,
        about: &'static str,
        link: Link,
        arguments: &[&str],
        truth: impl Fn(&Facts<'_>) -> Truth + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind,
            about,
            link,
            variant: String::new(),
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            stage: Arc::new(|_, _| Vec::new()),
            acts: None,
            reading: None,
            baseline: None,
            truth: Arc::new(truth),
            has_no_packets: false,
        }
    }

    pub(crate) const fn without_packets(mut self) -> Self {
        self.has_no_packets = true;
        self
    }

    pub(crate) fn variant(mut self, variant: impl Into<String>) -> Self {
        self.variant = variant.into();
        self
    }

    pub(crate) fn stage(
        mut self,
        stage: impl Fn(&Lab, &Log) -> Vec<Server> + Send + Sync + 'static,
    ) -> Self {
        self.stage = Arc::new(stage);
        self
    }

    /// One server of the tests' own, at [`own`].
    pub(crate) fn served(
        self,
        how: super::server::Listening,
        serve: impl Fn(&mut Peer) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let serve = Arc::new(serve);
        self.stage(move |lab, log| {
            let serve = Arc::clone(&serve);
            vec![super::server::listen(
                lab,
                OWN_PORT,
                how.clone(),
                log,
                move |peer| serve(peer),
            )]
        })
    }

    pub(crate) fn acts(mut self, acts: impl Fn(&Lab, &Log) -> Act + Send + Sync + 'static) -> Self {
        self.acts = Some(Arc::new(acts));
        self
    }

    pub(crate) fn reading(
        mut self,
        reading: impl Fn(&mut dyn std::io::Read, &Log) + Send + Sync + 'static,
    ) -> Self {
        self.reading = Some(Arc::new(reading));
        self
    }

    /// What it is about is what these options of the link do.
    pub(crate) fn beside(mut self, without: &[&str]) -> Self {
        self.baseline = Some(self.link.clone().without(without));
        self
    }
}

/// The port of the tests' own server.
pub(crate) const OWN_PORT: u16 = 8_000;

/// A URL of the tests' own server.
pub(crate) fn own(scheme: &str, path: &str) -> String {
    format!("{scheme}://{HOST}:{OWN_PORT}{path}")
}

/// All runs, or those of the kinds that `TRUTH_KINDS` names.
pub(crate) fn wanted() -> Vec<Case> {
    let wanted = std::env::var("TRUTH_KINDS").unwrap_or_default();
    let is_wanted =
        |case: &Case| wanted.is_empty() || wanted.split(',').any(|kind| case.kind.contains(kind));
    all().into_iter().filter(is_wanted).collect()
}

/// All runs, kind by kind.
fn all() -> Vec<Case> {
    [
        think::cases(),
        pause::cases(),
        bandwidth::cases(),
        window::cases(),
        loss::cases(),
        chosen_losses::cases(),
        names::cases(),
        connect::cases(),
        proxy::cases(),
        limits::cases(),
        client::cases(),
        sequence::cases(),
        upload::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
