//! The live terminal screen.
//!
//! ```text
//!  keyboard ─┐                        ┌─► effects: run, cancel, copy … (performed by the caller)
//!   signals ─┼─► Message ─► State ────┤
//!    engine ─┘   (inbox)    (update)  └─► draw (a function of the state and the instant)
//! ```
//!
//! Only [`ScreenState::update`] changes a [`ScreenState`], and it does nothing else: actions
//! outside the screen are returned as [`ScreenEffect`]s. [`draw`] changes nothing. Only [`runtime`]
//! reads a clock, touches the terminal or starts a thread.

mod catalogue;
mod conversations;
mod cursor;
mod dissection_cache;
mod effect;
mod event_wording;
mod explain;
mod figures;
mod inspected_packet;
mod keymap;
mod ledger_cache;
mod link_panel;
mod link_setting;
mod message;
mod mouse;
mod navigation;
mod owner_selection;
pub mod runtime;
mod screen_run;
mod settings;
mod start_screen;
mod state;
mod text_input;
mod text_layout;
mod theme;
mod update;
mod view;

pub use effect::{ExitReason, ScreenEffect};
pub use message::{ProcessSignal, ScreenMessage};
pub use runtime::{RESET_SEQUENCE, run_event_loop, run_on_terminal};
pub use settings::{Settings, Suggestion, Theme};
pub use state::ScreenState;
pub use view::draw;
