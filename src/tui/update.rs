//! Message in, effects out.

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{Effect, Message, Outcome, Signal, State};
use crate::trace::{Event, Trace, What};

impl State {
    /// What shall happen first: the run that was asked for on the command line.
    pub fn start(&mut self) -> Vec<Effect> {
        self.run_again()
    }

    /// Takes in what arrived. Returns what shall happen outside.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Terminal(TerminalEvent::Key(key)) if key.kind != KeyEventKind::Release => self.press(key),
            Message::Terminal(_) => Vec::new(),
            Message::Trace(event) => {
                self.take(event);
                Vec::new()
            }
            Message::Signal(signal) => self.signalled(signal),
            Message::RunFailed(why) => {
                self.running = false;
                self.notice = Some(why);
                Vec::new()
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event.what {
            What::RunStarted { .. } => {
                self.trace = Trace::default();
                self.running = true;
            }
            What::RunEnded => self.running = false,
            _ => {}
        }
        self.trace.apply(event);
    }

    fn signalled(&mut self, signal: Signal) -> Vec<Effect> {
        match signal {
            Signal::Terminate => self.leave(Outcome::Terminated),
            Signal::HangUp => self.leave(Outcome::HungUp),
            Signal::Interrupt => self.interrupt(),
            Signal::Stop => vec![Effect::Suspend],
            Signal::Continue => Vec::new(),
        }
    }

    fn press(&mut self, key: KeyEvent) -> Vec<Effect> {
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('c'), true) => self.interrupt(),
            (KeyCode::Char('z'), true) => vec![Effect::Suspend],
            (KeyCode::Char('q'), false) => self.leave(Outcome::Quit),
            (KeyCode::Char('r'), false) => self.run_again(),
            _ => Vec::new(),
        }
    }

    fn run_again(&mut self) -> Vec<Effect> {
        let Some(url) = self.url.clone() else { return Vec::new() };
        self.running = true;
        vec![Effect::Run { url }]
    }

    fn interrupt(&mut self) -> Vec<Effect> {
        if !self.running {
            return self.leave(Outcome::Interrupted);
        }
        self.running = false;
        vec![Effect::Cancel]
    }

    fn leave(&mut self, outcome: Outcome) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.running {
            effects.push(Effect::Cancel);
        }
        effects.push(Effect::Quit(outcome));
        effects
    }
}
