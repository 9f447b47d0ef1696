//! The thread that reads captures.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::thread;
use std::time::Duration;

use pcap::{Active, Capture, Stat};

use super::aggregates::AggregateSizes;
use super::live::SharedReaderState;
use super::session_packets::{SessionPackets, packet_from_frame};
use crate::sys;
use crate::wire::LinkType;

/// What the reading thread is told to do, together with a byte on the bell.
pub(super) enum ReaderCommand {
    /// Hand on what the kernel holds, and say how much there was since the last time.
    Drain(SyncSender<CaptureCounts>),
}

/// The kernel's counts over all interfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CaptureCounts {
    pub(super) received: u64,
    pub(super) dropped: u64,
    /// Packets that a full sink lost, not yet said.
    pub(super) lost: u64,
}

impl CaptureCounts {
    /// Of two stretches of time, one right after the other.
    pub(super) const fn combined_with(self, next: Self) -> Self {
        Self {
            received: self.received + next.received,
            dropped: self.dropped + next.dropped,
            lost: next.lost,
        }
    }
}

/// One interface, as the reading thread sees it.
pub(super) struct CaptureSource {
    pub(super) name: String,
    pub(super) link: LinkType,
    pub(super) link_name: String,
    pub(super) capture: Capture<Active>,
    pub(super) aggregates: Option<AggregateSizes>,
    /// The kernel's counts when last asked.
    pub(super) kernel_counts: (u32, u32),
    /// It cannot be read any more: the interface is gone.
    pub(super) ended: bool,
}

pub(super) struct CaptureReader {
    pub(super) sources: Vec<CaptureSource>,
    pub(super) commands: Receiver<ReaderCommand>,
    pub(super) wake_socket: UnixStream,
    pub(super) shared: Arc<SharedReaderState>,
    pub(super) session: Option<SessionPackets>,
}

impl CaptureReader {
    /// Packets read before others get a turn, and events of at most that many packets.
    const BATCH: usize = 512;
    /// Between two looks at what comes, so that packets are read in bunches.
    const READ_INTERVAL: Duration = Duration::from_millis(2);
    /// Packets handed on by one command to drain: more than the kernel can hold, so a flood does
    /// not hold up the end of a run.
    const MAX_DRAINED: usize = 1 << 20;

    /// Reads until nobody can command any more.
    pub(super) fn read(mut self) {
        loop {
            match self.wait() {
                Ok(ready) => {
                    let read: usize = ready.into_iter().map(|index| self.read_batch(index)).sum();
                    // Being woken for every packet would take the processor from the very transfer
                    // that is looked at. The ring has room for far more than
                    // comes within a pause.
                    if (1..Self::BATCH).contains(&read) {
                        thread::sleep(Self::READ_INTERVAL);
                    }
                }
                Err(error) => {
                    self.shared
                        .emit_note(&format!("nothing more is captured: {error}"));
                    break;
                }
            }
            if !self.handle_commands() {
                break;
            }
            self.follow_session();
        }
        self.close();
    }

    /// Closes the interfaces beside each other: the kernel takes some 25 ms for each.
    fn close(self) {
        let gates = Arc::into_inner(self.shared)
            .map(SharedReaderState::into_filters)
            .unwrap_or_default();
        let mut gates = gates.into_iter();
        for source in self.sources {
            let both = (source, gates.next());
            // Where no thread can be started, this drops them here.
            let _ = thread::Builder::new()
                .name("close capture".to_owned())
                .spawn(move || drop(both));
        }
    }

    /// The sources that have something to read.
    fn wait(&self) -> std::io::Result<Vec<usize>> {
        let alive: Vec<usize> = (0..self.sources.len())
            .filter(|index| self.sources.get(*index).is_some_and(|source| !source.ended))
            .collect();
        let mut descriptors: Vec<BorrowedFd<'_>> = alive
            .iter()
            .filter_map(|index| self.sources.get(*index))
            .map(|source| source.capture.as_fd())
            .collect();
        descriptors.push(self.wake_socket.as_fd());
        let ready = sys::wait_readable(&descriptors)?;
        Ok(alive
            .into_iter()
            .zip(ready)
            .filter_map(|(index, ready)| ready.then_some(index))
            .collect())
    }

    /// Does what it was told. False where nobody is left to tell.
    fn handle_commands(&mut self) -> bool {
        let mut rung = [0_u8; 64];
        // The bell does not block; how often it was rung does not matter.
        while matches!(self.wake_socket.read(&mut rung), Ok(1..)) {}
        loop {
            match self.commands.try_recv() {
                Ok(ReaderCommand::Drain(reply)) => {
                    let counts = self.drain();
                    // Whoever asked may have lost patience.
                    let _ = reply.try_send(counts);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn drain(&mut self) -> CaptureCounts {
        for index in 0..self.sources.len() {
            let mut read = 0;
            while read < Self::MAX_DRAINED {
                match self.read_batch(index) {
                    0 => break,
                    count => read += count,
                }
            }
        }
        let mut counts = self
            .sources
            .iter_mut()
            .fold(CaptureCounts::default(), CaptureSource::add_counts);
        if let Some(intake) = &mut self.session {
            intake.report_lost();
            counts.lost = intake.lost();
        }
        counts
    }

    /// Reads what one source has, up to a batch. How many frames that were.
    fn read_batch(&mut self, index: usize) -> usize {
        self.follow_session();
        let Some(source) = self.sources.get_mut(index).filter(|source| !source.ended) else {
            return 0;
        };
        let (link, intake, aggregates) = (source.link, &mut self.session, &mut source.aggregates);
        let mut packets = Vec::new();
        let read = source.capture.dispatch(Some(Self::BATCH), |frame| {
            if let Some(intake) = intake
                && let Some(mut packet) = packet_from_frame(link, &frame)
                && intake.is_of_session(&packet)
            {
                packet.stored = intake.store_frame(index, frame.data);
                packet.segment_bytes = aggregates
                    .as_mut()
                    .and_then(|aggregates| aggregates.segment_bytes(&packet));
                packets.push(packet);
            }
        });
        if let Some(intake) = intake {
            intake.deliver(packets, index, &source.name, &source.link_name);
        }
        read.unwrap_or_else(|error| {
            source.ended = true;
            self.shared.emit_note(&format!(
                "nothing more is captured on {}: {error}",
                source.name
            ));
            0
        })
    }

    /// Takes up the run that is listening now, if it is another than before.
    fn follow_session(&mut self) {
        let run = self.shared.run();
        if !matches!((&self.session, &run), (Some(intake), Some(run)) if intake.is_for(run)) {
            let announced = (self.sources.len() == 1).then_some(0);
            self.session = run.map(|run| SessionPackets::new(run, announced));
        }
    }
}

impl CaptureSource {
    /// Adds what the kernel counted since it was last asked.
    fn add_counts(sum: CaptureCounts, source: &mut Self) -> CaptureCounts {
        let Ok(Stat {
            received, dropped, ..
        }) = source.capture.stats()
        else {
            return sum;
        };
        let before = std::mem::replace(&mut source.kernel_counts, (received, dropped));
        CaptureCounts {
            received: sum.received + u64::from(received.wrapping_sub(before.0)),
            dropped: sum.dropped + u64::from(dropped.wrapping_sub(before.1)),
            ..sum
        }
    }
}
