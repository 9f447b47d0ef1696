//! What happened in a run: its events, and [`Trace`], the fold of them.
//!
//! Nothing else holds state about a run. A live run and a saved one yield the same events, so they
//! yield the same trace, and a screen and a report drawn from it cannot disagree.
//!
//! ```text
//! Run ─┬─ Exchange (one per hop, attempt or repeat)
//!      │    ├─ phases: dns → connect → proxy → tls → send → wait → receive
//!      │    ├─ resolution, connection attempts
//!      │    ├─ request, informational responses, response, body, trailers
//!      │    └─ failure, if it failed: phase, code, sentence, hint
//!      ├─ Connection (may be used by several exchanges)
//!      │    └─ endpoints, TLS, ranges of records and parts in its streams, TCP_INFO
//!      ├─ Flow (packets between two endpoints): an index entry per packet
//!      └─ state of the capture, clock map, lost events
//! ```

pub(crate) mod attribution;
mod capture;
mod clock;
mod compact_figures;
mod connection;
mod dns;
mod event;
#[cfg(test)]
pub(crate) mod event_round_trip;
mod exchange;
mod failure;
mod flow;
mod flow_index;
mod flow_table;
mod fold;
mod http;
mod link;
mod other_frames;
mod own_strings;
mod packet_limits;
mod phase;
mod ranges;
mod retired;
mod stored;
mod text_fields;
mod time_spent;
mod tls;

pub use attribution::{Attribution, Cause, Detail, Owner};
pub use capture::{Capture, CaptureState};
pub use clock::{Clock, ClockMap, ClockPair};
pub use compact_figures::CompactFigures;
pub use connection::{Connection, Endpoint, TcpInfo};
pub use dns::{
    DnsAnswer, DnsQuery, DnsRecord, DnsServer, DnsTransport, QueryOutcome, Resolution,
    ResolutionSource,
};
pub use event::{
    AttemptId, ConnectionId, DelayReason, EVENT_SCHEMA, Event, EventKind, ExchangeCause,
    ExchangeId, QueryId,
};
pub use exchange::{Attempt, AttemptOutcome, BodyCount, Exchange, ExchangeRelease, ProxyStep};
pub use failure::{Failure, FailureCode};
pub use flow::{
    ChunkSummary, Direction, DirectionSum, DirectionSummary, Flow, FlowKey, Packet, PacketEntry,
    PacketRun, SegmentCounts, SizeSet, StreamUpdate, TrafficSum, ValueRange,
};
pub use fold::{ControlMeasurement, Trace};
pub use http::{HttpHeader, HttpVersion, InformationalResponse, Request, Response};
pub use link::{LinkConfig, LinkCounts};
pub use other_frames::{DeliveryError, OtherFrames};
pub use packet_limits::{Evicted, PacketLimits};
pub use phase::{Phase, PhaseSpan, Phases, StreamPosition};
pub use ranges::{Contents, Layers, Part, PartKind, Record, StreamLayers, UnitFragment};
pub use retired::{HopSums, RetiredExchanges, RetiredHops, RetiredRepeats, RetiredRun, TimeKey};
pub use stored::{ByteStore, PacketLocation, StoreError};
pub use text_fields::{TEXT_FIELDS, TextClass, TextField};
pub(crate) use time_spent::packets_between;
pub use time_spent::{LedgerEntry, TimeSpent};
pub use tls::{Certificate, Handshake, Tls, TlsMessage, Verification};
