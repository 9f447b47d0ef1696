//! `tapline probe`: runs requests without the screen.

mod output_plan;
mod progress;

use std::sync::mpsc::sync_channel;

use super::args::ProbeArgs;
use super::capture_setup::{PendingCapture, interfaces_towards};
use super::cookie_jar::CookieJar;
use super::engine::{Engine, EventSender};
use super::exit::{Exit, UsageError};
use super::lab;
use super::run_saver::{RunSaver, SaveTarget};
use super::signals::SignalWatcher;
use super::target::Targets;
use super::tls_keys::{KeyCollector, warn_about_key_log};
use output_plan::OutputPlan;

use crate::capture::CaptureDepth;
use crate::probe::spec::KeyLogProblems;
use crate::trace::Event;

/// Capacity of the event channel; the engine blocks while it is full.
const CHANNEL_CAPACITY: usize = 8_192;

/// Runs the requests and writes the reports.
pub(super) fn run(
    args: &ProbeArgs,
    targets: &Targets,
    pending: Option<PendingCapture>,
) -> Result<Exit, UsageError> {
    let mut plan = OutputPlan::from_args(args)?;
    let place = SaveTarget::from_option(args.request.save.as_deref())?;
    let keys = KeyCollector::collecting_if(place.is_some() && args.report.secrets.with_secrets());
    let mut specs = args
        .urls
        .iter()
        .map(|url| targets.spec(url))
        .collect::<Result<Vec<_>, _>>()?;
    let cookies = CookieJar::new(args.request.cookie_jar.clone());
    let key_log = KeyLogProblems::default();
    for spec in &mut specs {
        spec.tls.key_log_problems = key_log.clone();
        spec.tls.key_log_listener = keys.tap();
        if let Some(jar) = &cookies {
            jar.attach_to(spec);
        }
    }
    let depth = if place.is_some() {
        CaptureDepth::WithAggregates
    } else {
        CaptureDepth::Headers
    };
    let pending = pending.unwrap_or_else(|| {
        PendingCapture::begin(&args.request, depth, || interfaces_towards(&specs))
    });
    let signals = SignalWatcher::watch();
    let (sender, events) = sync_channel(CHANNEL_CAPACITY);
    let capturing = match pending.wait_until_open() {
        Ok(capturing) => capturing,
        Err(refusal) => {
            eprintln!("tapline: packets cannot be captured: {refusal}");
            return Ok(Exit::Fault);
        }
    };
    let saving = match place
        .map(|place| RunSaver::begin(&place, &capturing, keys, plan.rules()))
        .transpose()
    {
        Ok(saving) => saving,
        Err(exit) => return Ok(signals.exit().unwrap_or(exit)),
    };
    let requests = specs
        .iter()
        .map(|spec| usize::try_from(spec.repeat.max(1)).unwrap_or(usize::MAX))
        .fold(0, usize::saturating_add);
    let limit = specs.first().and_then(|spec| spec.max_time);
    let engine = match Engine::start(
        specs,
        EventSender::new::<Event>(&sender, || true).with_transfer_limit(limit),
        capturing,
        lab::enclosing_link(),
    ) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("tapline: the engine cannot start: {error}");
            return Ok(Exit::Fault);
        }
    };
    drop(sender);
    signals.cancel_on_signal(engine.canceller());
    let (run, streamed) = plan.fold(&events, requests, saving);
    engine.join();
    let written = plan.write(&run).and(streamed);
    let written = cookies.map_or(Ok(()), |jar| jar.write()).and(written);
    let written = warn_about_key_log(&key_log).and(written);
    plan.deliver(&run.trace, &signals);
    Ok(match (signals.exit(), written) {
        (Some(exit), _) | (None, Err(exit)) => exit,
        (None, Ok(())) => plan.exit(&run.trace),
    })
}
