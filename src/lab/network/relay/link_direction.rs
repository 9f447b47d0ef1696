//! One direction of the emulated link (as netem's delay, loss, reorder, duplicate and rate): which
//! frames are delivered, and when. Pure: time is an argument.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

use crate::trace::{LinkConfig, LinkCounts};
use crate::units::{Fraction, Moment, Nanos};

/// Frames in flight at a time.
const MAX_FRAMES: usize = 1 << 16;
/// Bytes in flight at a time.
const MAX_BYTES: usize = 64 << 20;
/// Queue of a bandwidth-limited link: this much time's worth of bytes,
const MAX_QUEUE_TIME: Nanos = Nanos::from_millis(200);
/// but at least this many bytes.
const MIN_QUEUE_BYTES: u64 = 32 * 1024;
/// Minimum extra delay of a reordered frame, so that later ones overtake it.
const MIN_REORDER_DELAY: Nanos = Nanos::from_millis(1);

/// One direction of the link with the frames in flight.
pub(super) struct LinkDirection {
    settings: EmulationSettings,
    rng: Rng,
    /// When the sender has transmitted everything it was given.
    idle_at: Moment,
    /// Arrival time of the last frame that is delivered in order.
    last_arrival: Moment,
    in_flight: BinaryHeap<Reverse<InFlightFrame>>,
    bytes: usize,
    number: u64,
    counts: LinkCounts,
}

/// The link's settings for one direction.
struct EmulationSettings {
    delay: Nanos,
    jitter: Nanos,
    loss: Fraction,
    reorder: Fraction,
    duplicate: Fraction,
    bits_a_second: Option<u64>,
}

/// A frame and its arrival time; the number keeps the order of frames with equal times.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct InFlightFrame {
    arrives: Moment,
    number: u64,
    frame: Box<[u8]>,
}

impl LinkDirection {
    /// An empty direction. `direction` is mixed into the seed, so that the two directions do not
    /// lose the same frames.
    pub(super) fn new(link: &LinkConfig, direction: u64) -> Self {
        Self {
            settings: EmulationSettings::from(link),
            rng: Rng::with_seed(link.seed.wrapping_mul(2).wrapping_add(direction)),
            idle_at: Moment::START,
            last_arrival: Moment::START,
            in_flight: BinaryHeap::new(),
            bytes: 0,
            number: 0,
            counts: LinkCounts::default(),
        }
    }

    /// Changes the settings. Frames in flight are not affected.
    pub(super) fn set_link(&mut self, link: &LinkConfig) {
        self.settings = EmulationSettings::from(link);
    }

    /// Accepts a frame received at `now`. Returns true if it is to be forwarded immediately, by the
    /// caller.
    pub(super) fn enqueue(&mut self, frame: &[u8], now: Moment) -> bool {
        let outcome = FrameOutcome::draw(&mut self.rng, &self.settings);
        if outcome.is_lost {
            self.counts.lost += 1;
            return false;
        }
        let Some(sent) = self.transmission_end(frame.len(), now) else {
            self.counts.overflowed += 1;
            return false;
        };
        // Jitter alone must not reorder: no frame arrives before the one sent before it.
        let mut arrives = (sent + outcome.delay).max(self.last_arrival);
        if outcome.is_reordered {
            // `last_arrival` stays, so that the following frames overtake this one.
            self.counts.reordered += 1;
            arrives = arrives + Nanos((self.settings.delay.0 / 2).max(MIN_REORDER_DELAY.0));
        } else {
            self.last_arrival = arrives;
        }
        if outcome.is_duplicated {
            self.counts.duplicated += 1;
            self.schedule(frame, arrives);
        }
        // The common case of a link without delay: no copy of the frame is needed.
        if arrives <= now && self.in_flight.is_empty() {
            return true;
        }
        self.schedule(frame, arrives);
        false
    }

    /// Counts a frame that the firewall dropped.
    pub(super) fn count_firewalled(&mut self) {
        self.counts.firewalled += 1;
    }

    /// Counts frames that the receive buffer dropped.
    pub(super) fn count_overflowed(&mut self, frames: u32) {
        self.counts.overflowed += u64::from(frames);
    }

    /// Removes the next frame that has arrived by `now`.
    pub(super) fn dequeue(&mut self, now: Moment) -> Option<Box<[u8]>> {
        if self.next_arrival()? > now {
            return None;
        }
        let Reverse(in_flight_frame) = self.in_flight.pop()?;
        self.bytes -= in_flight_frame.frame.len();
        Some(in_flight_frame.frame)
    }

    /// Counts a frame as delivered, or as dropped by a full interface.
    pub(super) fn count_delivery(&mut self, accepted: bool) {
        if accepted {
            self.counts.passed += 1;
        } else {
            self.counts.overflowed += 1;
        }
    }

