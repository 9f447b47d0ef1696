//! `tapline probe`: the same engine without the screen.

mod plan;
mod progress;

use std::sync::mpsc::sync_channel;

use super::args::ProbeArgs;
use super::capturing::{Pending, interfaces_of};
use super::cookie_jar::CookieJar;
use super::engine::{Engine, Outlet};
use super::exit::Exit;
use super::key_log::report_key_log;
use super::keys::Keys;
use super::lab;
use super::saving::{Place, Saving};
use super::signals::Signals;
use super::target::Targets;
use super::usage::Usage;
use plan::Plan;

use crate::capture::Depth;
use crate::probe::spec::KeyLogTroubles;
use crate::trace::Event;

/// Events that may wait for the fold; the engine waits when there are more.
const CHANNEL: usize = 8_192;

/// Runs the requests and writes the reports.
pub(super) fn run(
    args: &ProbeArgs,
    targets: &Targets,
    pending: Option<Pending>,
) -> Result<Exit, Usage> {
    let mut plan = Plan::of(args)?;
    let place = Place::of(args.request.save.as_deref())?;
    let keys = Keys::wanted(place.is_some() && args.look.secrets.with_secrets());
    let mut specs = args
        .urls
        .iter()
        .map(|url| targets.spec(url))
        .collect::<Result<Vec<_>, _>>()?;
    let cookies = CookieJar::new(args.request.cookie_jar.clone());
    let key_log = KeyLogTroubles::default();
    for spec in &mut specs {
        spec.tls.key_log_troubles = key_log.clone();
        spec.tls.key_tap = keys.tap();
        if let Some(jar) = &cookies {
            jar.follow(spec);
        }
    }
    let depth = if place.is_some() {
        Depth::Whole
    } else {
        Depth::Headers
    };
    let pending =
        pending.unwrap_or_else(|| Pending::begin(&args.request, depth, || interfaces_of(&specs)));
    let signals = Signals::watch();
    let (sender, events) = sync_channel(CHANNEL);
    let capturing = match pending.ready() {
        Ok(capturing) => capturing,
        Err(refusal) => {
            eprintln!("tapline: packets cannot be captured: {refusal}");
            return Ok(Exit::Fault);
        }
    };
    let saving = match place
        .map(|place| Saving::begin(&place, &capturing, keys, plan.rules()))
        .transpose()
    {
        Ok(saving) => saving,
        Err(exit) => return Ok(signals.exit().unwrap_or(exit)),
    };
    let requests = specs
        .iter()
        .map(|spec| usize::try_from(spec.repeat.max(1)).unwrap_or(usize::MAX))
        .fold(0, usize::saturating_add);
    let engine = match Engine::start(
        specs,
        Outlet::new::<Event>(&sender, || true),
        capturing,
        lab::link_around(),
    ) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("tapline: the engine cannot start: {error}");
            return Ok(Exit::Fault);
        }
    };
    drop(sender);
    signals.cancel(engine.canceller());
    let (run, streamed) = plan.fold(&events, requests, saving);
    engine.join();
    let written = plan.write(&run).and(streamed);
    let written = cookies.map_or(Ok(()), |jar| jar.write()).and(written);
    let written = report_key_log(&key_log).and(written);
    plan.deliver(&run.trace, &signals);
    Ok(match (signals.exit(), written) {
        (Some(exit), _) | (None, Err(exit)) => exit,
        (None, Ok(())) => plan.verdict(&run.trace),
    })
}
