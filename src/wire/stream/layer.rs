//! Both directions of one byte sequence, and within TLS those of its plaintext.

mod gap;

use super::detect::{DetectHints, detect};
use super::exchanges::PendingRequests;
use super::http1::{Http1Lane, UpgradeToken};
use super::http2::Http2Lane;
use super::lane::{LaneContext, LaneState, NextState, StreamLane};
use super::resync::{Resync, ResyncResult, ResyncTarget};
use super::sink::UnitSink;
use super::socks5::Socks5Lane;
use super::text::TextLane;
use super::tls::{TlsLane, TlsSession};
use super::unit::{ByteAxis, StreamProtocol, UnitKind};
use crate::wire::Side;
use crate::wire::http1::MAX_HEAD_BYTES;
use crate::wire::tls::KeyLog;

/// Maximum number of nested TLS layers that are parsed.
const MOST_LAYERS: u8 = 2;

/// Both directions of a byte sequence.
#[derive(Debug)]
pub(super) struct StreamLayer {
    axis: ByteAxis,
    client: StreamLane,
    server: StreamLane,
    pending: PendingRequests,
    /// The side that sent a SOCKS5 greeting.
    socks5_client: Option<Side>,
    tls: TlsSession,
    /// The plaintext layer within TLS.
    inner: Option<Box<Self>>,
}

impl StreamLayer {
    pub(super) fn new(axis: ByteAxis) -> Self {
        Self {
            axis,
            client: StreamLane::default(),
            server: StreamLane::default(),
            pending: PendingRequests::default(),
            socks5_client: None,
            tls: TlsSession::default(),
            inner: None,
        }
    }

    /// Sets the state of both directions for a known protocol.
    pub(super) fn with_lanes(mut self, client: LaneState, server: LaneState) -> Self {
        (self.client.state, self.server.state) = (client, server);
        self
    }

