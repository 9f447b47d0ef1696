//! Arguments and commands. The only room that connects the others.

/// Writes a line to standard error. Unlike the standard library's macro of the same name it does
/// not panic if that fails (a full disk, a closed terminal); the line is lost instead.
macro_rules! eprintln {
    ($($arguments:tt)*) => {
        $crate::cli::output::write_stderr_line(format_args!($($arguments)*))
    };
}

mod args;
mod atomic_file;
mod capture_setup;
mod clap_errors;
mod cookie_jar;
mod delivery;
mod diff;
mod doctor;
mod documentation;
mod engine;
mod exit;
mod lab;
mod live;
mod long_run;
mod misspelt;
mod open;
mod output;
mod probe;
mod process_arguments;
mod read_ahead;
mod recording;
mod report;
mod report_outputs;
mod request;
mod run_saver;
mod screen;
mod signals;
mod spool;
mod standard_output;
mod suite;
mod target;
mod threads;
mod time_limit;
mod tls_keys;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Cli, CliCommand, LiveArgs, ProbeArgs};
use capture_setup::PendingCapture;
use exit::Exit;
use exit::UsageError;
use target::Targets;

use crate::capture::InterfaceSelection;
use crate::lab::EmbeddedLab;

pub use screen::show_screen;
pub use threads::exit_on_panic;

/// Runs the command and returns the process's exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    exit_on_panic();
    let given = process_arguments::take_process_arguments(arguments);
    let matches = match Cli::command().try_get_matches_from(&given) {
        Ok(matches) => matches,
        Err(error) => return print_clap_error(error, &given),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return print_clap_error(error, &given),
    };
    let of_command = matches
        .subcommand()
        .map_or(&matches, |(_, of_command)| of_command);
    match run_command(cli, of_command) {
        Ok(exit) => exit.into(),
        Err(usage) => {
            eprintln!("tapline: {usage}");
            Exit::Usage.into()
        }
    }
}

/// Prints clap's message. Help and version are not errors.
fn print_clap_error(error: clap::Error, given: &[OsString]) -> ExitCode {
    let error = clap_errors::mask_error(error, given);
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Done.into()
    }
}

fn run_command(cli: Cli, matches: &clap::ArgMatches) -> Result<Exit, UsageError> {
    match cli.command {
        None => run_screen_or_report(cli.live, matches),
        Some(CliCommand::Probe(args)) => probe_or_suite(&args, matches),
        Some(CliCommand::Open(args)) => open::run(&args),
        Some(CliCommand::Report(args)) => report::run(&args),
        Some(CliCommand::Diff(args)) => diff::run(&args),
        Some(CliCommand::Lab(args)) => lab::run(*args, matches),
        Some(CliCommand::Doctor(args)) => Ok(doctor::run(&args)),
        Some(CliCommand::Completions { shell }) => Ok(documentation::print_completions(shell)),
        Some(CliCommand::Man { command }) => documentation::print_manual(command.as_deref()),
    }
}

fn probe_or_suite(args: &ProbeArgs, matches: &clap::ArgMatches) -> Result<Exit, UsageError> {
    match &args.suite {
        Some(file) => suite::run(args, file, matches),
        None => probe::run(
            args,
            &Targets::new(args.request.clone(), matches.clone()),
            None,
        ),
    }
}

/// Runs the screen if there is a terminal, or else prints the report.
fn run_screen_or_report(args: LiveArgs, matches: &clap::ArgMatches) -> Result<Exit, UsageError> {
    if let Some(url) = &args.url {
        misspelt::refuse_misspelt_command(url)?;
    }
    if screen::has_terminal() {
        let pending =
            PendingCapture::begin(&args.request, live::capture_depth(&args.request), || {
                InterfaceSelection::All
            });
        let targets = Targets::new(args.request, matches.clone());
        return match args.url {
            Some(url) => live::run(Some(url), targets, &args.screen, pending, &args.secrets),
            None => live::run(
                None,
                with_lab_places(targets),
                &args.screen,
                pending,
                &args.secrets,
            ),
        };
    }
    let Some(url) = args.url else {
        return Err(UsageError::new(
            "no URL given, and no terminal for the start screen; try 'tapline probe URL' or \
             'tapline --help'",
        ));
    };
    eprintln!("tapline: no terminal to draw on; printing the report of 'tapline probe' instead");
    let targets = Targets::new(args.request.clone(), matches.clone());
    probe::run(
        &ProbeArgs::with_default_report(vec![url], args.request, args.screen.ascii)
            .with_secrets(args.secrets),
        &targets,
        None,
    )
}

/// Adds the lab's places to the start screen, if the lab can start.
fn with_lab_places(targets: Targets) -> Targets {
    match EmbeddedLab::start() {
        Ok(lab) => targets.with_lab(lab),
        Err(_) => targets,
    }
}

/// Returns true if the terminal's locale can display Unicode.
fn supports_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    // Containers often have no locale at all although their terminals use UTF-8. "C" and "POSIX"
    // are explicit choices.
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8")
            || locale.contains("utf8")
            || !matches!(locale.as_str(), "c" | "posix")
    })
}
