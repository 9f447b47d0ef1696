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
            settings: EmulationSettings::from_link(link),
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
        self.settings = EmulationSettings::from_link(link);
    }

    /// Accepts a frame received at `now`. Returns true if it is to be forwarded immediately, by the
    /// caller.
    pub(super) fn enqueue(&mut self, frame: &[u8], now: Moment) -> bool {
        let fate = FrameOutcome::draw(&mut self.rng, &self.settings);
        if fate.is_lost {
            self.counts.lost += 1;
            return false;
        }
        let Some(sent) = self.transmission_end(frame.len(), now) else {
            self.counts.overflowed += 1;
            return false;
        };
        let mut arrives = (sent + fate.delay).max(self.last_arrival);
        if fate.is_reordered {
            self.counts.reordered += 1;
            arrives = arrives + Nanos((self.settings.delay.0 / 2).max(MIN_REORDER_DELAY.0));
        } else {
            self.last_arrival = arrives;
        }
        if fate.is_duplicated {
            self.counts.duplicated += 1;
            self.schedule(frame, arrives);
        }
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
        let Reverse(travelling) = self.in_flight.pop()?;
        self.bytes -= travelling.frame.len();
        Some(travelling.frame)
    }

    /// Counts a frame as delivered, or as dropped by a full interface.
    pub(super) fn count_delivery(&mut self, taken: bool) {
        if taken {
            self.counts.passed += 1;
        } else {
            self.counts.overflowed += 1;
        }
    }

    /// Arrival time of the next frame.
    pub(super) fn next_arrival(&self) -> Option<Moment> {
        self.in_flight
            .peek()
            .map(|Reverse(travelling)| travelling.arrives)
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

impl EmulationSettings {
    fn from_link(link: &LinkConfig) -> Self {
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
    fn draw(chance: &mut Rng, setting: &EmulationSettings) -> Self {
        let mut befalls = |share: Fraction| chance.u32(..1_000_000) < share.millionths();
        let is_lost = befalls(setting.loss);
        let is_held_back = befalls(setting.reorder);
        let is_doubled = befalls(setting.duplicate);
        let lot = chance.u64(..);
        // A delay cannot be negative.
        let least = setting.delay.saturating_sub(setting.jitter);
        let spread = (setting.delay + setting.jitter).saturating_sub(least);
        let share = u64::try_from((u128::from(lot) * u128::from(spread.0)) >> 64).unwrap_or(0);
        Self {
            is_lost,
            is_reordered: is_held_back,
            is_duplicated: is_doubled,
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
    fn arrived_frames(road: &mut LinkDirection, by: Moment) -> Vec<u8> {
        let frames: Vec<Box<[u8]>> = std::iter::from_fn(|| road.dequeue(by)).collect();
        for _ in &frames {
            road.count_delivery(true);
        }
        frames
            .iter()
            .filter_map(|frame| frame.first().copied())
            .collect()
    }

    #[test]
    fn a_frame_takes_half_a_round_trip_and_keeps_its_place() {
        let mut road = LinkDirection::new(&sample_link(), 0);
        assert!(!road.enqueue(&[1], moment_at(0)));
        assert!(!road.enqueue(&[2], moment_at(5)));
        assert_eq!(road.next_arrival(), Some(moment_at(20)));
        assert!(arrived_frames(&mut road, moment_at(19)).is_empty());
        assert_eq!(arrived_frames(&mut road, moment_at(20)), [1]);
        road.set_link(&LinkConfig {
            round_trip: Nanos::ZERO,
            ..sample_link()
        });
        assert!(
            !road.enqueue(&[3], moment_at(21)),
            "it waits behind what is under way"
        );
        assert_eq!(arrived_frames(&mut road, moment_at(25)), [2, 3]);
        assert!(
            road.enqueue(&[4], moment_at(26)),
            "an empty road without delay is passed at once"
        );
        road.count_delivery(true);
        assert_eq!(road.counts().passed, 4);
    }

    #[test]
    fn bandwidth_spaces_frames_and_what_would_wait_too_long_is_lost() {
        // 1,000 bytes take 1 ms.
        let slow = LinkConfig {
            bandwidth: Some(BitRate(8_000_000)),
            round_trip: Nanos::ZERO,
            ..sample_link()
        };
        let mut road = LinkDirection::new(&slow, 0);
        for number in 0..=255 {
            road.enqueue(&[number; 1_000], moment_at(0));
        }
        assert_eq!(arrived_frames(&mut road, moment_at(3)), [0, 1, 2]);
        assert_eq!(arrived_frames(&mut road, moment_at(1_000)).len(), 198);
        assert_eq!((road.counts().passed, road.counts().overflowed), (201, 55));
        road.count_delivery(false);
        assert_eq!((road.counts().passed, road.counts().overflowed), (201, 56));
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_differs_by_direction() {
        let lossy = LinkConfig {
            loss: Fraction::from_millionths(100_000),
            round_trip: Nanos::ZERO,
            ..sample_link()
        };
        let passed = |seed, direction| {
            let mut road = LinkDirection::new(
                &LinkConfig {
                    seed,
                    ..lossy.clone()
                },
                direction,
            );
            (0..2_000)
                .map(|_| road.enqueue(&[0], moment_at(0)))
                .collect::<Vec<bool>>()
        };
        assert_eq!(passed(1, 0), passed(1, 0));
        assert_ne!(passed(1, 0), passed(1, 1));
        assert_ne!(passed(1, 0), passed(2, 0));
        let lost = passed(1, 0).into_iter().filter(|passed| !passed).count();
        assert!((150..250).contains(&lost), "{lost} of 2,000 lost at 10 %");
    }

    #[test]
    fn the_fate_of_a_frame_does_not_hang_on_what_else_is_set() {
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
            let mut road = LinkDirection::new(link, 0);
            (0..1_000)
                .filter(|_| {
                    let before = road.counts().lost;
                    road.enqueue(&[0], moment_at(0));
                    road.counts().lost > before
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
        let mut road = LinkDirection::new(&uneven, 0);
        let mut delays = Vec::new();
        for number in 0..200_u8 {
            let sent = moment_at(u64::from(number) * 100);
            road.enqueue(&[number], sent);
            delays.extend(road.next_arrival().map(|arrives| arrives.since(sent)));
            assert_eq!(
                arrived_frames(&mut road, sent + Nanos::from_millis(99)),
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
            road.enqueue(&[number], moment_at(100_000));
        });
        assert!(arrived_frames(&mut road, moment_at(200_000)).is_sorted());
    }

    #[test]
    fn held_back_frames_are_overtaken_and_doubled_ones_come_twice() {
        let mixed = LinkConfig {
            reorder: Fraction::from_millionths(200_000),
            ..sample_link()
        };
        let mut road = LinkDirection::new(&mixed, 0);
        (0..100).for_each(|number| {
            road.enqueue(&[number], moment_at(u64::from(number)));
        });
        let order = arrived_frames(&mut road, moment_at(1_000));
        assert_eq!(order.len(), 100);
        assert!(!order.is_sorted());
        let doubled = LinkConfig {
            duplicate: Fraction::from_millionths(1_000_000),
            ..sample_link()
        };
        let mut road = LinkDirection::new(&doubled, 0);
        road.enqueue(&[9], moment_at(0));
        assert_eq!(arrived_frames(&mut road, moment_at(1_000)), [9, 9]);
    }

    #[test]
    fn what_is_under_way_is_bounded() {
        let far = LinkConfig {
            round_trip: Nanos::from_millis(600_000),
            ..sample_link()
        };
        let mut road = LinkDirection::new(&far, 0);
        (0..MAX_FRAMES + 5).for_each(|_| {
            road.enqueue(&[0], moment_at(0));
        });
        assert_eq!(road.counts().overflowed, 5);
    }
}
