//! `tapline [URL]`: the screen, and the effects it requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::args::{RequestArgs, ScreenArgs, SecretsArgs};
use super::capture_setup::{CaptureSetup, PendingCapture};
use super::cookie_jar::CookieJar;
use super::engine::{Engine, EventSender};
use super::exit::{Exit, UsageError};
use super::lab;
use super::recording::{RunRecording, SaveResult};
use super::run_saver::SaveTarget;
use super::screen;
use super::signals;
use super::target::Targets;
use super::threads::start_thread;
use super::tls_keys::{KeyCollector, warn_about_key_log};
use crate::capture::CaptureDepth;
use crate::insight::redact::RedactionRules;
use crate::lab::CatalogueEntry;
use crate::lab::network::RunningLab;
use crate::probe::spec::KeyLogProblems;
use crate::trace::{ByteStore, LinkConfig, PacketLocation};
use crate::tui::{ExitReason, ScreenEffect, ScreenMessage, Settings, Suggestion};
use crate::units::Untrusted;

/// Capacity of the screen's inbox; the engine blocks while it is full.
const INBOX_CAPACITY: usize = 8_192;

/// Returns the part of each packet that is captured for the screen.
pub(super) const fn capture_depth(request: &RequestArgs) -> CaptureDepth {
    if request.save.is_some() {
        CaptureDepth::WithAggregates
    } else {
        CaptureDepth::Packets
    }
}

/// Opens the screen on `url`, or on the start screen.
pub(super) fn run(
    url: Option<String>,
    targets: Targets,
    args: &ScreenArgs,
    pending: PendingCapture,
    secrets: &SecretsArgs,
) -> Result<Exit, UsageError> {
    let save = match SaveTarget::from_option(targets.request().save.as_deref())? {
        Some(SaveTarget::File(path)) => Some(path.to_owned()),
        Some(SaveTarget::Stdout) | None => None,
    };
    if let Some(url) = &url {
        targets.spec(url)?;
    }
    let settings = Settings {
        masking: secrets.masking()?,
        ..screen_settings(url, &targets, args)
    };
    let (sender, inbox) = sync_channel(INBOX_CAPACITY);
    let cookies = CookieJar::new(targets.request().cookie_jar.clone());
    if cookies.is_some() && targets.request().cookie_jar.as_deref() == Some(Path::new("-")) {
        return Err(UsageError::new(
            "-c - would write to standard output, which the screen uses; write the cookies to a \
             file: -c FILE",
        ));
    }
    let mut runs = RunController {
        targets,
        key_log: KeyLogProblems::default(),
        cookies,
        sender: sender.clone(),
        latest: Arc::new(AtomicU64::new(0)),
        engine: None,
        recording: None,
        recorder: None,
        save,
        start_error: None,
        with_secrets: secrets.with_secrets(),
        rules: secrets.rules()?,
        pending: Some(pending),
        capturing: None,
        lab: lab::enclosing_lab(),
    };
    if let Some(lab) = &runs.lab {
        lab::watch_link(lab, &sender);
    }
    let outcome = screen::show_screen(
        &sender,
        &inbox,
        &mut |effect| runs.handle_effect(effect),
        settings,
    );
    drop(inbox);
    if !matches!(outcome, Ok(ExitReason::Quit)) {
        signals::remember_signal();
    }
    let saved = runs.end();
    Ok(if saved {
        screen::screen_exit(outcome)
    } else {
        Exit::Fault
    })
}

fn screen_settings(url: Option<String>, targets: &Targets, args: &ScreenArgs) -> Settings {
    let notice = targets.notice().map(str::to_owned);
    Settings {
        url,
        suggestions: place_suggestions(targets),
        notice,
        ..screen::appearance_settings(args)
    }
}

fn place_suggestions(targets: &Targets) -> Vec<Suggestion> {
    let offer = |exhibit: &CatalogueEntry| Suggestion {
        url: exhibit.url.clone(),
        description: exhibit.description.to_owned(),
        group: exhibit.group.to_owned(),
    };
    targets.exhibits().iter().map(offer).collect()
}

/// A packet's link type and bytes, or why they are not available.
pub(super) fn read_packet_bytes(
    store: &dyn ByteStore,
    stored: PacketLocation,
) -> Result<(u16, Vec<u8>), String> {
    let mut bytes = Vec::new();
    store
        .read(stored, usize::MAX, &mut bytes)
        .map_err(|error| error.to_string())?;
    Ok((
        store
            .link_type(stored.interface)
            .ok_or("its interface is unknown")?,
        bytes,
    ))
}

/// The runs requested by the screen. At most one is in progress; events of older ones are
/// discarded.
struct RunController {
    targets: Targets,
    sender: SyncSender<ScreenMessage>,
    latest: Arc<AtomicU64>,
    engine: Option<Engine>,
    /// The latest run.
    recording: Option<RunRecording>,
    /// The thread that records the latest run, and saves it at the end if requested.
    recorder: Option<JoinHandle<SaveResult>>,
    save: Option<PathBuf>,
    /// Why the latest run could not start.
    start_error: Option<String>,
    with_secrets: bool,
    /// Masking rules, unless secrets are shown.
    rules: RedactionRules,
    /// The open capture. Until the first run, it is being opened while the screen is drawn.
    capturing: Option<CaptureSetup>,
    pending: Option<PendingCapture>,
    /// Collects problems with the key log.
    key_log: KeyLogProblems,
    /// The cookie jar requested by `-c`.
    cookies: Option<CookieJar>,
    /// The lab that this process runs in.
    lab: Option<RunningLab>,
}

