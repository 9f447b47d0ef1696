//! `make bench`: a flood. 100,000 packets a second of a run's own traffic for ten seconds on
//! loopback, captured to the headers and whole: what of it is in the trace, what the kernel
//! dropped, and what the channel had no room for. The three have to add up to what was sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tapline::capture::{CaptureDepth, CaptureOpening, InterfaceSelection};
use tapline::trace::{Event, EventKind, Trace};
use tapline::units::{Moment, Nanos};

/// Packets a second, and for how many seconds.
const FLOOD: (u32, u32) = (100_000, 10);
/// More than can be sent: as fast as it goes.
const TORRENT: (u32, u32) = (1_000_000, 3);
/// Packets sent between two looks at the clock.
const BURST: u32 = 100;
/// Room for messages to the screen and for events to a report, as the program has it.
const CHANNEL: usize = 8_192;

fn main() {
    // Opening a capture takes the right to from the thread that does.
    for (name, pace, depth, payload) in [
        ("headers, 100 B", FLOOD, CaptureDepth::Headers, 100),
        ("headers, 1,400 B", FLOOD, CaptureDepth::Headers, 1_400),
        ("whole packets, 100 B", FLOOD, CaptureDepth::Packets, 100),
        (
            "whole packets, 1,400 B",
            FLOOD,
            CaptureDepth::Packets,
            1_400,
        ),
        (
            "headers, as fast as it goes",
            TORRENT,
            CaptureDepth::Headers,
            100,
        ),
        (
            "whole packets, as fast as it goes",
            TORRENT,
            CaptureDepth::Packets,
            1_400,
        ),
    ] {
        thread::spawn(move || flood(name, pace, depth, payload))
            .join()
            .unwrap();
    }
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    /// They are in the trace.
    captured: u64,
    /// The kernel had no room.
    kernel: u64,
    /// The channel had none.
    channel: u64,
}

fn flood(name: &str, pace: (u32, u32), depth: CaptureDepth, payload: usize) {
    let loopback = InterfaceSelection::Toward {
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 80))],
        names: false,
    };
    let capture = match CaptureOpening::begin(&loopback, depth).wait() {
        Ok(capture) => capture,
        Err(refusal) => return println!("SKIPPED: {name}: {refusal}"),
    };
    let (sender, receiver) = sync_channel::<Event>(CHANNEL);
    let counting = thread::spawn(move || count(&receiver));
    let start = Instant::now();
    let sink = Arc::new(move |event| sender.try_send(event).is_ok());
    let listening = capture.start_session(
        sink,
        Arc::new(move || Moment::START + Nanos::from(start.elapsed())),
    );
    let sink = Sink::open();
    listening.watch_addresses(&[sink.address]);
    let (sent, took) = send(sink.address, pace, payload);
    listening.finish(Duration::from_millis(50));
    drop((listening, capture, sink));
    let counted = counting.join().unwrap();
    let rate = f64::from(u32::try_from(sent).unwrap()) / took.as_secs_f64();
    println!(
        "{name}: {sent} packets sent in {:.1} s, {rate:.0} a second",
        took.as_secs_f64()
    );
    let Counted {
        captured,
        kernel,
        channel,
    } = counted;
    let unaccounted =
        i128::from(sent) - i128::from(captured) - i128::from(kernel) - i128::from(channel);
    println!(
        "  captured {captured}  dropped by the kernel {kernel}  lost in the channel {channel}  \
            unaccounted for {unaccounted}"
    );
    assert_eq!(unaccounted, 0);
}

/// Folds what comes, as a run does.
fn count(events: &Receiver<Event>) -> Counted {
    let (mut trace, mut counted) = (Trace::default(), Counted::default());
    for event in events {
        match &event.kind {
            EventKind::Packets { packets } => counted.captured += packets.len() as u64,
            EventKind::Dropped { count } => counted.channel += count,
            EventKind::CaptureClosed { dropped, .. } => counted.kernel += dropped,
            _ => {}
        }
        trace.apply(event);
    }
    counted
}

/// Sends at the rate; how many, and in what time.
fn send(to: SocketAddr, (rate, seconds): (u32, u32), payload: usize) -> (u64, Duration) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let payload = vec![b'x'; payload];
    let began = Instant::now();
    let mut sent = 0;
    for burst in 0..rate * seconds / BURST {
        let due = Duration::from_secs(1) * burst * BURST / rate;
        thread::sleep(due.saturating_sub(began.elapsed()));
        sent += (0..BURST)
            .filter(|_| socket.send_to(&payload, to).is_ok())
            .count() as u64;
    }
    (sent, began.elapsed())
}

/// Somebody who takes what is sent, so that nothing is refused.
struct Sink {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sink {
    fn open() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let address = socket.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let take = move || {
            let mut datagram = [0; 2_048];
            while !is_over.load(Ordering::Relaxed) {
                let _ = socket.recv(&mut datagram);
            }
        };
        Self {
            address,
            over,
            thread: Some(thread::spawn(take)),
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread
            .take()
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}
