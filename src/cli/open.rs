//! `tapline open`: a saved run, a capture file or a HAR on the screen.

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::args::{OpenArgs, ReportFileArgs};
use super::exit::Exit;
use super::threads::start_thread;
use super::usage::Usage;
use super::{live, report, screen, secrets};
use crate::archive::{Archive, ArchiveError, Store};
use crate::dissect::dissect;
use crate::insight::Opening;
use crate::trace::{Flow, FlowKey, PacketLimits, Stored, Trace, What};
use crate::tui::{Effect, Message, Settings};
use crate::units::Untrusted;
use crate::wire::tls::KeyLog;

/// Messages that may wait for the screen. Each may hold hundreds of packets, so it is few; the
/// reader waits when there are more.
const INBOX: usize = 32;

/// What is said of a run that was saved in part only.
const CUT_OFF: &str = "the run was not saved to its end: what is shown is what there is of it";

/// Questions that may wait.
const QUESTIONS: usize = 256;

/// The capture, once the input has turned out to be one.
type Shelf = Arc<OnceLock<Book>>;

/// The packets' bytes, and the secrets by which TLS in them is opened. Those in the capture itself
/// come with its end.
struct Book {
    store: Arc<Store>,
    keys: Mutex<KeyLog>,
}

/// Shows the file as it is read; prints the report where there is no terminal.
pub(super) fn run(args: &OpenArgs) -> Result<Exit, Usage> {
    let is_standard_input = args.file.as_os_str() == "-";
    if is_standard_input && std::io::stdin().is_terminal() {
        return Err(Usage::new(
            "standard input is the terminal; pipe a capture into it: tcpdump -U -w - | tapline \
                open -",
        ));
    }
    if !possible() {
        eprintln!(
            "tapline: there is no terminal to draw on, so here is the report (as 'tapline report' \
                prints it)"
        );
        return report::run(&ReportFileArgs::of(args));
    }
    let keys = secrets::beside(args.keylog.as_deref())?;
    let name = if is_standard_input {
        "standard input".to_owned()
    } else {
        name_of(&args.file)
    };
    let limits = if is_standard_input {
        PacketLimits::of_pipe(args.spool_limit)
    } else {
        PacketLimits::FIRST
    };
    let settings = Settings {
        opened: Some(name.clone()),
        masking: args.secrets.masking()?,
        limits,
        ..live::appearance(&args.look)
    };
    let (sender, inbox) = sync_channel(INBOX);
    let shelf = Shelf::default();
    let failed = |error: &std::io::Error| Usage::new(error.to_string());
    if is_standard_input {
        // It may be long before the first byte comes, and the screen says so.
        let limit = args.spool_limit;
        spawn("reader", &sender, &shelf, move |sender, shelf| {
            read(
                Archive::piped_within(std::io::stdin(), limit),
                keys,
                sender,
                shelf,
            );
        })
        .map_err(|e| failed(&e))?;
    } else {
        let archive =
            Archive::open(&args.file).map_err(|error| Usage::new(format!("{name}: {error}")))?;
        spawn("reader", &sender, &shelf, move |sender, shelf| {
            read(Ok(archive), keys, sender, shelf);
        })
        .map_err(|e| failed(&e))?;
    }
    let (ask, asked) = sync_channel(QUESTIONS);
    spawn("librarian", &sender, &shelf, move |sender, shelf| {
        answer(&asked, sender, shelf);
    })
    .map_err(|e| failed(&e))?;
    let mut perform = |effect| {
        let question = match effect {
            Effect::Name(openings) => Question::Names(openings),
            Effect::ReadPacket(stored) => Question::Packet(stored),
            Effect::TakeApart(flow) => Question::Conversation(flow),
            _ => return,
        };
        // Names are asked for one batch at a time and packets one a key, so there is room.
        let _ = ask.try_send(question);
    };
    Ok(live::left(screen::show(
        &sender,
        &inbox,
        &mut perform,
        settings,
    )))
}

/// Whether there is a terminal to draw on, and one to read keys from: where standard input is
/// something else, the one that the process is on.
fn possible() -> bool {
    std::io::stdout().is_terminal()
        && (std::io::stdin().is_terminal() || File::open("/dev/tty").is_ok())
}

fn name_of(path: &Path) -> String {
    Untrusted::new(
        path.file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy(),
    )
    .escaped()
    .into_owned()
}

fn spawn(
    name: &str,
    sender: &SyncSender<Message>,
    shelf: &Shelf,
    work: impl FnOnce(&SyncSender<Message>, &Shelf) + Send + 'static,
) -> std::io::Result<()> {
    let (sender, shelf) = (sender.clone(), Arc::clone(shelf));
    start_thread(name, move || work(&sender, &shelf)).map(drop)
}

/// Tells the screen all that is in the capture. A screen that is gone wants nothing, and the
/// process ends with it.
fn read(
    archive: Result<Archive, ArchiveError>,
    keys: KeyLog,
    sender: &SyncSender<Message>,
    shelf: &Shelf,
) {
    match archive {
        Ok(mut archive) => {
            archive.tell_first(Trace::MOST_EXCHANGES);
            let store = archive.store();
            let Book { keys, .. } = shelf.get_or_init(|| Book {
                store: Arc::clone(&store),
                keys: Mutex::new(keys),
            });
            // The end is told once its secrets are known: then conversations are looked at.
            let mut end = None;
            let kept = archive.tell(|event| match event.what {
                What::RunEnded => end = Some(event),
                _ => _ = sender.send(Message::Trace(event)),
            });
            secrets::add_within(
                &mut keys.lock().unwrap_or_else(PoisonError::into_inner),
                &kept,
                &store,
            );
            let last = end.map_or_else(|| Message::RunFailed(CUT_OFF.to_owned()), Message::Trace);
            let _ = sender.send(last);
        }
        Err(error) => _ = sender.send(Message::RunFailed(error.to_string())),
    }
}

/// What the screen wants to know of packets' bytes.
enum Question {
    Names(Vec<(FlowKey, Opening)>),
    Packet(Stored),
    Conversation(Box<Flow>),
}

/// Looks up what the screen asks for.
fn answer(asked: &Receiver<Question>, sender: &SyncSender<Message>, shelf: &Shelf) {
    for question in asked {
        let message = match question {
            Question::Names(openings) => Message::Named(names(openings, shelf)),
            Question::Packet(stored) => {
                let read = shelf.get().map_or_else(
                    || Err("nothing was read".to_owned()),
                    |book| live::bytes_of(&*book.store, stored),
                );
                Message::PacketRead { stored, read }
            }
            Question::Conversation(flow) => {
                let Some(Book { store, keys }) = shelf.get() else {
                    continue;
                };
                let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                Message::TakenApart(flow.key, Box::new(dissect(&flow, &**store, &keys)))
            }
        };
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// The names that are found in openings.
fn names(openings: Vec<(FlowKey, Opening)>, shelf: &Shelf) -> Vec<(FlowKey, Untrusted)> {
    let Some(Book { store, .. }) = shelf.get() else {
        return Vec::new();
    };
    let name = |(flow, opening): (FlowKey, Opening)| Some((flow, opening.server_name(&**store)?));
    openings.into_iter().filter_map(name).collect()
}
