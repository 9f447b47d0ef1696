//! The events of a run. Their serde names are the format of `--format events`: they may be added
//! to, never renamed.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    AttemptOutcome, Certificate, DeliveryError, DnsAnswer, DnsServer, Endpoint, Failure, Handshake,
    HttpHeader, HttpVersion, LinkConfig, OtherFrames, Packet, Part, Phase, ProxyStep, Record,
    ResolutionSource, StreamPosition, TcpInfo, TlsMessage, Verification,
};
use crate::units::{Moment, Nanos, Untrusted, WallTime};
use crate::wire::Side;

/// Version of the event format, carried by [`EventKind::RunStarted`].
pub const EVENT_SCHEMA: &str = "tapline/events/1";

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
    };
}

id!(
    /// Number of an exchange in the run, counted from 0 in the order started.
    ExchangeId
);
id!(
    /// Number of a connection in the run, counted from 0 in the order established.
    ConnectionId
);
id!(
    /// Number of a connection attempt in the run, counted from 0 in the order started.
    AttemptId
);
id!(
    /// Number of a DNS query in the run, counted from 0 in the order sent.
    QueryId
);

/// Something that happened in a run, with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Time on the run's axis.
    #[serde(rename = "at_ns")]
    pub at: Moment,
    /// Kind of the event, with its data.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Reason why an exchange was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeCause {
    /// The user requested it.
    Asked,
    /// The previous exchange was answered with a redirect (RFC 9110 §15.4).
    Redirect,
    /// Repetition of the same request (`--repeat`).
    Repeat,
    /// The previous exchange found its reused connection closed, so the request is retried on a new
    /// one.
    Retry,
}

/// The name in machine-readable output.
impl fmt::Display for ExchangeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Why the program waits before the next exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayReason {
    /// The wait between repeats (`--interval`).
    Interval,
}

/// Kind of an event, with its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "field names repeat what the variant's sentence says; the types carry their own \
        documentation"
)]
pub enum EventKind {
    /// The run began; its time axis starts here.
    RunStarted {
        schema: String,
        tool_version: String,
        started_at: WallTime,
    },
    /// The monotonic and the wall clock were read one right after the other, with an error of at
    /// most `uncertainty_ns`.
    ClockPaired {
        wall: WallTime,
        #[serde(rename = "uncertainty_ns")]
        uncertainty: Nanos,
    },
    /// The run is over; no event follows.
    RunEnded,
    /// Events were lost because a bounded channel was full.
    Dropped { count: u64 },
    /// A remark that is not a failure.
    Note {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exchange: Option<ExchangeId>,
        text: Untrusted,
    },

    /// Packet capture started.
    CaptureOpened {
        interface: String,
        link_type: String,
    },
    /// Packets cannot be captured; the run continues without them.
    CaptureUnavailable { reason: String, remedy: String },
    /// The user turned packet capture off.
    CaptureOff,
    /// Packet capture ended; `received` and `dropped` are the kernel's counts.
    CaptureClosed { received: u64, dropped: u64 },
    /// A batch of captured packets, in the order in which the kernel delivered them.
    Packets { packets: Vec<Packet> },
    /// Number of frames since the last such event that are neither TCP nor UDP packets.
    OtherFrames { frames: OtherFrames },
    /// ICMP errors about packets that were not delivered. Their frames are counted in
    /// `other_frames` too.
    Undelivered { errors: Vec<DeliveryError> },

    /// The lab's link has this configuration from now on.
    LinkSet { link: LinkConfig },

    /// The program waits by its own choice before the next exchange.
    Delayed {
        reason: DelayReason,
        #[serde(rename = "for_ns")]
        length: Nanos,
    },
    /// An exchange began.
    ExchangeStarted {
        exchange: ExchangeId,
        cause: ExchangeCause,
        method: String,
        url: Untrusted,
    },
    /// A phase of an exchange began.
    PhaseBegan {
        exchange: ExchangeId,
        phase: Phase,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<StreamPosition>,
    },
    /// A phase of an exchange ended.
    PhaseEnded {
        exchange: ExchangeId,
        phase: Phase,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<StreamPosition>,
    },
    /// An exchange failed in a phase.
    Failed {
        exchange: ExchangeId,
        phase: Phase,
        failure: Failure,
    },
    /// An exchange ended, successfully or not.
    ExchangeEnded { exchange: ExchangeId },

    /// A query was sent to a DNS server.
    DnsQueried {
        exchange: ExchangeId,
        query: QueryId,
        name: Untrusted,
        kind: String,
        server: DnsServer,
    },
    /// A DNS server answered. `rcode` is the response code's mnemonic (`NOERROR`, `NXDOMAIN`).
    DnsAnswered {
        exchange: ExchangeId,
        query: QueryId,
        answer: DnsAnswer,
    },
    /// A DNS query failed: no answer in time, or a transport error.
    DnsFailed {
        exchange: ExchangeId,
        query: QueryId,
        reason: Untrusted,
    },
    /// The name was resolved; the addresses are in the order in which they will be tried.
    Resolved {
        exchange: ExchangeId,
        source: ResolutionSource,
        addresses: Vec<IpAddr>,
    },

