//! Saving a probe's run while it goes on, to a file or standard output.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::atomic_file::{AtomicFile, Readers};
use super::capture_setup::CaptureSetup;
use super::exit::{Exit, UsageError};
use super::standard_output::StandardOutput;
use super::tls_keys::KeyCollector;
use crate::archive::saving::{SaveOptions, Saver};
use crate::insight::redact::RedactionRules;
use crate::trace::Event;
use crate::units::Untrusted;

/// Destination of a saved run.
pub(super) enum SaveTarget<'a> {
    /// A file.
    File(&'a Path),
    /// Standard output, streamed.
    Stdout,
}

impl<'a> SaveTarget<'a> {
    /// Parses the value of `--save`.
    ///
    /// # Errors
    /// Standard output is requested and is a terminal.
    pub(super) fn from_option(path: Option<&'a Path>) -> Result<Option<Self>, UsageError> {
        match path {
            Some(path) if path.as_os_str() != "-" => Ok(Some(Self::File(path))),
            Some(_) if io::IsTerminal::is_terminal(&io::stdout()) => Err(UsageError::new(
                "--save -: standard output is a terminal; pipe it: tapline probe --save - URL | \
                 tapline open -",
            )),
            Some(_) => Ok(Some(Self::Stdout)),
            None => Ok(None),
        }
    }
}

/// A run that is being saved.
pub(super) struct RunSaver {
    saver: Option<Saver<SaveOutput>>,
    keys: KeyCollector,
    name: String,
    failed: Option<io::Error>,
}

enum SaveOutput {
    File(BufWriter<AtomicFile>),
    Stdout(BufWriter<StandardOutput>),
}

impl RunSaver {
    /// Starts saving. With `keys`, secrets are saved too, and a warning says so.
    pub(super) fn begin(
        place: &SaveTarget<'_>,
        capturing: &CaptureSetup,
        keys: KeyCollector,
        rules: RedactionRules,
    ) -> Result<Self, Exit> {
        let name = match place {
            SaveTarget::File(path) => Untrusted::new(path.to_string_lossy())
                .escaped()
                .into_owned(),
            SaveTarget::Stdout => "standard output".to_owned(),
        };
        let begun = || {
            let readers = if keys.is_collecting() {
                Readers::Owner
            } else {
                Readers::Usual
            };
            let out = match place {
                SaveTarget::File(path) => {
                    SaveOutput::File(BufWriter::new(AtomicFile::begin(path, readers)?))
                }
                SaveTarget::Stdout => SaveOutput::Stdout(BufWriter::new(StandardOutput::open()?)),
            };
            Saver::begin(
                out,
                saver_inputs(
                    capturing,
                    rules,
                    keys.is_collecting(),
                    matches!(place, SaveTarget::Stdout),
                ),
            )
        };
        let saver = match begun() {
            Ok(saver) => Some(saver),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Err(error) => {
                print_save_error(&name, &error);
                return Err(Exit::Fault);
            }
        };
        if keys.is_collecting() {
            eprintln!(
                "tapline: {name} will contain this run's TLS keys: anyone who has it can decrypt \
                 the traffic"
            );
        }
        Ok(Self {
            saver,
            keys,
            name,
            failed: None,
        })
    }

    /// Writes an event.
    pub(super) fn add(&mut self, event: &Event) {
        let keys = self.keys.new_lines();
        self.with_saver(|saver| saver.add_keys(&keys).and_then(|()| saver.add_event(event)));
    }

    /// Returns true if events are held back that must be written if no more arrive.
    pub(super) fn has_pending(&self) -> bool {
        self.saver.as_ref().is_some_and(Saver::has_pending)
    }

    /// Writes the events that are due. Called when no event has arrived for a while.
    pub(super) fn write_due(&mut self) {
        self.with_saver(Saver::write_pending);
    }

    /// Writes the remaining events and gives the file its name.
    pub(super) fn end(mut self) -> Result<(), Exit> {
        let finished = self
            .saver
            .take()
            .map_or(Ok(()), |saver| saver.finish().and_then(SaveOutput::finish));
        if let Err(error) = finished {
            self.fail(error);
        }
        match self.failed {
            None => Ok(()),
            Some(error) => {
                print_save_error(&self.name, &error);
                Err(Exit::Fault)
            }
        }
    }

    fn with_saver(&mut self, work: impl FnOnce(&mut Saver<SaveOutput>) -> io::Result<()>) {
        if let Some(Err(error)) = self.saver.as_mut().map(work) {
            self.fail(error);
        }
    }

    /// Stops writing. A closed pipe (`| head`) is not an error.
    fn fail(&mut self, error: io::Error) {
        self.saver = None;
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.failed = Some(error);
        }
    }
}

fn print_save_error(name: &str, error: &io::Error) {
    eprintln!("tapline: the run cannot be saved to {name}: {error}");
}

/// The inputs that the saver needs besides the events.
pub(super) fn saver_inputs(
    capturing: &CaptureSetup,
    rules: RedactionRules,
    with_secrets: bool,
    live: bool,
) -> SaveOptions {
    SaveOptions {
        interfaces: capturing.devices(),
        store: capturing.store(),
        rules,
        with_secrets,
        live,
    }
}

impl SaveOutput {
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

impl Write for SaveOutput {
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
