//! What a scenario may expect, found in its trace.

use serde_json::{Value, json};
use tapline::insight;
use tapline::trace::{
    CaptureState, Connection, Direction, Exchange, Flow, Part, Phase, SegmentCounts, Trace,
};
use tapline::wire::Side;

/// All that is found, under the names an `[expect]` table uses.
pub(crate) fn findings(trace: &Trace) -> Value {
    let failure = trace.failure();
    let conversations = insight::captured_conversations(trace)
        .map(|flows| flows.iter().map(conversation).collect::<Vec<_>>());
    json!({
        "outcome": outcome(trace),
        "failed_phase": failure.map(|(phase, _)| phase.name()),
        "code": failure.map(|(_, failure)| failure.code),
        "capture": capture(trace),
        "packets": trace.capture().packets,
        "dropped_events": trace.dropped(),
        "link": trace.link(),
        "layers": trace.connections().iter().map(|each| layers(trace, each)).collect::<Vec<_>>(),
        "conversations": conversations,
        "exchanges": trace.exchanges().iter().map(|each| exchange(trace, each)).collect::<Vec<_>>(),
    })
}

fn conversation(flow: &Flow) -> Value {
    let undelivered: Vec<_> = flow
        .delivery_errors()
        .iter()
        .map(|error| error.icmp.name())
        .collect();
    json!({
        "client": flow.key.local,
        "server": flow.key.remote,
        "packets": flow.counts(Direction::Sent).packets + flow.counts(Direction::Received).packets,
        "undelivered": undelivered,
    })
}

fn outcome(trace: &Trace) -> &'static str {
    match (trace.failure(), trace.ended()) {
        (Some(_), _) => "failed",
        (None, Some(_)) => "ok",
        (None, None) => "running",
    }
}

fn capture(trace: &Trace) -> &'static str {
    match trace.capture().state {
        CaptureState::On => "on",
        CaptureState::Off => "off",
        CaptureState::Unavailable { .. } => "unavailable",
    }
}

fn exchange(trace: &Trace, exchange: &Exchange) -> Value {
    let server_timing: Vec<Value> = insight::server_timing(exchange)
        .iter()
        .map(|metric| json!(metric.name))
        .collect();
    let informational: Vec<u16> = exchange
        .informational
        .iter()
        .map(|response| response.status)
        .collect();
    let redirect = exchange
        .redirected
        .as_ref()
        .map(|(to, withheld)| json!({ "to": to, "withheld": withheld }));
    json!({
        "status": exchange.response.as_ref().map(|response| response.status),
        "http_version": exchange.response.as_ref().map(|response| response.version.name()),
        "reused_connection": exchange.reused_connection,
        "total_ns": exchange.total(),
        "phases": phases(trace, exchange),
        "attempts": exchange.attempts.iter().map(|attempt| json!({
            "address": attempt.remote,
            "outcome": attempt.outcome.as_ref().map(tapline::trace::AttemptOutcome::name),
            "duration_ns": attempt.duration(),
        })).collect::<Vec<_>>(),
        "rtt": rtt(trace, exchange),
        "segments": segments(trace, exchange),
        "waited": waited(trace, exchange),
        "server_timing": server_timing,
        "certificates": certificates(trace, exchange),
        "informational": informational,
        "redirect": redirect,
    })
}

fn phases(trace: &Trace, exchange: &Exchange) -> Vec<Value> {
    let on_both_clocks = |(phase, span): (Phase, &tapline::trace::PhaseSpan)| {
        let app = json!({
            "name": phase.name(),
            "clock": "app",
            "start_ns": span.began,
            "duration_ns": span.duration(),
        });
        let wire = insight::wire_phase(trace, exchange, phase).map(|span| {
            json!({
                "name": phase.name(),
                "clock": "wire",
                "start_ns": span.began,
                "duration_ns": span.duration(),
            })
        });
        std::iter::once(app).chain(wire)
    };
    exchange.phases.iter().flat_map(on_both_clocks).collect()
}

