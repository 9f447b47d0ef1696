//! The live terminal screen.
//!
//! ```text
//!  keyboard ─┐                        ┌─► effects: run, cancel, copy … (performed by the caller)
//!   signals ─┼─► Message ─► State ────┤
//!    engine ─┘   (inbox)    (update)  └─► draw (a function of the state and the instant)
//! ```
//!
//! [`State::update`] is the only thing that changes a [`State`], and it does nothing else: what
//! shall happen outside it returns as [`Effect`]s. [`draw`] changes nothing. Only [`runtime`] reads
//! a clock, touches the terminal or starts a thread.

mod address;
mod catalogue;
mod conversations;
mod cursor;
mod dial;
mod dissections;
mod effect;
mod explain;
mod figures;
mod fit;
mod keymap;
mod link_panel;
mod look;
mod message;
mod pointer;
mod run;
pub mod runtime;
mod settings;
mod specimen;
mod start;
mod state;
mod talk;
mod theme;
mod update;
mod view;
mod wording;

pub use effect::{Effect, Outcome};
pub use message::{Message, Signal};
pub use runtime::{SWITCHED_OFF, live, run};
pub use settings::{Settings, Suggestion, Theme};
pub use state::State;
pub use view::draw;
