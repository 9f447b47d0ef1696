//! The reports that `--format` asks for.

use std::fs::{File, Permissions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::args::{ColorChoice, ReportArgs};
use super::exit::Exit;
use super::new_file::Readers;
use super::output;
use super::signals;
use super::usage::Usage;
use crate::report::{self, Every, Format, Options};
use crate::sys::{Writing, open_for_writing_when_read};
use crate::trace::{Event, Trace};

/// The reports asked for, and how they look.
pub(super) struct Reports {
    asked: Vec<(Format, Option<PathBuf>)>,
    pub(super) options: Options,
}

impl Reports {
    /// Reads the options that say what to write.
    pub(super) fn of(formats: &[String], look: &ReportArgs) -> Result<Self, Usage> {
        let asked = formats
            .iter()
            .map(|text| format(text))
            .collect::<Result<Vec<_>, _>>()?;
        let options = options(look)?;
        if options.with_secrets && asked.iter().any(|(_, file)| file.is_some()) {
            eprintln!(
                "tapline: secrets are not masked in the reports' files; their owner alone may \
                    read them"
            );
        }
        Ok(Self { asked, options })
    }

    /// Where nothing was asked for, this goes to standard output.
    pub(super) fn default_to(&mut self, format: Format) {
        if self.asked.is_empty() {
            self.asked.push((format, None));
        }
    }

    /// The formats asked for.
    pub(super) fn formats(&self) -> impl Iterator<Item = Format> + '_ {
        self.asked.iter().map(|(format, _)| *format)
    }

    /// Whether this goes to standard output.
    pub(super) fn shows(&self, wanted: Format) -> bool {
        self.asked
            .iter()
            .any(|(format, file)| *format == wanted && file.is_none())
    }

    /// How many go to standard output.
    pub(super) fn on_stdout(&self) -> usize {
        self.asked.iter().filter(|(_, file)| file.is_none()).count()
    }

    /// Where events go as they come.
    pub(super) fn stream(&self) -> Stream {
        let asked = self
            .asked
            .iter()
            .find(|(format, _)| *format == Format::Events);
        let Some((_, file)) = asked else {
            return Stream {
                out: None,
                failed: None,
            };
        };
        match file {
            None => Stream {
                out: Some(Box::new(std::io::stdout())),
                failed: None,
            },
            Some(path) => match create(path, self.readers()) {
                Ok(file) => Stream {
                    out: Some(Box::new(std::io::BufWriter::new(file))),
                    failed: None,
                },
                Err(error) => Stream {
                    out: None,
                    failed: Some(format!("{}: {error}", path.display())),
                },
            },
        }
    }

    /// Who may read files of these reports.
    pub(super) const fn readers(&self) -> Readers {
        if self.options.with_secrets {
            Readers::Owner
        } else {
            Readers::Usual
        }
    }

    /// Writes every report but the events, which were written as they came.
    pub(super) fn write(&self, trace: &Trace, every: &dyn Every) -> Result<(), Exit> {
        self.each(|format, options, out| report::write_every_to(trace, every, format, options, out))
    }

    /// Whether a format is asked for that tells every exchange.
    pub(super) fn tell_all(&self) -> bool {
        self.formats()
            .any(|format| matches!(format, Format::Json | Format::Har | Format::Csv))
    }

    /// The same with what `write` writes for each format.
    pub(super) fn each(
        &self,
        write: impl Fn(Format, &Options, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Exit> {
        let mut result = Ok(());
        for (format, file) in self
            .asked
            .iter()
            .filter(|(format, _)| *format != Format::Events)
        {
            let write = |out: &mut dyn Write| write(*format, &self.options, out);
            let exit = match file {
                None => output::print_with(write),
                Some(path) => match output::write_file(path, self.readers(), write) {
                    Ok(()) => Exit::Done,
                    Err(error) => {
                        eprintln!(
                            "tapline: the {} report cannot be written to {}: {error}",
                            format.name(),
                            path.display()
                        );
                        Exit::Fault
                    }
                },
            };
            if exit != Exit::Done {
                result = Err(exit);
            }
        }
        result
    }
}

/// A file that is written as things come.
fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let writing = Writing {
        append: false,
        mode: readers.mode(),
    };
    let file = open_for_writing_when_read(path, writing, signals::one_came)?;
    if readers == Readers::Owner && file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(readers.mode()))?;
    }
    Ok(file)
}

/// Events on their way out, one a line, flushed each: somebody may be watching.
pub(super) struct Stream {
    out: Option<Box<dyn Write>>,
    failed: Option<String>,
}

impl Stream {
    /// Writes an event, if events were asked for.
    pub(super) fn write(&mut self, event: &Event, options: &Options) {
        let Some(out) = &mut self.out else { return };
        if let Err(error) = out
            .write_all(report::event_line(event, options).as_bytes())
            .and_then(|()| out.flush())
        {
            self.out = None;
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                self.failed = Some(error.to_string());
            }
        }
    }

    /// Whether all of them could be written.
    pub(super) fn end(self) -> Result<(), Exit> {
        match self.failed {
            None => Ok(()),
            Some(error) => {
                eprintln!("tapline: the events cannot be written: {error}");
                Err(Exit::Fault)
            }
        }
    }
}

/// `FORMAT` or `FORMAT=FILE`; `FORMAT=-` is standard output.
fn format(text: &str) -> Result<(Format, Option<PathBuf>), Usage> {
    let (name, file) = text
        .split_once('=')
        .map_or((text, None), |(name, file)| (name, Some(file)));
    let format = name
        .parse::<Format>()
        .map_err(|error| Usage::new(format!("--format: {error}")))?;
    match file {
        Some("") => Err(Usage::new(format!(
            "--format {name}=: a file is wanted after the ="
        ))),
        Some("-") | None => Ok((format, None)),
        Some(file) => Ok((format, Some(file.into()))),
    }
}

fn options(look: &ReportArgs) -> Result<Options, Usage> {
    let terminal = std::io::stdout().is_terminal();
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match look.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => !set("NO_COLOR") && (terminal || set("CLICOLOR_FORCE")),
    };
    let width = if terminal {
        crossterm::terminal::size().map_or(80, |(width, _)| width)
    } else {
        80
    };
    let ascii = look.ascii || !super::speaks_unicode();
    let (with_secrets, rules) = (look.secrets.with_secrets(), look.secrets.rules()?);
    Ok(Options {
        width: width.into(),
        color,
        ascii,
        with_secrets,
        rules,
        ..Options::default()
    })
}
