//! The events. Their serde names are the format of `--format events`: add to them, never rename.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    AttemptOutcome, Certificate, DeliveryError, DnsAnswer, DnsServer, Endpoint, Failure, Handshake,
    HttpHeader, HttpVersion, LinkConfig, OtherFrames, Packet, Part, Phase, ProxyStep, Record,
    ResolutionSource, Side, StreamPosition, TcpInfo, TlsMessage, Verification,
};
use crate::units::{Moment, Nanos, Untrusted, WallTime};

/// The version of the event format, carried by [`What::RunStarted`].
pub const EVENT_SCHEMA: &str = "tapline/events/1";

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
    };
}

id!(
    /// An exchange within a run, counted from 0 in the order they started.
    ExchangeId
);
id!(
    /// A connection within a run, counted from 0 in the order they were established.
    ConnectionId
);
id!(
    /// A connection attempt within a run, counted from 0 in the order they started.
    AttemptId
);
id!(
    /// A DNS query within a run, counted from 0 in the order they were sent.
    QueryId
);

/// Where a time or a figure comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The program's monotonic clock: what the application felt.
    #[default]
    App,
    /// A packet's kernel timestamp: what the wire saw.
    Wire,
    /// The kernel's own figures for a connection (`TCP_INFO`).
    Kernel,
    /// Worked out from others by a rule that the documentation names.
    Inferred,
}

impl Clock {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Wire => "wire",
            Self::Kernel => "kernel",
            Self::Inferred => "inferred",
        }
    }
}

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, on the run's time axis.
    #[serde(rename = "at_ns")]
    pub at: Moment,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Why an exchange was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeCause {
    /// The user asked for it.
    Asked,
    /// The exchange before it was answered with a redirect (RFC 9110 §15.4).
    Redirect,
    /// The same request again, `--repeat`.
    Repeat,
    /// The exchange before it found its reused connection closed, so it was tried again on a new
    /// one.
    Retry,
}

/// The name in machine output.
impl fmt::Display for ExchangeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What happened.
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
    /// The monotonic and the wall clock were read one right after the other. The true pairing is
    /// within `uncertainty_ns`.
    ClockPaired {
        wall: WallTime,
        #[serde(rename = "uncertainty_ns")]
        uncertainty: Nanos,
    },
    /// Nothing more will happen.
    RunEnded,
    /// Events were lost because a bounded channel was full. Never silent.
    Dropped { count: u64 },
    /// Something worth knowing that is no failure.
    Note {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exchange: Option<ExchangeId>,
        text: Untrusted,
    },

    /// Packets are being captured.
    CaptureOpened {
        interface: String,
        link_type: String,
    },
    /// Packets cannot be captured; everything else goes on.
    CaptureUnavailable { reason: String, remedy: String },
    /// The user did not want packets captured.
    CaptureOff,
    /// Capture ended; the kernel's own count of what it saw and lost.
    CaptureClosed { received: u64, dropped: u64 },
    /// A batch of captured packets, in the order the kernel gave them.
    Packets { packets: Vec<Packet> },
    /// Further frames passed that are no TCP or UDP packets: how many since this was last said.
    OtherFrames { frames: OtherFrames },
    /// The network says of packets that it did not deliver them; each such frame is among the other
    /// ones too.
    Undelivered { errors: Vec<DeliveryError> },

    /// The link of the lab is set so from here on.
    LinkSet { link: LinkConfig },

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
    /// An exchange is over, well or not.
    ExchangeEnded { exchange: ExchangeId },

    /// A question was sent to a DNS server.
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
    /// A DNS query came to nothing: no answer in time, or the transport failed.
    DnsFailed {
        exchange: ExchangeId,
        query: QueryId,
        reason: Untrusted,
    },
    /// The name has addresses, in the order they will be tried.
    Resolved {
        exchange: ExchangeId,
        source: ResolutionSource,
        addresses: Vec<IpAddr>,
    },

    /// A connection attempt began. `local` is known once the kernel chose it.
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
    /// A step of the talk with a proxy.
    ProxyTalked {
        exchange: ExchangeId,
        step: ProxyStep,
    },
    /// The kernel's figures for a connection.
    KernelMeasured {
        connection: ConnectionId,
        figures: TcpInfo,
    },
    /// A connection was closed by this side, or found closed.
    Disconnected { connection: ConnectionId },
    /// What lies where in the stream from one side, as far as it passed since this was told last.
    /// What was not complete then is told again, at the same place. `unlisted` are records and
    /// parts that are not told because there are too many.
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

    /// A TLS handshake message, or the opaque record that stands for one once the handshake is
    /// encrypted.
    TlsMessage {
        connection: ConnectionId,
        message: TlsMessage,
    },
    /// The certificates the server presented, leaf first, whether or not they verify.
    TlsCertificates {
        connection: ConnectionId,
        certificates: Vec<Certificate>,
    },
    /// The chain was checked. `took` is this program's own work.
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

    /// The request's head was handed to the connection.
    RequestHead {
        exchange: ExchangeId,
        version: HttpVersion,
        method: String,
        target: Untrusted,
        headers: Vec<HttpHeader>,
        header_bytes: u64,
    },
    /// The request's body: how much of it is written so far.
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
    /// The final response's head arrived.
    ResponseHead {
        exchange: ExchangeId,
        version: HttpVersion,
        status: u16,
        reason: Untrusted,
        headers: Vec<HttpHeader>,
        header_bytes: u64,
    },
    /// The response's body: how much of it arrived so far, as transferred and as decoded.
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
    /// The first bytes of the decoded body, up to a stated limit, for showing.
    BodyPreview {
        exchange: ExchangeId,
        text: Untrusted,
        truncated: bool,
    },
    /// The exchange was answered with a redirect that is followed. `withheld` names the fields that
    /// stayed home.
    Redirected {
        exchange: ExchangeId,
        to: Untrusted,
        withheld: Vec<Untrusted>,
    },

    /// The same request by the ordinary HTTP client, for comparison (`--control`).
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
    /// The exchange it belongs to, if it belongs to one.
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

    /// Forgets where packets' bytes lie, which is another place for each who keeps them.
    pub fn clear_stored_locations(&mut self) {
        if let Self::Packets { packets } = self {
            for packet in packets {
                packet.stored = None;
            }
        }
    }

    /// The connection it belongs to, if it names one.
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
