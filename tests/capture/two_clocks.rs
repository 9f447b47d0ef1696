//! The engine and a capture beside it: each phase on both clocks.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tapline::capture::{CaptureSession, LiveCapture};
use tapline::insight::{connection_rtt, connection_segments, wire_phase};
use tapline::lab::EmbeddedLab;
use tapline::probe::{Recorder, RemoteObserver, Spec, run, spec};
use tapline::trace::{Clock, Event, Exchange, Phase, Trace};
use tapline::units::Nanos;

use super::scene::{PATIENCE, on_a_thread_of_its_own, opened};

struct Narrowing(Arc<CaptureSession>);

impl RemoteObserver for Narrowing {
    fn expect_remotes(&self, remotes: &[SocketAddr]) {
        self.0.watch_addresses(remotes);
    }
}

/// Runs a request against the lab while its packets are captured.
fn seen(
    capture: &LiveCapture,
    lab: &EmbeddedLab,
    path: &str,
    shape: impl FnOnce(&mut Spec),
) -> Trace {
    let mut spec = Spec::get(lab.start_url().replace("/users", path).parse().unwrap());
    spec.dns = spec::DnsChoice::Servers(vec![lab.dns_server()]);
    spec.tls.ca_pem = Some(lab.ca_pem().to_owned());
    shape(&mut spec);
    let events = Arc::new(Mutex::new(Vec::<Event>::new()));
    let (of_engine, of_capture) = (Arc::clone(&events), Arc::clone(&events));
    let recorder = Recorder::start(Arc::new(move |event| of_engine.lock().unwrap().push(event)));
    let clock = recorder.clone();
    let sink = move |event| {
        of_capture.lock().unwrap().push(event);
        true
    };
    let listening = Arc::new(capture.start_session(Arc::new(sink), Arc::new(move || clock.now())));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(
        spec,
        recorder.clone(),
        Arc::new(Narrowing(Arc::clone(&listening))),
    ));
    listening.finish(PATIENCE);
    let events = events.lock().unwrap().clone();
    Trace::from_events(events)
}

/// How far two readings of the same instant may lie apart: the clocks' mapping, and a packet's
/// timestamp taken before it is queued.
fn slack(trace: &Trace) -> Nanos {
    trace.clock().uncertainty().unwrap() + Nanos(200_000)
}

fn assert_within_the_app_phase(trace: &Trace, exchange: &Exchange, phase: Phase) {
    let app = exchange
        .phases
        .get(phase)
        .unwrap_or_else(|| panic!("no phase {phase}"));
    // A packet may leave before the program has noted that it wrote it, and wait in a socket before
    // the program reads it.
    let since = if phase > Phase::Send {
        Phase::Send
    } else {
        phase
    };
    let earliest = exchange.phases.get(since).unwrap().began;
    let wire = wire_phase(trace, exchange, phase)
        .unwrap_or_else(|| panic!("{phase} is not covered by packets"));
    let text = format!("{phase}: {wire:?} is not within {app:?}");
    assert!(wire.began + slack(trace) >= earliest, "{text}");
    assert!(wire.ended <= app.ended.unwrap() + slack(trace), "{text}");
}

#[test]
fn every_phase_of_an_https_exchange_lies_on_the_wire_within_what_the_program_felt() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("every_phase_of_an_https_exchange") else {
            return;
        };
        let lab = EmbeddedLab::start().unwrap();
        for version in [spec::HttpChoice::Http11, spec::HttpChoice::Http2] {
            let trace = seen(&capture, &lab, "/bytes/300000", |spec| spec.http = version);
            assert!(trace.failure().is_none(), "{:?}", trace.failure());
            let exchange = &trace.exchanges()[0];
            for phase in [
                Phase::Dns,
                Phase::Connect,
                Phase::Tls,
                Phase::Send,
                Phase::Wait,
                Phase::Receive,
            ] {
                assert_within_the_app_phase(&trace, exchange, phase);
            }
            assert_eq!(connection_rtt(&trace, exchange).unwrap().clock, Clock::Wire);
            let segments = connection_segments(&trace, exchange).unwrap();
            assert!(
                segments.received.payload_bytes > 300_000 && !segments.offloaded,
                "{segments:?}"
            );
        }
    });
}

#[test]
fn a_long_wait_is_long_on_the_wire_too_whatever_the_server_sends_before_the_response() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("a_long_wait_is_long_on_the_wire_too") else {
            return;
        };
        let lab = EmbeddedLab::start().unwrap();
        // After the request come session tickets (TLS 1.3), settings (HTTP/2) or a 103 before the
        // response does.
        for (path, version) in [
            ("/delay/200", spec::HttpChoice::Http11),
            ("/delay/200", spec::HttpChoice::Http2),
            ("/early-hints", spec::HttpChoice::Http11),
        ] {
            let trace = seen(&capture, &lab, path, |spec| spec.http = version);
            let exchange = &trace.exchanges()[0];
            let app = exchange
                .phases
                .get(Phase::Wait)
                .unwrap()
                .duration()
                .unwrap();
            let wire = wire_phase(&trace, exchange, Phase::Wait)
                .unwrap()
                .duration();
            assert!(
                wire.0 * 2 > app.0,
                "{path}: {wire} on the wire, {app} for the program"
            );
        }
    });
}

#[test]
fn on_a_reused_connection_phases_belong_to_their_own_exchange() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("on_a_reused_connection") else {
            return;
        };
        let lab = EmbeddedLab::start().unwrap();
        let trace = seen(&capture, &lab, "/redirect/3", |spec| {
            spec.redirects.follow = true;
            spec.http = spec::HttpChoice::Http11;
        });
        assert!(trace.failure().is_none(), "{:?}", trace.failure());
        assert_eq!(trace.exchanges().len(), 4);
        for exchange in trace.exchanges() {
            for phase in [Phase::Send, Phase::Wait, Phase::Receive] {
                assert_within_the_app_phase(&trace, exchange, phase);
            }
        }
        let reused = trace
            .exchanges()
            .iter()
            .filter(|exchange| exchange.reused_connection)
            .count();
        assert_eq!(reused, 3);
    });
}
