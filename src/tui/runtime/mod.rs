//! The runtime of the screen: the event loop, the clock, the terminal, the keyboard and the
//! signals.

mod input;
mod terminal;

pub use terminal::RESET_SEQUENCE;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::{Position, Rect};

use super::{ExitReason, ScreenEffect, ScreenMessage, ScreenState, Settings, draw};
use crate::trace::EventKind;
use crate::units::{Moment, Nanos};

/// Time between two frames while a phase is in progress.
const FRAME_INTERVAL: Duration = Duration::from_millis(33);

/// Runs the screen on this process's terminal until it is left, and restores the terminal. If the
/// process ends without returning from here, whoever ends it has to write [`RESET_SEQUENCE`] to the
/// terminal and restore its line settings.
///
/// `sender` is the other end of `inbox`: keys and signals arrive in the same way as events.
///
/// # Errors
/// The terminal cannot be drawn to, keys cannot be read, or signals cannot be received.
pub fn run_on_terminal(
    sender: &SyncSender<ScreenMessage>,
    inbox: &Receiver<ScreenMessage>,
    perform: &mut dyn FnMut(ScreenEffect),
    settings: Settings,
) -> io::Result<ExitReason> {
    let _entered = terminal::enter_terminal()?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let input = input::start_input_threads(sender)?;
    let mut perform = |effect| match effect {
        ScreenEffect::Suspend => input.suspend(),
        ScreenEffect::Copy(text) => terminal::copy_to_clipboard(&text),
        other => perform(other),
    };
    let outcome = run_event_loop(&mut screen, inbox, &mut perform, settings)?;
    input.check()?;
    Ok(outcome)
}

/// The event loop: receives messages from the inbox, has effects performed, and draws a frame when
/// something changed or a phase is in progress.
///
/// Returns when the screen is left or the inbox is disconnected.
///
/// # Errors
/// The terminal cannot be drawn to.
pub fn run_event_loop<B: Backend>(
    terminal: &mut Terminal<B>,
    inbox: &Receiver<ScreenMessage>,
    perform: &mut dyn FnMut(ScreenEffect),
    settings: Settings,
) -> io::Result<ExitReason>
where
    B::Error: Send + Sync + 'static,
{
    let size = terminal.size().map_err(io::Error::other)?;
    let mut screen = EventLoop {
        terminal,
        state: ScreenState::new(settings, size),
        run_started: None,
        last_drawn: Instant::now(),
    };
    screen.draw()?;
    let first = screen.state.initial_effects();
    if let Some(outcome) = screen.perform(first, perform)? {
        return Ok(outcome);
    }
    loop {
        let message = match screen.next_message(inbox) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(ExitReason::Quit),
        };
        if let Some(outcome) = screen.handle_pending(message, inbox, perform)? {
            return Ok(outcome);
        }
        let settled = screen.state.prepare_frame();
        if let Some(outcome) = screen.perform(settled, perform)? {
            return Ok(outcome);
        }
        screen.draw()?;
    }
}

struct EventLoop<'a, B: Backend> {
    terminal: &'a mut Terminal<B>,
    state: ScreenState,
    /// When the run's time axis began.
    run_started: Option<Instant>,
    /// When the last frame was drawn.
    last_drawn: Instant,
}

impl<B: Backend> EventLoop<'_, B>
where
    B::Error: Send + Sync + 'static,
{
    /// Waits for the next message. While a phase is in progress it waits no longer than until the
    /// next frame is due.
    fn next_message(
        &self,
        inbox: &Receiver<ScreenMessage>,
    ) -> Result<ScreenMessage, RecvTimeoutError> {
        if self.state.is_animating() {
            return inbox.recv_timeout(FRAME_INTERVAL.saturating_sub(self.last_drawn.elapsed()));
        }
        inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
    }

    /// Handles a message and those waiting behind it, but no longer than until the next frame is
    /// due.
    fn handle_pending(
        &mut self,
        first: Option<ScreenMessage>,
        inbox: &Receiver<ScreenMessage>,
        perform: &mut dyn FnMut(ScreenEffect),
    ) -> io::Result<Option<ExitReason>> {
        let began = Instant::now();
        let mut next = first;
        while let Some(message) = next {
            if let Some(outcome) = self.handle_message(message, perform)? {
                return Ok(Some(outcome));
            }
            next = match inbox.try_recv() {
                Ok(message) if began.elapsed() < FRAME_INTERVAL => Some(message),
                Ok(message) => return self.handle_message(message, perform),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
            };
        }
        Ok(None)
    }

    fn handle_message(
        &mut self,
        message: ScreenMessage,
        perform: &mut dyn FnMut(ScreenEffect),
    ) -> io::Result<Option<ExitReason>> {
        if let ScreenMessage::Trace(event) = &message
            && matches!(event.kind, EventKind::RunStarted { .. })
        {
            self.run_started = Some(Instant::now());
        }
        let effects = self.state.update(message, self.now());
        self.perform(effects, perform)
    }

    /// Performs effects, some by itself and the others through the caller. Returns the reason if
    /// one of them leaves the screen.
    fn perform(
        &mut self,
        effects: Vec<ScreenEffect>,
        perform: &mut dyn FnMut(ScreenEffect),
    ) -> io::Result<Option<ExitReason>> {
        for effect in effects {
            match effect {
                ScreenEffect::Quit(outcome) => return Ok(Some(outcome)),
                ScreenEffect::Redraw => self.force_full_redraw()?,
                other => perform(other),
            }
        }
        Ok(None)
    }

    /// Resizes to the same size instead of calling `Terminal::clear`, which would query the cursor
    /// position and wait for an answer that the keyboard thread may read.
    fn force_full_redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size().map_err(io::Error::other)?;
        self.terminal
            .resize(Rect::from((Position::ORIGIN, size)))
            .map_err(io::Error::other)
    }

    fn draw(&mut self) -> io::Result<()> {
        let now = self.now();
        let state = &self.state;
        self.terminal
            .draw(|frame| draw(frame, state, now))
            .map_err(io::Error::other)?;
        self.last_drawn = Instant::now();
        Ok(())
    }

    /// Returns the current instant on the run's axis.
    fn now(&self) -> Moment {
        let elapsed = self
            .run_started
            .map_or(Nanos::ZERO, |began| began.elapsed().into());
        self.state.trace().latest().max(Moment::START + elapsed)
    }
}
