//! A probe's run on its way into a file, or to whoever reads standard output.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::capturing::Capturing;
use super::exit::Exit;
use super::keys::Keys;
use super::new_file::{NewFile, Readers};
use super::usage::Usage;
use crate::archive::saving::{Means, Saver};
use crate::insight::redact::Rules;
use crate::trace::Event;
use crate::units::Untrusted;

/// Where a run is saved.
pub(super) enum Place<'a> {
    /// A file.
    File(&'a Path),
    /// Standard output, as it comes.
    Stdout,
}

impl<'a> Place<'a> {
    /// What `--save` asks for.
    ///
    /// # Errors
    /// Where that is standard output, and a terminal.
    pub(super) fn of(path: Option<&'a Path>) -> Result<Option<Self>, Usage> {
        match path {
            Some(path) if path.as_os_str() != "-" => Ok(Some(Self::File(path))),
            Some(_) if io::IsTerminal::is_terminal(&io::stdout()) => Err(Usage::new(
                "--save -: standard output is the terminal; pipe it: tapline probe --save - URL | \
                    tapline open -",
            )),
            Some(_) => Ok(Some(Self::Stdout)),
            None => Ok(None),
        }
    }
}

/// A run that is being saved.
pub(super) struct Saving {
    saver: Option<Saver<Out>>,
    keys: Keys,
    name: String,
    failed: Option<io::Error>,
}

enum Out {
    File(BufWriter<NewFile>),
    Stdout(BufWriter<io::Stdout>),
}

impl Saving {
    /// Begins to save what will be captured. With `keys`, secrets are saved too, and it is said
    /// that they are.
    pub(super) fn begin(
        place: &Place<'_>,
        capturing: &Capturing,
        keys: Keys,
        rules: Rules,
    ) -> Result<Self, Exit> {
        let name = match place {
            Place::File(path) => Untrusted::new(path.to_string_lossy())
                .escaped()
                .into_owned(),
            Place::Stdout => "standard output".to_owned(),
        };
        let begun = || {
            let readers = if keys.are_wanted() {
                Readers::Owner
            } else {
                Readers::Usual
            };
            let out = match place {
                Place::File(path) => Out::File(BufWriter::new(NewFile::begin(path, readers)?)),
                Place::Stdout => Out::Stdout(BufWriter::new(io::stdout())),
            };
            Saver::begin(
                out,
                means(
                    capturing,
                    rules,
                    keys.are_wanted(),
                    matches!(place, Place::Stdout),
                ),
            )
        };
        let saver = match begun() {
            Ok(saver) => Some(saver),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Err(error) => {
                refuse(&name, &error);
                return Err(Exit::Fault);
            }
        };
        if keys.are_wanted() {
            eprintln!(
                "tapline: {name} gets the keys of this run's TLS: who has them can read what was \
                    said"
            );
        }
        Ok(Self {
            saver,
            keys,
            name,
            failed: None,
        })
    }

    /// Adds an event.
    pub(super) fn take(&mut self, event: &Event) {
        let keys = self.keys.new_lines();
        self.with(|saver| saver.unlock(&keys).and_then(|()| saver.take(event)));
    }

    /// Whether something is held back that shall be written if nothing else comes.
    pub(super) fn waits(&self) -> bool {
        self.saver.as_ref().is_some_and(Saver::waits)
    }

    /// Nothing has come for a while.
    pub(super) fn settle(&mut self) {
        self.with(Saver::settle);
    }

    /// Writes the rest, and gives the file its name.
    pub(super) fn end(mut self) -> Result<(), Exit> {
        let finished = self
            .saver
            .take()
            .map_or(Ok(()), |saver| saver.finish().and_then(Out::finish));
        if let Err(error) = finished {
            self.fail(error);
        }
        match self.failed {
            None => Ok(()),
            Some(error) => {
                refuse(&self.name, &error);
                Err(Exit::Fault)
            }
        }
    }

    fn with(&mut self, work: impl FnOnce(&mut Saver<Out>) -> io::Result<()>) {
        if let Some(Err(error)) = self.saver.as_mut().map(work) {
            self.fail(error);
        }
    }

    /// Writes nothing more. A reader that has gone away (`| head`) is no fault.
    fn fail(&mut self, error: io::Error) {
        self.saver = None;
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.failed = Some(error);
        }
    }
}

fn refuse(name: &str, error: &io::Error) {
    eprintln!("tapline: the run cannot be saved to {name}: {error}");
}

/// What a run is saved with whose packets are captured so.
pub(super) fn means(capturing: &Capturing, rules: Rules, with_secrets: bool, live: bool) -> Means {
    Means {
        devices: capturing.devices(),
        store: capturing.store(),
        rules,
        with_secrets,
        live,
    }
}

impl Out {
    fn finish(self) -> io::Result<()> {
        match self {
            Self::File(file) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .finish(),
            Self::Stdout(mut stdout) => stdout.flush(),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}