    /// Arrival time of the next frame.
    pub(super) fn next_arrival(&self) -> Option<Moment> {
        self.in_flight
            .peek()
            .map(|Reverse(in_flight_frame)| in_flight_frame.arrives)
    }

    /// Counters so far.
    pub(super) const fn counts(&self) -> LinkCounts {
        self.counts
    }

    /// Time at which the frame's last bit is transmitted; `None` if the queue is full.
    fn transmission_end(&mut self, bytes: usize, now: Moment) -> Option<Moment> {
        if self.in_flight.len() >= MAX_FRAMES || self.bytes.saturating_add(bytes) > MAX_BYTES {
            return None;
        }
        let Some(rate) = self.settings.bits_a_second else {
            return Some(now);
        };
        let time_of = |bytes: u64| {
            Nanos(
                u64::try_from(u128::from(bytes) * 8_000_000_000 / u128::from(rate))
                    .unwrap_or(u64::MAX),
            )
        };
        // The queue is bounded by how long its last frame would wait, like the buffer of a router:
        // a fixed number of bytes would be too much for a slow link and too little for a fast one.
        let began = self.idle_at.max(now);
        if began.since(now) > MAX_QUEUE_TIME.max(time_of(MIN_QUEUE_BYTES)) {
            return None;
        }
        self.idle_at = began + time_of(bytes as u64);
        Some(self.idle_at)
    }

    fn schedule(&mut self, frame: &[u8], arrives: Moment) {
        self.bytes += frame.len();
        self.number += 1;
        self.in_flight.push(Reverse(InFlightFrame {
            arrives,
            number: self.number,
            frame: frame.into(),
        }));
    }
}

impl From<&LinkConfig> for EmulationSettings {
    fn from(link: &LinkConfig) -> Self {
        Self {
            delay: link.one_way(),
            jitter: link.jitter,
            loss: link.loss,
            reorder: link.reorder,
            duplicate: link.duplicate,
            bits_a_second: link.bandwidth.map(|rate| rate.0),
        }
    }
}

/// The random outcome for a frame.
struct FrameOutcome {
    is_lost: bool,
    is_reordered: bool,
    is_duplicated: bool,
    /// Propagation delay.
    delay: Nanos,
}

