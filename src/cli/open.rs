//! `tapline open`: a saved run, a capture file or a HAR file on the screen.

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::args::{OpenArgs, ReportFileArgs};
use super::exit::{Exit, UsageError};
use super::threads::start_thread;
use super::{live, report, screen, tls_keys};
use crate::archive::{Archive, ArchiveError, CaptureStore};
use crate::dissect::dissect;
use crate::insight::FlowOpening;
use crate::trace::{ClockMap, EventKind, Flow, FlowKey, PacketLimits, PacketLocation, Trace};
use crate::tui::{ScreenEffect, ScreenMessage, Settings};
use crate::units::Untrusted;
use crate::wire::tls::KeyLog;

/// Capacity of the screen's inbox. It is small since one message may contain hundreds of packets;
/// the reader blocks while it is full.
const INBOX_CAPACITY: usize = 32;

/// Notice for a run that was only saved in part.
const CUT_OFF: &str = "the run was not saved completely; this is all that the file contains";

/// Capacity of the lookup channel.
const LOOKUP_CAPACITY: usize = 256;
/// Requests of a conversation whose time is divided, as many as are listed.
const MAX_TIMED_REQUESTS: usize = 40;

/// The capture, set once the input is known to be one.
type SharedCapture = Arc<OnceLock<OpenedCapture>>;

/// Access to packet bytes, and the secrets to decrypt TLS with. Secrets embedded in the capture are
/// added at its end.
struct OpenedCapture {
    store: Arc<CaptureStore>,
    keys: Mutex<KeyLog>,
}

/// Shows the file while it is being read; prints the report if there is no terminal.
pub(super) fn run(args: &OpenArgs) -> Result<Exit, UsageError> {
    let is_standard_input = args.file.as_os_str() == "-";
    if is_standard_input && std::io::stdin().is_terminal() {
        return Err(UsageError::new(
            "standard input is a terminal; pipe a capture into it: tcpdump -U -w - | tapline open \
             -",
        ));
    }
    if !has_terminal() {
        eprintln!(
            "tapline: no terminal to draw on; printing the report of 'tapline report' instead"
        );
        return report::run(&ReportFileArgs::from(args));
    }
    let keys = tls_keys::read_key_log(args.keylog.as_deref())?;
    let name = if is_standard_input {
        "standard input".to_owned()
    } else {
        display_name(&args.file)
    };
    let limits = if is_standard_input {
        PacketLimits::for_pipe(args.spool_limit)
    } else {
        PacketLimits::KEEP_FIRST
    };
    let settings = Settings {
        opened: Some(name.clone()),
        masking: args.secrets.masking()?,
        limits,
        ..screen::appearance_settings(&args.screen)
    };
    let (sender, inbox) = sync_channel(INBOX_CAPACITY);
    let capture = SharedCapture::default();
    let failed = |error: &std::io::Error| UsageError::new(error.to_string());
    if is_standard_input {
        // The first byte may take a while to arrive; meanwhile the screen is shown.
        let limit = args.spool_limit;
        spawn("reader", &sender, &capture, move |sender, capture| {
            read_archive(
                Archive::from_pipe_with_limit(std::io::stdin(), limit),
                keys,
                sender,
                capture,
            );
        })
        .map_err(|e| failed(&e))?;
    } else {
        let archive = Archive::open(&args.file)
            .map_err(|error| UsageError::new(format!("{name}: {error}")))?;
        spawn("reader", &sender, &capture, move |sender, capture| {
            read_archive(Ok(archive), keys, sender, capture);
        })
        .map_err(|e| failed(&e))?;
    }
    let (lookups, requests) = sync_channel(LOOKUP_CAPACITY);
    spawn("lookups", &sender, &capture, move |sender, capture| {
        answer_lookups(&requests, sender, capture);
    })
    .map_err(|e| failed(&e))?;
    let mut perform = |effect| {
        let question = match effect {
            ScreenEffect::FindServerNames(openings) => LookupRequest::Names(openings),
            ScreenEffect::ReadPacket(stored) => LookupRequest::Packet(stored),
            ScreenEffect::Dissect(conversation) => LookupRequest::Conversation(conversation),
            _ => return,
        };
        // The screen has one batch of names and one packet per keystroke outstanding, so this does
        // not overflow.
        let _ = lookups.try_send(question);
    };
    Ok(screen::screen_exit(screen::show_screen(
        &sender,
        &inbox,
        &mut perform,
        settings,
    )))
}

