//! The relay: an emulated link (like netem) between the client's and the servers' side of the lab.
//!
//! ```text
//!            client ── eth0 ══ toward-client ┐        ┌ toward-servers ══ eth0 ── servers
//!                                            └ relay ─┘
//! ```
//!
//! It runs on its own thread; its sockets are in a network namespace that contains nothing but the
//! two inner veth interfaces.

mod firewall;
mod link_direction;

use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use self::firewall::FirewallRules;
use self::link_direction::LinkDirection;
use crate::lab::HostAddresses;
use crate::sys::{FrameBuffers, FrameSocket};
use crate::trace::{LinkConfig, LinkCounts};
use crate::units::{Moment, Nanos};

/// Receive buffer of each socket, in bytes.
const SOCKET_BUFFER: u32 = 16 << 20;
/// Batches received from one side before the other has its turn.
const MAX_BATCHES: usize = 4;
/// Ethernet header and VLAN tag plus the largest MTU.
pub(super) const MAX_FRAME_BYTES: usize = 9_216 + 18;

/// State shared by the relay and the control sockets.
pub(super) struct SharedLink {
    link: Mutex<LinkConfig>,
    counts: Mutex<LinkCounts>,
    /// Incremented with each change of the settings.
    version: AtomicU64,
    /// Event descriptor that wakes the relay after a change.
    changed: OwnedFd,
}

impl SharedLink {
    /// The initial state.
    pub(super) fn new(link: LinkConfig) -> io::Result<Arc<Self>> {
        let changed = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Arc::new(Self {
            link: Mutex::new(link),
            counts: Mutex::default(),
            version: AtomicU64::new(0),
            changed,
        }))
    }

    /// Current settings.
    pub(super) fn link(&self) -> LinkConfig {
        self.link
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Packet counters so far.
    pub(super) fn counts(&self) -> LinkCounts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the settings.
    pub(super) fn set(&self, link: LinkConfig) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = link;
        self.version.fetch_add(1, Ordering::Release);
        // It fails only if the counter is full, and then the relay is being woken already.
        let _ = rustix::io::write(&self.changed, &1_u64.to_ne_bytes());
    }
}

/// The relay.
pub(super) struct Relay {
    sockets: [FrameSocket; 2],
    /// From the first socket to the second, and back.
    directions: [LinkDirection; 2],
    firewalls: FirewallRules,
    shared: Arc<SharedLink>,
    /// Version of the settings in use.
    version: u64,
    began: Instant,
    frames: FrameBuffers,
}

impl Relay {
    /// Opens a relay between two interfaces of the caller's network namespace, given by index.
    pub(super) fn open(
        interfaces: [u32; 2],
        hosts: &[HostAddresses],
        shared: Arc<SharedLink>,
    ) -> io::Result<Self> {
        let [first, second] = interfaces;
        let link = shared.link();
        Ok(Self {
            sockets: [
                FrameSocket::open(first, SOCKET_BUFFER)?,
                FrameSocket::open(second, SOCKET_BUFFER)?,
            ],
            directions: [LinkDirection::new(&link, 0), LinkDirection::new(&link, 1)],
            firewalls: FirewallRules::new(hosts),
            shared,
            version: 0,
            began: Instant::now(),
            frames: FrameBuffers::new(MAX_FRAME_BYTES),
        })
    }

    /// Forwards frames until an error occurs, which is returned.
    pub(super) fn run(mut self) -> io::Error {
        // Precise to the microsecond: by default the kernel may wake a thread 50 µs late.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1_000));
        loop {
            if let Err(error) = self.wait().and_then(|()| self.forward_frames()) {
                return error;
            }
        }
    }

    /// Waits for a frame, for changed settings, or for the time at which a delayed frame arrives.
    fn wait(&self) -> io::Result<()> {
        let next_arrival = self
            .directions
            .iter()
            .filter_map(LinkDirection::next_arrival)
            .min();
        let timeout = next_arrival.map(|next_arrival| to_timespec(next_arrival.since(self.now())));
        let [first, second] = &self.sockets;
        let mut poll_fds = [
            PollFd::new(first, PollFlags::IN),
            PollFd::new(second, PollFlags::IN),
            PollFd::new(&self.shared.changed, PollFlags::IN),
        ];
        match poll(&mut poll_fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if poll_fds
            .get(2)
            .is_some_and(|changed| !changed.revents().is_empty())
        {
            let _ = rustix::io::read(&self.shared.changed, &mut [0_u8; 8]);
        }
        Ok(())
    }

    fn forward_frames(&mut self) -> io::Result<()> {
        self.update_settings();
        for from in [0, 1] {
            self.receive_frames(from)?;
            let now = self.now();
            while let Some(frame) = self.directions[from].dequeue(now) {
                let taken = self.sockets[1 - from].send(&frame);
                self.directions[from].count_delivery(taken);
            }
        }
        let [forward, backward] = self.directions.each_ref().map(LinkDirection::counts);
        *self
            .shared
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = forward + backward;
        Ok(())
    }

    fn update_settings(&mut self) {
        let version = self.shared.version.load(Ordering::Acquire);
        if version != self.version {
            self.version = version;
            let link = self.shared.link();
            self.directions
                .iter_mut()
                .for_each(|direction| direction.set_link(&link));
        }
    }

    fn receive_frames(&mut self, from: usize) -> io::Result<()> {
        let Self {
            sockets,
            directions,
            firewalls,
            began,
            frames,
            ..
        } = self;
        let source = &sockets[from];
        let direction = &mut directions[from];
        let target = &sockets[1 - from];
        for _ in 0..MAX_BATCHES {
            let now = Moment::START + Nanos::from(began.elapsed());
            let count = source.receive(frames, |frame| {
                if !firewalls.allows(frame) {
                    direction.count_firewalled();
                } else if direction.enqueue(frame, now) {
                    direction.count_delivery(target.send(frame));
                }
            })?;
            if count == 0 {
                break;
            }
        }
        direction.count_overflowed(source.dropped_frames()?);
        Ok(())
    }

    fn now(&self) -> Moment {
        Moment::START + Nanos::from(self.began.elapsed())
    }
}

fn to_timespec(timeout: Nanos) -> Timespec {
    let seconds = i64::try_from(timeout.0 / 1_000_000_000).unwrap_or(i64::MAX);
    Timespec {
        tv_sec: seconds,
        tv_nsec: i64::try_from(timeout.0 % 1_000_000_000).unwrap_or(0),
    }
}
