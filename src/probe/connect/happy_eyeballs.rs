//! Happy Eyeballs (RFC 8305 §5): the next address is tried before the previous attempt has failed.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::attempt::ConnectAttempt;
use super::failure::{FailedAttempt, outcome_of};
use crate::probe::exchange_context::ExchangeContext;
use crate::trace::AttemptOutcome;
use crate::units::Moment;

/// Time between two attempts, unless one fails sooner: the "Connection Attempt Delay" recommended
/// by RFC 8305 §5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Parallel attempts at several addresses; the first to succeed wins.
pub(super) struct HappyEyeballs<'a> {
    context: &'a ExchangeContext<'a>,
    untried: std::slice::Iter<'a, SocketAddr>,
    running: Vec<ConnectAttempt>,
    failed: Vec<FailedAttempt>,
    /// Time at which the next attempt starts even if none has failed.
    next_due: Instant,
}

/// The attempt that was established first.
pub(super) struct WinningAttempt {
    pub(super) stream: TcpStream,
    pub(super) remote: SocketAddr,
    /// Time at which the connection was established.
    pub(super) at: Moment,
}

impl<'a> HappyEyeballs<'a> {
    pub(super) fn new(context: &'a ExchangeContext<'a>, addresses: &'a [SocketAddr]) -> Self {
        Self {
            context,
            untried: addresses.iter(),
            running: Vec::new(),
            failed: Vec::new(),
            next_due: Instant::now(),
        }
    }

    /// Returns the winner; else how each attempt ended, and true if the time limit ended them.
    /// Attempts still in progress are abandoned when this value is dropped.
    pub(super) async fn run(&mut self) -> Result<WinningAttempt, (Vec<FailedAttempt>, bool)> {
        self.start_next();
        while !self.running.is_empty() {
            let is_last = self.untried.as_slice().is_empty();
            tokio::select! {
                // Results take precedence over the timers: a connection that is established just
                // before the deadline still counts.
                biased;
                (index, result) = poll_fn(|cx| poll_any(&mut self.running, cx)) => {
                    if let Some(winner) = self.finish_attempt(index, result) {
                        return Ok(winner);
                    }
                }
                () = sleep_until(self.next_due), if !is_last => self.start_next(),
                () = sleep_until(self.context.connect_deadline) => {
                    self.time_out_running();
                    return Err((std::mem::take(&mut self.failed), true));
                }
            }
        }
        Err((std::mem::take(&mut self.failed), false))
    }

    fn start_next(&mut self) {
        if let Some(&address) = self.untried.next() {
            self.running
                .push(ConnectAttempt::begin(self.context, address));
            self.next_due = Instant::now() + ATTEMPT_DELAY;
        }
    }

    /// Records the end of an attempt. If it failed, the next attempt starts at once.
    fn finish_attempt(&mut self, index: usize, result: io::Result<()>) -> Option<WinningAttempt> {
        let attempt = self.running.swap_remove(index);
        if let Err(error) = result {
            self.record_failure(&attempt, outcome_of(&error), Some(error));
            self.start_next();
            return None;
        }
        let at = attempt.end(self.context, AttemptOutcome::Connected);
        let remote = attempt.remote();
        attempt
            .into_stream()
            .ok()
            .map(|stream| WinningAttempt { stream, remote, at })
    }

    fn record_failure(
        &mut self,
        attempt: &ConnectAttempt,
        outcome: AttemptOutcome,
        error: Option<io::Error>,
    ) {
        let took = attempt
            .end(self.context, outcome.clone())
            .since(attempt.started());
        self.failed.push(FailedAttempt {
            remote: attempt.remote(),
            outcome,
            error,
            failed_immediately: attempt.failed_immediately(),
            took,
        });
    }

    /// Records that the remaining attempts timed out.
    fn time_out_running(&mut self) {
        for attempt in std::mem::take(&mut self.running) {
            self.record_failure(&attempt, AttemptOutcome::TimedOut, None);
        }
    }
}

/// Records attempts that were abandoned because another was faster, or the run was cancelled.
impl Drop for HappyEyeballs<'_> {
    fn drop(&mut self) {
        for attempt in &self.running {
            attempt.end(self.context, AttemptOutcome::Abandoned);
        }
    }
}

fn poll_any(running: &mut [ConnectAttempt], cx: &mut Context<'_>) -> Poll<(usize, io::Result<()>)> {
    for (index, attempt) in running.iter_mut().enumerate() {
        if let Poll::Ready(result) = attempt.poll(cx) {
            return Poll::Ready((index, result));
        }
    }
    Poll::Pending
}