    /// A connection attempt began. `local` is known once the kernel has chosen it.
    AttemptStarted {
        exchange: ExchangeId,
        attempt: AttemptId,
        remote: Endpoint,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        local: Option<Endpoint>,
    },
    /// A connection attempt ended.
    AttemptEnded {
        exchange: ExchangeId,
        attempt: AttemptId,
        outcome: AttemptOutcome,
    },
    /// An exchange has a connection, new or reused.
    Connected {
        exchange: ExchangeId,
        connection: ConnectionId,
        local: Endpoint,
        remote: Endpoint,
        reused: bool,
    },
    /// A step of the exchange with a proxy.
    ProxyTalked {
        exchange: ExchangeId,
        step: ProxyStep,
    },
    /// The kernel's figures for a connection. They are boxed because they are twice as large as any
    /// other event, and much rarer.
    KernelMeasured {
        connection: ConnectionId,
        figures: Box<TcpInfo>,
    },
    /// A connection was closed by this side, or found to be closed.
    Disconnected { connection: ConnectionId },
    /// Records and message parts in the stream sent by one side, since the last such event. An item
    /// that was incomplete then is sent again, at the same offset. `unlisted` counts items that
    /// were left out because there are too many.
    Layered {
        connection: ConnectionId,
        from: Side,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        records: Vec<Record>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Part>,
        #[serde(default, skip_serializing_if = "is_zero")]
        unlisted: u64,
    },

    /// A TLS handshake message, or the opaque record that carries it once the handshake is
    /// encrypted.
    TlsMessage {
        connection: ConnectionId,
        message: TlsMessage,
    },
    /// The certificates that the server presented, leaf first, whether or not they verify.
    TlsCertificates {
        connection: ConnectionId,
        certificates: Vec<Certificate>,
    },
    /// The certificate chain was verified. `took` is this program's own computation.
    TlsVerified {
        connection: ConnectionId,
        verification: Verification,
        #[serde(rename = "took_ns")]
        took: Nanos,
    },
    /// The handshake is complete.
    TlsEstablished {
        connection: ConnectionId,
        handshake: Handshake,
    },

    /// The request head was handed to the connection.
    RequestHead {
        exchange: ExchangeId,
        version: HttpVersion,
        method: String,
        target: Untrusted,
        headers: Vec<HttpHeader>,
        header_bytes: u64,
    },
    /// Progress of the request body: bytes written so far.
    RequestBody {
        exchange: ExchangeId,
        sent: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<u64>,
    },
    /// An informational response arrived (RFC 9110 §15.2), such as 103 Early Hints.
    Informational {
        exchange: ExchangeId,
        status: u16,
        headers: Vec<HttpHeader>,
    },
    /// The head of the final response arrived.
    ResponseHead {
        exchange: ExchangeId,
        version: HttpVersion,
        status: u16,
        reason: Untrusted,
        headers: Vec<HttpHeader>,
        header_bytes: u64,
    },
    /// Progress of the response body: bytes received so far, as transferred and as decoded.
    ResponseBody {
        exchange: ExchangeId,
        received: u64,
        decoded: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<u64>,
    },
    /// Trailer fields arrived after the body (RFC 9110 §6.5).
    Trailers {
        exchange: ExchangeId,
        headers: Vec<HttpHeader>,
    },
    /// The first bytes of the decoded body, up to a limit, for display.
    BodyPreview {
        exchange: ExchangeId,
        text: Untrusted,
        truncated: bool,
    },
    /// The exchange was answered with a redirect that is followed. `withheld` names the header
    /// fields that are not sent to the new location.
    Redirected {
        exchange: ExchangeId,
        to: Untrusted,
        withheld: Vec<Untrusted>,
    },

    /// The same request made by an ordinary HTTP client, for comparison (`--control`).
    ControlMeasured {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        #[serde(rename = "headers_ns")]
        headers: Nanos,
        #[serde(rename = "total_ns")]
        total: Nanos,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Untrusted>,
    },
}

impl EventKind {
    /// Returns the exchange that it belongs to, if any.
    pub const fn exchange(&self) -> Option<ExchangeId> {
        match self {
            Self::ExchangeStarted { exchange, .. }
            | Self::PhaseBegan { exchange, .. }
            | Self::PhaseEnded { exchange, .. }
            | Self::Failed { exchange, .. }
            | Self::ExchangeEnded { exchange }
            | Self::DnsQueried { exchange, .. }
            | Self::DnsAnswered { exchange, .. }
            | Self::DnsFailed { exchange, .. }
            | Self::Resolved { exchange, .. }
            | Self::AttemptStarted { exchange, .. }
            | Self::AttemptEnded { exchange, .. }
            | Self::Connected { exchange, .. }
            | Self::ProxyTalked { exchange, .. }
            | Self::RequestHead { exchange, .. }
            | Self::RequestBody { exchange, .. }
            | Self::Informational { exchange, .. }
            | Self::ResponseHead { exchange, .. }
            | Self::ResponseBody { exchange, .. }
            | Self::Trailers { exchange, .. }
            | Self::BodyPreview { exchange, .. }
            | Self::Redirected { exchange, .. } => Some(*exchange),
            Self::Note { exchange, .. } => *exchange,
            _ => None,
        }
    }

    /// Clears the locations of packets' bytes, which are valid in one byte store only.
    pub fn clear_stored_locations(&mut self) {
        if let Self::Packets { packets } = self {
            for packet in packets {
                packet.stored = None;
            }
        }
    }

    /// Returns the connection that it belongs to, if it names one.
    pub const fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Connected { connection, .. }
            | Self::KernelMeasured { connection, .. }
            | Self::Disconnected { connection }
            | Self::Layered { connection, .. }
            | Self::TlsMessage { connection, .. }
            | Self::TlsCertificates { connection, .. }
            | Self::TlsVerified { connection, .. }
            | Self::TlsEstablished { connection, .. } => Some(*connection),
            _ => None,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
