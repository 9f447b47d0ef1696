//! Folding of an event into the trace, its exchange and its connection.

use super::{ControlMeasurement, Trace, exchange, position_by_number};
use crate::trace::{
    CaptureState, ClockPair, Connection, ConnectionId, Event, EventKind, Exchange, ExchangeCause,
    ExchangeId, ExchangeRelease, Layers, Packet, Tls,
};
use crate::units::{Moment, Untrusted};

impl Trace {
    /// Maximum number of events in the log.
    const MAX_LOGGED: usize = 200_000;

    /// Applies an event. An event that names an exchange or connection which never began is
    /// ignored, since a file may be crafted.
    pub fn apply(&mut self, event: Event) {
        self.latest = self.latest.max(event.at);
        let Event { at, kind } = &event;
        match kind {
            EventKind::Packets { packets } => {
                return packets.iter().for_each(|packet| self.add_packet(packet));
            }
            EventKind::Undelivered { errors } => {
                return errors
                    .iter()
                    .for_each(|error| self.flows.add_delivery_error(error));
            }
            EventKind::ResponseBody { .. }
            | EventKind::RequestBody { .. }
            | EventKind::ClockPaired { .. }
            | EventKind::OtherFrames { .. }
            | EventKind::Layered { .. } => {
                self.fold(*at, kind);
                return;
            }
            _ => self.fold(*at, kind),
        }
        if self.log.len() >= Self::MAX_LOGGED && self.limits().keeps_latest {
            self.log.drain(..Self::MAX_LOGGED / 4);
            self.unlogged += Self::MAX_LOGGED as u64 / 4;
        }
        if self.log.len() < Self::MAX_LOGGED {
            self.log.push(event);
        } else {
            self.unlogged += 1;
        }
    }

    fn fold(&mut self, at: Moment, kind: &EventKind) {
        match kind {
            EventKind::RunStarted {
                tool_version,
                started_at,
                ..
            } => {
                self.tool_version = Some(tool_version.clone());
                self.started_at = Some(*started_at);
            }
            EventKind::ClockPaired { wall, uncertainty } => self.clock.add(ClockPair {
                at,
                wall: *wall,
                uncertainty: *uncertainty,
            }),
            EventKind::RunEnded => self.ended = Some(at),
            EventKind::Dropped { count } => self.dropped = self.dropped.saturating_add(*count),
            EventKind::ControlMeasured {
                status,
                headers,
                total,
                error,
            } => {
                self.control = Some(ControlMeasurement {
                    status: *status,
                    headers: *headers,
                    total: *total,
                    error: error.clone(),
                });
            }
            EventKind::LinkSet { link } => self.link = Some(link.clone()),
            EventKind::OtherFrames { frames } => {
                self.capture.packets = self.capture.packets.saturating_add(frames.total());
                self.capture.other_frames.add(*frames);
            }
            EventKind::CaptureOpened { .. }
            | EventKind::CaptureUnavailable { .. }
            | EventKind::CaptureOff
            | EventKind::CaptureClosed { .. } => {
                self.fold_capture(kind);
            }
            EventKind::Delayed { reason, length } => self.delay = Some((at, *length, *reason)),
            EventKind::ExchangeStarted {
                exchange,
                cause,
                method,
                url,
            } => self.start_exchange(at, *exchange, *cause, method, url),
            EventKind::Connected { .. } => self.fold_connected(at, kind),
            EventKind::Packets { .. } | EventKind::Undelivered { .. } | EventKind::Note { .. } => {}
            _ => {
                if let EventKind::ExchangeEnded { .. } = kind {
                    self.latest_end = self.latest_end.max(Some(at));
                }
                if let Some(exchange) = kind.exchange().and_then(|id| self.exchange_mut(id)) {
                    exchange::fold_exchange(exchange, at, kind);
                } else if let Some(connection) =
                    kind.connection().and_then(|id| self.connection_mut(id))
                {
                    fold_connection(connection, at, kind);
                }
            }
        }
    }

