//! A capture that serves one run after the other.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::Refusal;
use super::device::{Depth, Device};
use super::filter::Gate;
use super::kept::Kept;
use super::reader::{Command, Counts, Reader, Source};
use super::route::{interface_towards, known};
use super::run::{Now, Run, Sink, locked};
use crate::trace::What;
use crate::units::Untrusted;

/// Open interfaces and the thread that reads them. It ends when this and every [`Listening`] is
/// gone. The kernel takes some 25 ms to close an interface, on a thread of its own: let go of a
/// capture before the program's last work, not after it.
pub struct Capture {
    shared: Arc<Shared>,
    calls: Arc<Calls>,
}

/// One run's use of a capture.
pub struct Listening {
    shared: Arc<Shared>,
    calls: Arc<Calls>,
    run: Arc<Run>,
}

/// What the reading thread shares with the others.
pub(super) struct Shared {
    interfaces: Vec<Interface>,
    depth: Depth,
    run: Mutex<Option<Arc<Run>>>,
    /// Of the run that listened last.
    kept: Mutex<Option<Arc<Kept>>>,
}

struct Interface {
    name: String,
    link_name: String,
    /// The link type's number.
    number: u16,
    gate: Gate,
}

/// The way to the reading thread.
struct Calls {
    commands: SyncSender<Command>,
    bell: UnixStream,
}

impl Capture {
    /// Starts reading. The gates are shut, so there is nothing to read yet.
    pub(super) fn of(devices: Vec<Device>, depth: Depth) -> Result<Self, Refusal> {
        let failed = |error: std::io::Error| {
            Refusal::new(
                format!("the capture could not be started: {error}"),
                "close some programs",
            )
        };
        let (ring, bell) = UnixStream::pair().map_err(failed)?;
        ring.set_nonblocking(true)
            .and_then(|()| bell.set_nonblocking(true))
            .map_err(failed)?;
        let (commands, receiver) = sync_channel(1);
        let (mut interfaces, mut sources) = (Vec::new(), Vec::new());
        for Device {
            name,
            link,
            number,
            link_name,
            capture,
            gate,
            aggregates,
            counted,
        } in devices
        {
            interfaces.push(Interface {
                name: name.clone(),
                link_name: link_name.clone(),
                number,
                gate,
            });
            sources.push(Source {
                name,
                link,
                link_name,
                capture,
                aggregates,
                counted,
                ended: false,
            });
        }
        let shared = Arc::new(Shared {
            interfaces,
            depth,
            run: Mutex::default(),
            kept: Mutex::default(),
        });
        let reader = Reader {
            sources,
            commands: receiver,
            bell,
            shared: Arc::clone(&shared),
            intake: None,
        };
        thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || reader.read())
            .map_err(failed)?;
        let calls = Arc::new(Calls {
            commands,
            bell: ring,
        });
        Ok(Self { shared, calls })
    }

    /// The interfaces that are open.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.shared
            .interfaces
            .iter()
            .map(|interface| interface.name.as_str())
    }

    /// The interfaces' names and the numbers of their link types, in the order in which packets
    /// name them.
    pub fn links(&self) -> impl Iterator<Item = (&str, u16)> {
        self.shared
            .interfaces
            .iter()
            .map(|interface| (interface.name.as_str(), interface.number))
    }

    /// The most bytes that are captured of a packet.
    pub fn snap_length(&self) -> u32 {
        self.shared.depth.snap_length().unsigned_abs()
    }

    /// Where the packets of the run that listened last are kept, if they are.
    pub fn kept(&self) -> Option<Arc<Kept>> {
        locked(&self.shared.kept).clone()
    }

    /// Listens for a run, in place of the one before, and says so. Nothing is seen before something
    /// is [expected](Listening::expect).
    pub fn listen(&self, sink: Sink, now: Now) -> Listening {
        let links = || {
            self.shared
                .interfaces
                .iter()
                .map(|interface| interface.number)
                .collect()
        };
        let kept = (self.shared.depth != Depth::Headers).then(|| Arc::new(Kept::new(links())));
        locked(&self.shared.kept).clone_from(&kept);
        let run = Arc::new(Run::new(sink, now, kept));
        let names: Vec<&str> = self.interfaces().collect();
        let link_type = self
            .shared
            .interfaces
            .first()
            .map_or_else(String::new, |interface| interface.link_name.clone());
        run.emit_surely(&What::CaptureOpened {
            interface: names.join(", "),
            link_type,
        });
        *locked(&self.shared.run) = Some(Arc::clone(&run));
        Listening {
            shared: Arc::clone(&self.shared),
            calls: Arc::clone(&self.calls),
            run,
        }
    }
}

