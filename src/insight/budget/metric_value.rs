//! The value of a budget metric for a transfer.

use std::cell::OnceCell;

use super::BudgetMetric;
use crate::insight::exchange_packets::ExchangePackets;
use crate::insight::ledger::{Ledger, transfer_ledger};
use crate::insight::{
    ConnectionSegments, RoundTrips, Transfer, connection_rtt, connection_segments,
    exchange_round_trips, kernel_segments,
};
use crate::trace::{Cause, Direction, Exchange, HttpVersion, Owner, Tls, Trace};
use crate::units::{Nanos, parse_scaled_decimal};

/// A transfer whose values are looked up.
pub(super) struct MeasuredTransfer<'a> {
    trace: &'a Trace,
    transfer: &'a Transfer<'a>,
    ledger: OnceCell<Option<Ledger>>,
}

impl<'a> MeasuredTransfer<'a> {
    pub(super) const fn new(trace: &'a Trace, transfer: &'a Transfer<'a>) -> Self {
        Self {
            trace,
            transfer,
            ledger: OnceCell::new(),
        }
    }

    /// The ledger of a transfer that is over.
    fn ledger(&self) -> Option<&Ledger> {
        let ledger = self.ledger.get_or_init(|| {
            self.transfer.total()?;
            transfer_ledger(self.trace, self.transfer)
        });
        ledger.as_ref()
    }

    /// The time of a cause. Without packets some causes cannot be told, so no time of them says
    /// nothing.
    fn time_of_cause(&self, owner: Owner, cause: Cause) -> Option<u64> {
        let time = self.ledger()?.caused_by(owner, cause);
        let is_told = time > Nanos::ZERO || !is_told_by_packets(cause) || self.has_packets();
        is_told.then_some(time.0)
    }

    /// Returns true if packets of every hop with a connection were captured.
    fn has_packets(&self) -> bool {
        self.transfer.retired_count() == 0
            && self
                .transfer
                .hops()
                .iter()
                .filter(|hop| hop.connection.is_some())
                .all(|hop| ExchangePackets::of(self.trace, hop).is_some())
    }
}

/// Returns true for causes that only packets tell.
const fn is_told_by_packets(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Window
            | Cause::FlowControl
            | Cause::Nagle
            | Cause::CongestionWindow
            | Cause::Bandwidth
            | Cause::Queueing
            | Cause::Loss
            | Cause::Timeout
            | Cause::Pause
    )
}

impl BudgetMetric {
    /// The value in the unit of its kind; `None` if it was not measured, or not for every hop that
    /// counts.
    pub(super) fn value(self, measured: &MeasuredTransfer<'_>) -> Option<u64> {
        let MeasuredTransfer {
            trace, transfer, ..
        } = *measured;
        let last = || transfer.last();
        let response = || last()?.response.as_ref();
        match self {
            Self::Phase(phase) => transfer.phase(phase).map(|time| time.0),
            Self::WirePhase(phase) => transfer.wire_phase(trace, phase).map(|time| time.0),
            Self::Owner(owner) => measured.ledger().map(|ledger| ledger.owned_by(owner).0),
            Self::Cause(owner, cause) => measured.time_of_cause(owner, cause),
            Self::Total => transfer.total().map(|time| time.0),
            Self::FirstByte => transfer.first_byte().map(|time| time.0),
            Self::Rtt => connection_rtt(trace, last()?).map(|rtt| rtt.duration.0),
            Self::RoundTrips => total_round_trips(trace, transfer, |trips| trips.used),
            Self::ExtraRoundTrips => total_round_trips(trace, transfer, |trips| {
                trips.used - f64::from(trips.minimum)
            }),
            Self::Size => response()
                .and(last())
                .map(|last| last.response_body.transferred),
            Self::DecodedBytes => response()
                .and(last())
                .map(|last| last.response_body.decoded),
            Self::ResponseHeaderBytes => response().map(|response| response.header_bytes),
            Self::RequestHeaderBytes => {
                last()?.request.as_ref().map(|request| request.header_bytes)
            }
            Self::RequestBodyBytes => last()?
                .request
                .as_ref()
                .and(last())
                .map(|last| last.request_body.transferred),
            Self::SentBytes => {
                sum_over_connections(transfer, |hop| payload_bytes(trace, hop, Direction::Sent))
            }
            Self::ReceivedBytes => sum_over_connections(transfer, |hop| {
                payload_bytes(trace, hop, Direction::Received)
            }),
            Self::SegmentsSent => {
                sum_over_connections(transfer, |hop| data_segments(trace, hop, Direction::Sent))
            }
            Self::SegmentsReceived => sum_over_connections(transfer, |hop| {
                data_segments(trace, hop, Direction::Received)
            }),
            Self::RetransmitsSent => {
                sum_over_connections(transfer, |hop| sent_retransmits(trace, hop))
            }
            Self::RetransmitsReceived => sum_over_connections(transfer, |hop| {
                connection_segments(trace, hop).map(|counted| counted.received.retransmitted)
            }),
            Self::Status => response().map(|response| u64::from(response.status)),
            Self::Version => response().map(|response| version_tenths(response.version)),
            Self::TlsVersion => parse_scaled_decimal(
                last_tls(trace, transfer)?
                    .handshake
                    .as_ref()?
                    .version
                    .strip_prefix("TLSv")?,
                10,
            ),
            Self::CertDays => cert_days(trace, transfer),
            Self::Failures => Some(u64::from(last()?.failure.is_some())),
        }
    }
}

