//! The settings of the lab's link: names, steps, and parsing of typed values.

use crate::trace::LinkConfig;
use crate::units::{BitRate, Fraction, Nanos};

/// A setting of the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LinkSetting {
    #[default]
    RoundTrip,
    Jitter,
    Loss,
    Reorder,
    Duplicate,
    Bandwidth,
    Mtu,
    Congestion,
}

const DELAY_STEPS: [u64; 10] = [0, 1, 5, 10, 20, 40, 80, 150, 300, 600];
const JITTER_STEPS: [u64; 8] = [0, 1, 2, 5, 10, 20, 50, 100];
/// In ten-thousandths.
const SHARE_STEPS: [u32; 8] = [0, 10, 50, 100, 200, 500, 1_000, 2_000];
/// In bit/s; the last one means unlimited.
const RATE_STEPS: [u64; 9] = [
    64_000,
    256_000,
    1_000_000,
    4_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    u64::MAX,
];
/// 1280 is the minimum of IPv6, 1492 that of `PPPoE` (DSL), 1500 Ethernet, 9000 jumbo frames.
const MTU_STEPS: [u16; 5] = [1_280, 1_400, 1_492, 1_500, 9_000];
const CONGESTION_STEPS: [&str; 3] = ["reno", "cubic", "bbr"];

/// Maximum delay, so that the lab stays responsive enough to be set back.
const MAX_DELAY: Nanos = Nanos::from_millis(10_000);
/// The kernel's `TCP_CA_NAME_MAX` without the terminating zero.
const MAX_NAME_BYTES: usize = 15;

impl LinkSetting {
    pub(super) const ALL: [Self; 8] = [
        Self::RoundTrip,
        Self::Jitter,
        Self::Loss,
        Self::Reorder,
        Self::Duplicate,
        Self::Bandwidth,
        Self::Mtu,
        Self::Congestion,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round trip",
            Self::Jitter => "jitter",
            Self::Loss => "loss",
            Self::Reorder => "reordered",
            Self::Duplicate => "duplicated",
            Self::Bandwidth => "bandwidth",
            Self::Mtu => "MTU",
            Self::Congestion => "congestion",
        }
    }

    /// Returns its effect in a few words.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::RoundTrip => "added delay, half in each direction",
            Self::Jitter => "maximum deviation of the delay",
            Self::Loss => "of packets, in each direction",
            Self::Reorder => "of packets are held back",
            Self::Duplicate => "of packets arrive twice",
            Self::Bandwidth => "in each direction",
            Self::Mtu => "largest IP packet; new connections",
            Self::Congestion => "TCP on both ends; new connections",
        }
    }

    /// Returns examples of values to type.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::RoundTrip => "80ms or 1.5s",
            Self::Jitter => "5ms or 500us",
            Self::Loss | Self::Reorder | Self::Duplicate => "1% or 0.25%",
            Self::Bandwidth => "10mbit, 64kbit or unlimited",
            Self::Mtu => "1500",
            Self::Congestion => "cubic or reno",
        }
    }

    /// Returns its value as shown.
    pub(super) fn format_value(self, link: &LinkConfig) -> String {
        let delay = |delay: Nanos| {
            if delay == Nanos::ZERO {
                "0 ms".to_owned()
            } else {
                delay.to_string()
            }
        };
        match self {
            Self::RoundTrip => delay(link.round_trip),
            Self::Jitter => delay(link.jitter),
            Self::Loss => link.loss.to_string(),
            Self::Reorder => link.reorder.to_string(),
            Self::Duplicate => link.duplicate.to_string(),
            Self::Bandwidth => link
                .bandwidth
                .map_or_else(|| "unlimited".to_owned(), |rate| rate.to_string()),
            Self::Mtu => format!("{} B", link.mtu),
            Self::Congestion => link.congestion.clone(),
        }
    }

    /// Returns the link with this setting one step further, or back; `None` at the end of its
    /// steps.
    pub(super) fn stepped(self, link: &LinkConfig, further: bool) -> Option<LinkConfig> {
        let mut link = link.clone();
        let share = |here: Fraction| {
            next_step(
                &SHARE_STEPS.map(|share| Fraction::from_millionths(share * 100)),
                here,
                further,
            )
        };
        match self {
            Self::RoundTrip => {
                link.round_trip = next_step(
                    &DELAY_STEPS.map(Nanos::from_millis),
                    link.round_trip,
                    further,
                )?;
            }
            Self::Jitter => {
                link.jitter =
                    next_step(&JITTER_STEPS.map(Nanos::from_millis), link.jitter, further)?;
            }
            Self::Loss => link.loss = share(link.loss)?,
            Self::Reorder => link.reorder = share(link.reorder)?,
            Self::Duplicate => link.duplicate = share(link.duplicate)?,
            // For bandwidth further means less: as with the other settings, away from an
            // unnoticeable link.
            Self::Bandwidth => {
                let rate = next_step(
                    &RATE_STEPS,
                    link.bandwidth.map_or(u64::MAX, |rate| rate.0),
                    !further,
                )?;
                link.bandwidth = (rate != u64::MAX).then_some(BitRate(rate));
            }
            Self::Mtu => link.mtu = next_step(&MTU_STEPS, link.mtu, further)?,
            Self::Congestion => {
                let here = CONGESTION_STEPS
                    .iter()
                    .position(|name| *name == link.congestion);
                let there = here.map_or(Some(0), |here| {
                    here.checked_add_signed(if further { 1 } else { -1 })
                })?;
                (*CONGESTION_STEPS.get(there)?).clone_into(&mut link.congestion);
            }
        }
        Some(link)
    }

    /// Returns the link with this setting parsed from text.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub(super) fn parse(self, text: &str, link: &LinkConfig) -> Result<LinkConfig, String> {
        let mut link = link.clone();
        let text = text.trim();
        match self {
            Self::RoundTrip => link.round_trip = parse_delay(text)?,
            Self::Jitter => link.jitter = parse_delay(text)?,
            Self::Loss => link.loss = text.parse().map_err(as_sentence)?,
            Self::Reorder => link.reorder = text.parse().map_err(as_sentence)?,
            Self::Duplicate => link.duplicate = text.parse().map_err(as_sentence)?,
            Self::Bandwidth if matches!(text, "unlimited" | "none") => link.bandwidth = None,
            Self::Bandwidth => {
                link.bandwidth = Some(
                    text.parse::<BitRate>()
                        .map_err(|why| as_sentence(why) + " Or unlimited.")?,
                );
            }
            Self::Mtu => link.mtu = parse_mtu(text)?,
            Self::Congestion => link.congestion = parse_congestion(text)?,
        }
        Ok(link)
    }
}

