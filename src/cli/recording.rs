//! Recording of a run on the screen, so that it can be saved at any time.
//!
//! ```text
//! engine ─► channel ─► this thread ─┬─► the screen
//!                                   └─► spool ─► file, on request or when the run is over
//! ```
//!
//! A separate thread does this work, so that it does not slow down the engine and distort the
//! measurement.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::atomic_file::{AtomicFile, Readers};
use super::capture_setup::CaptureSetup;
use super::run_saver::saver_inputs;
use super::spool::Spool;
use super::threads::start_thread;
use super::tls_keys::KeyCollector;
use crate::archive::saving::Saver;
use crate::insight::redact::RedactionRules;
use crate::trace::{Event, EventKind};
use crate::tui::ScreenMessage;
use crate::units::{Untrusted, WallTime};

/// Capacity of the event channel; the engine blocks while it is full.
const CHANNEL_CAPACITY: usize = 8_192;

/// The result of saving as a sentence; `None` if saving was not requested.
pub(super) type SaveResult = Option<Result<String, String>>;

/// The recorded events of a run, and what is needed to save them.
#[derive(Clone)]
pub(super) struct RunRecording {
    spool: Arc<Spool>,
    keys: KeyCollector,
    rules: RedactionRules,
    capturing: CaptureSetup,
}

impl RunRecording {
    pub(super) fn new(capturing: CaptureSetup, keys: KeyCollector, rules: RedactionRules) -> Self {
        Self {
            spool: Arc::default(),
            keys,
            rules,
            capturing,
        }
    }

    /// Starts a thread that records the run's events and passes them on to the screen while
    /// `wanted` returns true. When the run is over it is saved to `file`, if given.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(
        &self,
        screen: SyncSender<ScreenMessage>,
        wanted: impl Fn() -> bool + Send + 'static,
        file: Option<PathBuf>,
    ) -> io::Result<(SyncSender<Event>, JoinHandle<SaveResult>)> {
        let (sender, events) = sync_channel::<Event>(CHANNEL_CAPACITY);
        let recording = self.clone();
        let pass_on = move || {
            for event in events {
                recording.spool.add(&event);
                let is_over = matches!(event.kind, EventKind::RunEnded);
                if wanted() {
                    // The screen may be gone while the run is still to be saved.
                    let _ = screen.send(ScreenMessage::Trace(event));
                }
                if is_over {
                    let saved = file.map(|path| recording.save(&path));
                    if let Some(saved) = &saved {
                        let _ = screen.try_send(ScreenMessage::Saved(saved.clone()));
                    }
                    return saved;
                }
            }
            None
        };
        let thread = start_thread("recording", pass_on)?;
        Ok((sender, thread))
    }

    /// Saves the run so far to a file. Returns the result as a sentence.
    pub(super) fn save(&self, path: &Path) -> Result<String, String> {
        let name = display_path(path);
        match AtomicFile::begin(path, self.readers())
            .and_then(|file| self.write(file))
            .and_then(AtomicFile::finish)
        {
            Ok(()) => Ok(self.saved_message(&name)),
            Err(error) => Err(format!("the run cannot be saved to {name}: {error}")),
        }
    }

    /// Saves the run to a new file in the current directory.
    pub(super) fn save_to_new_file(&self) -> Result<String, String> {
        const MAX_TRIES: u32 = 1_000;
        let stem = self.file_stem();
        for number in 1..MAX_TRIES {
            let name = if number == 1 {
                format!("{stem}.pcapng")
            } else {
                format!("{stem}-{number}.pcapng")
            };
            let path = Path::new(&name);
            if path.symlink_metadata().is_ok() {
                continue;
            }
            match AtomicFile::begin(path, self.readers())
                .and_then(|file| self.write(file))
                .and_then(AtomicFile::finish_if_absent)
            {
                Ok(()) => return Ok(self.saved_message(&name)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("the run cannot be saved to {name}: {error}")),
            }
        }
        Err(format!(
            "the run cannot be saved: all file names from {stem}.pcapng on are taken"
        ))
    }

    const fn readers(&self) -> Readers {
        if self.keys.is_collecting() {
            Readers::Owner
        } else {
            Readers::Usual
        }
    }

    fn saved_message(&self, name: &str) -> String {
        let keys = if self.keys.is_collecting() {
            ", including its TLS keys"
        } else {
            ""
        };
        format!("The run was saved to {name}{keys}.")
    }

    fn write(&self, file: AtomicFile) -> io::Result<AtomicFile> {
        let mut saver = Saver::begin(
            BufWriter::new(file),
            saver_inputs(
                &self.capturing,
                self.rules.clone(),
                self.keys.is_collecting(),
                false,
            ),
        )?;
        saver.add_keys(&self.keys.all_lines())?;
        self.spool.read(|event| saver.add_event(&event))?;
        saver
            .finish()?
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }

    /// The default file name without extension, from host and start time:
    /// `api.example.com-20261103T142233Z`.
    fn file_stem(&self) -> String {
        let mut host = None;
        let mut began = WallTime::default();
        let find = |event: Event| {
            match &event.kind {
                EventKind::RunStarted { started_at, .. } => began = *started_at,
                EventKind::ExchangeStarted { url, .. } => {
                    host = url::Url::parse(url.raw())
                        .ok()
                        .and_then(|url| url.host_str().map(sanitize_for_file_name));
                }
                _ => return Ok(()),
            }
            if host.is_some() {
                Err(io::Error::other("that is all"))
            } else {
                Ok(())
            }
        };
        // The closure stops reading with an error once it has found both. Other errors reappear
        // when the run is saved.
        let _ = self.spool.read(find);
        let when = i64::try_from(began.unix_seconds())
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let when = when
            .map(|when| when.strftime("%Y%m%dT%H%M%SZ").to_string())
            .unwrap_or_default();
        format!("{}-{when}", host.unwrap_or_else(|| "tapline".to_owned()))
    }
}

/// Replaces characters of a host name that do not belong in a file name.
fn sanitize_for_file_name(host: &str) -> String {
    const MAX_CHARACTERS: usize = 100;
    let plain: String = host
        .trim_matches(['[', ']', '.'])
        .chars()
        .take(MAX_CHARACTERS)
        .collect();
    plain
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') {
                c
            } else {
                '_'
            }
        })
        .collect()
}

fn display_path(path: &Path) -> String {
    Untrusted::new(path.to_string_lossy())
        .escaped()
        .into_owned()
}