fn rtt(trace: &Trace, exchange: &Exchange) -> Option<Value> {
    insight::connection_rtt(trace, exchange)
        .map(|rtt| json!({ "duration_ns": rtt.duration, "source": rtt.clock.name() }))
}

fn segments(trace: &Trace, exchange: &Exchange) -> Option<Value> {
    let counts = |counts: SegmentCounts| {
        json!({
            "packets": counts.packets,
            "data_segments": counts.data_segments,
            "payload_bytes": counts.payload_bytes,
            "max_payload": counts.max_payload,
            "retransmitted": counts.retransmitted,
            "out_of_order": counts.out_of_order,
        })
    };
    insight::connection_segments(trace, exchange).map(|segments| {
        json!({
            "sent": counts(segments.sent),
            "received": counts(segments.received),
            "offloaded": segments.offloaded,
            "mss": segments.mss,
        })
    })
}

fn waited(trace: &Trace, exchange: &Exchange) -> Option<Vec<Value>> {
    let all = insight::connection_waits(trace, exchange)?;
    Some(
        all.iter()
            .map(|waited| {
                json!({
                    "cause": waited.cause,
                    "duration_ns": waited.total,
                    "stretches": waited.intervals,
                })
            })
            .collect(),
    )
}

fn certificates(trace: &Trace, exchange: &Exchange) -> Option<Vec<Value>> {
    let tls = trace.connection(exchange.connection?)?.tls.as_ref()?;
    Some(
        tls.certificates
            .iter()
            .map(|certificate| json!(certificate.subject))
            .collect(),
    )
}

/// What is in each packet of a connection, and which packets carried each part, both ways through
/// the layers.
fn layers(trace: &Trace, connection: &Connection) -> Value {
    let Some(flow) = trace.flow_of(connection) else {
        return Value::Null;
    };
    let with_payload = flow
        .packets()
        .iter()
        .enumerate()
        .filter(|(_, packet)| packet.payload_bytes > 0);
    let packets = with_payload.map(|(i, packet)| {
        let from = if packet.direction == Direction::Sent {
            Side::Client
        } else {
            Side::Server
        };
        let end = packet.offset + u64::from(packet.payload_bytes);
        let contents = connection.contents(from, packet.offset..end);
        let records = contents.records().map(|piece| {
            let record = &piece.of;
            format!("{:?} of {} at {}", piece.bytes, record.bytes, record.at)
        });
        let parts = contents.parts().map(|piece| {
            let part = &piece.of;
            format!("{} {:?} of {}", name(part), piece.bytes, part.bytes)
        });
        json!({
            "packet": i,
            "from": from,
            "records": records.collect::<Vec<_>>(),
            "parts": parts.collect::<Vec<_>>(),
        })
    });
    let parts = [Side::Client, Side::Server].into_iter().flat_map(|from| {
        connection.layers.of(from).parts().iter().map(move |part| {
            let stream = connection.stream_range_of(from, part);
            let carriers = stream
                .as_ref()
                .map(|stream| flow.packets_carrying(Direction::from(from), stream))
                .unwrap_or_default();
            let packets_with = |is_first| {
                let found = carriers.iter().filter(|one| one.is_first == is_first);
                found.map(|one| one.packet).collect::<Vec<_>>()
            };
            json!({
                "part": name(part),
                "from": from,
                "stream": stream.map(|stream| format!("{stream:?}")),
                "first": packets_with(true),
                "again": packets_with(false),
            })
        })
    });
    json!({ "packets": packets.collect::<Vec<_>>(), "parts": parts.collect::<Vec<_>>() })
}

fn name(part: &Part) -> String {
    match json!(part.what) {
        Value::String(name) => name,
        frame => {
            let frame = &frame["http2_frame"];
            format!(
                "frame {} flags {} stream {}",
                frame["kind"], frame["flags"], frame["stream"]
            )
        }
    }
}
