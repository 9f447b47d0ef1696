//! One direction of the link: which frames it carries, and when each arrives. Pure: time is an
//! argument.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

use crate::trace::{Link, LinkCounts};
use crate::units::{Moment, Nanos, Share};

/// Frames under way at a time.
const MOST_FRAMES: usize = 1 << 16;
/// Bytes under way at a time.
const MOST_BYTES: usize = 64 << 20;
/// What a link of limited bandwidth lets wait: so much time's worth of bytes,
const LONGEST_QUEUE: Nanos = Nanos::from_millis(200);
/// but no fewer bytes than this.
const SMALLEST_QUEUE: u64 = 32 * 1024;
/// By how much a frame is held back, at least, so that those behind overtake it.
const SHORTEST_HOLD: Nanos = Nanos::from_millis(1);

/// A direction of the link and the frames on it.
pub(super) struct Road {
    setting: Setting,
    chance: Rng,
    /// When the sender's end is done with what it was given.
    free: Moment,
    /// When the latest frame that keeps its place arrives.
    latest: Moment,
    under_way: BinaryHeap<Reverse<Travelling>>,
    bytes: usize,
    number: u64,
    counts: LinkCounts,
}

/// What the link's settings are for one direction.
struct Setting {
    delay: Nanos,
    jitter: Nanos,
    loss: Share,
    reorder: Share,
    duplicate: Share,
    bits_a_second: Option<u64>,
}

/// A frame and when it arrives; its number keeps equals in order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Travelling {
    arrives: Moment,
    number: u64,
    frame: Box<[u8]>,
}

impl Road {
    /// An empty road. `direction` tells the two of a link apart, so that they do not lose the same
    /// frames.
    pub(super) fn new(link: &Link, direction: u64) -> Self {
        Self {
            setting: Setting::of(link),
            chance: Rng::with_seed(link.seed.wrapping_mul(2).wrapping_add(direction)),
            free: Moment::START,
            latest: Moment::START,
            under_way: BinaryHeap::new(),
            bytes: 0,
            number: 0,
            counts: LinkCounts::default(),
        }
    }

    /// From now on it is set like this. What is under way arrives as it was sent.
    pub(super) fn set(&mut self, link: &Link) {
        self.setting = Setting::of(link);
    }

    /// Takes a frame that came in at `now`. Returns whether it arrives at once, and is to be sent
    /// on by the caller.
    pub(super) fn enter(&mut self, frame: &[u8], now: Moment) -> bool {
        let fate = Fate::drawn(&mut self.chance, &self.setting);
        if fate.is_lost {
            self.counts.lost += 1;
            return false;
        }
        let Some(sent) = self.serialized(frame.len(), now) else {
            self.counts.overflowed += 1;
            return false;
        };
        let mut arrives = (sent + fate.delay).max(self.latest);
        if fate.is_held_back {
            self.counts.reordered += 1;
            arrives = arrives + Nanos((self.setting.delay.0 / 2).max(SHORTEST_HOLD.0));
        } else {
            self.latest = arrives;
        }
        if fate.is_doubled {
            self.counts.duplicated += 1;
            self.wait(frame, arrives);
        }
        if arrives <= now && self.under_way.is_empty() {
            return true;
        }
        self.wait(frame, arrives);
        false
    }

    /// A frame that does not get far.
    pub(super) fn turn_away(&mut self) {
        self.counts.firewalled += 1;
    }

    /// Frames that were lost before they came here.
    pub(super) fn overflowed(&mut self, frames: u32) {
        self.counts.overflowed += u64::from(frames);
    }

    /// The next frame that has arrived by `now`.
    pub(super) fn leave(&mut self, now: Moment) -> Option<Box<[u8]>> {
        if self.next()? > now {
            return None;
        }
        let Reverse(travelling) = self.under_way.pop()?;
        self.bytes -= travelling.frame.len();
        Some(travelling.frame)
    }

    /// A frame's journey is over: the interface at the end took it, or had no room left.
    pub(super) fn arrived(&mut self, taken: bool) {
        if taken {
            self.counts.passed += 1;
        } else {
            self.counts.overflowed += 1;
        }
    }

