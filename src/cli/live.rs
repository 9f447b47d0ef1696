//! `tapline [URL]`: the screen, and what it wants done.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::args::{LookArgs, RequestArgs, SecretsArgs, ThemeChoice};
use super::capturing::{Capturing, Pending};
use super::cookie_jar::CookieJar;
use super::engine::{Engine, Outlet};
use super::exit::Exit;
use super::key_log::report_key_log;
use super::keys::Keys;
use super::lab;
use super::recording::{Recording, Saved};
use super::saving::Place;
use super::screen;
use super::signals;
use super::target::Targets;
use super::threads::start_thread;
use super::usage::Usage;
use crate::capture::Depth;
use crate::insight::redact::Rules;
use crate::lab::Exhibit;
use crate::lab::network::Remote;
use crate::probe::spec::KeyLogTroubles;
use crate::trace::{ByteStore, Link, Stored};
use crate::tui::{Effect, Message, Outcome, Settings, Suggestion, Theme};
use crate::units::Untrusted;

/// Messages that may wait for the screen; the engine waits when there are more.
const INBOX: usize = 8_192;

/// Whether there is a terminal to draw on and to read keys from.
pub(super) fn possible() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// How much of packets is captured for the screen.
pub(super) const fn depth(request: &RequestArgs) -> Depth {
    if request.save.is_some() {
        Depth::Whole
    } else {
        Depth::Packets
    }
}

/// Opens the screen on `url`, or on the start screen.
pub(super) fn run(
    url: Option<String>,
    targets: Targets,
    look: &LookArgs,
    pending: Pending,
    secrets: &SecretsArgs,
) -> Result<Exit, Usage> {
    let save = match Place::of(targets.request().save.as_deref())? {
        Some(Place::File(path)) => Some(path.to_owned()),
        Some(Place::Stdout) | None => None,
    };
    if let Some(url) = &url {
        targets.spec(url)?;
    }
    let settings = Settings {
        masking: secrets.masking()?,
        ..settings(url, &targets, look)
    };
    let (sender, inbox) = sync_channel(INBOX);
    let cookies = CookieJar::new(targets.request().cookie_jar.clone());
    if cookies.is_some() && targets.request().cookie_jar.as_deref() == Some(Path::new("-")) {
        return Err(Usage::new(
            "-c - writes to standard output, where the screen is; give the cookies a file: -c FILE",
        ));
    }
    let mut runs = Runs {
        targets,
        key_log: KeyLogTroubles::default(),
        cookies,
        sender: sender.clone(),
        latest: Arc::new(AtomicU64::new(0)),
        engine: None,
        recording: None,
        recorder: None,
        save,
        not_begun: None,
        with_secrets: secrets.with_secrets(),
        rules: secrets.rules()?,
        pending: Some(pending),
        capturing: None,
        lab: lab::lab_around(),
    };
    if let Some(lab) = &runs.lab {
        lab::watch_link(lab, &sender);
    }
    let outcome = screen::show(
        &sender,
        &inbox,
        &mut |effect| runs.perform(effect),
        settings,
    );
    drop(inbox);
    if !matches!(outcome, Ok(Outcome::Quit)) {
        signals::remember_one();
    }
    let saved = runs.end();
    Ok(if saved { left(outcome) } else { Exit::Fault })
}

/// The exit code of a screen that was left.
pub(super) fn left(outcome: std::io::Result<Outcome>) -> Exit {
    match outcome {
        Ok(Outcome::Quit) => Exit::Done,
        Ok(other) => Exit::Signal(other.exit_code().saturating_sub(128)),
        Err(error) => {
            eprintln!("tapline: the terminal cannot be used: {error}");
            Exit::Fault
        }
    }
}

fn settings(url: Option<String>, targets: &Targets, look: &LookArgs) -> Settings {
    let notice = targets.notice().map(str::to_owned);
    Settings {
        url,
        suggestions: suggestions(targets),
        notice,
        ..appearance(look)
    }
}

/// How a screen looks that begins with nothing.
pub(super) fn appearance(look: &LookArgs) -> Settings {
    let theme = match look.theme {
        ThemeChoice::Dark | ThemeChoice::Plain => Theme::Dark,
        ThemeChoice::Light => Theme::Light,
        ThemeChoice::ColorBlind => Theme::ColorBlind,
    };
    let colorless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Settings {
        theme,
        color: look.theme != ThemeChoice::Plain && !colorless,
        ascii: look.ascii || !super::speaks_unicode(),
        ..Settings::default()
    }
}

fn suggestions(targets: &Targets) -> Vec<Suggestion> {
    let offer = |exhibit: &Exhibit| Suggestion {
        url: exhibit.url.clone(),
        shows: exhibit.shows.to_owned(),
        group: exhibit.group.to_owned(),
    };
    targets.exhibits().iter().map(offer).collect()
}

/// A packet's bytes with the number of its link type, or why they cannot be had.
pub(super) fn bytes_of(store: &dyn ByteStore, stored: Stored) -> Result<(u16, Vec<u8>), String> {
    let mut bytes = Vec::new();
    store
        .read(stored, usize::MAX, &mut bytes)
        .map_err(|error| error.to_string())?;
    Ok((
        store
            .link_type(stored.interface)
            .ok_or("its interface is not known")?,
        bytes,
    ))
}