/// Returns the next or previous of some ascending steps; `here` may lie between two.
fn next_step<T: Ord + Copy>(steps: &[T], here: T, further: bool) -> Option<T> {
    if further {
        steps.iter().copied().find(|step| *step > here)
    } else {
        steps.iter().rev().copied().find(|step| *step < here)
    }
}

fn parse_delay(text: &str) -> Result<Nanos, String> {
    let delay: Nanos = text.parse().map_err(as_sentence)?;
    if delay > MAX_DELAY {
        Err(format!("The maximum delay is {MAX_DELAY}."))
    } else {
        Ok(delay)
    }
}

fn parse_mtu(text: &str) -> Result<u16, String> {
    let least = MTU_STEPS[0];
    let most = MTU_STEPS[MTU_STEPS.len() - 1];
    let number = text.strip_suffix(['B', 'b']).unwrap_or(text).trim_end();
    let wanted = || {
        format!(
            "Expected a number of bytes from {least} to {most}: IPv6 requires at least {least}."
        )
    };
    number
        .parse()
        .ok()
        .filter(|mtu| (least..=most).contains(mtu))
        .ok_or_else(wanted)
}

fn parse_congestion(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !text.is_empty() && text.len() <= MAX_NAME_BYTES && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("Expected an algorithm that the kernel knows, such as cubic or reno.".to_owned())
}

