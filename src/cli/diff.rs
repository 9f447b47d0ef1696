//! `tapline diff`: what changed between two runs.

use std::path::{Path, PathBuf};

use super::args::DiffArgs;
use super::exit::Exit;
use super::long_run::Reading;
use super::new_file::Readers;
use super::output;
use super::reports::Reports;
use super::usage::Usage;
use crate::archive::Comparable;
use crate::insight::diff::{Side, difference};
use crate::insight::redact::Rules;
use crate::insight::{Holding, ServerNames, Transfer};
use crate::report::{Compared, DiffFormat};
use crate::trace::Trace;
use crate::units::{Untrusted, grouped};

/// What is said of a file with nothing in it.
const NOTHING: &str =
    "there is nothing in it that could be compared: no request, and no conversation";

/// Reads both and says what changed. What cannot be read at all is a mistake of the command line's.
pub(super) fn run(args: &DiffArgs) -> Result<Exit, Usage> {
    let asked = formats(&args.formats)?;
    let reports = Reports::of(&[], &args.look)?;
    let readers = reports.readers();
    let mut options = reports.options;
    let before = read(&args.before, &mut options.rules)?;
    let after = read(&args.after, &mut options.rules)?;
    let found = difference(&before, &after, args.tolerance);
    let names = [&args.before, &args.after].map(|path| Untrusted::new(path.to_string_lossy()));
    let compared = Compared {
        difference: &found,
        names: [&names[0], &names[1]],
    };
    let mut exit = if found.regressions.is_empty() {
        Exit::Done
    } else {
        Exit::Regression
    };
    for (format, file) in asked {
        let text = format.write(compared, &options);
        let written = match file {
            None => output::print(text.as_bytes()),
            Some(path) => to_file(format, &path, readers, &text),
        };
        if written != Exit::Done {
            exit = written;
        }
    }
    Ok(exit)
}

fn to_file(format: DiffFormat, path: &Path, readers: Readers, text: &str) -> Exit {
    match output::write_file(path, readers, |file| file.write_all(text.as_bytes())) {
        Ok(()) => Exit::Done,
        Err(error) => {
            eprintln!(
                "tapline: the {} report cannot be written to {}: {error}",
                format.name(),
                path.display()
            );
            Exit::Fault
        }
    }
}

/// `FORMAT` or `FORMAT=FILE`; text on standard output where nothing is said.
fn formats(asked: &[String]) -> Result<Vec<(DiffFormat, Option<PathBuf>)>, Usage> {
    let mut formats = Vec::new();
    for text in asked {
        let (name, file) = text
            .split_once('=')
            .map_or((text.as_str(), None), |(name, file)| (name, Some(file)));
        let format = name
            .parse::<DiffFormat>()
            .map_err(|error| Usage::new(format!("--format: {error}")))?;
        match file {
            Some("") => {
                return Err(Usage::new(format!(
                    "--format {name}=: a file is wanted after the ="
                )));
            }
            file => formats.push((format, file.filter(|file| *file != "-").map(PathBuf::from))),
        }
    }
    if formats.is_empty() {
        formats.push((DiffFormat::Text, None));
    }
    if formats.iter().filter(|(_, file)| file.is_none()).count() > 1 {
        return Err(Usage::new(
            "only one report can go to standard output; give the others a file: --format \
                json=diff.json",
        ));
    }
    Ok(formats)
}

/// What is compared of a file. What is secret in one is masked in what is said of both.
fn read(path: &Path, rules: &mut Rules) -> Result<Side, Usage> {
    let name = Untrusted::new(path.to_string_lossy());
    let refused =
        |reason: &dyn std::fmt::Display| Usage::new(format!("{}: {reason}", name.escaped()));
    match Comparable::open(path).map_err(|error| refused(&error))? {
        Comparable::Summary(side) if side.exchanges.is_empty() => Err(refused(&NOTHING)),
        Comparable::Summary(side) => Ok(*side),
        Comparable::Events(archive) => {
            let store = archive.store();
            let (mut reading, mut taken, mut result) =
                (Reading::begin(Holding::WINDOW), Taken::default(), Ok(()));
            let mut take = |trace: &Trace, _, transfer: &Transfer<'_>| {
                taken.add(trace, transfer);
                Ok(())
            };
            let kept = archive.tell(|event| {
                rules.learn(&event.what);
                if result.is_ok() {
                    result = reading.take(event, &mut take);
                }
            });
            if let Some(error) = &kept.error {
                eprintln!(
                    "tapline: {}: the file is not read to its end: {error}",
                    name.escaped()
                );
            }
            let trace = result
                .and_then(|()| reading.end(&mut take))
                .map_err(|error| refused(&error))?;
            let Taken { mut side, beyond } = taken;
            side.add_conversations(&trace, &ServerNames::of(&trace, &*store));
            if beyond > 0 {
                let (more, most) = (grouped(beyond as u64), grouped(Taken::MOST as u64));
                eprintln!(
                    "tapline: {}: the first {most} exchanges are compared; {more} more are left \
                        out",
                    name.escaped()
                );
            }
            if side.exchanges.is_empty() {
                return Err(refused(&NOTHING));
            }
            Ok(side)
        }
    }
}

/// What is compared of a file, as it is read.
#[derive(Default)]
struct Taken {
    side: Side,
    /// Exchanges beyond those that are compared.
    beyond: usize,
}

impl Taken {
    /// Exchanges of a file that are compared.
    const MOST: usize = Trace::MOST_EXCHANGES;

    /// Takes in a transfer, whole or not at all.
    fn add(&mut self, trace: &Trace, transfer: &Transfer<'_>) {
        let hops = transfer.hops().len();
        if self.beyond > 0 || self.side.exchanges.len() + hops > Self::MOST {
            self.beyond += hops;
        } else {
            self.side.add(trace, transfer);
        }
    }
}
