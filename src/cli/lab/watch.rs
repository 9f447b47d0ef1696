//! The link of the enclosing lab, for the screen.

use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use crate::lab::network::{LinkChange, LinkReply, RunningLab};
use crate::trace::LinkConfig;
use crate::tui::ScreenMessage;

/// Interval between two queries of the link.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Sends the link's settings to the screen now and every half second, until the screen or the lab
/// is gone.
pub(in crate::cli) fn watch_link(lab: &RunningLab, inbox: &SyncSender<ScreenMessage>) {
    let lab = lab.clone();
    let inbox = inbox.clone();
    let poll = move || {
        while let Ok(LinkReply::Current { link, counts }) = lab.send_change(&LinkChange::default())
        {
            if inbox.send(ScreenMessage::Link { link, counts }).is_err() {
                return;
            }
            thread::sleep(POLL_INTERVAL);
        }
    };
    // Without a thread the screen does not show the link.
    let _ = thread::Builder::new().name("link".to_owned()).spawn(poll);
}

/// Changes the link and sends the result to the screen. Returns true on success.
pub(in crate::cli) fn set_link(
    lab: &RunningLab,
    link: LinkConfig,
    inbox: &SyncSender<ScreenMessage>,
) -> bool {
    let message = match lab.send_change(&LinkChange::from(link)) {
        Ok(LinkReply::Current { link, counts }) => ScreenMessage::Link { link, counts },
        Ok(LinkReply::Refused { error }) => ScreenMessage::LinkRefused(error),
        Err(error) => ScreenMessage::LinkRefused(format!("the lab does not respond: {error}")),
    };
    let is_set = matches!(message, ScreenMessage::Link { .. });
    let _ = inbox.try_send(message);
    is_set
}
