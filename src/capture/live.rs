//! Live capture: open interfaces, the thread that reads them, and the session of one run at a time.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::CaptureError;
use super::device::{CaptureDepth, CaptureDevice};
use super::interface_selection::{interface_toward, up_interfaces};
use super::packet_filter::PacketFilter;
use super::packet_store::PacketStore;
use super::reader::{CaptureCounts, CaptureReader, CaptureSource, ReaderCommand};
use super::run::{CaptureEventSink, CaptureRun, RunClock, lock_ignoring_poison};
use crate::trace::EventKind;
use crate::units::Untrusted;

/// Open interfaces and the thread that reads them. The thread ends when this and every
/// [`CaptureSession`] is dropped. The kernel takes some 25 ms to close an interface, on a thread of
/// its own: drop a capture before the program's last work, not after it.
pub struct LiveCapture {
    shared: Arc<SharedReaderState>,
    reader: Arc<ReaderHandle>,
}

/// The capture of one run.
pub struct CaptureSession {
    shared: Arc<SharedReaderState>,
    reader: Arc<ReaderHandle>,
    run: Arc<CaptureRun>,
}

/// State shared with the reading thread.
pub(super) struct SharedReaderState {
    interfaces: Vec<OpenInterface>,
    depth: CaptureDepth,
    run: Mutex<Option<Arc<CaptureRun>>>,
    /// Packets of the latest run.
    packet_store: Mutex<Option<Arc<PacketStore>>>,
}

struct OpenInterface {
    name: String,
    link_name: String,
    /// Link type number (`LINKTYPE_`).
    link_type_number: u16,
    filter: PacketFilter,
}

/// Handle for commands to the reading thread.
struct ReaderHandle {
    commands: SyncSender<ReaderCommand>,
    wake_socket: UnixStream,
}

impl LiveCapture {
    /// Starts the reading thread. The filters block everything, so there is nothing to read yet.
    pub(super) fn start(
        devices: Vec<CaptureDevice>,
        depth: CaptureDepth,
    ) -> Result<Self, CaptureError> {
        let failed = |error: std::io::Error| {
            CaptureError::new(
                format!("the capture could not be started: {error}"),
                "close some programs",
            )
        };
        let (wake_writer, wake_reader) = UnixStream::pair().map_err(failed)?;
        wake_writer
            .set_nonblocking(true)
            .and_then(|()| wake_reader.set_nonblocking(true))
            .map_err(failed)?;
        let (commands, receiver) = sync_channel(1);
        let mut interfaces = Vec::new();
        let mut sources = Vec::new();
        for CaptureDevice {
            name,
            link,
            link_type_number,
            link_name,
            capture,
            filter,
            aggregates,
            kernel_counts,
        } in devices
        {
            interfaces.push(OpenInterface {
                name: name.clone(),
                link_name: link_name.clone(),
                link_type_number,
                filter,
            });
            sources.push(CaptureSource {
                name,
                link,
                link_name,
                capture,
                aggregates,
                kernel_counts,
                ended: false,
            });
        }
        let shared = Arc::new(SharedReaderState {
            interfaces,
            depth,
            run: Mutex::default(),
            packet_store: Mutex::default(),
        });
        let reader = CaptureReader {
            sources,
            commands: receiver,
            wake_socket: wake_reader,
            shared: Arc::clone(&shared),
            session: None,
        };
        thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || reader.read())
            .map_err(failed)?;
        let reader_handle = Arc::new(ReaderHandle {
            commands,
            wake_socket: wake_writer,
        });
        Ok(Self {
            shared,
            reader: reader_handle,
        })
    }

    /// Names of the open interfaces.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.shared
            .interfaces
            .iter()
            .map(|interface| interface.name.as_str())
    }

    /// Names and link type numbers of the interfaces, in the order of their indexes in packets.
    pub fn link_types(&self) -> impl Iterator<Item = (&str, u16)> {
        self.shared
            .interfaces
            .iter()
            .map(|interface| (interface.name.as_str(), interface.link_type_number))
    }

    /// Largest number of bytes captured of a packet.
    pub fn snap_length(&self) -> u32 {
        self.shared.depth.snap_length().unsigned_abs()
    }

    /// The packets of the latest run, if packets are kept.
    pub fn packet_store(&self) -> Option<Arc<PacketStore>> {
        lock_ignoring_poison(&self.shared.packet_store).clone()
    }

    /// Starts the session of a run in place of the previous one, and announces the capture. Nothing
    /// is captured until addresses are [added](CaptureSession::watch_addresses).
    pub fn start_session(&self, sink: CaptureEventSink, now: RunClock) -> CaptureSession {
        let links = || {
            self.shared
                .interfaces
                .iter()
                .map(|interface| interface.link_type_number)
                .collect()
        };
        let packet_store = (self.shared.depth != CaptureDepth::Headers)
            .then(|| Arc::new(PacketStore::new(links())));
        lock_ignoring_poison(&self.shared.packet_store).clone_from(&packet_store);
        let run = Arc::new(CaptureRun::new(sink, now, packet_store));
        let names: Vec<&str> = self.interfaces().collect();
        let link_type = self
            .shared
            .interfaces
            .first()
            .map_or_else(String::new, |interface| interface.link_name.clone());
        run.emit_with_retry(&EventKind::CaptureOpened {
            interface: names.join(", "),
            link_type,
        });
        *lock_ignoring_poison(&self.shared.run) = Some(Arc::clone(&run));
        CaptureSession {
            shared: Arc::clone(&self.shared),
            reader: Arc::clone(&self.reader),
            run,
        }
    }
}

