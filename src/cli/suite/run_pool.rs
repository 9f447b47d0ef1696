//! Many runs on one thread, so many at a time.
//!
//! The thread runs nothing else, so that neither folding nor writing distorts what is measured. But
//! the runs share it: where they all need the processor at once, each waits for the others, and
//! that time is in its figures.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use crate::cli::engine::{Canceller, CurrentPhase, end_as_interrupted, track_current_phase};
use crate::cli::threads::start_thread;
use crate::probe::{
    self, EventSink, NoRemoteObserver, PreparedRun, Recorder, Spec, TrustStoreCache,
};
use crate::trace::{Event, EventKind, LinkConfig};

/// An event, and the number of the run that it is of.
pub(super) type NumberedEvent = (usize, Event);

/// Runs under way.
pub(super) struct RunPool {
    cancel: Canceller,
    thread: JoinHandle<()>,
}

impl RunPool {
    /// Begins to run `specs`, `parallel` of them at a time. Each run is told from `RunStarted` to
    /// `RunEnded`; one that had not begun when the crew was called off is not told at all.
    pub(super) fn start(
        specs: Vec<Spec>,
        parallel: usize,
        sender: SyncSender<NumberedEvent>,
        link: Option<LinkConfig>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let cancel = Canceller::new();
        let cancelled = cancel.clone();
        let work = move || {
            let all = LocalSet::new();
            runtime.block_on(
                all.run_until(Box::pin(run_all(specs, parallel, sender, link, &cancelled))),
            );
        };
        let thread = start_thread("engine", work)?;
        Ok(Self { cancel, thread })
    }

    /// A handle that calls all of it off.
    pub(super) fn canceller(&self) -> Canceller {
        self.cancel.clone()
    }

    /// Waits until the last run has ended.
    pub(super) fn join(self) {
        // A panic of its thread, or of one of its runs, ends the process.
        let _ = self.thread.join();
    }
}

async fn run_all(
    specs: Vec<Spec>,
    parallel: usize,
    sender: SyncSender<NumberedEvent>,
    link: Option<LinkConfig>,
    cancelled: &Canceller,
) {
    let (stop, stopped) = watch::channel(false);
    let mut waiting = specs.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut stores = TrustStoreCache::default();
    let begin_all = async {
        loop {
            while running.len() < parallel
                && let Some((number, spec)) = waiting.next()
            {
                let prepared = stores.prepare(&spec).await;
                running.spawn_local(run_one(
                    spec,
                    prepared,
                    event_sink(&sender, number),
                    link.clone(),
                    stopped.clone(),
                ));
            }
            match running.join_next().await {
                None => return,
                Some(_ended) => {}
            }
        }
    };
    tokio::select! {
        () = begin_all => {}
        () = cancelled.cancelled() => {}
    }
    // What is under way says so, and ends.
    let _ = stop.send(true);
    while running.join_next().await.is_some() {}
}

fn event_sink(sender: &SyncSender<NumberedEvent>, number: usize) -> EventSink {
    let sender = sender.clone();
    Arc::new(move |event| {
        // A receiver that is gone wants nothing.
        let _ = sender.send((number, event));
    })
}

async fn run_one(
    spec: Spec,
    prepared: PreparedRun,
    sink: EventSink,
    link: Option<LinkConfig>,
    mut stopped: watch::Receiver<bool>,
) {
    let under_way = CurrentPhase::default();
    let recorder = Recorder::start(track_current_phase(sink, &under_way));
    if let Some(link) = link {
        recorder.emit(EventKind::LinkSet { link });
    }
    recorder.emit(EventKind::CaptureOff);
    tokio::select! {
        () = Box::pin(probe::run_prepared(prepared, spec, recorder.clone(), Arc::new(NoRemoteObserver))) => {}
        _ = stopped.wait_for(|stopped| *stopped) => end_as_interrupted(&recorder, &under_way),
    }
    recorder.emit(EventKind::RunEnded);
}