    fn fold_capture(&mut self, kind: &EventKind) {
        match kind {
            EventKind::CaptureOpened {
                interface,
                link_type,
            } => {
                self.capture.state = CaptureState::On;
                self.capture.interface = Some(interface.clone());
                self.capture.link_type = Some(link_type.clone());
            }
            EventKind::CaptureUnavailable { reason, remedy } => {
                self.capture.state = CaptureState::Unavailable {
                    reason: reason.clone(),
                    remedy: remedy.clone(),
                };
            }
            EventKind::CaptureOff => self.capture.state = CaptureState::Off,
            EventKind::CaptureClosed { dropped, .. } => {
                self.capture.dropped =
                    Some(self.capture.dropped.unwrap_or(0).saturating_add(*dropped));
            }
            _ => {}
        }
    }

    fn start_exchange(
        &mut self,
        at: Moment,
        id: ExchangeId,
        cause: ExchangeCause,
        method: &str,
        url: &Untrusted,
    ) {
        if id.0 as usize == self.exchanges_started && self.exchanges.len() < Self::MAX_EXCHANGES {
            self.exchanges_started += 1;
            self.exchanges.push(Exchange {
                release: ExchangeRelease {
                    after: self.latest_end,
                    delay: self.delay.take(),
                },
                ..exchange::new_exchange(at, id, cause, method, url)
            });
        }
    }

    fn fold_connected(&mut self, at: Moment, kind: &EventKind) {
        let EventKind::Connected {
            exchange,
            connection,
            local,
            remote,
            reused,
        } = kind
        else {
            return;
        };
        if connection.0 as usize == self.connections_opened
            && self.connections.len() < Self::MAX_EXCHANGES
        {
            self.connections_opened += 1;
            self.connections.push(Connection {
                id: *connection,
                opened_by: *exchange,
                established: at,
                local: local.clone(),
                remote: remote.clone(),
                tls: None,
                layers: Layers::default(),
                tcp_info: None,
                closed: None,
            });
        }
        if let Some(exchange) = self.exchange_mut(*exchange) {
            exchange.connection = Some(*connection);
            exchange.reused_connection = *reused;
        }
    }

    fn exchange_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        position_by_number(&self.exchanges, id.0 as usize, |exchange| {
            exchange.id.0 as usize
        })
        .and_then(|index| self.exchanges.get_mut(index))
    }

    fn connection_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        position_by_number(&self.connections, id.0 as usize, |connection| {
            connection.id.0 as usize
        })
        .and_then(|index| self.connections.get_mut(index))
    }

    fn add_packet(&mut self, packet: &Packet) {
        self.capture.packets = self.capture.packets.saturating_add(1);
        if !self.flows.add(packet) {
            self.capture.packets_beyond_flow_limit += 1;
        }
    }
}

fn fold_connection(connection: &mut Connection, at: Moment, kind: &EventKind) {
    match kind {
        EventKind::KernelMeasured { figures, .. } => connection.tcp_info = Some(**figures),
        EventKind::Disconnected { .. } => {
            connection.closed.get_or_insert(at);
        }
        EventKind::Layered {
            from,
            records,
            parts,
            unlisted,
            ..
        } => connection
            .layers
            .of_mut(*from)
            .take(records, parts, *unlisted),
        _ => fold_tls(connection.tls.get_or_insert_default(), at, kind),
    }
}

fn fold_tls(tls: &mut Tls, at: Moment, kind: &EventKind) {
    match kind {
        EventKind::TlsMessage { message, .. } => tls.messages.push((at, message.clone())),
        EventKind::TlsCertificates { certificates, .. } => {
            tls.certificates.clone_from(certificates);
        }
        EventKind::TlsVerified {
            verification, took, ..
        } => tls.verification = Some((verification.clone(), *took)),
        EventKind::TlsEstablished { handshake, .. } => tls.handshake = Some(handshake.clone()),
        _ => {}
    }
}
