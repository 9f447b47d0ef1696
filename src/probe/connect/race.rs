//! Happy eyeballs (RFC 8305 §5): the next address gets its chance before the one before it has
//! failed.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::attempt::Attempt;
use super::verdict::{Lost, outcome_of};
use crate::probe::step::Step;
use crate::trace::AttemptOutcome;
use crate::units::Moment;

/// How long an attempt has the field for itself: the "Connection Attempt Delay" recommended by RFC
/// 8305 §5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Attempts at several addresses, of which the first to succeed wins.
pub(super) struct Race<'a> {
    step: &'a Step<'a>,
    waiting: std::slice::Iter<'a, SocketAddr>,
    running: Vec<Attempt>,
    lost: Vec<Lost>,
    /// When the next attempt is due though none has failed.
    next_due: Instant,
}

/// The attempt that was established first.
pub(super) struct Won {
    pub(super) stream: TcpStream,
    pub(super) remote: SocketAddr,
    /// When.
    pub(super) at: Moment,
}

impl<'a> Race<'a> {
    pub(super) fn new(step: &'a Step<'a>, addresses: &'a [SocketAddr]) -> Self {
        Self {
            step,
            waiting: addresses.iter(),
            running: Vec::new(),
            lost: Vec::new(),
            next_due: Instant::now(),
        }
    }

    /// The winner, or how each attempt ended and whether it was the limit that ended them. Attempts
    /// that are still under way are abandoned when the race is dropped.
    pub(super) async fn run(&mut self) -> Result<Won, (Vec<Lost>, bool)> {
        self.start_next();
        while !self.running.is_empty() {
            tokio::select! {
                biased;
                (index, result) = poll_fn(|cx| poll_any(&mut self.running, cx)) => {
                    if let Some(won) = self.settle(index, result) {
                        return Ok(won);
                    }
                }
                () = sleep_until(self.next_due), if !self.waiting.as_slice().is_empty() => self.start_next(),
                () = sleep_until(self.step.connect_by) => {
                    self.run_out();
                    return Err((std::mem::take(&mut self.lost), true));
                }
            }
        }
        Err((std::mem::take(&mut self.lost), false))
    }

    fn start_next(&mut self) {
        if let Some(&address) = self.waiting.next() {
            self.running.push(Attempt::begin(self.step, address));
            self.next_due = Instant::now() + ATTEMPT_DELAY;
        }
    }

    /// Books an attempt that has ended. One that failed makes room for the next at once.
    fn settle(&mut self, index: usize, result: io::Result<()>) -> Option<Won> {
        let attempt = self.running.swap_remove(index);
        if let Err(error) = result {
            self.lose(&attempt, outcome_of(&error), Some(error));
            self.start_next();
            return None;
        }
        let at = attempt.end(self.step, AttemptOutcome::Connected);
        let remote = attempt.remote();
        attempt
            .into_stream()
            .ok()
            .map(|stream| Won { stream, remote, at })
    }

    fn lose(&mut self, attempt: &Attempt, outcome: AttemptOutcome, error: Option<io::Error>) {
        let took = attempt
            .end(self.step, outcome.clone())
            .since(attempt.started());
        self.lost.push(Lost {
            remote: attempt.remote(),
            outcome,
            error,
            at_once: attempt.failed_at_once(),
            took,
        });
    }

    /// The limit is reached: what still runs has timed out.
    fn run_out(&mut self) {
        for attempt in std::mem::take(&mut self.running) {
            self.lose(&attempt, AttemptOutcome::TimedOut, None);
        }
    }
}

/// Another attempt was faster, or the run was ended from outside.
impl Drop for Race<'_> {
    fn drop(&mut self) {
        for attempt in &self.running {
            attempt.end(self.step, AttemptOutcome::Abandoned);
        }
    }
}

fn poll_any(running: &mut [Attempt], cx: &mut Context<'_>) -> Poll<(usize, io::Result<()>)> {
    for (index, attempt) in running.iter_mut().enumerate() {
        if let Poll::Ready(result) = attempt.poll(cx) {
            return Poll::Ready((index, result));
        }
    }
    Poll::Pending
}
