//! A run on the screen, kept so that it can be saved.
//!
//! ```text
//! engine ─► channel ─► this thread ─┬─► the screen
//!                                   └─► spool ─► file, when the user asks for it or the run is over
//! ```
//!
//! The engine's thread is spared the work, which would be in what it measures.

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

/// Events that may wait to be passed on; the engine waits when there are more.
const CHANNEL_CAPACITY: usize = 8_192;

/// How saving went, in a sentence; `None` where there was nothing to save, or nowhere.
pub(super) type SaveResult = Option<Result<String, String>>;

/// What there is of a run.
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

    /// Starts a thread that keeps the run's events and passes them on to the screen while they are
    /// wanted. Once the run is over it saves it to `file`, if there is one.
    ///
    /// # Errors
    /// No thread can be started.
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
                    // A screen that is gone wants nothing; the run may be wanted all the same.
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

    /// Saves what there is of the run to a file; how that went, in a sentence.
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

    /// Saves it to a file in the current directory whose name nothing has yet.
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
            "the run cannot be saved: every name from {stem}.pcapng on is taken"
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
            ", with the keys of its TLS"
        } else {
            ""
        };
        format!("The run is saved to {name}{keys}.")
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

    /// Whom the run talked with, and when it began: `api.example.com-20261103T142233Z`.
    fn file_stem(&self) -> String {
        let (mut host, mut began) = (None, WallTime::default());
        let look = |event: Event| {
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
        // It ends with what was looked for; where it ends otherwise, saving will say why.
        let _ = self.spool.read(look);
        let when = i64::try_from(began.unix_seconds())
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let when = when
            .map(|when| when.strftime("%Y%m%dT%H%M%SZ").to_string())
            .unwrap_or_default();
        format!("{}-{when}", host.unwrap_or_else(|| "tapline".to_owned()))
    }
}

/// A host as a part of a file's name.
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