/// The runs the screen asked for. At most one is under way; what an older one still says is not
/// heard.
struct Runs {
    targets: Targets,
    sender: SyncSender<Message>,
    latest: Arc<AtomicU64>,
    engine: Option<Engine>,
    /// The latest of them.
    recording: Option<Recording>,
    /// Keeps it, and saves it in the end where that was asked for.
    recorder: Option<JoinHandle<Saved>>,
    save: Option<PathBuf>,
    /// Why the latest run could not begin.
    not_begun: Option<String>,
    with_secrets: bool,
    /// What is masked, else.
    rules: Rules,
    /// Open, or being opened while the first picture is drawn.
    capturing: Option<Capturing>,
    pending: Option<Pending>,
    /// What there is to say of the key log.
    key_log: KeyLogTroubles,
    /// What `-c` asks for.
    cookies: Option<CookieJar>,
    /// The lab that this process runs in.
    lab: Option<Remote>,
}

impl Runs {
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Run { url } => {
                self.cancel();
                self.not_begun = self.start(&url).err();
                if let Some(sentence) = self.not_begun.clone() {
                    let _ = self.sender.try_send(Message::RunFailed(sentence));
                }
            }
            Effect::Cancel => self.cancel(),
            Effect::SetLink(link) => self.set_link(link),
            Effect::ReadPacket(stored) => self.read_packet(stored),
            Effect::Save => self.save(),
            Effect::Name(_)
            | Effect::TakeApart(_)
            | Effect::Copy(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Quit(_) => {}
        }
    }

    fn start(&mut self, url: &str) -> Result<(), String> {
        let mut spec = self.targets.spec(url).map_err(|usage| usage.to_string())?;
        let keys = Keys::wanted(self.with_secrets);
        spec.tls.key_tap = keys.tap();
        spec.tls.key_log_troubles = self.key_log.clone();
        if let Some(jar) = &self.cookies {
            jar.follow(&mut spec);
        }
        let number = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        let latest = Arc::clone(&self.latest);
        let wanted = move || latest.load(Ordering::SeqCst) == number;
        let capturing = self.capturing()?;
        let recording = Recording::new(capturing.clone(), keys, self.rules.clone());
        let failed = |error: std::io::Error| format!("the engine cannot start: {error}");
        let (events, recorder) = recording
            .start(self.sender.clone(), wanted.clone(), self.save.clone())
            .map_err(failed)?;
        let engine = Engine::start(
            vec![spec],
            Outlet::new(&events, wanted),
            capturing,
            self.link(),
        )
        .map_err(failed)?;
        (self.engine, self.recording, self.recorder) =
            (Some(engine), Some(recording), Some(recorder));
        Ok(())
    }

    /// How the lab's link is set now.
    fn link(&self) -> Option<Link> {
        self.lab.as_ref().and_then(|_| lab::link_around())
    }

    fn set_link(&self, link: Link) {
        if let Some(lab) = &self.lab
            && lab::set_link(lab, link.clone(), &self.sender)
            && let Some(engine) = &self.engine
        {
            engine.link_set(link);
        }
    }

    /// From memory, or a file that nobody else writes: at once.
    fn read_packet(&self, stored: Stored) {
        let kept = if let Some(Capturing::On(capture)) = &self.capturing {
            capture.kept()
        } else {
            None
        };
        let read = kept.map_or_else(
            || Err("they were not kept".to_owned()),
            |kept| bytes_of(&*kept, stored),
        );
        let _ = self.sender.try_send(Message::PacketRead { stored, read });
    }

    /// Ends the run under way, and waits until it is saved where that was asked for. Whether
    /// nothing failed in that.
    fn end(mut self) -> bool {
        self.cancel();
        let is_logged = report_key_log(&self.key_log).is_ok();
        let is_kept = self.cookies.take().is_none_or(|jar| jar.write().is_ok());
        self.is_saved() && is_logged && is_kept
    }

    /// Waits until the run is saved where that was asked for, and says what there is to say of it.
    /// Whether nothing failed in that.
    fn is_saved(&mut self) -> bool {
        if let (Some(path), Some(sentence)) = (&self.save, &self.not_begun) {
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
                eprintln!("tapline: {sentence} Who has them can read what was said.");
                true
            }
            _ => true,
        }
    }

    /// On a thread of its own: a run can be large.
    fn save(&self) {
        let (recording, sender) = (self.recording.clone(), self.sender.clone());
        let work = move || {
            let saved = recording.map_or_else(
                || Err("there is no run to save".to_owned()),
                |recording| recording.save_afresh(),
            );
            let _ = sender.send(Message::Saved(saved));
        };
        if let Err(error) = start_thread("saving", work) {
            let _ = self.sender.try_send(Message::Saved(Err(error.to_string())));
        }
    }

    fn capturing(&mut self) -> Result<Capturing, String> {
        if let Some(pending) = self.pending.take() {
            self.capturing = Some(
                pending
                    .ready()
                    .map_err(|refusal| format!("packets cannot be captured: {refusal}"))?,
            );
        }
        Ok(self.capturing.clone().unwrap_or(Capturing::Off))
    }

    fn cancel(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.canceller().cancel();
        }
    }
}
