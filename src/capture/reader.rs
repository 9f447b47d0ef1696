//! The thread that reads the open captures.

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

/// A command to the reading thread, sent together with a byte on the wake socket.
pub(super) enum ReaderCommand {
    /// Deliver what the kernel holds, and return the counters since the last time.
    Drain(SyncSender<CaptureCounts>),
}

/// The kernel's counters over all interfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CaptureCounts {
    pub(super) received: u64,
    pub(super) dropped: u64,
    /// Packets that a full sink rejected, not reported yet.
    pub(super) lost: u64,
}

impl CaptureCounts {
    /// Counters of two consecutive periods.
    pub(super) const fn combined_with(self, next: Self) -> Self {
        Self {
            received: self.received + next.received,
            dropped: self.dropped + next.dropped,
            lost: next.lost,
        }
    }
}

/// One interface, as the reading thread uses it.
pub(super) struct CaptureSource {
    pub(super) name: String,
    pub(super) link: LinkType,
    pub(super) link_name: String,
    pub(super) capture: Capture<Active>,
    pub(super) aggregates: Option<AggregateSizes>,
    /// The kernel's counters when last read.
    pub(super) kernel_counts: (u32, u32),
    /// It cannot be read any more, since the interface is gone.
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
    /// Packets read before the next interface has its turn, and at most this many in an event.
    const BATCH: usize = 512;
    /// Interval between reads, so that packets are read in batches.
    const READ_INTERVAL: Duration = Duration::from_millis(2);
    /// Packets delivered by one drain command: more than the kernel can hold, so that a flood does
    /// not delay the end of a run.
    const MAX_DRAINED: usize = 1 << 20;

    /// Reads until every command sender is dropped.
    pub(super) fn read(mut self) {
        loop {
            match self.wait() {
                Ok(ready) => {
                    let read: usize = ready.into_iter().map(|index| self.read_batch(index)).sum();
                    // Waking for every packet would take CPU time from the very transfer that is
                    // measured. The ring buffer has room for far more than arrives within the
                    // interval.
                    if (1..Self::BATCH).contains(&read) {
                        thread::sleep(Self::READ_INTERVAL);
                    }
                }
                Err(error) => {
                    self.shared
                        .emit_note(&format!("the capture ended: {error}"));
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

    /// Closes the interfaces in parallel: the kernel takes some 25 ms for each.
    fn close(self) {
        let filters = Arc::into_inner(self.shared)
            .map(SharedReaderState::into_filters)
            .unwrap_or_default();
        let mut filters = filters.into_iter();
        for source in self.sources {
            let both = (source, filters.next());
            // If no thread can be started, this drops them here.
            let _ = thread::Builder::new()
                .name("close capture".to_owned())
                .spawn(move || drop(both));
        }
    }

    /// Indexes of the sources that are readable.
    fn wait(&self) -> std::io::Result<Vec<usize>> {
        let open_sources: Vec<usize> = (0..self.sources.len())
            .filter(|index| self.sources.get(*index).is_some_and(|source| !source.ended))
            .collect();
        let mut descriptors: Vec<BorrowedFd<'_>> = open_sources
            .iter()
            .filter_map(|index| self.sources.get(*index))
            .map(|source| source.capture.as_fd())
            .collect();
        descriptors.push(self.wake_socket.as_fd());
        let ready = sys::wait_readable(&descriptors)?;
        Ok(open_sources
            .into_iter()
            .zip(ready)
            .filter_map(|(index, ready)| ready.then_some(index))
            .collect())
    }

    /// Executes pending commands. Returns false if no sender is left.
    fn handle_commands(&mut self) -> bool {
        let mut bytes_read = [0_u8; 64];
        // The socket is non-blocking; the number of bytes does not matter.
        while matches!(self.wake_socket.read(&mut bytes_read), Ok(1..)) {}
        loop {
            match self.commands.try_recv() {
                Ok(ReaderCommand::Drain(reply)) => {
                    let counts = self.drain();
                    // The requester may have timed out.
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
        if let Some(session) = &mut self.session {
            session.report_lost();
            counts.lost = session.lost();
        }
        counts
    }

    /// Reads a batch from one source. Returns the number of frames.
    fn read_batch(&mut self, index: usize) -> usize {
        self.follow_session();
        let Some(source) = self.sources.get_mut(index).filter(|source| !source.ended) else {
            return 0;
        };
        let link = source.link;
        let session = &mut self.session;
        let aggregates = &mut source.aggregates;
        let mut packets = Vec::new();
        let read = source.capture.dispatch(Some(Self::BATCH), |frame| {
            if let Some(session) = session
                && let Some(mut packet) = packet_from_frame(link, &frame)
                && session.is_of_session(&packet)
            {
                packet.stored = session.store_frame(index, frame.data);
                packet.segment_bytes = aggregates
                    .as_mut()
                    .and_then(|aggregates| aggregates.segment_bytes(&packet));
                packets.push(packet);
            }
        });
        if let Some(session) = session {
            session.deliver(packets, index, &source.name, &source.link_name);
        }
        read.unwrap_or_else(|error| {
            source.ended = true;
            self.shared
                .emit_note(&format!("the capture on {} ended: {error}", source.name));
            0
        })
    }

    /// Switches to the current run, if it has changed.
    fn follow_session(&mut self) {
        let run = self.shared.run();
        if !matches!((&self.session, &run), (Some(session), Some(run)) if session.is_for(run)) {
            let announced = (self.sources.len() == 1).then_some(0);
            self.session = run.map(|run| SessionPackets::new(run, announced));
        }
    }
}

impl CaptureSource {
    /// Adds the kernel's counters since they were last read.
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