    /// When the next frame arrives.
    pub(super) fn next(&self) -> Option<Moment> {
        self.under_way
            .peek()
            .map(|Reverse(travelling)| travelling.arrives)
    }

    /// What became of the frames so far.
    pub(super) const fn counts(&self) -> LinkCounts {
        self.counts
    }

    /// When its last bit is on the link, if there is room to wait for that.
    fn serialized(&mut self, bytes: usize, now: Moment) -> Option<Moment> {
        if self.under_way.len() >= MOST_FRAMES || self.bytes.saturating_add(bytes) > MOST_BYTES {
            return None;
        }
        let Some(rate) = self.setting.bits_a_second else {
            return Some(now);
        };
        let time_of = |bytes: u64| {
            Nanos(
                u64::try_from(u128::from(bytes) * 8_000_000_000 / u128::from(rate))
                    .unwrap_or(u64::MAX),
            )
        };
        let began = self.free.max(now);
        if began.since(now) > LONGEST_QUEUE.max(time_of(SMALLEST_QUEUE)) {
            return None;
        }
        self.free = began + time_of(bytes as u64);
        Some(self.free)
    }

    fn wait(&mut self, frame: &[u8], arrives: Moment) {
        self.bytes += frame.len();
        self.number += 1;
        self.under_way.push(Reverse(Travelling {
            arrives,
            number: self.number,
            frame: frame.into(),
        }));
    }
}

