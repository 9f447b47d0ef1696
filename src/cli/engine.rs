//! The probe engine on its own thread, together with the packet capture.
//!
//! The thread runs nothing else, so that drawing the screen or writing reports does not distort the
//! measurement.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use super::capture_setup::{CaptureSetup, CaptureWatcher, LAST_PACKETS_WAIT};
use super::threads::start_thread;
use super::time_limit::TransferLimit;
use crate::capture;
use crate::probe::{
    self, EventSink, NoRemoteObserver, PreparedRun, Recorder, RemoteObserver, Spec,
};
use crate::trace::{Event, EventKind, ExchangeId, Failure, FailureCode, LinkConfig, Phase};

/// The channel to which a run sends its events.
pub(super) struct EventSender {
    /// For the engine: blocks while the channel is full.
    send: EventSink,
    /// For the capture: never blocks.
    try_send: capture::CaptureEventSink,
}

impl EventSender {
    /// Creates a sender for a channel. Events are discarded once `wanted` returns false or the
    /// receiver is gone.
    pub(super) fn new<M: From<Event> + Send + 'static>(
        sender: &SyncSender<M>,
        wanted: impl Fn() -> bool + Clone + Send + Sync + 'static,
    ) -> Self {
        let sender = sender.clone();
        let other = sender.clone();
        let still_wanted = wanted.clone();
        let send = move |event: Event| {
            if wanted() {
                let _ = sender.send(event.into());
            }
        };
        let try_send = move |event: Event| !still_wanted() || other.try_send(event.into()).is_ok();
        Self {
            send: Arc::new(send),
            try_send: Arc::new(try_send),
        }
    }

    /// Limits the duration of transfers; the deadline is tracked for
    /// [`time_limit`](super::time_limit).
    pub(super) fn with_transfer_limit(self, limit: Option<Duration>) -> Self {
        let Some(limit) = limit else { return self };
        let limit = Mutex::new(TransferLimit::new(limit));
        let send = self.send;
        Self {
            send: Arc::new(move |event: Event| {
                limit
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .observe(&event.kind);
                send(event);
            }),
            ..self
        }
    }
}

/// A run in progress.
pub(super) struct Engine {
    cancel: Canceller,
    recorder: SharedRecorder,
    thread: Option<JoinHandle<()>>,
}

/// Cancels a run. Events up to that point are kept.
#[derive(Clone)]
pub(super) struct Canceller(Arc<Notify>);

impl Canceller {
    /// Creates a handle that is not tied to a run.
    pub(super) fn new() -> Self {
        Self(Arc::new(Notify::new()))
    }

    /// Waits until [`cancel`](Self::cancel) is called.
    pub(super) async fn cancelled(&self) {
        self.0.notified().await;
    }

    pub(super) fn cancel(&self) {
        self.0.notify_one();
    }
}

impl Engine {
    /// Starts a run of `specs`, one after another. Events go to `outlet`; the last one is
    /// `RunEnded`. `link` describes the lab's link, for a run within a lab.
    pub(super) fn start(
        specs: Vec<Spec>,
        outlet: EventSender,
        capturing: CaptureSetup,
        link: Option<LinkConfig>,
    ) -> std::io::Result<Self> {
        let prepared = specs.first().map(PreparedRun::start);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let cancel = Canceller::new();
        let cancelled = cancel.clone();
        let recorder = SharedRecorder::default();
        let beginning = RunContext {
            outlet,
            link,
            recorder: Arc::clone(&recorder),
        };
        let thread = start_thread("engine", move || {
            runtime.block_on(run(specs, prepared, beginning, capturing, &cancelled));
        })?;
        Ok(Self {
            cancel,
            recorder,
            thread: Some(thread),
        })
    }

    /// Returns a handle that cancels the run.
    pub(super) fn canceller(&self) -> Canceller {
        self.cancel.clone()
    }

    /// Records that the lab's link has new settings.
    pub(super) fn record_link(&self, link: LinkConfig) {
        if let Some(recorder) = &*self.recorder.lock().unwrap_or_else(PoisonError::into_inner) {
            recorder.emit(EventKind::LinkSet { link });
        }
    }

