//! What is lost is counted, and a large transfer loses nothing that is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use tapline::trace::{Direction, Event, EventKind, PacketEntry};
use tapline::units::Moment;

use super::exchange::{ask, server};
use super::scene::{Heard, PATIENCE, on_a_thread_of_its_own, opened};

#[test]
fn a_gibibyte_over_loopback_is_seen_whole_or_the_loss_is_stated() {
    const GIBIBYTE: u64 = 1 << 30;
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("a_gibibyte_over_loopback") else {
            return;
        };
        let remote = server(GIBIBYTE);
        let heard = Heard::expecting(&capture, remote);
        let began = Instant::now();
        let (_, received) = ask(remote);
        let took = began.elapsed();
        let (trace, said) = heard.finished();
        assert_eq!(received, GIBIBYTE);
        let lost: u64 = said
            .iter()
            .map(|what| {
                if let EventKind::CaptureClosed { dropped, .. } = what {
                    *dropped
                } else {
                    0
                }
            })
            .sum();
        let seen = trace.flows()[0].counts(Direction::Received);
        eprintln!(
            "1 GiB in {took:?}: {} packets, {} with data, {} again, {lost} lost",
            seen.packets, seen.data_segments, seen.retransmitted
        );
        let covered = covered(trace.flows()[0].packets());
        if lost == 0 {
            assert_eq!(covered, GIBIBYTE);
        } else {
            assert!(
                covered < GIBIBYTE,
                "{lost} packets lost, but no byte is missing"
            );
        }
    });
}

/// Bytes of the server's stream that at least one packet carried.
fn covered(packets: &[PacketEntry]) -> u64 {
    let mut ranges: Vec<(u64, u64)> = packets
        .iter()
        .filter(|packet| packet.direction == Direction::Received)
        .map(|packet| {
            (
                packet.offset,
                packet.offset + u64::from(packet.payload_bytes),
            )
        })
        .collect();
    ranges.sort_unstable();
    let (mut sum, mut reached) = (0, 0);
    for (from, to) in ranges {
        sum += to.saturating_sub(from.max(reached));
        reached = reached.max(to);
    }
    sum
}

/// A sink that can be told to be full, and what it counted.
#[derive(Default)]
struct Bucket {
    full: AtomicBool,
    refused: AtomicU64,
    packets: AtomicU64,
    dropped: AtomicU64,
    closed_with: AtomicU64,
}

impl Bucket {
    fn take(&self, event: Event) -> bool {
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return false;
        }
        match event.kind {
            EventKind::Packets { packets } => self
                .packets
                .fetch_add(u64::try_from(packets.len()).unwrap(), Ordering::SeqCst),
            EventKind::Dropped { count } => self.dropped.fetch_add(count, Ordering::SeqCst),
            EventKind::CaptureClosed { received, .. } => {
                self.closed_with.swap(received, Ordering::SeqCst)
            }
            _ => 0,
        };
        true
    }

    fn wait_until_it_refused(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.refused.load(Ordering::SeqCst) == 0 {
            assert!(Instant::now() < deadline, "no packet was handed out");
            std::thread::yield_now();
        }
    }
}

#[test]
fn what_a_full_sink_cannot_take_is_counted() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("what_a_full_sink_cannot_take") else {
            return;
        };
        let remote = server(1_000_000);
        let bucket = Arc::new(Bucket::default());
        let into = Arc::clone(&bucket);
        let listening = capture.start_session(
            Arc::new(move |event| into.take(event)),
            Arc::new(|| Moment::START),
        );
        listening.watch_addresses(&[remote]);
        bucket.full.store(true, Ordering::SeqCst);
        ask(remote);
        bucket.wait_until_it_refused();
        bucket.full.store(false, Ordering::SeqCst);
        ask(remote);
        listening.finish(PATIENCE);
        let [taken, dropped, received] = [&bucket.packets, &bucket.dropped, &bucket.closed_with]
            .map(|counter| counter.load(Ordering::SeqCst));
        assert!(taken > 0 && dropped > 0, "{taken} taken, {dropped} dropped");
        assert_eq!(taken + dropped, received);
    });
}
