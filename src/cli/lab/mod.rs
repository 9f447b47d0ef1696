//! `tapline lab`: a private network, or where the system refuses one, the same servers on loopback.

mod around;
mod link;
mod places;
mod set;
mod watch;

use std::process::Command;

use clap::ArgMatches;

use super::args::{LabAction, LabArgs, ProbeArgs};
use super::capturing::Pending;
use super::exit::Exit;
use super::target::Targets;
use super::usage::Usage;
use super::{arguments, live, output, probe};
use crate::capture::Interfaces;
use crate::lab::network::{self, Inside, Refused, Remote};
use crate::lab::{Embedded, Exhibit, exhibits_of_network};
use crate::sys;
use crate::tui;

pub(super) use around::{lab as lab_around, link as link_around};
pub(super) use link::LinkArgs;
pub(super) use watch::{set as set_link, watch as watch_link};

/// Opens the lab on the screen, or as a report where there is no terminal, or runs a program in it.
pub(super) fn run(args: LabArgs, matches: &ArgMatches) -> Result<Exit, Usage> {
    if let Some(LabAction::Set { link, lab }) = args.action {
        return set::run(link, lab);
    }
    if args.list {
        return list(&args);
    }
    match around::lab() {
        Some(lab) => within(&lab, &args, matches),
        None if args.loopback => on_loopback(&args, matches, None),
        None => enter(&args, matches),
    }
}

/// Builds the private network, and runs on its client what was asked for: a program, or this one
/// again.
fn enter(args: &LabArgs, matches: &ArgMatches) -> Result<Exit, Usage> {
    // Whoever has a screen in the lab may be ended with it.
    let terminal = sys::hold_terminal(tui::SWITCHED_OFF);
    let ended = network::run(args.link.clone().link(args.seed), |inside| {
        client(args, inside)
    });
    match ended {
        Ok(code) => {
            if args.command.is_empty() {
                terminal.give_back_if_left();
            }
            Ok(Exit::Client(code))
        }
        Err(refused) if args.command.is_empty() => on_loopback(args, matches, Some(&refused)),
        Err(refused) => {
            eprintln!("tapline: programs cannot be run in a lab here: {refused}");
            Ok(Exit::Fault)
        }
    }
}

fn client(args: &LabArgs, inside: &Inside) -> Command {
    let mut command = if let Some((program, arguments)) = args.command.split_first() {
        let mut command = Command::new(program);
        command.args(arguments);
        command
    } else {
        let mut command = Command::new("/proc/self/exe");
        if let Err(error) = arguments::hand_over(&mut command) {
            eprintln!("tapline: the arguments cannot be handed on: {error}");
        }
        command
    };
    around::tell(&mut command, inside);
    command
}

/// What was asked for, on the client of a lab that is there.
fn within(lab: &Remote, args: &LabArgs, matches: &ArgMatches) -> Result<Exit, Usage> {
    if let Some(sentence) = around::change(lab, args.link.clone()) {
        eprintln!("tapline: {sentence}");
        return Ok(Exit::Fault);
    }
    if let Some((program, arguments)) = args.command.split_first() {
        return match arguments::keep_from(&mut Command::new(program))
            .args(arguments)
            .status()
        {
            Ok(status) => Ok(Exit::Client(output::code_of(status))),
            Err(error) => {
                eprintln!("tapline: {} cannot be run: {error}", program.display());
                Ok(Exit::Client(127))
            }
        };
    }
    let pending = Pending::begin(&args.request, live::depth(&args.request), || {
        Interfaces::All
    });
    // The capture is being opened, by threads that have what that takes; all else needs no right.
    if let Err(error) = network::renounce_rights() {
        eprintln!("tapline: the rights that the lab gives cannot be given up: {error}");
        return Ok(Exit::Fault);
    }
    let targets =
        Targets::new(args.request.clone(), matches.clone()).with_exhibits(exhibits_of_network());
    show(args, targets, pending, None)
}

/// The same servers on loopback. `refused` says why there is no private network.
fn on_loopback(
    args: &LabArgs,
    matches: &ArgMatches,
    refused: Option<&Refused>,
) -> Result<Exit, Usage> {
    // The lab is on loopback, and its thread shall not inherit the right to capture.
    let pending = Pending::begin(&args.request, live::depth(&args.request), || {
        Interfaces::Towards {
            addresses: vec![([127, 0, 0, 1], 0).into()],
            names: false,
        }
    });
    let lab = match Embedded::start() {
        Ok(lab) => lab,
        Err(error) => {
            eprintln!("tapline: the lab cannot start: {error}");
            return Ok(Exit::Fault);
        }
    };
    let notice = refused.map(|refused| {
        format!(
            "on loopback, since there can be no private network here ({refused}): round trips, \
                losses and segment sizes are not a network's"
        )
    });
    let targets = Targets::new(args.request.clone(), matches.clone()).with_lab(lab);
    show(args, targets, pending, notice)
}

fn show(
    args: &LabArgs,
    targets: Targets,
    pending: Pending,
    notice: Option<String>,
) -> Result<Exit, Usage> {
    let place = args
        .place
        .as_deref()
        .map(|place| places::url_of(targets.exhibits(), place))
        .transpose()?;
    if live::possible() {
        return live::run(
            place,
            targets.with_notice(notice),
            &args.look,
            pending,
            &args.secrets,
        );
    }
    if let Some(notice) = notice {
        eprintln!("tapline: {notice}");
    }
    eprintln!(
        "tapline: there is no terminal to draw on, so here is the report (as 'tapline probe' \
            prints it)"
    );
    let Some(url) = place.or_else(|| targets.exhibits().first().map(|first| first.url.clone()))
    else {
        return Ok(Exit::Done);
    };
    probe::run(
        &ProbeArgs::of(vec![url], targets.request().clone(), args.look.ascii)
            .with_secrets(args.secrets.clone()),
        &targets,
        Some(pending),
    )
}

fn list(args: &LabArgs) -> Result<Exit, Usage> {
    let exhibits: Vec<Exhibit> = if args.loopback {
        Embedded::start()
            .map_err(|error| Usage::new(format!("the lab cannot start: {error}")))?
            .catalogue()
    } else {
        exhibits_of_network()
    };
    Ok(output::print(places::list(&exhibits).as_bytes()))
}
