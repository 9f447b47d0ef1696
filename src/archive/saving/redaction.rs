//! What stands between a run and the file: secrets in events and in packets' bytes, unless they are
//! asked for.

use crate::insight::redact::{ClearText, RedactionRules, Redactor};
use crate::trace::{Event, Packet};
use crate::wire::LinkType;

pub(super) struct RunRedactor {
    rules: RedactionRules,
    clear_text: ClearText,
    with_secrets: bool,
}

impl RunRedactor {
    pub(super) fn new(rules: RedactionRules, with_secrets: bool) -> Self {
        Self {
            rules,
            clear_text: ClearText::default(),
            with_secrets,
        }
    }

    /// An event as it is written. What is learnt from it counts for packets too.
    pub(super) fn event(&mut self, event: &Event) -> Event {
        if self.with_secrets {
            return event.clone();
        }
        self.rules.learn(&event.kind);
        Redactor::with_rules(&self.rules).event(event)
    }

    /// Overwrites what is secret in a packet's bytes; `false` where they cannot be written: what
    /// cannot be read cannot be known to be harmless.
    pub(super) fn packet(
        &mut self,
        packet: &Packet,
        link: Option<LinkType>,
        bytes: &mut [u8],
    ) -> bool {
        if self.with_secrets {
            return true;
        }
        let Some(link) = link else { return false };
        self.clear_text
            .over(link, packet.frame_bytes, bytes, &self.rules);
        true
    }
}