impl Listening {
    /// Lets packets to and from these addresses be seen too, from now on: what leaves after this
    /// returns is captured. Takes some ten microseconds an interface where an address is new,
    /// and none where not.
    pub fn expect(&self, remotes: &[SocketAddr]) {
        let Some(expected) = self.run.expect(remotes) else {
            return;
        };
        if self.is_current()
            && self
                .shared
                .interfaces
                .iter()
                .filter(|interface| !interface.gate.open_for(&expected))
                .count()
                > 0
        {
            self.shared
                .note("the kernel took no filter for this run's addresses: packets may be missing");
        }
    }

    /// Ends the run: waits until its connections are seen to be closed, at most for `patience`,
    /// then says what the kernel counted.
    pub fn finish(&self, patience: Duration) {
        if !self.is_current() {
            return;
        }
        let first = self.calls.drain().unwrap_or_default();
        self.run.wait_until_closed(patience);
        self.shared.shut();
        let last = self.calls.drain().unwrap_or_default();
        let Counts {
            received,
            dropped,
            lost,
        } = first.followed_by(last);
        if lost > 0 {
            self.run.emit_surely(&What::Dropped { count: lost });
        }
        if received == 0 {
            self.say_where_packets_pass();
        }
        self.run
            .emit_surely(&What::CaptureClosed { received, dropped });
        self.leave();
    }

    /// Where nothing was captured because the packets pass another interface, names it.
    fn say_where_packets_pass(&self) {
        let known = known();
        for (address, port) in self.run.expected().iter() {
            let passes = interface_towards(&known, SocketAddr::new(*address, *port));
            if let Some(name) = passes.filter(|name| {
                self.shared
                    .interfaces
                    .iter()
                    .all(|interface| interface.name != *name)
            }) {
                self.shared.note(&format!(
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

    fn leave(&self) {
        let mut current = locked(&self.shared.run);
        if current
            .as_ref()
            .is_some_and(|run| Arc::ptr_eq(run, &self.run))
        {
            *current = None;
            drop(current);
            self.run.end();
            // The thread shall let go of the run.
            self.calls.ring();
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if self.is_current() {
            self.shared.shut();
            self.leave();
        }
    }
}

impl Shared {
    /// The run that is listening.
    pub(super) fn run(&self) -> Option<Arc<Run>> {
        locked(&self.run).clone()
    }

    /// Tells the run that is listening something worth knowing.
    pub(super) fn note(&self, text: &str) {
        if let Some(run) = self.run() {
            run.emit(What::Note {
                exchange: None,
                text: Untrusted::new(text),
            });
        }
    }

    /// The interfaces' gates, in their order.
    pub(super) fn into_gates(self) -> Vec<Gate> {
        self.interfaces
            .into_iter()
            .map(|interface| interface.gate)
            .collect()
    }

    fn shut(&self) {
        for interface in &self.interfaces {
            interface.gate.shut();
        }
    }
}

impl Calls {
    /// Has the thread look up, and says whether it will. A full bell has been rung already.
    fn ring(&self) -> bool {
        match (&self.bell).write_all(&[0]) {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    /// Has everything handed on that the kernel holds by now; `None` where the thread is gone or
    /// does not get to it.
    fn drain(&self) -> Option<Counts> {
        const PATIENCE: Duration = Duration::from_secs(2);
        let (reply, replied) = sync_channel(1);
        self.commands.try_send(Command::Drain(reply)).ok()?;
        self.ring().then(|| replied.recv_timeout(PATIENCE).ok())?
    }
}
