//! Figures of an exchange that its sentences name: the rate of the link, lost segments, what the
//! server says of its own time.

use std::collections::BTreeMap;
use std::fmt;

use super::delivery::{Arrival, Delivery};
use super::owner::{Attribution, Cause, Owner};
use super::{ExchangeLedger, Ledger};
use crate::insight::exchange_packets::ExchangePackets;
use crate::insight::server_timing;
use crate::trace::{ClockMap, Direction, Exchange, Flow, PacketEntry, Trace};
use crate::units::{Moment, Nanos};

/// Response fields that caches, CDNs and load balancers add.
const INTERMEDIARY_FIELDS: [&str; 8] = [
    "Via",
    "Age",
    "X-Cache",
    "CF-Ray",
    "X-Served-By",
    "X-Amz-Cf-Id",
    "X-Varnish",
    "CDN-Cache-Control",
];

/// Figures beyond the times of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerFigures {
    /// How fast bytes came while the narrowest link was busy with them.
    pub(super) link: Option<LinkFigures>,
    /// Segments that were lost, and those of them that a timer found.
    pub(super) lost: u64,
    pub(super) lost_by_timeout: u64,
    /// The longest duration in `Server-Timing`.
    pub(super) server_timing: Option<Nanos>,
    /// A response field that shows that a cache or a balancer ends the connection.
    pub(super) intermediary: Option<&'static str>,
    /// The connection was opened for this exchange.
    pub(super) is_new_connection: bool,
    /// Packets of the connection were captured.
    pub(super) has_packets: bool,
    /// The exchange failed, and the failure has a next step of its own.
    pub(super) has_failed: bool,
}

/// Figures of the narrowest link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkFigures {
    /// Bits a second, headers included.
    pub(super) rate: u64,
    /// Mean time from one segment to the next.
    pub(super) spacing: Nanos,
}

impl ExchangeLedger {
    /// Adds the figures of an exchange that is over.
    pub(super) fn with_figures(mut self, trace: &Trace, exchange: &Exchange) -> Self {
        if exchange.ended.is_some() {
            self.whole.figures = LedgerFigures::new(trace, exchange, &self.whole);
        }
        self
    }
}

impl LedgerFigures {
    fn new(trace: &Trace, exchange: &Exchange, ledger: &Ledger) -> Self {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        let flow = connection.and_then(|connection| trace.flow_of(connection));
        let mut figures = Self {
            server_timing: server_timing(exchange)
                .iter()
                .filter_map(|metric| metric.duration)
                .max(),
            intermediary: intermediary_field(exchange),
            is_new_connection: !exchange.reused_connection,
            has_packets: flow.is_some(),
            has_failed: exchange.failure.is_some(),
            ..Self::default()
        };
        if let Some(flow) = flow {
            let range = ExchangePackets::range(trace, exchange, flow);
            let packets = flow.packets().get(range).unwrap_or_default();
            figures.link = link_figures(flow, packets, trace.clock(), ledger);
            figures.count_losses(flow, packets, trace.clock(), ledger);
        }
        figures
    }

    /// Counts the segments that were lost: those of this side that were sent again, and those of
    /// the other side that filled a gap too late to have been overtaken.
    fn count_losses(
        &mut self,
        flow: &Flow,
        packets: &[PacketEntry],
        clock: &ClockMap,
        ledger: &Ledger,
    ) {
        let losses = Intervals::of(ledger, |of| {
            matches!(of.cause, Cause::Loss | Cause::Timeout)
        });
        if losses.0.is_empty() {
            return;
        }
        let timeouts = Intervals::of(ledger, |of| of == Attribution::network(Cause::Timeout));
        let mut arrivals = None::<Arrivals>;
        let data = packets.iter().filter(|packet| packet.payload_bytes > 0);
        for packet in data {
            let ends_timeout = clock
                .moment_of(packet.wall)
                .is_some_and(|at| timeouts.end_with(at));
            let was_lost = match packet.direction {
                Direction::Sent => packet.retransmitted,
                Direction::Received => arrivals
                    .get_or_insert_with(|| Arrivals::new(packet.offset))
                    .add(packet, ends_timeout),
            };
            if was_lost {
                let segments = if packet.retransmitted {
                    segments_of(flow, packet)
                } else {
                    1
                };
                self.lost += segments;
                self.lost_by_timeout += if ends_timeout { segments } else { 0 };
            }
        }
    }
}

/// Segments of the other side in the order in which they came.
struct Arrivals {
    delivery: Delivery,
    /// Offset after the highest byte.
    end: u64,
    /// The first packet after each gap: its offset, and its sender's timestamp.
    after_gaps: BTreeMap<u64, Option<u16>>,
}

impl Arrivals {
    /// Gaps that are remembered.
    const MAX_GAPS: usize = 1_024;

    const fn new(offset: u64) -> Self {
        Self {
            delivery: Delivery::from_offset(offset),
            end: offset,
            after_gaps: BTreeMap::new(),
        }
    }

    /// Adds a packet. Returns true if it brought bytes that were lost before: it came a round trip
    /// or more after the gap showed, or was sent later than the packet after the gap, or ended the
    /// wait for a timer. What others overtook is older than they are.
    fn add(&mut self, packet: &PacketEntry, ends_timeout: bool) -> bool {
        let arrival = self.delivery.add(packet.offset, packet.end_offset());
        if packet.offset > self.end && self.after_gaps.len() < Self::MAX_GAPS {
            self.after_gaps
                .insert(packet.offset, packet.timestamp_bits());
        }
        self.end = self.end.max(packet.end_offset());
        match arrival {
            Arrival::Repeat => false,
            // The end of a flight that was lost leaves no gap: a timer brings the next bytes.
            Arrival::InOrder => ends_timeout,
            Arrival::FilledGap | Arrival::AfterGap => {
                packet.retransmitted || ends_timeout || self.is_newer_than_what_follows(packet)
            }
        }
    }

