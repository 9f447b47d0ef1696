//! Masking of secrets in dissections.

use super::{DissectedFlows, Dissection, Message, StartLine};
use crate::insight::redact::Redactor;

impl Dissection {
    /// Masks secrets in the heads, names and records of a conversation.
    pub fn mask(&mut self, redactor: Redactor<'_>) {
        let Self {
            protocols: _,
            layers: _,
            explicit_nonce: _,
            handshake_bytes: _,
            messages,
            asked,
            notes,
            time: _,
        } = self;
        for message in messages {
            mask_message(message, redactor);
        }
        for asked in asked {
            asked.name = redactor.text(&asked.name);
            asked
                .answer
                .iter_mut()
                .flat_map(|answer| &mut answer.records)
                .for_each(|record| redactor.mask_record(record));
        }
        for note in notes {
            *note = redactor.sentence(note);
        }
    }
}

impl DissectedFlows {
    /// Masks secrets in each conversation.
    pub fn mask(&mut self, redactor: Redactor<'_>) {
        self.0
            .values_mut()
            .for_each(|dissection| dissection.mask(redactor));
    }
}

fn mask_message(message: &mut Message, redactor: Redactor<'_>) {
    let Message {
        from: _,
        at: _,
        head: _,
        end: _,
        stream: _,
        request: _,
        start,
        headers,
    } = message;
    *headers = redactor.headers(headers);
    match start {
        StartLine::Request { method, target } => {
            (*method, *target) = (redactor.text(method), redactor.text(target));
        }
        StartLine::Response { status: _ } | StartLine::Trailers => {}
    }
}