    /// Waits until the run has ended.
    pub(super) fn join(mut self) {
        // A panic of its thread ends the process.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The recorder of the run in progress, shared with other sources of its events.
type SharedRecorder = Arc<Mutex<Option<Recorder>>>;

/// Inputs of a run besides its specs.
struct RunContext {
    outlet: EventSender,
    link: Option<LinkConfig>,
    recorder: SharedRecorder,
}

async fn run(
    specs: Vec<Spec>,
    mut prepared: Option<PreparedRun>,
    beginning: RunContext,
    capturing: CaptureSetup,
    cancelled: &Canceller,
) {
    let under_way = CurrentPhase::default();
    let RunContext {
        outlet,
        link,
        recorder: shared_recorder,
    } = beginning;
    let recorder = Recorder::start(track_current_phase(outlet.send, &under_way));
    *shared_recorder
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(recorder.clone());
    if let Some(link) = link {
        recorder.emit(EventKind::LinkSet { link });
    }
    let listening = listen(&capturing, outlet.try_send, &recorder);
    let watcher: Arc<dyn RemoteObserver> = match &listening {
        Some(expecting) => Arc::<CaptureWatcher>::clone(expecting),
        None => Arc::new(NoRemoteObserver),
    };
    let all = async {
        for spec in specs {
            let ready = prepared.take().unwrap_or_else(|| PreparedRun::start(&spec));
            probe::run_prepared(ready, spec, recorder.clone(), Arc::clone(&watcher)).await;
        }
    };
    tokio::select! {
        () = all => {}
        () = cancelled.0.notified() => end_as_interrupted(&recorder, &under_way),
    }
    if let Some(expecting) = listening {
        expecting.0.finish(LAST_PACKETS_WAIT);
    }
    // A receiver treats `RunEnded` as final, so no other source may emit an event after it.
    shared_recorder
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    recorder.emit(EventKind::RunEnded);
}

/// Starts capturing for this run, or records why packets are not captured.
fn listen(
    capturing: &CaptureSetup,
    sink: capture::CaptureEventSink,
    recorder: &Recorder,
) -> Option<Arc<CaptureWatcher>> {
    match capturing {
        CaptureSetup::Off => recorder.emit(EventKind::CaptureOff),
        CaptureSetup::Refused(refusal) => recorder.emit(refusal.event()),
        CaptureSetup::On(capture) => {
            let clock = recorder.clone();
            return Some(Arc::new(CaptureWatcher(
                capture.start_session(sink, Arc::new(move || clock.now())),
            )));
        }
    }
    None
}

/// The current phase, and the exchange that it belongs to.
pub(super) type CurrentPhase = Arc<Mutex<Option<(ExchangeId, Phase)>>>;

/// Wraps a sink so that the current phase of the current exchange is tracked.
pub(super) fn track_current_phase(sink: EventSink, under_way: &CurrentPhase) -> EventSink {
    let under_way = Arc::clone(under_way);
    Arc::new(move |event: Event| {
        let mut open = under_way.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.kind {
            EventKind::ExchangeStarted { exchange, .. } => *open = Some((*exchange, Phase::Dns)),
            EventKind::PhaseBegan {
                exchange, phase, ..
            } => *open = Some((*exchange, *phase)),
            EventKind::ExchangeEnded { .. } => *open = None,
            _ => {}
        }
        drop(open);
        sink(event);
    })
}

/// Records the exchange in progress as interrupted.
pub(super) fn end_as_interrupted(recorder: &Recorder, under_way: &CurrentPhase) {
    let open = *under_way.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((exchange, phase)) = open {
        let failure = Failure {
            code: FailureCode::Interrupted,
            message: format!("interrupted in the {phase} phase").into(),
            hint: "run it again to see the rest".to_owned(),
        };
        recorder.emit(EventKind::Failed {
            exchange,
            phase,
            failure,
        });
        recorder.emit(EventKind::ExchangeEnded { exchange });
    }
}
