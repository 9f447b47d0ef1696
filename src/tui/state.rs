//! What the screen remembers.

use super::Settings;
use crate::trace::Trace;

/// All that the screen is drawn from.
#[derive(Debug, Default)]
pub struct State {
    pub(super) settings: Settings,
    pub(super) trace: Trace,
    /// Where the run under way, or the last one, went.
    pub(super) url: Option<String>,
    pub(super) running: bool,
    /// Something to tell the user once.
    pub(super) notice: Option<String>,
}

impl State {
    /// The screen as it is before anything happened.
    pub fn new(settings: Settings) -> Self {
        Self { url: settings.url.clone(), settings, ..Self::default() }
    }

    /// The run as far as it is known.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What the screen was told at its start.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the picture changes by itself: a phase is under way and grows.
    pub const fn is_growing(&self) -> bool {
        self.running
    }
}
