//! The engine on its own thread, with its capture, until it is done or called off.
//!
//! The engine's thread runs nothing else, so that neither drawing nor writing reports distorts what
//! it measures.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use super::capturing::{Capturing, Expecting, PATIENCE};
use super::threads::start_thread;
use crate::capture;
use crate::probe::{self, NoWatcher, Prepared, Recorder, Sink, Spec, Watcher};
use crate::trace::{Code, Event, ExchangeId, Failure, Link, Phase, What};

/// Where a run's events go.
pub(super) struct Outlet {
    /// For the engine, which waits where there is no room.
    send: Sink,
    /// For the capture, which must not wait.
    try_send: capture::Sink,
}

impl Outlet {
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
    recorder: Lent,
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
    pub(super) async fn called(&self) {
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
        outlet: Outlet,
        capturing: Capturing,
        link: Option<Link>,
    ) -> std::io::Result<Self> {
        let prepared = specs.first().map(Prepared::start);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let cancel = Canceller::new();
        let cancelled = cancel.clone();
        let recorder = Lent::default();
        let beginning = Beginning {
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
    pub(super) fn link_set(&self, link: Link) {
        if let Some(recorder) = &*self.recorder.lock().unwrap_or_else(PoisonError::into_inner) {
            recorder.emit(What::LinkSet { link });
        }
    }

    /// Waits until the run has ended.
    pub(super) fn join(mut self) {
        // A panic of its thread ends the process.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The recorder of a run while it is under way, for those who have something to tell besides.
type Lent = Arc<Mutex<Option<Recorder>>>;

/// How a run begins to be told.
struct Beginning {
    outlet: Outlet,
    link: Option<Link>,
    recorder: Lent,
}

async fn run(
    specs: Vec<Spec>,
    mut prepared: Option<Prepared>,
    beginning: Beginning,
    capturing: Capturing,
    cancelled: &Canceller,
) {
    let under_way = UnderWay::default();
    let Beginning {
        outlet,
        link,
        recorder: told,
    } = beginning;
    let recorder = Recorder::start(remembering(outlet.send, &under_way));
    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorder.clone());
    if let Some(link) = link {
        recorder.emit(What::LinkSet { link });
    }
    let listening = listen(&capturing, outlet.try_send, &recorder);
    let watcher: Arc<dyn Watcher> = match &listening {
        Some(expecting) => Arc::<Expecting>::clone(expecting),
        None => Arc::new(NoWatcher),
    };
    let all = async {
        for spec in specs {
            let ready = prepared.take().unwrap_or_else(|| Prepared::start(&spec));
            probe::run_prepared(ready, spec, recorder.clone(), Arc::clone(&watcher)).await;
        }
    };
    tokio::select! {
        () = all => {}
        () = cancelled.0.notified() => interrupt(&recorder, &under_way),
    }
    if let Some(expecting) = listening {
        expecting.0.finish(PATIENCE);
    }
    // Whoever waits for the last event waits until nobody can send another.
    told.lock().unwrap_or_else(PoisonError::into_inner).take();
    recorder.emit(What::RunEnded);
}

/// Has the capture listen for this run, or says why it does not.
fn listen(
    capturing: &Capturing,
    sink: capture::Sink,
    recorder: &Recorder,
) -> Option<Arc<Expecting>> {
    match capturing {
        Capturing::Off => recorder.emit(What::CaptureOff),
        Capturing::Refused(refusal) => recorder.emit(refusal.event()),
        Capturing::On(capture) => {
            let clock = recorder.clone();
            return Some(Arc::new(Expecting(
                capture.listen(sink, Arc::new(move || clock.now())),
            )));
        }
    }
    None
}

/// Which phase of which exchange is under way.
pub(super) type UnderWay = Arc<Mutex<Option<(ExchangeId, Phase)>>>;

/// A sink that remembers which phase of which exchange is under way.
pub(super) fn remembering(sink: Sink, under_way: &UnderWay) -> Sink {
    let under_way = Arc::clone(under_way);
    Arc::new(move |event: Event| {
        let mut open = under_way.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.what {
            What::ExchangeStarted { exchange, .. } => *open = Some((*exchange, Phase::Dns)),
            What::PhaseBegan {
                exchange, phase, ..
            } => *open = Some((*exchange, *phase)),
            What::ExchangeEnded { .. } => *open = None,
            _ => {}
        }
        drop(open);
        sink(event);
    })
}

/// Ends what was under way as interrupted.
pub(super) fn interrupt(recorder: &Recorder, under_way: &UnderWay) {
    let open = *under_way.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((exchange, phase)) = open {
        let failure = Failure {
            code: Code::Interrupted,
            message: format!("interrupted in the {phase} phase").into(),
            hint: "run it again to see the rest".to_owned(),
        };
        recorder.emit(What::Failed {
            exchange,
            phase,
            failure,
        });
        recorder.emit(What::ExchangeEnded { exchange });
    }
}
