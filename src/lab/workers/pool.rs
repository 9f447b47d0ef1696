//! A thread pool of fixed size with a bounded queue.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use tokio::sync::oneshot;

const WORKERS: usize = 4;
const MAX_QUEUE: usize = 64;

/// A job; it receives the number of its worker, from 1.
type Job = Box<dyn FnOnce(usize) + Send>;

/// A worker pool. The first job starts the threads; they end when the pool is dropped and their
/// current job is finished.
#[derive(Default)]
pub(in crate::lab) struct WorkerPool(OnceLock<SyncSender<Job>>);

impl WorkerPool {
    /// Runs a job on the next free worker; `None` where the queue is full or there are no threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(usize) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = oneshot::channel();
        let job = move |worker| {
            // The receiver is gone if the client disconnected meanwhile.
            let _ = done.send(work(worker));
        };
        self.0
            .get_or_init(start_workers)
            .try_send(Box::new(job))
            .ok()?;
        result.await.ok()
    }
}

/// Starts the threads. The pool works with fewer if some cannot be started.
fn start_workers() -> SyncSender<Job> {
    let (jobs, queue) = sync_channel(MAX_QUEUE);
    let queue = Arc::new(Mutex::new(queue));
    for number in 1..=WORKERS {
        let queue = Arc::clone(&queue);
        let _ = thread::Builder::new()
            .name(format!("lab worker {number}"))
            .spawn(move || run_worker(number, &queue));
    }
    jobs
}

fn run_worker(number: usize, queue: &Mutex<Receiver<Job>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job(number);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_job_waits_until_a_thread_is_free() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let pool = Arc::new(WorkerPool::default());
        let (start, started) = sync_channel(WORKERS + 1);
        let (release, released) = sync_channel::<()>(WORKERS + 1);
        let released = Arc::new(Mutex::new(released));
        let mut jobs = Vec::new();
        for _ in 0..=WORKERS {
            let pool = Arc::clone(&pool);
            let start = start.clone();
            let released = Arc::clone(&released);
            jobs.push(runtime.spawn(async move {
                let work = move |worker| {
                    start.send(worker).unwrap();
                    released.lock().unwrap().recv().unwrap();
                };
                pool.run(work).await
            }));
        }
        let deadline = Duration::from_secs(60);
        let busy: HashSet<usize> = (0..WORKERS)
            .map(|_| started.recv_timeout(deadline).unwrap())
            .collect();
        assert_eq!(busy, (1..=WORKERS).collect());
        assert!(started.try_recv().is_err(), "all threads are busy");
        release.send(()).unwrap();
        assert!(busy.contains(&started.recv_timeout(deadline).unwrap()));
        (0..WORKERS).for_each(|_| release.send(()).unwrap());
        assert!(
            jobs.into_iter()
                .all(|job| runtime.block_on(job).unwrap().is_some())
        );
    }
}