impl RunController {
    fn handle_effect(&mut self, effect: ScreenEffect) {
        match effect {
            ScreenEffect::Run { url } => {
                self.cancel();
                self.start_error = self.start(&url).err();
                if let Some(sentence) = self.start_error.clone() {
                    let _ = self.sender.try_send(ScreenMessage::RunFailed(sentence));
                }
            }
            ScreenEffect::Cancel => self.cancel(),
            ScreenEffect::SetLink(link) => self.set_link(link),
            ScreenEffect::ReadPacket(stored) => self.read_packet(stored),
            ScreenEffect::Save => self.save(),
            ScreenEffect::FindServerNames(_)
            | ScreenEffect::Dissect(_)
            | ScreenEffect::Copy(_)
            | ScreenEffect::Suspend
            | ScreenEffect::Redraw
            | ScreenEffect::Quit(_) => {}
        }
    }

    fn start(&mut self, url: &str) -> Result<(), String> {
        let mut spec = self.targets.spec(url).map_err(|usage| usage.to_string())?;
        let keys = KeyCollector::collecting_if(self.with_secrets);
        spec.tls.key_log_listener = keys.tap();
        spec.tls.key_log_problems = self.key_log.clone();
        if let Some(jar) = &self.cookies {
            jar.attach_to(&mut spec);
        }
        let number = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        let latest = Arc::clone(&self.latest);
        let wanted = move || latest.load(Ordering::SeqCst) == number;
        let capturing = self.capturing()?;
        let recording = RunRecording::new(capturing.clone(), keys, self.rules.clone());
        let failed = |error: std::io::Error| format!("the engine cannot start: {error}");
        let (events, recorder) = recording
            .start(self.sender.clone(), wanted.clone(), self.save.clone())
            .map_err(failed)?;
        let engine = Engine::start(
            vec![spec],
            EventSender::new(&events, wanted),
            capturing,
            self.link(),
        )
        .map_err(failed)?;
        (self.engine, self.recording, self.recorder) =
            (Some(engine), Some(recording), Some(recorder));
        Ok(())
    }

    /// The current settings of the lab's link.
    fn link(&self) -> Option<LinkConfig> {
        self.lab.as_ref().and_then(|_| lab::enclosing_link())
    }

    fn set_link(&self, link: LinkConfig) {
        if let Some(lab) = &self.lab
            && lab::set_link(lab, link.clone(), &self.sender)
            && let Some(engine) = &self.engine
        {
            engine.record_link(link);
        }
    }

    /// Reads from memory or from a file that only this process writes, so this does not block.
    fn read_packet(&self, stored: PacketLocation) {
        let packets = if let Some(CaptureSetup::On(capture)) = &self.capturing {
            capture.packet_store()
        } else {
            None
        };
        let read = packets.map_or_else(
            || Err("they were not kept".to_owned()),
            |packets| read_packet_bytes(&*packets, stored),
        );
        let _ = self
            .sender
            .try_send(ScreenMessage::PacketRead { stored, read });
    }

    /// Ends the run in progress and waits until everything is saved. Returns true if nothing
    /// failed.
    fn end(mut self) -> bool {
        self.cancel();
        let is_logged = warn_about_key_log(&self.key_log).is_ok();
        let is_kept = self.cookies.take().is_none_or(|jar| jar.write().is_ok());
        self.finish_saving() && is_logged && is_kept
    }

    /// Waits until the run is saved, if requested, and prints the result. Returns true if nothing
    /// failed.
    fn finish_saving(&mut self) -> bool {
        if let (Some(path), Some(sentence)) = (&self.save, &self.start_error) {
            eprintln!(
                "tapline: no run was saved to {}: {sentence}",
                Untrusted::new(path.to_string_lossy()).escaped()
            );
            return false;
        }
        let recorder = self.recorder.take().filter(|_| self.save.is_some());
        match recorder.and_then(|recorder| recorder.join().ok().flatten()) {
            Some(Err(sentence)) => {
                eprintln!("tapline: {sentence}");
                false
            }
            Some(Ok(sentence)) if self.with_secrets => {
                eprintln!(
                    "tapline: {sentence} Anyone who has the file can decrypt this run's \
                           traffic."
                );
                true
            }
            _ => true,
        }
    }

    /// Saves on a separate thread, since a run can be large.
    fn save(&self) {
        let recording = self.recording.clone();
        let sender = self.sender.clone();
        let work = move || {
            let saved = recording.map_or_else(
                || Err("there is no run to save".to_owned()),
                |recording| recording.save_to_new_file(),
            );
            let _ = sender.send(ScreenMessage::Saved(saved));
        };
        if let Err(error) = start_thread("saving", work) {
            let _ = self
                .sender
                .try_send(ScreenMessage::Saved(Err(error.to_string())));
        }
    }

    fn capturing(&mut self) -> Result<CaptureSetup, String> {
        if let Some(pending) = self.pending.take() {
            self.capturing = Some(
                pending
                    .wait_until_open()
                    .map_err(|refusal| format!("packets cannot be captured: {refusal}"))?,
            );
        }
        Ok(self.capturing.clone().unwrap_or(CaptureSetup::Off))
    }

    fn cancel(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.canceller().cancel();
        }
    }
}
