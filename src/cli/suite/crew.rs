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

use crate::cli::engine::{Canceller, UnderWay, interrupt, remembering};
use crate::cli::threads::start_thread;
use crate::probe::{self, NoWatcher, Prepared, Recorder, Sink, Spec, Stores};
use crate::trace::{Event, Link, What};

/// An event, and the number of the run that it is of.
pub(super) type Told = (usize, Event);

/// Runs under way.
pub(super) struct Crew {
    cancel: Canceller,
    thread: JoinHandle<()>,
}

impl Crew {
    /// Begins to run `specs`, `parallel` of them at a time. Each run is told from `RunStarted` to
    /// `RunEnded`; one that had not begun when the crew was called off is not told at all.
    pub(super) fn start(
        specs: Vec<Spec>,
        parallel: usize,
        sender: SyncSender<Told>,
        link: Option<Link>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let cancel = Canceller::new();
        let cancelled = cancel.clone();
        let work = move || {
            let all = LocalSet::new();
            runtime
                .block_on(all.run_until(Box::pin(work(specs, parallel, sender, link, &cancelled))));
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

async fn work(
    specs: Vec<Spec>,
    parallel: usize,
    sender: SyncSender<Told>,
    link: Option<Link>,
    cancelled: &Canceller,
) {
    let (stop, stopped) = watch::channel(false);
    let mut waiting = specs.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut stores = Stores::default();
    let begin_all = async {
        loop {
            while running.len() < parallel
                && let Some((number, spec)) = waiting.next()
            {
                let prepared = stores.prepare(&spec).await;
                running.spawn_local(one(
                    spec,
                    prepared,
                    sink(&sender, number),
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
        () = cancelled.called() => {}
    }
    // What is under way says so, and ends.
    let _ = stop.send(true);
    while running.join_next().await.is_some() {}
}

fn sink(sender: &SyncSender<Told>, number: usize) -> Sink {
    let sender = sender.clone();
    Arc::new(move |event| {
        // A receiver that is gone wants nothing.
        let _ = sender.send((number, event));
    })
}

async fn one(
    spec: Spec,
    prepared: Prepared,
    sink: Sink,
    link: Option<Link>,
    mut stopped: watch::Receiver<bool>,
) {
    let under_way = UnderWay::default();
    let recorder = Recorder::start(remembering(sink, &under_way));
    if let Some(link) = link {
        recorder.emit(What::LinkSet { link });
    }
    recorder.emit(What::CaptureOff);
    tokio::select! {
        () = Box::pin(probe::run_prepared(prepared, spec, recorder.clone(), Arc::new(NoWatcher))) => {}
        _ = stopped.wait_for(|stopped| *stopped) => interrupt(&recorder, &under_way),
    }
    recorder.emit(What::RunEnded);
}
