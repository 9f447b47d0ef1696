//! `tapline probe`: the same engine without the screen.

mod plan;
mod progress;

use std::sync::mpsc::sync_channel;

use super::args::ProbeArgs;
use super::capturing::{Pending, interfaces_of};
use super::engine::{Engine, Outlet};
use super::exit::Exit;
use super::lab;
use super::signals::Signals;
use super::target::Targets;
use super::usage::Usage;
use plan::Plan;

use crate::capture::Depth;
use crate::trace::Event;

/// Events that may wait for the fold; the engine waits when there are more.
const CHANNEL: usize = 8_192;

/// Runs the requests and writes the reports.
pub(super) fn run(args: &ProbeArgs, targets: &Targets, pending: Option<Pending>) -> Result<Exit, Usage> {
    let plan = Plan::of(args)?;
    let specs = args.urls.iter().map(|url| targets.spec(url)).collect::<Result<Vec<_>, _>>()?;
    let pending = pending.unwrap_or_else(|| Pending::begin(&args.request, Depth::Headers, || interfaces_of(&specs)));
    let signals = Signals::watch();
    let (sender, events) = sync_channel(CHANNEL);
    let capturing = match pending.ready() {
        Ok(capturing) => capturing,
        Err(refusal) => {
            eprintln!("tapline: packets cannot be captured: {refusal}");
            return Ok(Exit::Fault);
        }
    };
    let engine = match Engine::start(specs, Outlet::new::<Event>(&sender, || true), capturing, lab::link_around()) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("tapline: the engine cannot start: {error}");
            return Ok(Exit::Fault);
        }
    };
    drop(sender);
    signals.cancel(engine.canceller());
    let (trace, streamed) = plan.fold(&events);
    if engine.join().is_err() {
        return Ok(Exit::Fault);
    }
    let written = plan.write(&trace).and(streamed);
    Ok(match (signals.exit(), written) {
        (Some(exit), _) | (None, Err(exit)) => exit,
        (None, Ok(())) => plan.verdict(&trace),
    })
}
