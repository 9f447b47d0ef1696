//! The engine on its own thread, with its capture, until it is done or called off.
//!
//! The engine's thread runs nothing else, so that neither drawing nor writing reports distorts what
//! it measures.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use super::capture_setup::{CaptureSetup, CaptureWatcher, LAST_PACKETS_WAIT};
use super::threads::start_thread;
use crate::capture;
use crate::probe::{
    self, EventSink, NoRemoteObserver, PreparedRun, Recorder, RemoteObserver, Spec,
};
use crate::trace::{Event, EventKind, ExchangeId, Failure, FailureCode, LinkConfig, Phase};

/// Where a run's events go.
pub(super) struct EventSender {
    /// For the engine, which waits where there is no room.
    send: EventSink,
    /// For the capture, which must not wait.
    try_send: capture::CaptureEventSink,
}

impl EventSender {
    /// Into a channel, as long as they are wanted. A receiver that is gone wants nothing.
    pub(super) fn new<M: From<Event> + Send + 'static>(
        sender: &SyncSender<M>,
        wanted: impl Fn() -> bool + Clone + Send + Sync + 'static,
    ) -> Self {
        let (sender, other) = (sender.clone(), sender.clone());
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
}

/// A run under way.
pub(super) struct Engine {
    cancel: Canceller,
    recorder: SharedRecorder,
    thread: Option<JoinHandle<()>>,
}

/// Calls a run off. What had happened until then stays.
#[derive(Clone)]
pub(super) struct Canceller(Arc<Notify>);

impl Canceller {
    /// For what is not a run.
    pub(super) fn new() -> Self {
        Self(Arc::new(Notify::new()))
    }

    /// Waits until it is called off.
    pub(super) async fn cancelled(&self) {
        self.0.notified().await;
    }

    pub(super) fn cancel(&self) {
        self.0.notify_one();
    }
}

impl Engine {
    /// Starts a run of `specs`, one after the other. Its events go to `outlet`, the last of them is
    /// `RunEnded`. `link` is the lab's, for a run within one.
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

    /// A handle that calls the run off.
    pub(super) fn canceller(&self) -> Canceller {
        self.cancel.clone()
    }

    /// Says that the lab's link is set like this from now on.
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

/// The recorder of a run while it is under way, for those who have something to tell besides.
type SharedRecorder = Arc<Mutex<Option<Recorder>>>;

/// How a run begins to be told.
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
        recorder: told,
    } = beginning;
    let recorder = Recorder::start(track_current_phase(outlet.send, &under_way));
    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorder.clone());
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
    // Whoever waits for the last event waits until nobody can send another.
    told.lock().unwrap_or_else(PoisonError::into_inner).take();
    recorder.emit(EventKind::RunEnded);
}

/// Has the capture listen for this run, or says why it does not.
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

/// Which phase of which exchange is under way.
pub(super) type CurrentPhase = Arc<Mutex<Option<(ExchangeId, Phase)>>>;

/// A sink that remembers which phase of which exchange is under way.
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

/// Ends what was under way as interrupted.
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