/// Round trips of all hops, in hundredths; a negative sum is 0. `None` if hops have been retired.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float is bounded, and below 0 it is 0"
)]
fn total_round_trips(trace: &Trace, transfer: &Transfer, of: fn(RoundTrips) -> f64) -> Option<u64> {
    if transfer.retired_count() > 0 {
        return None;
    }
    let all: Option<f64> = transfer
        .hops()
        .iter()
        .map(|hop| exchange_round_trips(trace, hop).map(of))
        .sum();
    Some((all? * 100.0).round() as u64)
}

/// Sums a value over the connections of a transfer, counting each connection once. `None` if hops
/// have been retired.
fn sum_over_connections(transfer: &Transfer, of: impl Fn(&Exchange) -> Option<u64>) -> Option<u64> {
    if transfer.retired_count() > 0 {
        return None;
    }
    let mut seen = Vec::new();
    let mut sum = 0_u64;
    for hop in transfer.hops() {
        let connection = hop.connection?;
        if !seen.contains(&connection) {
            seen.push(connection);
            sum = sum.saturating_add(of(hop)?);
        }
    }
    (!seen.is_empty()).then_some(sum)
}

/// Payload bytes by the packets, or else by the kernel's count.
fn payload_bytes(trace: &Trace, hop: &Exchange, direction: Direction) -> Option<u64> {
    let by_packets = connection_segments(trace, hop)
        .map(|counted| count_in_direction(&counted, direction, |counts| counts.payload_bytes));
    by_packets.or_else(|| {
        let kernel = kernel_segments(trace, hop)?;
        if direction == Direction::Sent {
            kernel.sent.payload_bytes
        } else {
            kernel.received.payload_bytes
        }
    })
}

/// Data segments as they were on the wire: by the packets if none is an offload aggregate or the
/// kernel reported their segmentation, or else by the kernel's count.
fn data_segments(trace: &Trace, hop: &Exchange, direction: Direction) -> Option<u64> {
    let sent = direction == Direction::Sent;
    let by_packets = connection_segments(trace, hop).and_then(|counted| match counted.on_wire {
        Some(on_wire) => Some(if sent { on_wire.sent } else { on_wire.received }),
        None if counted.offloaded => None,
        None => Some(count_in_direction(&counted, direction, |counts| {
            counts.data_segments
        })),
    });
    by_packets.or_else(|| {
        let kernel = kernel_segments(trace, hop)?;
        if sent {
            kernel.sent.data_segments
        } else {
            kernel.received.data_segments
        }
    })
}

fn sent_retransmits(trace: &Trace, hop: &Exchange) -> Option<u64> {
    let by_packets = connection_segments(trace, hop).map(|counted| counted.sent.retransmitted);
    by_packets.or_else(|| kernel_segments(trace, hop)?.sent.retransmitted)
}

fn count_in_direction(
    counted: &ConnectionSegments,
    direction: Direction,
    of: fn(&crate::trace::SegmentCounts) -> u64,
) -> u64 {
    of(if direction == Direction::Sent {
        &counted.sent
    } else {
        &counted.received
    })
}

fn last_tls<'a>(trace: &'a Trace, transfer: &Transfer<'a>) -> Option<&'a Tls> {
    trace.connection(transfer.last()?.connection?)?.tls.as_ref()
}

fn cert_days(trace: &Trace, transfer: &Transfer) -> Option<u64> {
    const DAY: i64 = 86_400;
    let ends = last_tls(trace, transfer)?
        .certificates
        .iter()
        .map(|certificate| certificate.not_after)
        .min()?;
    let now = i64::try_from(trace.started_at()?.unix_seconds()).ok()?;
    Some(u64::try_from(ends.saturating_sub(now).div_euclid(DAY)).unwrap_or(0))
}

const fn version_tenths(version: HttpVersion) -> u64 {
    match version {
        HttpVersion::Http10 => 10,
        HttpVersion::Http11 => 11,
        HttpVersion::Http2 => 20,
        HttpVersion::Http3 => 30,
    }
}
