//! Redaction of saved runs: secrets in events and in packets' bytes, unless they are to be
//! included.

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

    /// The event to write. Secrets learned from it are also masked in packets.
    pub(super) fn event(&mut self, event: &Event) -> Event {
        if self.with_secrets {
            return event.clone();
        }
        self.rules.learn(&event.kind);
        Redactor::with_rules(&self.rules).event(event)
    }

    /// Overwrites secrets in a packet's bytes; returns false if they must not be written: bytes
    /// that cannot be parsed cannot be known to be harmless.
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
            .mask_frame(link, packet.frame_bytes, bytes, &self.rules);
        true
    }
}