impl CaptureSession {
    /// Captures packets to and from these addresses, too; what leaves after this call returns is
    /// captured. Takes some ten microseconds per interface if an address is new.
    pub fn watch_addresses(&self, remotes: &[SocketAddr]) {
        let Some(expected) = self.run.watch(remotes) else {
            return;
        };
        if self.is_current()
            && self
                .shared
                .interfaces
                .iter()
                .filter(|interface| !interface.filter.allow_remotes(&expected))
                .count()
                > 0
        {
            self.shared.emit_note(
                "the kernel rejected the filter for this run's addresses: packets may be missing",
            );
        }
    }

    /// Ends the session: waits until its connections are seen to close, for `patience` at most,
    /// then emits the kernel's counters.
    pub fn finish(&self, patience: Duration) {
        if !self.is_current() {
            return;
        }
        // Drained twice: first for the packets that tell which connections are still open, then for
        // those that arrived while waiting for them to close.
        let first = self.reader.drain().unwrap_or_default();
        self.run.wait_until_closed(patience);
        self.shared.close_filters();
        let last = self.reader.drain().unwrap_or_default();
        let CaptureCounts {
            received,
            dropped,
            lost,
        } = first.combined_with(last);
        if lost > 0 {
            self.run
                .emit_with_retry(&EventKind::Dropped { count: lost });
        }
        if received == 0 {
            self.note_uncaptured_interface();
        }
        self.run
            .emit_with_retry(&EventKind::CaptureClosed { received, dropped });
        self.detach();
    }

    /// If nothing was captured because the packets use another interface, names it in a note.
    fn note_uncaptured_interface(&self) {
        let known = up_interfaces();
        for (address, port) in self.run.watched().iter() {
            let passes = interface_toward(&known, SocketAddr::new(*address, *port));
            if let Some(name) = passes.filter(|name| {
                self.shared
                    .interfaces
                    .iter()
                    .all(|interface| interface.name != *name)
            }) {
                self.shared.emit_note(&format!(
                    "packets to {address} pass the interface {name}, which was not \
                        captured: --capture-interface {name}"
                ));
                return;
            }
        }
    }

    fn is_current(&self) -> bool {
        self.shared
            .run()
            .is_some_and(|run| Arc::ptr_eq(&run, &self.run))
    }

    fn detach(&self) {
        let mut current = lock_ignoring_poison(&self.shared.run);
        if current
            .as_ref()
            .is_some_and(|run| Arc::ptr_eq(run, &self.run))
        {
            *current = None;
            drop(current);
            self.run.close();
            // Wakes the thread, so that it drops its reference to the run.
            self.reader.wake();
        }
    }
}

impl Drop for CaptureSession {
    fn drop(&mut self) {
        if self.is_current() {
            self.shared.close_filters();
            self.detach();
        }
    }
}

impl SharedReaderState {
    /// The current run.
    pub(super) fn run(&self) -> Option<Arc<CaptureRun>> {
        lock_ignoring_poison(&self.run).clone()
    }

    /// Emits a note in the current run.
    pub(super) fn emit_note(&self, text: &str) {
        if let Some(run) = self.run() {
            run.emit(EventKind::Note {
                exchange: None,
                text: Untrusted::new(text),
            });
        }
    }

    /// The interfaces' filters, in their order.
    pub(super) fn into_filters(self) -> Vec<PacketFilter> {
        self.interfaces
            .into_iter()
            .map(|interface| interface.filter)
            .collect()
    }

    fn close_filters(&self) {
        for interface in &self.interfaces {
            interface.filter.block_all();
        }
    }
}

impl ReaderHandle {
    /// Wakes the reading thread; returns whether it will wake. A full socket has woken it already.
    fn wake(&self) -> bool {
        match (&self.wake_socket).write_all(&[0]) {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    /// Has the thread deliver everything that the kernel holds by now; `None` if it is gone or does
    /// not respond in time.
    fn drain(&self) -> Option<CaptureCounts> {
        const PATIENCE: Duration = Duration::from_secs(2);
        let (reply, replied) = sync_channel(1);
        self.commands.try_send(ReaderCommand::Drain(reply)).ok()?;
        self.wake().then(|| replied.recv_timeout(PATIENCE).ok())?
    }
}
