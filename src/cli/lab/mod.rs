//! `tapline lab`: a private network or, where the system does not permit one, the same servers on
//! loopback.

mod enclosing;
mod link_args;
mod places;
mod set;
mod watch;

use std::process::Command;

use clap::ArgMatches;

use super::args::{LabAction, LabArgs, ProbeArgs};
use super::capture_setup::PendingCapture;
use super::exit::{Exit, UsageError};
use super::target::Targets;
use super::{live, output, probe, process_arguments, screen};
use crate::capture::InterfaceSelection;
use crate::lab::network::{self, ClientEnvironment, NetworkUnavailable, RunningLab};
use crate::lab::{CatalogueEntry, EmbeddedLab, network_catalogue};
use crate::sys;
use crate::tui;

pub(super) use enclosing::{enclosing_lab, enclosing_link};
pub(super) use link_args::LinkArgs;
pub(super) use watch::{set_link, watch_link};

/// Opens the lab on the screen (or as a report without a terminal), or runs a program in it.
pub(super) fn run(args: LabArgs, matches: &ArgMatches) -> Result<Exit, UsageError> {
    if let Some(LabAction::Set { link, lab }) = args.action {
        return set::run(link, lab);
    }
    if args.list {
        return print_places(&args);
    }
    match enclosing::enclosing_lab() {
        Some(lab) => run_in_lab(&lab, &args, matches),
        None if args.loopback => on_loopback(&args, matches, None),
        None => run_in_new_lab(&args, matches),
    }
}

/// Creates the private network and runs a command on its client: the given program, or this one
/// again.
fn run_in_new_lab(args: &LabArgs, matches: &ArgMatches) -> Result<Exit, UsageError> {
    // A process with a screen in the lab may be killed together with the lab, so the parent
    // restores the terminal.
    let terminal = sys::guard_terminal(tui::RESET_SEQUENCE);
    let ended = network::run(args.link.clone().into_link(args.seed), |inside| {
        client_command(args, inside)
    });
    match ended {
        Ok(code) => {
            if args.command.is_empty() {
                terminal.restore_if_changed();
            }
            Ok(Exit::Program(code))
        }
        Err(refused) if args.command.is_empty() => on_loopback(args, matches, Some(&refused)),
        Err(refused) => {
            eprintln!("tapline: programs cannot be run in a lab here: {refused}");
            Ok(Exit::Fault)
        }
    }
}

fn client_command(args: &LabArgs, inside: &ClientEnvironment) -> Command {
    let mut command = if let Some((program, arguments)) = args.command.split_first() {
        let mut command = Command::new(program);
        command.args(arguments);
        command
    } else {
        let mut command = Command::new("/proc/self/exe");
        if let Err(error) = process_arguments::hand_over(&mut command) {
            eprintln!("tapline: the arguments cannot be passed on: {error}");
        }
        command
    };
    enclosing::set_environment(&mut command, inside);
    command
}

/// Runs the command on the client of an existing lab.
fn run_in_lab(lab: &RunningLab, args: &LabArgs, matches: &ArgMatches) -> Result<Exit, UsageError> {
    if let Some(sentence) = enclosing::apply_link_args(lab, args.link.clone()) {
        eprintln!("tapline: {sentence}");
        return Ok(Exit::Fault);
    }
    if let Some((program, arguments)) = args.command.split_first() {
        return match process_arguments::withhold_handover(&mut Command::new(program))
            .args(arguments)
            .status()
        {
            Ok(status) => Ok(Exit::Program(output::exit_code_of(status))),
            Err(error) => {
                eprintln!("tapline: {} cannot be run: {error}", program.display());
                Ok(Exit::Program(127))
            }
        };
    }
    let pending = PendingCapture::begin(&args.request, live::capture_depth(&args.request), || {
        InterfaceSelection::All
    });
    // The capture is being opened by threads that keep the privileges for it; nothing else needs
    // them.
    if let Err(error) = network::drop_privileges() {
        eprintln!("tapline: the lab's privileges cannot be dropped: {error}");
        return Ok(Exit::Fault);
    }
    let targets =
        Targets::new(args.request.clone(), matches.clone()).with_exhibits(network_catalogue());
    show_screen_or_report(args, targets, pending, None)
}

/// Starts the servers on loopback. `refused` is the reason why there is no private network.
fn on_loopback(
    args: &LabArgs,
    matches: &ArgMatches,
    refused: Option<&NetworkUnavailable>,
) -> Result<Exit, UsageError> {
    // Begun before the lab starts, whose thread must not inherit the privilege to capture.
    let pending = PendingCapture::begin(&args.request, live::capture_depth(&args.request), || {
        InterfaceSelection::Toward {
            addresses: vec![([127, 0, 0, 1], 0).into()],
            names: false,
        }
    });
    let lab = match EmbeddedLab::start() {
        Ok(lab) => lab,
        Err(error) => {
            eprintln!("tapline: the lab cannot start: {error}");
            return Ok(Exit::Fault);
        }
    };
    let notice = refused.map(|refused| {
        format!(
            "on loopback, since a private network cannot be created here ({refused}): round-trip \
             times, losses and segment sizes are not those of a network"
        )
    });
    let targets = Targets::new(args.request.clone(), matches.clone()).with_lab(lab);
    show_screen_or_report(args, targets, pending, notice)
}

fn show_screen_or_report(
    args: &LabArgs,
    targets: Targets,
    pending: PendingCapture,
    notice: Option<String>,
) -> Result<Exit, UsageError> {
    let place = args
        .place
        .as_deref()
        .map(|place| places::resolve_place(targets.exhibits(), place))
        .transpose()?;
    if screen::has_terminal() {
        return live::run(
            place,
            targets.with_notice(notice),
            &args.screen,
            pending,
            &args.secrets,
        );
    }
    if let Some(notice) = notice {
        eprintln!("tapline: {notice}");
    }
    eprintln!("tapline: no terminal to draw on; printing the report of 'tapline probe' instead");
    let Some(url) = place.or_else(|| targets.exhibits().first().map(|first| first.url.clone()))
    else {
        return Ok(Exit::Done);
    };
    probe::run(
        &ProbeArgs::with_default_report(vec![url], targets.request().clone(), args.screen.ascii)
            .with_secrets(args.secrets.clone()),
        &targets,
        Some(pending),
    )
}

fn print_places(args: &LabArgs) -> Result<Exit, UsageError> {
    let exhibits: Vec<CatalogueEntry> = if args.loopback {
        EmbeddedLab::start()
            .map_err(|error| UsageError::new(format!("the lab cannot start: {error}")))?
            .catalogue()
    } else {
        network_catalogue()
    };
    Ok(output::print(places::format_places(&exhibits).as_bytes()))
}
