//! Where the screen meets the world: the loop, the clock, the terminal, the keyboard and the
//! signals.

mod input;
mod terminal;

pub use terminal::SWITCHED_OFF;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::{Position, Rect};

use super::{Effect, Message, Outcome, Settings, State, draw};
use crate::trace::What;
use crate::units::{Moment, Nanos};

/// Between two pictures while a phase grows.
const FRAME: Duration = Duration::from_millis(33);

/// Runs the screen on this process's terminal until it is left, and puts the terminal back as it
/// was. Where the process ends without returning from here, whoever ends it writes [`SWITCHED_OFF`]
/// to the terminal and sets its line settings as they were.
///
/// `sender` is the other end of `inbox`: keys and signals go the same way as events.
///
/// # Errors
/// The terminal cannot be drawn to, keys cannot be read, or signals cannot be received.
pub fn live(
    sender: &SyncSender<Message>,
    inbox: &Receiver<Message>,
    perform: &mut dyn FnMut(Effect),
    settings: Settings,
) -> io::Result<Outcome> {
    let _entered = terminal::enter()?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let input = input::start(sender)?;
    let mut perform = |effect| match effect {
        Effect::Suspend => input.suspend(),
        Effect::Copy(text) => terminal::copy(&text),
        other => perform(other),
    };
    let outcome = run(&mut screen, inbox, &mut perform, settings)?;
    input.check()?;
    Ok(outcome)
}

/// The loop: takes messages from the inbox, has effects performed, draws when something changed or
/// a phase grows.
///
/// It returns when the screen is left or nobody can send any more.
///
/// # Errors
/// The terminal cannot be drawn to.
pub fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    inbox: &Receiver<Message>,
    perform: &mut dyn FnMut(Effect),
    settings: Settings,
) -> io::Result<Outcome>
where
    B::Error: Send + Sync + 'static,
{
    let size = terminal.size().map_err(io::Error::other)?;
    let mut screen = Screen {
        terminal,
        state: State::new(settings, size),
        run_began: None,
        drawn: Instant::now(),
    };
    screen.draw()?;
    let first = screen.state.start();
    if let Some(outcome) = screen.perform(first, perform)? {
        return Ok(outcome);
    }
    loop {
        let message = match screen.wait(inbox) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(Outcome::Quit),
        };
        if let Some(outcome) = screen.take_all(message, inbox, perform)? {
            return Ok(outcome);
        }
        let settled = screen.state.settle();
        if let Some(outcome) = screen.perform(settled, perform)? {
            return Ok(outcome);
        }
        screen.draw()?;
    }
}

struct Screen<'a, B: Backend> {
    terminal: &'a mut Terminal<B>,
    state: State,
    /// When the run's time axis began.
    run_began: Option<Instant>,
    /// When the last picture was drawn.
    drawn: Instant,
}

impl<B: Backend> Screen<'_, B>
where
    B::Error: Send + Sync + 'static,
{
    /// The next message. While a phase grows it is waited for no longer than until the next picture
    /// is due.
    fn wait(&self, inbox: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        if self.state.is_growing() {
            return inbox.recv_timeout(FRAME.saturating_sub(self.drawn.elapsed()));
        }
        inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
    }

    /// Takes in a message and all that wait behind it, but no longer than until the next picture is
    /// due.
    fn take_all(
        &mut self,
        first: Option<Message>,
        inbox: &Receiver<Message>,
        perform: &mut dyn FnMut(Effect),
    ) -> io::Result<Option<Outcome>> {
        let began = Instant::now();
        let mut next = first;
        while let Some(message) = next {
            if let Some(outcome) = self.take(message, perform)? {
                return Ok(Some(outcome));
            }
            next = match inbox.try_recv() {
                Ok(message) if began.elapsed() < FRAME => Some(message),
                Ok(message) => return self.take(message, perform),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
            };
        }
        Ok(None)
    }

    fn take(
        &mut self,
        message: Message,
        perform: &mut dyn FnMut(Effect),
    ) -> io::Result<Option<Outcome>> {
        if let Message::Trace(event) = &message
            && matches!(event.what, What::RunStarted { .. })
        {
            self.run_began = Some(Instant::now());
        }
        let effects = self.state.update(message, self.now());
        self.perform(effects, perform)
    }

    /// Hands effects out, and does those that are the loop's own; the outcome, if one of them is to
    /// leave.
    fn perform(
        &mut self,
        effects: Vec<Effect>,
        perform: &mut dyn FnMut(Effect),
    ) -> io::Result<Option<Outcome>> {
        for effect in effects {
            match effect {
                Effect::Quit(outcome) => return Ok(Some(outcome)),
                Effect::Redraw => self.forget_picture()?,
                other => perform(other),
            }
        }
        Ok(None)
    }

    /// `Terminal::clear` would ask the terminal for its cursor and wait for the answer, which the
    /// keyboard's thread may take.
    fn forget_picture(&mut self) -> io::Result<()> {
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
        self.drawn = Instant::now();
        Ok(())
    }

    /// Now, on the run's axis.
    fn now(&self) -> Moment {
        let elapsed = self
            .run_began
            .map_or(Nanos::ZERO, |began| began.elapsed().into());
        self.state.trace().latest().max(Moment::START + elapsed)
    }
}
