//! Arguments and commands; the only room that wires the others together.

/// Writes a line to standard error. Unlike the standard library's macro of this name it does not
/// panic where that cannot be written (a full disk, a terminal that went away): what there is to
/// say is lost then, and nothing else.
macro_rules! eprintln {
    ($($arguments:tt)*) => {
        $crate::cli::output::say(format_args!($($arguments)*))
    };
}

mod args;
mod arguments;
mod capturing;
mod completions;
mod cookie_jar;
mod delivery;
mod diff;
mod doctor;
mod engine;
mod exit;
mod fault;
mod key_log;
mod keys;
mod lab;
mod live;
mod long_run;
mod man;
mod misspelt;
mod new_file;
mod open;
mod output;
mod probe;
mod read_ahead;
mod recording;
mod refusal;
mod report;
mod reports;
mod request;
mod saving;
mod screen;
mod secrets;
mod signals;
mod spool;
mod suite;
mod target;
mod threads;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command, LiveArgs, ProbeArgs};
use capturing::Pending;
use exit::Exit;
use target::Targets;
use usage::Usage;

use crate::capture::Interfaces;
use crate::lab::Embedded;

pub use fault::end_at_faults;
pub use screen::show;

/// Runs the command that the arguments name and returns the process's exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    end_at_faults();
    let given = arguments::taken(arguments);
    let matches = match Cli::command().try_get_matches_from(&given) {
        Ok(matches) => matches,
        Err(error) => return refuse(error, &given),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return refuse(error, &given),
    };
    let of_command = matches
        .subcommand()
        .map_or(&matches, |(_, of_command)| of_command);
    match perform(cli, of_command) {
        Ok(exit) => exit.into(),
        Err(usage) => {
            eprintln!("tapline: {usage}");
            Exit::Usage.into()
        }
    }
}

/// Clap's own answers: help and version are no mistakes.
fn refuse(error: clap::Error, given: &[OsString]) -> ExitCode {
    let error = refusal::masked(error, given);
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Done.into()
    }
}

fn perform(cli: Cli, matches: &clap::ArgMatches) -> Result<Exit, Usage> {
    match cli.command {
        None => look(cli.live, matches),
        Some(Command::Probe(args)) => probe_or_suite(&args, matches),
        Some(Command::Open(args)) => open::run(&args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Diff(args)) => diff::run(&args),
        Some(Command::Lab(args)) => lab::run(*args, matches),
        Some(Command::Doctor(args)) => Ok(doctor::run(&args)),
        Some(Command::Completions { shell }) => Ok(completions::run(shell)),
        Some(Command::Man { command }) => man::run(command.as_deref()),
    }
}

fn probe_or_suite(args: &ProbeArgs, matches: &clap::ArgMatches) -> Result<Exit, Usage> {
    match &args.suite {
        Some(file) => suite::run(args, file, matches),
        None => probe::run(
            args,
            &Targets::new(args.request.clone(), matches.clone()),
            None,
        ),
    }
}

/// The screen where there is a terminal, else the report.
fn look(args: LiveArgs, matches: &clap::ArgMatches) -> Result<Exit, Usage> {
    if let Some(url) = &args.url {
        misspelt::refuse(url)?;
    }
    if live::possible() {
        let pending = Pending::begin(&args.request, live::depth(&args.request), || {
            Interfaces::All
        });
        let targets = Targets::new(args.request, matches.clone());
        return match args.url {
            Some(url) => live::run(Some(url), targets, &args.look, pending, &args.secrets),
            None => live::run(
                None,
                start_screen(targets),
                &args.look,
                pending,
                &args.secrets,
            ),
        };
    }
    let Some(url) = args.url else {
        return Err(Usage::new(
            "no URL is given, and there is no terminal for the start screen; try 'tapline probe \
                URL' or 'tapline --help'",
        ));
    };
    eprintln!(
        "tapline: there is no terminal to draw on, so here is the report (as 'tapline probe' \
            prints it)"
    );
    let targets = Targets::new(args.request.clone(), matches.clone());
    probe::run(
        &ProbeArgs::of(vec![url], args.request, args.look.ascii).with_secrets(args.secrets),
        &targets,
        None,
    )
}

/// The start screen offers the lab's places; where the lab cannot start, it offers none.
fn start_screen(targets: Targets) -> Targets {
    match Embedded::start() {
        Ok(lab) => targets.with_lab(lab),
        Err(_) => targets,
    }
}

/// Whether the terminal's locale can show more than ASCII.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    // No locale at all is common in containers, whose terminals speak UTF-8 all the same; "C" and
    // "POSIX" are a choice.
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8")
            || locale.contains("utf8")
            || !matches!(locale.as_str(), "c" | "posix")
    })
}