    pub(super) const fn lane(&self, from: Side) -> &StreamLane {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Resets a direction; with `both` also the state that the two share.
    pub(super) fn restart(&mut self, from: Side, both: bool) {
        if both {
            *self = Self::new(self.axis);
        } else {
            *self.lane_mut(from) = StreamLane::default();
        }
    }

    /// Parses the next bytes of a direction.
    pub(super) fn push(
        &mut self,
        from: Side,
        bytes: &[u8],
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.step(from, rest, keys, sink);
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Ends a direction.
    pub(super) fn finish(&mut self, from: Side, keys: Option<&KeyLog>, sink: &mut dyn UnitSink) {
        self.decide(from, keys, sink);
        self.flush(from, keys, sink);
        if let Some(inner) = &mut self.inner {
            inner.finish(from, keys, sink);
        }
    }

    const fn lane_mut(&mut self, from: Side) -> &mut StreamLane {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Splits the state of a direction from what it may see of the rest.
    fn split<'a>(&'a mut self, from: Side, sink: &'a mut dyn UnitSink) -> SplitLayer<'a> {
        let (lane, other) = match from {
            Side::Client => (&mut self.client, &self.server),
            Side::Server => (&mut self.server, &self.client),
        };
        SplitLayer {
            state: &mut lane.state,
            pending: &mut self.pending,
            tls: &mut self.tls,
            cx: LaneContext {
                from,
                axis: self.axis,
                at: &mut lane.at,
                other_at: other.at,
                sink,
            },
        }
    }

    /// Parses or detects with the next bytes; returns the number of bytes consumed.
    fn step(
        &mut self,
        from: Side,
        bytes: &[u8],
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) -> usize {
        let mut plain = Vec::new();
        let SplitLayer {
            state,
            pending,
            tls,
            mut cx,
        } = self.split(from, sink);
        let is_tls = matches!(state, LaneState::Tls(_));
        let (taken, next) = match state {
            LaneState::Detect(..) => {
                self.take_opening(from, bytes, keys, sink);
                (bytes.len(), NextState::Stay)
            }
            LaneState::Resync(resync) => {
                let found = resync.take(bytes);
                self.resume(from, found, keys, sink);
                (bytes.len(), NextState::Stay)
            }
            LaneState::Http1(http1) => http1.take(bytes, pending, &mut cx),
            LaneState::Http2(http2) => (http2.take(bytes, &mut cx), NextState::Stay),
            LaneState::Tls(lane) => lane.take(bytes, tls, keys, &mut plain, &mut cx),
            LaneState::Socks5(socks5) => socks5.take(bytes, &mut cx),
            LaneState::Text(text) => text.take(bytes, &mut cx),
            LaneState::Opaque => {
                cx.emit(UnitKind::Opaque, bytes, false);
                (bytes.len(), NextState::Stay)
            }
        };
        self.push_plain(from, &plain, keys, sink);
        if next != NextState::Stay {
            self.change_state(from, next, keys, sink);
        }
        if is_tls {
            self.open_early(from.opposite(), keys, sink);
        }
        taken
    }

    /// Changes the state of a direction.
    fn change_state(
        &mut self,
        from: Side,
        next: NextState,
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) {
        match next {
            NextState::Stay => {}
            NextState::Detect(request) => {
                self.lane_mut(from).state = LaneState::Detect(Vec::new(), request);
            }
            NextState::Switched(token, request) => match token {
                UpgradeToken::Http2 => {
                    self.begin_protocol(from, StreamProtocol::Http2, &[], request, sink);
                }
                UpgradeToken::Seen => {
                    self.lane_mut(from).state = LaneState::Detect(Vec::new(), request);
                }
                UpgradeToken::Other => self.lane_mut(from).state = LaneState::Opaque,
            },
            NextState::Tls => {
                let state = std::mem::take(&mut self.lane_mut(from).state);
                self.begin_protocol(from, StreamProtocol::Tls, &[], None, sink);
                if let LaneState::Text(text) = state {
                    self.push(from, &text.into_waiting(), keys, sink);
                }
            }
            NextState::FindRecord(header) => {
                self.lane_mut(from).state =
                    LaneState::Resync(Box::new(Resync::new(ResyncTarget::Record)));
                self.push(from, &header, keys, sink);
            }
            NextState::Opaque => self.lane_mut(from).state = LaneState::Opaque,
        }
    }

    /// Starts a protocol that begins with these bytes.
    fn begin_protocol(
        &mut self,
        from: Side,
        protocol: StreamProtocol,
        opening: &[u8],
        request: Option<u64>,
        sink: &mut dyn UnitSink,
    ) {
        let wants_fields = sink.wants_fields();
        let has_preface = opening.first() == Some(&b'P');
        let is_proxy = self.socks5_client.is_some_and(|client| client != from);
        if protocol == StreamProtocol::Socks5 && !is_proxy {
            self.socks5_client = Some(from);
        }
        let lane = self.lane_mut(from);
        let is_new = lane.protocol.replace(protocol) != Some(protocol);
        let was_tls = !is_new && protocol == StreamProtocol::Tls;
        let searched = match &lane.state {
            LaneState::Resync(resync) => Some(resync.kind()),
            _ => None,
        };
        lane.state = match protocol {
            StreamProtocol::Tls => LaneState::Tls(Box::new(TlsLane::resynced(
                searched == Some(UnitKind::Skipped),
                was_tls,
            ))),
            StreamProtocol::Http1 => LaneState::Http1(Http1Lane::default()),
            StreamProtocol::Http2 => {
                LaneState::Http2(Box::new(Http2Lane::new(has_preface, wants_fields)))
            }
            StreamProtocol::Socks5 => LaneState::Socks5(Socks5Lane::new(is_proxy)),
            StreamProtocol::Text(_) => LaneState::Text(TextLane::default()),
            StreamProtocol::Opaque => LaneState::Resync(Box::new(Resync::in_opaque())),
        };
        if is_new {
            self.split(from, sink).cx.upgrade(protocol, request);
        }
    }

    /// Detects the protocol, or buffers the bytes until there are enough.
    fn take_opening(
        &mut self,
        from: Side,
        bytes: &[u8],
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) {
        let hints = self.hints(from);
        let LaneState::Detect(opening, request) = &mut self.lane_mut(from).state else {
            return;
        };
        let known = opening.len();
        opening.extend_from_slice(bytes);
        // Only a line without an end takes long to detect.
        let is_worth_it =
            known < 1_024 || bytes.contains(&b'\n') || opening.len() >= MAX_HEAD_BYTES;
        let Some(protocol) = is_worth_it.then(|| detect(opening, hints)).flatten() else {
            return;
        };
        let (opening, request) = (std::mem::take(opening), *request);
        self.begin_protocol(from, protocol, &opening, request, sink);
        self.push(from, &opening, keys, sink);
    }

    /// Decides on the protocol with the bytes that are there.
    fn decide(&mut self, from: Side, keys: Option<&KeyLog>, sink: &mut dyn UnitSink) {
        let hints = DetectHints {
            is_over: true,
            ..self.hints(from)
        };
        while let LaneState::Detect(opening, request) = &mut self.lane_mut(from).state
            && !opening.is_empty()
            && let Some(protocol) = detect(opening, hints)
        {
            let (opening, request) = (std::mem::take(opening), *request);
            self.begin_protocol(from, protocol, &opening, request, sink);
            self.push(from, &opening, keys, sink);
        }
    }

    fn hints(&self, from: Side) -> DetectHints {
        let other = self.lane(from.opposite());
        DetectHints {
            http2: other.protocol == Some(StreamProtocol::Http2),
            socks5: self.socks5_client.is_some_and(|client| client != from),
            is_over: false,
        }
    }

    /// Continues after resynchronization.
    fn resume(
        &mut self,
        from: Side,
        found: ResyncResult,
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) {
        let SplitLayer { state, mut cx, .. } = self.split(from, sink);
        let kind = match state {
            LaneState::Resync(resync) => resync.kind(),
            _ => UnitKind::Skipped,
        };
        cx.emit_nonempty(kind, &found.skipped);
        if let Some((protocol, bytes)) = found.next {
            self.begin_protocol(from, protocol, &bytes, None, sink);
            self.push(from, &bytes, keys, sink);
        }
    }

    /// Emits bytes that wait for more.
    fn flush(&mut self, from: Side, keys: Option<&KeyLog>, sink: &mut dyn UnitSink) {
        let SplitLayer { state, mut cx, .. } = self.split(from, sink);
        match state {
            LaneState::Text(text) => text.flush(&mut cx),
            LaneState::Tls(lane) => {
                lane.end(&mut cx);
                let partial = lane.take_partial_header();
                cx.emit_nonempty(UnitKind::Skipped, &partial);
            }
            LaneState::Http2(lane) => {
                let partial = lane.take_partial_header();
                cx.emit_nonempty(UnitKind::Skipped, &partial);
            }
            LaneState::Resync(resync) => {
                let found = resync.end();
                self.resume(from, found, keys, sink);
                self.decide(from, keys, sink);
            }
            _ => {}
        }
    }

    fn push_plain(
        &mut self,
        from: Side,
        plain: &[u8],
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) {
        let depth = match self.axis {
            ByteAxis::Plaintext { depth } => depth,
            _ => 0,
        };
        if plain.is_empty() || depth >= MOST_LAYERS {
            return;
        }
        let axis = ByteAxis::Plaintext { depth: depth + 1 };
        let inner = self.inner.get_or_insert_with(|| Box::new(Self::new(axis)));
        inner.push(from, plain, keys, sink);
    }

    /// Decrypts what the other direction sent before the `ServerHello` was known.
    fn open_early(&mut self, from: Side, keys: Option<&KeyLog>, sink: &mut dyn UnitSink) {
        let mut plain = Vec::new();
        let SplitLayer {
            state, tls, mut cx, ..
        } = self.split(from, sink);
        if let LaneState::Tls(lane) = state
            && lane.has_early(tls)
        {
            lane.open_early(tls, &mut plain, &mut cx);
        }
        self.push_plain(from, &plain, keys, sink);
    }
}

/// State of one direction, and what it may see of the rest.
struct SplitLayer<'a> {
    state: &'a mut LaneState,
    pending: &'a mut PendingRequests,
    tls: &'a mut TlsSession,
    cx: LaneContext<'a>,
}