/// Capitalizes the text and adds a full stop.
fn as_sentence(text: impl AsRef<str>) -> String {
    let mut letters = text.as_ref().chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn link() -> LinkConfig {
        LinkConfig::delay_only(Nanos::from_millis(20), 1)
    }

    /// Returns all values of a setting, step by step.
    fn walk(setting: LinkSetting, from: &LinkConfig, further: bool) -> Vec<String> {
        std::iter::successors(setting.stepped(from, further), |link| {
            setting.stepped(link, further)
        })
        .map(|link| setting.format_value(&link))
        .collect()
    }

    #[test]
    fn steps_lead_from_one_end_to_the_other() {
        assert_eq!(
            walk(LinkSetting::RoundTrip, &link(), true),
            ["40.0 ms", "80.0 ms", "150 ms", "300 ms", "600 ms"]
        );
        assert_eq!(
            walk(LinkSetting::RoundTrip, &link(), false),
            ["10.0 ms", "5.00 ms", "1.00 ms", "0 ms"]
        );
        assert_eq!(
            walk(LinkSetting::Loss, &link(), true),
            ["0.1 %", "0.5 %", "1 %", "2 %", "5 %", "10 %", "20 %"]
        );
        let narrow = walk(LinkSetting::Bandwidth, &link(), true);
        assert_eq!(
            [narrow.first().unwrap(), narrow.last().unwrap()],
            ["100 Mbit/s", "64 kbit/s"]
        );
        assert_eq!(walk(LinkSetting::Bandwidth, &link(), false), [""; 0]);
        assert_eq!(
            walk(LinkSetting::Mtu, &link(), false),
            ["1492 B", "1400 B", "1280 B"]
        );
        assert_eq!(walk(LinkSetting::Congestion, &link(), false), ["reno"]);
        for setting in LinkSetting::ALL {
            assert_eq!(
                setting.stepped(&link(), true).map(|link| link.seed),
                Some(1),
                "{setting:?}"
            );
        }
    }

    #[test]
    fn a_step_leads_back_from_between_two_others() {
        let odd = LinkConfig {
            round_trip: Nanos(33_000_000),
            bandwidth: Some(BitRate(2_000_000)),
            congestion: "vegas".to_owned(),
            ..link()
        };
        let there = |setting: LinkSetting| {
            [false, true].map(|further| {
                setting
                    .stepped(&odd, further)
                    .map(|link| setting.format_value(&link))
                    .unwrap()
            })
        };
        assert_eq!(there(LinkSetting::RoundTrip), ["20.0 ms", "40.0 ms"]);
        assert_eq!(there(LinkSetting::Bandwidth), ["4 Mbit/s", "1 Mbit/s"]);
        assert_eq!(there(LinkSetting::Congestion), ["reno", "reno"]);
    }

    #[test]
    fn exact_values_are_parsed_and_errors_are_explained() {
        for (setting, text, shown) in [
            (LinkSetting::RoundTrip, "85 ms", "85.0 ms"),
            (LinkSetting::Jitter, "500us", "500 \u{b5}s"),
            (LinkSetting::Duplicate, "0.25%", "0.25 %"),
            (LinkSetting::Bandwidth, "3mbit", "3 Mbit/s"),
            (LinkSetting::Bandwidth, "unlimited", "unlimited"),
            (LinkSetting::Mtu, "1399 B", "1399 B"),
            (LinkSetting::Congestion, "bbr", "bbr"),
        ] {
            assert_eq!(
                setting
                    .parse(text, &link())
                    .map(|link| setting.format_value(&link)),
                Ok(shown.to_owned())
            );
        }
        for (setting, text, says) in [
            (
                LinkSetting::RoundTrip,
                "80",
                "Expected a duration such as 80ms",
            ),
            (LinkSetting::RoundTrip, "11s", "maximum delay is 10.0 s"),
            (
                LinkSetting::Loss,
                "101%",
                "Expected a percentage from 0% to 100%",
            ),
            (LinkSetting::Bandwidth, "fast", "Expected a rate such as"),
            (LinkSetting::Mtu, "1000", "from 1280 to 9000"),
            (LinkSetting::Congestion, "no such", "Expected an algorithm"),
            (LinkSetting::Congestion, "", "Expected an algorithm"),
        ] {
            let said = setting.parse(text, &link()).unwrap_err();
            assert!(
                said.starts_with(says) || said.contains(says),
                "{text}: {said}"
            );
            assert!(said.ends_with('.'), "{said}");
        }
    }
}
