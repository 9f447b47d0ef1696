//! A capture of others: who talked with whom, how much.

use super::table::Table;
use super::words::code;
use crate::insight::{conversations, undelivered_name};
use crate::report::Options;
use crate::trace::{Direction, Trace};
use crate::units::{Bytes, Untrusted, grouped};

/// Conversations that are listed; of more there is a note.
const MOST: usize = 200;

/// `None` where the trace is no capture of others.
pub(super) fn part(trace: &Trace, options: &Options) -> Option<String> {
    let all = conversations(trace)?;
    let columns = [
        ("Client", false),
        ("Server", false),
        ("Name", false),
        ("Sent", true),
        ("Received", true),
        ("Sent again", true),
        ("Told of", false),
    ];
    let mut table = Table::of(&columns);
    for (place, flow) in all.iter().enumerate().take(MOST) {
        let (sent, received) = (
            flow.counts(Direction::Sent),
            flow.counts(Direction::Received),
        );
        let transport = if flow.key.tcp { "TCP" } else { "UDP" };
        table.row([
            code(&flow.key.local.to_string()),
            format!("{transport} {}", code(&flow.key.remote.to_string())),
            options
                .names
                .at(place)
                .map(Untrusted::escaped)
                .map(|name| code(&name))
                .unwrap_or_default(),
            Bytes(sent.payload_bytes).to_string(),
            Bytes(received.payload_bytes).to_string(),
            grouped(sent.retransmitted.saturating_add(received.retransmitted)),
            flow.undelivered()
                .first()
                .map(undelivered_name)
                .unwrap_or_default()
                .to_owned(),
        ]);
    }
    let rest = all.len().saturating_sub(MOST);
    let rest = if rest == 0 {
        String::new()
    } else {
        format!("\n\n{rest} more are not listed.")
    };
    Some(format!("## Conversations\n\n{}{rest}", table.written()))
}
