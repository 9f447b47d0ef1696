//! What happened in a run: the events, and [`Trace`], the fold of them.
//!
//! Nothing else holds state about a run. A live run, a saved one and a remote one yield the same
//! events, so they yield the same trace, and a screen and a report drawn from it cannot disagree.
//!
//! ```text
//! Run ─┬─ Exchange (one per hop, attempt or repeat) ─┬─ phases: dns → connect → proxy → tls → send → wait → receive
//!      │                                             ├─ resolution, connection attempts
//!      │                                             ├─ request, informational responses, response, body, trailers
//!      │                                             └─ failure, if it failed: in which phase, code, sentence, next step
//!      ├─ Connection (may serve several exchanges) ──── addresses, TLS, what lies where in its streams, kernel's figures
//!      ├─ Flow (packets between two ends) ─────────────── an index entry per packet
//!      └─ capture state, clock map, what was dropped
//! ```

mod capture;
mod clock;
mod connection;
mod dns;
mod event;
mod exchange;
mod failure;
mod flow;
mod flow_index;
mod flows;
mod fold;
mod growing;
mod http;
#[cfg(test)]
pub(crate) mod law;
mod link;
mod other_frames;
mod packet_limits;
mod passed;
mod phase;
mod ranges;
mod retired;
mod stored;
mod text_fields;
mod tls;
mod undelivered;
mod words;

pub use capture::{Capture, CaptureState};
pub use clock::{ClockMap, ClockPair};
pub use connection::{Connection, Endpoint, KernelTcp};
pub use dns::{
    DnsAnswer, DnsQuery, DnsRecord, DnsServer, DnsTransport, QueryOutcome, Resolution,
    ResolutionSource,
};
pub use event::{AttemptId, Cause, Clock, ConnectionId, Event, ExchangeId, QueryId, SCHEMA, What};
pub use exchange::{Attempt, AttemptOutcome, BodyCount, Exchange, ProxyStep};
pub use failure::{Code, Failure};
pub use flow::{
    Advance, Direction, Flow, FlowKey, Packet, PacketEntry, Progress, SegmentCounts, SizeSet, Span,
    Stretch, Stride, TcpFlags, TcpHeader, Transport,
};
pub use fold::{Control, Trace};
pub use http::{Header, HttpVersion, Informational, Request, Response};
pub use link::{Link, LinkCounts};
pub use other_frames::OtherFrames;
pub use packet_limits::{Forgotten, PacketLimits};
pub use passed::{Passed, PassedOneWay};
pub use phase::{Phase, PhaseSpan, Phases, StreamPosition};
pub use ranges::{Carrier, Contents, Layers, Part, PartKind, Piece, Record, StreamLayers};
pub use retired::{Column, Retired, RetiredRepeats, RetiredRun, Timed};
pub use stored::{ByteStore, StoreError, Stored};
pub use text_fields::{TEXT_FIELDS, TextClass, TextField};
pub use tls::{Certificate, Handshake, Side, Tls, TlsMessage, Verification};
pub use undelivered::Undelivered;