/// Returns true if there is a terminal to draw on and one to read keys from. If standard input is
/// redirected, keys are read from the controlling terminal.
fn has_terminal() -> bool {
    std::io::stdout().is_terminal()
        && (std::io::stdin().is_terminal() || File::open("/dev/tty").is_ok())
}

fn display_name(path: &Path) -> String {
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
    sender: &SyncSender<ScreenMessage>,
    capture: &SharedCapture,
    work: impl FnOnce(&SyncSender<ScreenMessage>, &SharedCapture) + Send + 'static,
) -> std::io::Result<()> {
    let sender = sender.clone();
    let capture = Arc::clone(capture);
    start_thread(name, move || work(&sender, &capture)).map(drop)
}

/// Sends all events of the capture to the screen. Errors are ignored: if the screen is gone, the
/// process is about to end.
fn read_archive(
    archive: Result<Archive, ArchiveError>,
    keys: KeyLog,
    sender: &SyncSender<ScreenMessage>,
    capture: &SharedCapture,
) {
    match archive {
        Ok(mut archive) => {
            archive.limit_entries(Trace::MAX_EXCHANGES);
            let store = archive.store();
            let OpenedCapture { keys, .. } = capture.get_or_init(|| OpenedCapture {
                store: Arc::clone(&store),
                keys: Mutex::new(keys),
            });
            // The final event is sent after the embedded secrets are known, since the screen then
            // dissects conversations.
            let mut end = None;
            let attachments = archive.read_events(|event| match event.kind {
                EventKind::RunEnded => end = Some(event),
                _ => _ = sender.send(ScreenMessage::Trace(event)),
            });
            tls_keys::add_embedded_key_logs(
                &mut keys.lock().unwrap_or_else(PoisonError::into_inner),
                &attachments,
                &store,
            );
            let last = end.map_or_else(
                || ScreenMessage::RunFailed(CUT_OFF.to_owned()),
                ScreenMessage::Trace,
            );
            let _ = sender.send(last);
        }
        Err(error) => _ = sender.send(ScreenMessage::RunFailed(error.to_string())),
    }
}

/// A request of the screen that needs packet bytes.
enum LookupRequest {
    Names(Vec<(FlowKey, FlowOpening)>),
    Packet(PacketLocation),
    Conversation(Box<(Flow, ClockMap)>),
}

/// Answers the screen's lookup requests.
fn answer_lookups(
    requests: &Receiver<LookupRequest>,
    sender: &SyncSender<ScreenMessage>,
    capture: &SharedCapture,
) {
    for question in requests {
        let message = match question {
            LookupRequest::Names(openings) => {
                ScreenMessage::ServerNames(find_server_names(openings, capture))
            }
            LookupRequest::Packet(stored) => {
                let read = capture.get().map_or_else(
                    || Err("nothing was read".to_owned()),
                    |opened| live::read_packet_bytes(&*opened.store, stored),
                );
                ScreenMessage::PacketRead { stored, read }
            }
            LookupRequest::Conversation(conversation) => {
                let Some(OpenedCapture { store, keys }) = capture.get() else {
                    continue;
                };
                let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                let (flow, clock) = &*conversation;
                let mut dissection = dissect(flow, &**store, &keys);
                dissection.time = dissection.time_spent(clock, flow, MAX_TIMED_REQUESTS);
                ScreenMessage::Dissected(flow.key, Box::new(dissection))
            }
        };
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// The server names found in the openings of connections.
fn find_server_names(
    openings: Vec<(FlowKey, FlowOpening)>,
    capture: &SharedCapture,
) -> Vec<(FlowKey, Untrusted)> {
    let Some(OpenedCapture { store, .. }) = capture.get() else {
        return Vec::new();
    };
    let name =
        |(flow, opening): (FlowKey, FlowOpening)| Some((flow, opening.server_name(&**store)?));
    openings.into_iter().filter_map(name).collect()
}