impl Setting {
    fn of(link: &Link) -> Self {
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

/// What chance has in store for a frame.
struct Fate {
    is_lost: bool,
    is_held_back: bool,
    is_doubled: bool,
    /// How long it travels once it is on the link.
    delay: Nanos,
}

impl Fate {
    /// Draws the same number of lots whatever the setting is, so that the fate of a frame depends
    /// on its number alone.
    fn drawn(chance: &mut Rng, setting: &Setting) -> Self {
        let mut befalls = |share: Share| chance.u32(..1_000_000) < share.millionths();
        let (is_lost, is_held_back, is_doubled) = (
            befalls(setting.loss),
            befalls(setting.reorder),
            befalls(setting.duplicate),
        );
        let lot = chance.u64(..);
        // A delay cannot be less than none.
        let least = setting.delay.saturating_sub(setting.jitter);
        let spread = (setting.delay + setting.jitter).saturating_sub(least);
        let share = u64::try_from((u128::from(lot) * u128::from(spread.0)) >> 64).unwrap_or(0);
        Self {
            is_lost,
            is_held_back,
            is_doubled,
            delay: least + Nanos(share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BitRate;

    fn link() -> Link {
        Link::plain(Nanos::from_millis(40), 7)
    }

    fn at(millis: u64) -> Moment {
        Moment::START + Nanos::from_millis(millis)
    }

    /// The frames that have arrived by then, by their first byte.
    fn arrived(road: &mut Road, by: Moment) -> Vec<u8> {
        let frames: Vec<Box<[u8]>> = std::iter::from_fn(|| road.leave(by)).collect();
        for _ in &frames {
            road.arrived(true);
        }
        frames
            .iter()
            .filter_map(|frame| frame.first().copied())
            .collect()
    }

    #[test]
    fn a_frame_takes_half_a_round_trip_and_keeps_its_place() {
        let mut road = Road::new(&link(), 0);
        assert!(!road.enter(&[1], at(0)));
        assert!(!road.enter(&[2], at(5)));
        assert_eq!(road.next(), Some(at(20)));
        assert!(arrived(&mut road, at(19)).is_empty());
        assert_eq!(arrived(&mut road, at(20)), [1]);
        road.set(&Link {
            round_trip: Nanos::ZERO,
            ..link()
        });
        assert!(
            !road.enter(&[3], at(21)),
            "it waits behind what is under way"
        );
        assert_eq!(arrived(&mut road, at(25)), [2, 3]);
        assert!(
            road.enter(&[4], at(26)),
            "an empty road without delay is passed at once"
        );
        road.arrived(true);
        assert_eq!(road.counts().passed, 4);
    }

    #[test]
    fn bandwidth_spaces_frames_and_what_would_wait_too_long_is_lost() {
        // 1,000 bytes take 1 ms.
        let slow = Link {
            bandwidth: Some(BitRate(8_000_000)),
            round_trip: Nanos::ZERO,
            ..link()
        };
        let mut road = Road::new(&slow, 0);
        for number in 0..=255 {
            road.enter(&[number; 1_000], at(0));
        }
        assert_eq!(arrived(&mut road, at(3)), [0, 1, 2]);
        assert_eq!(arrived(&mut road, at(1_000)).len(), 198);
        assert_eq!((road.counts().passed, road.counts().overflowed), (201, 55));
        road.arrived(false);
        assert_eq!((road.counts().passed, road.counts().overflowed), (201, 56));
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_differs_by_direction() {
        let lossy = Link {
            loss: Share::from_millionths(100_000),
            round_trip: Nanos::ZERO,
            ..link()
        };
        let passed = |seed, direction| {
            let mut road = Road::new(
                &Link {
                    seed,
                    ..lossy.clone()
                },
                direction,
            );
            (0..2_000)
                .map(|_| road.enter(&[0], at(0)))
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
        let lossy = Link {
            loss: Share::from_millionths(50_000),
            ..link()
        };
        let more = Link {
            jitter: Nanos::from_millis(9),
            duplicate: Share::from_millionths(300_000),
            ..lossy.clone()
        };
        let lost = |link: &Link| {
            let mut road = Road::new(link, 0);
            (0..1_000)
                .filter(|_| {
                    let before = road.counts().lost;
                    road.enter(&[0], at(0));
                    road.counts().lost > before
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(lost(&lossy), lost(&more));
    }

    #[test]
    fn jitter_spreads_delays_and_keeps_the_order() {
        let uneven = Link {
            jitter: Nanos::from_millis(5),
            ..link()
        };
        let mut road = Road::new(&uneven, 0);
        let mut delays = Vec::new();
        for number in 0..200_u8 {
            let sent = at(u64::from(number) * 100);
            road.enter(&[number], sent);
            delays.extend(road.next().map(|arrives| arrives.since(sent)));
            assert_eq!(arrived(&mut road, sent + Nanos::from_millis(99)), [number]);
        }
        let (least, most) = (delays.iter().min().copied(), delays.iter().max().copied());
        assert!(
            least >= Some(Nanos::from_millis(15)) && least < Some(Nanos::from_millis(16)),
            "{least:?}"
        );
        assert!(
            most <= Some(Nanos::from_millis(25)) && most > Some(Nanos::from_millis(24)),
            "{most:?}"
        );
        (0..100).for_each(|number| {
            road.enter(&[number], at(100_000));
        });
        assert!(arrived(&mut road, at(200_000)).is_sorted());
    }

    #[test]
    fn held_back_frames_are_overtaken_and_doubled_ones_come_twice() {
        let mixed = Link {
            reorder: Share::from_millionths(200_000),
            ..link()
        };
        let mut road = Road::new(&mixed, 0);
        (0..100).for_each(|number| {
            road.enter(&[number], at(u64::from(number)));
        });
        let order = arrived(&mut road, at(1_000));
        assert_eq!(order.len(), 100);
        assert!(!order.is_sorted());
        let doubled = Link {
            duplicate: Share::from_millionths(1_000_000),
            ..link()
        };
        let mut road = Road::new(&doubled, 0);
        road.enter(&[9], at(0));
        assert_eq!(arrived(&mut road, at(1_000)), [9, 9]);
    }

    #[test]
    fn what_is_under_way_is_bounded() {
        let far = Link {
            round_trip: Nanos::from_millis(600_000),
            ..link()
        };
        let mut road = Road::new(&far, 0);
        (0..MOST_FRAMES + 5).for_each(|_| {
            road.enter(&[0], at(0));
        });
        assert_eq!(road.counts().overflowed, 5);
    }
}
