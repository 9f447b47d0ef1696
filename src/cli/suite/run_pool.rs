//! A pool of concurrent runs on a single thread.
//!
//! The thread does nothing else, so that folding events and writing reports do not distort the
//! measurement. But the runs share it: when several need the processor at once, the time they wait
//! for each other is included in their figures.

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

/// An event with the index of its run.
pub(super) type NumberedEvent = (usize, Event);

/// A pool of runs in progress.
pub(super) struct RunPool {
    cancel: Canceller,
    thread: JoinHandle<()>,
}

impl RunPool {
    /// Starts running `specs`, at most `parallel` of them at a time. Each run emits events from
    /// `RunStarted` to `RunEnded`; one that had not started when the pool was cancelled emits none.
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

    /// Returns a handle that cancels all runs.
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
    // Runs in progress record that they were interrupted, and end.
    let _ = stop.send(true);
    while running.join_next().await.is_some() {}
}

fn event_sink(sender: &SyncSender<NumberedEvent>, number: usize) -> EventSink {
    let sender = sender.clone();
    Arc::new(move |event| {
        // Errors are ignored: a receiver that is gone wants no more events.
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
    let observer = Arc::new(NoRemoteObserver);
    let run = probe::run_prepared(prepared, spec, recorder.clone(), observer);
    tokio::select! {
        () = Box::pin(run) => {}
        _ = stopped.wait_for(|stopped| *stopped) => end_as_interrupted(&recorder, &under_way),
    }
    recorder.emit(EventKind::RunEnded);
}
