//! The link of the lab around this process, for the screen.

use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use crate::lab::network::{Change, Remote, State};
use crate::trace::Link;
use crate::tui::Message;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells the screen how the link is now and every half a second, until nobody takes it or the lab
/// is gone.
pub(in crate::cli) fn watch(lab: &Remote, inbox: &SyncSender<Message>) {
    let (lab, inbox) = (lab.clone(), inbox.clone());
    let look = move || {
        while let Ok(State::Is { link, counts }) = lab.ask(&Change::default()) {
            if inbox.send(Message::Link { link, counts }).is_err() {
                return;
            }
            thread::sleep(PAUSE);
        }
    };
    // Without a thread the screen does not show the link.
    let _ = thread::Builder::new().name("link".to_owned()).spawn(look);
}

/// Sets the link, and tells the screen what came of it. Whether it was set.
pub(in crate::cli) fn set(lab: &Remote, link: Link, inbox: &SyncSender<Message>) -> bool {
    let said = match lab.ask(&Change::to(link)) {
        Ok(State::Is { link, counts }) => Message::Link { link, counts },
        Ok(State::Refused { error }) => Message::LinkRefused(error),
        Err(error) => Message::LinkRefused(format!("the lab does not answer: {error}")),
    };
    let is_set = matches!(said, Message::Link { .. });
    let _ = inbox.try_send(said);
    is_set
}