impl FrameOutcome {
    /// Draws the same number of random values whatever the settings are, so that a frame's outcome
    /// depends only on the seed and its number.
    fn draw(rng: &mut Rng, settings: &EmulationSettings) -> Self {
        let mut happens = |share: Fraction| rng.u32(..1_000_000) < share.millionths();
        let is_lost = happens(settings.loss);
        let is_reordered = happens(settings.reorder);
        let is_duplicated = happens(settings.duplicate);
        let random = rng.u64(..);
        // A delay cannot be negative.
        let least = settings.delay.saturating_sub(settings.jitter);
        let spread = (settings.delay + settings.jitter).saturating_sub(least);
        let share = u64::try_from((u128::from(random) * u128::from(spread.0)) >> 64).unwrap_or(0);
        Self {
            is_lost,
            is_reordered,
            is_duplicated,
            delay: least + Nanos(share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BitRate;

    fn sample_link() -> LinkConfig {
        LinkConfig::delay_only(Nanos::from_millis(40), 7)
    }

    fn moment_at(millis: u64) -> Moment {
        Moment::START + Nanos::from_millis(millis)
    }

    /// Removes the frames that have arrived by then; returns their first bytes.
    fn arrived_frames(direction: &mut LinkDirection, by: Moment) -> Vec<u8> {
        let frames: Vec<Box<[u8]>> = std::iter::from_fn(|| direction.dequeue(by)).collect();
        for _ in &frames {
            direction.count_delivery(true);
        }
        frames
            .iter()
            .filter_map(|frame| frame.first().copied())
            .collect()
    }

    #[test]
    fn a_frame_takes_half_a_round_trip_and_keeps_its_place() {
        let mut direction = LinkDirection::new(&sample_link(), 0);
        assert!(!direction.enqueue(&[1], moment_at(0)));
        assert!(!direction.enqueue(&[2], moment_at(5)));
        assert_eq!(direction.next_arrival(), Some(moment_at(20)));
        assert!(arrived_frames(&mut direction, moment_at(19)).is_empty());
        assert_eq!(arrived_frames(&mut direction, moment_at(20)), [1]);
        direction.set_link(&LinkConfig {
            round_trip: Nanos::ZERO,
            ..sample_link()
        });
        assert!(
            !direction.enqueue(&[3], moment_at(21)),
            "it waits behind what is under way"
        );
        assert_eq!(arrived_frames(&mut direction, moment_at(25)), [2, 3]);
        assert!(
            direction.enqueue(&[4], moment_at(26)),
            "an empty road without delay is passed at once"
        );
        direction.count_delivery(true);
        assert_eq!(direction.counts().passed, 4);
    }

    #[test]
    fn bandwidth_spaces_frames_and_a_full_queue_drops_them() {
        // 1,000 bytes take 1 ms.
        let slow = LinkConfig {
            bandwidth: Some(BitRate(8_000_000)),
            round_trip: Nanos::ZERO,
            ..sample_link()
        };
        let mut direction = LinkDirection::new(&slow, 0);
        for number in 0..=255 {
            direction.enqueue(&[number; 1_000], moment_at(0));
        }
        assert_eq!(arrived_frames(&mut direction, moment_at(3)), [0, 1, 2]);
        assert_eq!(arrived_frames(&mut direction, moment_at(1_000)).len(), 198);
        assert_eq!(
            (direction.counts().passed, direction.counts().overflowed),
            (201, 55)
        );
        direction.count_delivery(false);
        assert_eq!(
            (direction.counts().passed, direction.counts().overflowed),
            (201, 56)
        );
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_differs_by_direction() {
        let lossy = LinkConfig {
            loss: Fraction::from_millionths(100_000),
            round_trip: Nanos::ZERO,
            ..sample_link()
        };
        let passed = |seed, direction| {
            let mut direction = LinkDirection::new(
                &LinkConfig {
                    seed,
                    ..lossy.clone()
                },
                direction,
            );
            (0..2_000)
                .map(|_| direction.enqueue(&[0], moment_at(0)))
                .collect::<Vec<bool>>()
        };
        assert_eq!(passed(1, 0), passed(1, 0));
        assert_ne!(passed(1, 0), passed(1, 1));
        assert_ne!(passed(1, 0), passed(2, 0));
        let lost = passed(1, 0).into_iter().filter(|passed| !passed).count();
        assert!((150..250).contains(&lost), "{lost} of 2,000 lost at 10 %");
    }

    #[test]
    fn the_outcome_of_a_frame_does_not_depend_on_other_settings() {
        let lossy = LinkConfig {
            loss: Fraction::from_millionths(50_000),
            ..sample_link()
        };
        let more = LinkConfig {
            jitter: Nanos::from_millis(9),
            duplicate: Fraction::from_millionths(300_000),
            ..lossy.clone()
        };
        let lost = |link: &LinkConfig| {
            let mut direction = LinkDirection::new(link, 0);
            (0..1_000)
                .filter(|_| {
                    let before = direction.counts().lost;
                    direction.enqueue(&[0], moment_at(0));
                    direction.counts().lost > before
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(lost(&lossy), lost(&more));
    }

    #[test]
    fn jitter_spreads_delays_and_keeps_the_order() {
        let uneven = LinkConfig {
            jitter: Nanos::from_millis(5),
            ..sample_link()
        };
        let mut direction = LinkDirection::new(&uneven, 0);
        let mut delays = Vec::new();
        for number in 0..200_u8 {
            let sent = moment_at(u64::from(number) * 100);
            direction.enqueue(&[number], sent);
            delays.extend(direction.next_arrival().map(|arrives| arrives.since(sent)));
            assert_eq!(
                arrived_frames(&mut direction, sent + Nanos::from_millis(99)),
                [number]
            );
        }
        let least = delays.iter().min().copied();
        let most = delays.iter().max().copied();
        assert!(
            least >= Some(Nanos::from_millis(15)) && least < Some(Nanos::from_millis(16)),
            "{least:?}"
        );
        assert!(
            most <= Some(Nanos::from_millis(25)) && most > Some(Nanos::from_millis(24)),
            "{most:?}"
        );
        (0..100).for_each(|number| {
            direction.enqueue(&[number], moment_at(100_000));
        });
        assert!(arrived_frames(&mut direction, moment_at(200_000)).is_sorted());
    }

    #[test]
    fn held_back_frames_are_overtaken_and_doubled_ones_come_twice() {
        let mixed = LinkConfig {
            reorder: Fraction::from_millionths(200_000),
            ..sample_link()
        };
        let mut direction = LinkDirection::new(&mixed, 0);
        (0..100).for_each(|number| {
            direction.enqueue(&[number], moment_at(u64::from(number)));
        });
        let order = arrived_frames(&mut direction, moment_at(1_000));
        assert_eq!(order.len(), 100);
        assert!(!order.is_sorted());
        let doubled = LinkConfig {
            duplicate: Fraction::from_millionths(1_000_000),
            ..sample_link()
        };
        let mut direction = LinkDirection::new(&doubled, 0);
        direction.enqueue(&[9], moment_at(0));
        assert_eq!(arrived_frames(&mut direction, moment_at(1_000)), [9, 9]);
    }

    #[test]
    fn frames_in_flight_are_bounded() {
        let far = LinkConfig {
            round_trip: Nanos::from_millis(600_000),
            ..sample_link()
        };
        let mut direction = LinkDirection::new(&far, 0);
        (0..MAX_FRAMES + 5).for_each(|_| {
            direction.enqueue(&[0], moment_at(0));
        });
        assert_eq!(direction.counts().overflowed, 5);
    }
}