    /// Returns true if a packet in a gap was sent after the one that follows the gap (`TSval` of
    /// RFC 7323, of which the low bits are known).
    fn is_newer_than_what_follows(&self, packet: &PacketEntry) -> bool {
        let mut following = self.after_gaps.range(packet.end_offset()..);
        let Some((Some(following), sent)) = following
            .next()
            .map(|(_, timestamp)| *timestamp)
            .zip(packet.timestamp_bits())
        else {
            return false;
        };
        sent.wrapping_sub(following).cast_signed() > 0
    }
}

/// Bits a second and the spacing of segments in the longest time that the link was busy, of the
/// direction with more payload then.
fn link_figures(
    flow: &Flow,
    packets: &[PacketEntry],
    clock: &ClockMap,
    ledger: &Ledger,
) -> Option<LinkFigures> {
    let busy = Intervals::of(ledger, |of| of.cause == Cause::Bandwidth).longest();
    let time: Nanos = busy.0.iter().map(|(from, to)| to.since(*from)).sum();
    if time == Nanos::ZERO {
        return None;
    }
    // IP, and TCP with timestamps (RFC 7323 §3.2).
    let headers = if flow.key.remote.is_ipv6() { 72 } else { 52 };
    let mut carried = [(0_u64, 0_u64); 2];
    for packet in packets.iter().filter(|packet| packet.payload_bytes > 0) {
        if clock
            .moment_of(packet.wall)
            .is_some_and(|at| busy.have_after_start(at))
        {
            let segments = segments_of(flow, packet);
            let (bytes, count) = &mut carried[packet.direction as usize];
            *bytes += u64::from(packet.payload_bytes) + headers * segments;
            *count += segments;
        }
    }
    let (bytes, count) = carried.into_iter().max()?;
    let rate = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(time.0);
    Some(LinkFigures {
        rate: u64::try_from(rate).unwrap_or(u64::MAX),
        spacing: Nanos(time.0.checked_div(count)?),
    })
}

/// Number of segments in a packet, of which several may have been aggregated.
fn segments_of(flow: &Flow, packet: &PacketEntry) -> u64 {
    let full = flow.counts(packet.direction).max_segment.max(1);
    u64::from(packet.payload_bytes.div_ceil(full))
}

/// The listed intervals of causes of the network, in order of time.
struct Intervals(Vec<(Moment, Moment)>);

impl Intervals {
    fn of(ledger: &Ledger, wanted: impl Fn(Attribution) -> bool) -> Self {
        let entries = ledger
            .entries
            .iter()
            .filter(|entry| entry.attribution.owner == Owner::Network && wanted(entry.attribution));
        let mut all: Vec<_> = entries
            .flat_map(|entry| entry.intervals.iter().copied())
            .collect();
        all.sort_unstable();
        Self(all)
    }

    /// Keeps the longest one, which the start of a train distorts the least.
    fn longest(self) -> Self {
        let all = self.0.into_iter();
        let longest = all.max_by_key(|(from, to)| to.since(*from));
        Self(longest.into_iter().collect())
    }

    /// Returns true if an instant lies in an interval, but not at its start.
    fn have_after_start(&self, at: Moment) -> bool {
        let after = self.0.partition_point(|(start, _)| *start < at);
        after
            .checked_sub(1)
            .and_then(|last| self.0.get(last))
            .is_some_and(|(_, end)| at <= *end)
    }

    /// Returns true if an interval ends at an instant.
    fn end_with(&self, at: Moment) -> bool {
        let after = self.0.partition_point(|(start, _)| *start < at);
        after
            .checked_sub(1)
            .and_then(|last| self.0.get(last))
            .is_some_and(|(_, end)| at == *end)
    }
}

fn intermediary_field(exchange: &Exchange) -> Option<&'static str> {
    let response = exchange.response.as_ref()?;
    INTERMEDIARY_FIELDS
        .into_iter()
        .find(|name| response.headers.iter().any(|field| field.is(name)))
}

/// Formats a rate in bits a second with two significant digits: `2.0 Mbit/s`, `96 Mbit/s`.
impl fmt::Display for LinkFigures {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")];
        let rate = self.rate as f64;
        let (scale, unit) = units
            .into_iter()
            // What rounds to 1,000 of a unit is 1.0 of the next one.
            .find(|(scale, _)| rate >= scale * 0.9995)
            .unwrap_or((1.0, "bit/s"));
        let value = rate / scale;
        match value {
            ..9.95 => write!(f, "{value:.1} {unit}"),
            ..99.5 => write!(f, "{value:.0} {unit}"),
            _ => write!(f, "{:.0} {unit}", (value / 10.0).round() * 10.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_two_digits() {
        let shown = |rate| {
            LinkFigures {
                rate,
                spacing: Nanos::ZERO,
            }
            .to_string()
        };
        for (rate, expected) in [
            (1_987_000, "2.0 Mbit/s"),
            (9_970_000, "10 Mbit/s"),
            (96_400_000, "96 Mbit/s"),
            (964_000_000, "960 Mbit/s"),
            (999_700_000, "1.0 Gbit/s"),
            (64_100, "64 kbit/s"),
            (300, "300 bit/s"),
        ] {
            assert_eq!(shown(rate), expected);
        }
    }
}
